package main

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// spawn runs a program, given as a list of CPUs or "all" followed by its
// command line, and writes the measurements to file descriptor 3.
//
// It runs in a separate process between the harness and the program because, on
// Linux, a program's peak memory includes the memory of its parent when it was
// started: until exec, both share one address space. The separate process uses
// very little memory, and also measures the time.
func spawn(args []string) int {
	runtime.LockOSThread() // the CPUs and the death signal belong to a thread
	syscall.CloseOnExec(3)
	if args[0] != "all" {
		var set unix.CPUSet
		for s := range strings.SplitSeq(args[0], ",") {
			n, err := strconv.Atoi(s)
			if err != nil {
				fmt.Fprintf(os.Stderr, "bench: CPU %q\n", s)
				return 1
			}
			set.Set(n)
		}
		if err := unix.SchedSetaffinity(0, &set); err != nil {
			fmt.Fprintf(os.Stderr, "bench: CPUs %s: %v\n", args[0], err)
			return 1
		}
	}
	argv := args[1:]
	attr := &syscall.ProcAttr{
		Env:   os.Environ(),
		Files: []uintptr{0, 1, 2},
		Sys:   &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL},
	}
	start := time.Now()
	pid, err := syscall.ForkExec(argv[0], argv, attr)
	if err != nil {
		fmt.Fprintf(os.Stderr, "bench: %s: %v\n", argv[0], err)
		return 1
	}
	var ws syscall.WaitStatus
	var ru syscall.Rusage
	for {
		if _, err = syscall.Wait4(pid, &ws, 0, &ru); err != syscall.EINTR {
			break
		}
	}
	t := taken{Wall: time.Since(start), Peak: ru.Maxrss << 10, Code: ws.ExitStatus()}
	if err != nil {
		fmt.Fprintf(os.Stderr, "bench: wait: %v\n", err)
		return 1
	}
	if ws.Signaled() {
		t.Signal = ws.Signal().String()
	}
	if err := json.NewEncoder(os.NewFile(3, "result")).Encode(t); err != nil {
		fmt.Fprintf(os.Stderr, "bench: %v\n", err)
		return 1
	}
	return 0
}

// pickCPUs returns the first n CPUs that this process may use; nil if it may
// use no more than n.
func pickCPUs(n int) []int {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil || set.Count() <= n {
		return nil
	}
	var list []int
	for i := 0; len(list) < n; i++ {
		if set.IsSet(i) {
			list = append(list, i)
		}
	}
	return list
}

// diskFree returns the number of bytes available in the file system of dir.
func diskFree(dir string) (int64, bool) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0, false
	}
	return int64(st.Bavail) * int64(st.Bsize), true
}
