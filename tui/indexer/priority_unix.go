//go:build unix

package indexer

import (
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// detach keeps the process from receiving the terminal's Ctrl-C and Ctrl-Z.
func detach(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// lowerPriority lets other processes run first.
func lowerPriority(pid int) { _ = unix.Setpriority(unix.PRIO_PROCESS, pid, 15) }
