//go:build !unix

package tui

import "os/exec"

func background(*exec.Cmd) {}

func lowPriority(int) {}
