//go:build !linux

package userfile

import "os"

// ofKernel is for Linux alone; elsewhere the path has to do.
func ofKernel(*os.File) bool { return false }
