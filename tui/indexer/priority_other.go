//go:build !unix

package indexer

import "os/exec"

func detach(*exec.Cmd) {}

func lowerPriority(int) {}
