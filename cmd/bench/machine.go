package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"
)

// A machine describes the hardware and system of a measurement, without
// identifying its owner.
type machine struct {
	cpu    string
	cores  string
	memory string
	kernel string
	golang string
	load   string // load average over one minute, at the start
}

// inspect returns a description of this machine from /proc. Values that are not
// available are "unknown".
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
