package tui

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"sync"
	"time"

	"logview/reader"
	"logview/tui/pager"
	"logview/tui/prompt"
)

// A State is what is remembered from one run to the next: where the person
// was in each log, its marks and filters, and what they searched for. It is
// kept in a file that only they can read.
type State struct {
	path string

	Logs    map[string]*LogState `json:"logs"`
	History map[string][]string  `json:"history"`

	saved   int        // counts what Saving returned
	writing sync.Mutex // guards what follows
	written int        // of those, what was written last
	last    []byte     // and what that was
}

// A LogState is what is remembered of a log, by its absolute name.
type LogState struct {
	Used    time.Time       `json:"used"`
	Place   *SavedPlace     `json:"place,omitempty"` // none: at the end
	Marks   []SavedPlace    `json:"marks,omitempty"`
	Filters []pager.Pattern `json:"filters,omitempty"`
	Off     bool            `json:"off,omitempty"` // the filters
}

// A SavedPlace is a place that outlives rotation.
type SavedPlace struct {
	ID     string        `json:"id"`
	Offset reader.Offset `json:"offset"`
}

// mostLogs is how many logs are remembered.
const mostLogs = 500

// LoadState reads what was remembered. A file that cannot be used is begun
// anew.
func LoadState(path string) *State {
	s := &State{path: path}
	if b, err := os.ReadFile(path); err == nil {
		_ = json.Unmarshal(b, s)
	}
	if s.Logs == nil {
		s.Logs = map[string]*LogState{}
	}
	if s.History == nil {
		s.History = map[string][]string{}
	}
	return s
}

// Saving returns what writes it as it is now, from any goroutine.
func (s *State) Saving() func() error {
	if s == nil || s.path == "" {
		return func() error { return nil }
	}
	for len(s.Logs) > mostLogs {
		oldest := ""
		for name, l := range s.Logs {
			if oldest == "" || l.Used.Before(s.Logs[oldest].Used) {
				oldest = name
			}
		}
		delete(s.Logs, oldest)
	}
	b, err := json.MarshalIndent(s, "", " ")
	s.saved++
	n := s.saved
	return func() error {
		if err != nil {
			return err
		}
		s.writing.Lock()
		defer s.writing.Unlock()
		if n < s.written || bytes.Equal(b, s.last) {
			return nil // something newer was written, or the same
		}
		s.written = n
		err := s.write(b)
		if err == nil {
			s.last = b
		}
		return err
	}
}

func (s *State) write(b []byte) error {
	dir := filepath.Dir(s.path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, "state-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if _, err := f.Write(b); err != nil {
		f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), s.path)
}

// kinds are the prompts whose history is kept.
var kinds = map[string]prompt.Kind{"search": prompt.Search, "query": prompt.SearchAll, "filter": prompt.Filter, "pipe": prompt.Pipe}

func (s *State) log(name string) *LogState {
	if abs, err := filepath.Abs(name); err == nil {
		name = abs
	}
	l := s.Logs[name]
	if l == nil {
		l = &LogState{}
		s.Logs[name] = l
	}
	return l
}
