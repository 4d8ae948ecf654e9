package logs

import (
	"strings"
	"testing"
	"time"

	"logview/reader"
	"logview/tui/theme"
)

// What is wrong with a log is seen before it is opened.
func TestHints(t *testing.T) {
	m := New(theme.New(true))
	m.SetClock(func() time.Time { return time.Time{} })
	m.SetSize(60, 10)
	m.SetFocus(true)
	list := []reader.Log{
		{Name: "dir/a.log", Members: []reader.Member{{Path: "dir/a.log.1"}, {Path: "dir/a.log"}}},
		{Name: "dir/b.log", Members: []reader.Member{{Path: "dir/b.log.3"}, {Path: "dir/b.log"}}, Gaps: []string{"b.log.1", "b.log.2"}},
		{Name: "dir/c.log", Members: []reader.Member{{Path: "dir/c.log"}}},
	}
	m.Set(list, map[string][]string{"dir/a.log": {"a.log.1"}}, nil)
	rows := strings.Split(m.View(), "\n")
	for i, want := range []string{"! ×2", "! ×2", "  "} {
		if !strings.Contains(rows[i+1], want) || i == 2 && strings.Contains(rows[i+1], "!") {
			t.Errorf("row %d: %q", i, rows[i+1])
		}
	}
	if s := m.About(); !strings.Contains(s, "may not be read: a.log.1") {
		t.Error(s)
	}
	m.Opened("dir/b.log")
	if s := m.About(); !strings.Contains(s, "missing: b.log.1, b.log.2") {
		t.Error(s)
	}
}
