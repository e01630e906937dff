//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package entries

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// lock keeps other commands from replacing the files of a folder until what it returns is
// called. busy: one is doing so. A file system without locks has none.
func lock(folder string) (release func() error, busy bool, err error) {
	f, err := os.Open(folder)
	if err != nil {
		return nil, false, err
	}
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return nil, true, f.Close()
	}
	return f.Close, false, nil
}
