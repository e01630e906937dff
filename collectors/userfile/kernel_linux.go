package userfile

import (
	"os"
	"slices"
	"syscall"
)

// kernelFileSystems are the magic numbers, from linux/magic.h, of file systems
// whose files a kernel makes up. They are told by the file and not by its path,
// because a container may have /proc anywhere.
var kernelFileSystems = []uint32{
	0x9fa0,     // proc
	0x62656572, // sysfs
	0x64626720, // debugfs
	0x74726163, // tracefs
	0x73636673, // securityfs
	0x62656570, // configfs
	0xf97cff8c, // selinuxfs
	0x27e0eb,   // cgroup
	0x63677270, // cgroup2
	0xcafe4a11, // bpf
	0xde5e81e4, // efivarfs
	0x6165676c, // pstore
	0x6e736673, // nsfs
}

// ofKernel reports whether an open file is one that the kernel makes up. Where the
// system does not say, the path has to do.
func ofKernel(f *os.File) bool {
	raw, err := f.SyscallConn()
	if err != nil {
		return false
	}
	made := false
	_ = raw.Control(func(fd uintptr) {
		var fileSystem syscall.Statfs_t
		if syscall.Fstatfs(int(fd), &fileSystem) == nil {
			// The type of the field differs between processors.
			made = slices.Contains(kernelFileSystems, uint32(fileSystem.Type))
		}
	})
	return made
}
