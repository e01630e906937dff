//go:build unix

package exposure

import "golang.org/x/sys/unix"

// lockedPage returns memory outside the heap, which is never written to swap, and what
// gives it back. Where the system refuses that (RLIMIT_MEMLOCK), it is memory that may
// be; where it gives none, memory of the heap.
func lockedPage(size int) (page []byte, free func()) {
	page, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return make([]byte, size), func() {}
	}
	_ = unix.Mlock(page) // refused: as good as it gets
	keepOutOfDumps(page)
	return page, func() {
		_ = unix.Munlock(page)
		_ = unix.Munmap(page)
	}
}
