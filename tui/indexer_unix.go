//go:build unix

package tui

import (
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// background keeps the terminal's Ctrl-C and Ctrl-Z from the process.
func background(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// lowPriority lets everybody else go first.
func lowPriority(pid int) { _ = unix.Setpriority(unix.PRIO_PROCESS, pid, 15) }
