package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// options are the values of the flags, checked.
type options struct {
	out       string
	force     bool
	size      int64 // 0 means no limit, in live mode only
	seed      uint64
	rate      float64
	services  []service
	instances int
	start     time.Time
	numbered  bool

	style         *style
	policy        policy
	keep          int // -1 means all
	compress      compression
	delayCompress bool
	gzShare       float64 // -1 means that delayCompress decides

	live         bool
	forTime      time.Duration
	copyTruncate bool
}

// defaultStart is fixed, so that the same flags produce the same bytes on any
// day.
var defaultStart = time.Date(2026, 11, 2, 6, 0, 0, 0, time.UTC)

var sizeUnits = []struct {
	suffix string
	bytes  float64
}{
	{"kib", 1 << 10}, {"mib", 1 << 20}, {"gib", 1 << 30}, {"tib", 1 << 40},
	{"kb", 1e3}, {"mb", 1e6}, {"gb", 1e9}, {"tb", 1e12},
	{"k", 1 << 10}, {"m", 1 << 20}, {"g", 1 << 30}, {"t", 1 << 40},
	{"b", 1}, {"", 1},
}

// parseSize parses sizes such as "512MiB", "1.5g", "10MB" (millions) or plain
// bytes.
func parseSize(flagName, s string) (int64, error) {
	bad := fmt.Errorf("%s %q: not a size; try 512MiB", flagName, s)
	low := strings.ToLower(strings.TrimSpace(s))
	for _, u := range sizeUnits {
		num, ok := strings.CutSuffix(low, u.suffix)
		if !ok {
			continue
		}
		v, err := strconv.ParseFloat(strings.TrimSpace(num), 64)
		if err != nil || math.IsNaN(v) || v < 0 || v*u.bytes > 1<<60 {
			return 0, bad
		}
		return int64(v * u.bytes), nil
	}
	return 0, bad
}

func formatSize(n int64) string {
	f, unit := float64(n), "B"
	for _, u := range []string{"KiB", "MiB", "GiB", "TiB"} {
		if f < 1024 {
			break
		}
		f, unit = f/1024, u
	}
	if unit == "B" {
		return strconv.FormatInt(n, 10) + " B"
	}
	return strconv.FormatFloat(f, 'f', 1, 64) + " " + unit
}

var timeForms = []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02"}

func parseStart(s string) (time.Time, error) {
	for _, form := range timeForms {
		t, err := time.Parse(form, s)
		if err != nil {
			continue
		}
		// Outside these years, nanoseconds since 1970 are negative, or
		// may overflow when the time span of the log is added.
		if y := t.UTC().Year(); y < 1971 || y > 2200 {
			return time.Time{}, fmt.Errorf("-start %q: not between the years 1971 and 2200", s)
		}
		return t.UTC(), nil
	}
	return time.Time{}, fmt.Errorf("-start %q: not a time; try 2026-11-02T06:00:00Z or 2026-11-02", s)
}
