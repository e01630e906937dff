//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package entries

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// lock keeps other commands from replacing the files of a folder until what it returns is
// called. The error is errChanged while one does so. A file system without locks has none.
func lock(folder string) (release func() error, err error) {
	f, err := os.Open(folder)
	if err != nil {
		return nil, fmt.Errorf("lock the folder: %w", err)
	}
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return nil, errors.Join(errChanged, f.Close())
	}
	return f.Close, nil
}
