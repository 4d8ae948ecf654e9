package tui

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"logview/tui/pager"
	"logview/tui/prompt"
)

// However much is pasted or typed by holding a key, no prompt and no list uses
// much memory.
func TestPasteHuge(t *testing.T) {
	d, m := explorer(t, tree(t), 80, 24)
	d.Wait("app.log")
	d.Keys("enter")
	d.Wait("LIVE", " 300 ")
	huge := tea.PasteMsg{Content: strings.Repeat("Aé[x] ", 1<<18)}
	for _, open := range []string{"/", "alt+/", "s", "&", "ctrl+w", "|", ":", "t", "L/"} {
		for _, k := range []string{"", "ctrl+r"} {
			m.setFocus(panePager)
			if open == "L/" {
				d.Type(open)
			} else {
				d.Keys(open)
			}
			if k != "" {
				d.Keys(k)
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			d.Send(huge)
			d.Frame()
			runtime.ReadMemStats(&after)
			if n := after.TotalAlloc - before.TotalAlloc; n > 16<<20 {
				t.Errorf("%s: %d MiB for a paste", open, n>>20)
			}
			if !strings.Contains(d.Frame(), "characters do not fit") {
				t.Errorf("%s does not say it:\n%s", open, d.Frame())
			}
			d.Keys("esc", "esc")
			m.notice.said = pager.Said{}
		}
	}
	m.setFocus(panePager)
	d.Type("/worker")
	d.Keys("enter")
	d.Wait("worker: 900 lines")
	for range 3 * pager.MostFilters {
		d.Keys("+") // the key is held down
	}
	if list, _ := m.pager.Filters(); len(list) != 1 {
		t.Errorf("%d filters", len(list))
	}
	for i := range pager.MostFilters - 1 {
		d.Type(fmt.Sprint("&worker", i))
		d.Keys("enter")
	}
	d.Type("&one more")
	d.Keys("enter")
	d.Wait("no more can be added")
}

// The saved state uses a bounded amount of memory, whatever its file contains.
func TestStateHuge(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.json")
	long := strings.Repeat("x", prompt.MostTyped+1)
	many := strings.Repeat(`"a",`, 5000)
	if err := os.WriteFile(path, []byte(`{"logs": {"/a": {"filters": [{"Text": "`+long+`"}, {"Text": "b"}]}, "/b": null}, "history": {"search": [`+many+`"`+long+`", "c"]}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	s := LoadState(path)
	if s.err != nil || len(s.History["search"]) != prompt.MostHistory || s.History["search"][prompt.MostHistory-1] != "c" || len(s.Logs["/a"].Filters) != 1 || s.Logs["/b"] != nil {
		t.Errorf("%v, %d of history, %v", s.err, len(s.History["search"]), s.Logs)
	}
	if err := os.Truncate(path, 1<<40); err != nil { // a sparse file
		t.Skip(err)
	}
	s = LoadState(path)
	if s.err == nil || !strings.Contains(s.err.Error(), "more than") || len(s.Logs) > 0 {
		t.Errorf("%v, %v", s.err, s.Logs)
	}
	if _, err := os.Stat(path + ".damaged"); err != nil {
		t.Error(err)
	}
}
