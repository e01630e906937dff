//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package entries

// lock has no lock here: that the file has not changed is looked at right before it is
// replaced.
func lock(string) (release func() error, err error) {
	return func() error { return nil }, nil
}
