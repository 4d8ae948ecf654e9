package line_test

import (
	"testing"
	"time"

	"logview/reader/line"
)

func TestParseTime(t *testing.T) {
	zone := time.FixedZone("", 3600)
	now := time.Date(2026, 11, 26, 14, 30, 15, 500, zone)
	const form = "2006-01-02 15:04:05"
	for _, c := range []struct{ text, from, to string }{ // an empty to is from
		{"14:05", "2026-11-26 14:05:00", ""},
		{"14:05:06", "2026-11-26 14:05:06", ""},
		{"15:00", "2026-11-25 15:00:00", ""},
		{"2pm", "2026-11-26 14:00:00", ""},
		{"9:30 AM", "2026-11-26 09:30:00", ""},
		{"yesterday 9am", "2026-11-25 09:00:00", ""},
		{"today 23:00", "2026-11-26 23:00:00", ""},
		{"yesterday", "2026-11-25 00:00:00", "2026-11-26 00:00:00"},
		{"2026-11-21", "2026-11-21 00:00:00", "2026-11-22 00:00:00"},
		{"-2h", "2026-11-26 12:30:15", ""},
		{"2h ago", "2026-11-26 12:30:15", ""},
		{"1d12h ago", "2026-11-25 02:30:15", ""},
		{"-90 min", "2026-11-26 13:00:15", ""},
		{"2 hours ago", "2026-11-26 12:30:15", ""},
		{"now", "2026-11-26 14:30:15", ""},
		{"2026-11-21 14:05", "2026-11-21 14:05:00", ""},
		{"2026-11-21T14:05:06Z", "2026-11-21 15:05:06", ""},
		{"2026-11-21T14:05:06.5", "2026-11-21 14:05:06", ""},
		{"[01/May/2024:10:00:00 +0000]", "2024-05-01 11:00:00", ""},
		{"Nov 21 14:05:06", "2026-11-21 14:05:06", ""},
		{"1714557600", "2024-05-01 11:00:00", ""},
		{"<13>Nov 21 14:05:06 host app: x", "2026-11-21 14:05:06", ""},
	} {
		from, to, err := line.ParseTime(c.text, now, zone)
		if err != nil {
			t.Error(err)
			continue
		}
		if c.to == "" {
			c.to = c.from
		}
		if got := from.In(zone).Format(form); got != c.from {
			t.Errorf("%s: from %s, want %s", c.text, got, c.from)
		}
		if got := to.In(zone).Format(form); got != c.to {
			t.Errorf("%s: to %s, want %s", c.text, got, c.to)
		}
	}
	for _, bad := range []string{"", "soon", "25:00", "-2x", "2026-13-01", "-", "ago", "-1", "2026-02-30"} {
		if from, _, err := line.ParseTime(bad, now, zone); err == nil {
			t.Errorf("%q is %v", bad, from)
		}
	}
}
