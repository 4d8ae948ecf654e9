package logs

import (
	"slices"
	"strings"
	"testing"
	"time"

	"logview/reader"
	"logview/reader/files"
	"logview/tui/theme"
)

// The problems of a log are visible before it is opened.
func TestHints(t *testing.T) {
	m := New(theme.New(true))
	m.SetClock(func() time.Time { return time.Time{} })
	m.SetSize(60, 10)
	m.SetFocus(true)
	list := []files.Log{
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
	m.SetOpen("dir/b.log")
	if s := m.About(); !strings.Contains(s, "missing: b.log.1, b.log.2") {
		t.Error(s)
	}
}

// Directories that contain only one directory have no rows of their own.
func TestChains(t *testing.T) {
	m := New(theme.New(true))
	m.SetSize(60, 30)
	var list []files.Log
	for _, name := range []string{"var/a/b/c/x.log", "var/a/b/c/y.log", "var/d/e/f/z.log", "var/d/e/w.log", "var/g/h.log", "var/top.log"} {
		list = append(list, files.Log{Name: name, Members: []reader.Member{{Path: name}}})
	}
	slices.SortFunc(list, func(a, b files.Log) int { return strings.Compare(a.Name, b.Name) })
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

// A filter finds logs by words, each by its letters in their order. Rows show
// the size after text was written since the logs were listed.
func TestLike(t *testing.T) {
	m := New(theme.New(true))
	m.SetSize(60, 10)
	var list []files.Log
	for _, name := range []string{"svc07/app-0036.log", "svc07/app-0037.log", "svc17/app-0037.log"} {
		list = append(list, files.Log{Name: name, Members: []reader.Member{{Path: name + ".1", Size: 1 << 20}, {Path: name}}})
	}
	m.Set(list, nil, nil)
	for text, want := range map[string]string{"svc07 37": "svc07/app-0037.log", "0037 svc17 ": "svc17/app-0037.log", "36 07": "svc07/app-0036.log", "nowhere 0037": ""} {
		m.SetFilter(text)
		if got := append(m.rows, row{})[0].name; got != want {
			t.Errorf("%q: %v, want %q first", text, m.rows, want)
		}
	}
	hidden := New(theme.New(true)) // letters that all names contain, not next to each other
	hidden.Set([]files.Log{{Name: "/srv/share/HDFS.csv"}, {Name: "/srv/share/OpenSSH.csv"}, {Name: "/srv/share/s-s-hd.log"}}, nil, nil)
	hidden.SetFilter("ssh")
	if len(hidden.rows) != 2 || hidden.rows[0].name != "/srv/share/OpenSSH.csv" {
		t.Errorf("found are %v", hidden.rows)
	}
	m.SetFilter("svc17")
	kept := m.Logs()
	m.SetGrown("svc17/app-0037.log", reader.Member{Path: "svc17/app-0037.log", Size: 2 << 20})
	if s := strings.Split(m.View(), "\n")[1]; !strings.Contains(s, "3.0 MiB") {
		t.Errorf("the size is not what it is now: %q", s)
	}
	if kept[2].Members[1].Size != 0 {
		t.Error("what another keeps was changed")
	}
}
