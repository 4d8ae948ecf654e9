package logs

import (
	"slices"
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

// Directories that hold nothing but one directory take no rows of their own.
func TestChains(t *testing.T) {
	m := New(theme.New(true))
	m.SetSize(60, 30)
	var list []reader.Log
	for _, name := range []string{"var/a/b/c/x.log", "var/a/b/c/y.log", "var/d/e/f/z.log", "var/d/e/w.log", "var/g/h.log", "var/top.log"} {
		list = append(list, reader.Log{Name: name, Members: []reader.Member{{Path: name}}})
	}
	slices.SortFunc(list, func(a, b reader.Log) int { return strings.Compare(a.Name, b.Name) })
	show := func() string {
		m.Set(list, nil, nil)
		var b strings.Builder
		for _, r := range m.rows {
			b.WriteString(strings.Repeat(".", r.depth) + r.name + "\n")
		}
		return b.String()
	}
	want := "a/b/c/\n.x.log\n.y.log\nd/e/\n.f/\n..z.log\n.w.log\ng/\n.h.log\ntop.log\n"
	if got := show(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	m.closed["var/a/b/c/"] = true
	if got, want := show(), strings.Replace(want, ".x.log\n.y.log\n", "", 1); got != want {
		t.Errorf("closed: got\n%swant\n%s", got, want)
	}
}
