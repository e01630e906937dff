package exposure

import "golang.org/x/sys/unix"

// keepOutOfDumps leaves memory out of core dumps, as far as the kernel does.
func keepOutOfDumps(page []byte) { _ = unix.Madvise(page, unix.MADV_DONTDUMP) }
