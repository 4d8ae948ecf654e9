//go:build unix && !linux

package main

import "golang.org/x/sys/unix"

// lowerPriority makes the process use only processor time that others leave.
func lowerPriority() {
	const lowest = 19 // as of nice
	_ = unix.Setpriority(unix.PRIO_PROCESS, 0, lowest)
}
