package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"
)

// A machine is what a report says about where it was made. It does not say
// whose it is.
type machine struct {
	cpu    string
	cores  string
	memory string
	kernel string
	golang string
	load   string // at the start, over one minute
}

// inspect asks /proc; what it does not know is "unknown".
func inspect(cpus []int) machine {
	m := machine{
		cpu:    procField("/proc/cpuinfo", "model name"),
		memory: "unknown",
		kernel: runtime.GOOS + " " + firstField("/proc/sys/kernel/osrelease") + " " + runtime.GOARCH,
		golang: runtime.Version(),
		load:   firstField("/proc/loadavg"),
		cores:  fmt.Sprintf("all %d", runtime.NumCPU()),
	}
	if cpus != nil {
		m.cores = fmt.Sprintf("%d of %d", len(cpus), runtime.NumCPU())
	}
	kib, _, _ := strings.Cut(procField("/proc/meminfo", "MemTotal"), " ")
	if n, err := strconv.ParseUint(kib, 10, 64); err == nil {
		m.memory = humanize.IBytes(n << 10)
	}
	return m
}

// procField returns the value of a line such as "name : value".
func procField(path, name string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return "unknown"
	}
	for line := range strings.Lines(string(b)) {
		if k, v, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(k) == name {
			return strings.TrimSpace(v)
		}
	}
	return "unknown"
}

func firstField(path string) string {
	b, err := os.ReadFile(path)
	if f := strings.Fields(string(b)); err == nil && len(f) > 0 {
		return f[0]
	}
	return "unknown"
}
