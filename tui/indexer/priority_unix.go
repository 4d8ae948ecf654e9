//go:build unix

package indexer

import (
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// detach keeps the terminal's Ctrl-C and Ctrl-Z from the process.
func detach(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// lowerPriority lets all other processes go first.
func lowerPriority(pid int) { _ = unix.Setpriority(unix.PRIO_PROCESS, pid, 15) }
