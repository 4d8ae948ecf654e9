package tui

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"logview/reader"
	"logview/tui/pager"
	"logview/tui/prompt"
)

// A State is saved between runs: the place in each log, its marks and filters,
// and the history of the prompt. The file is readable by the user only. Several
// explorers may write it: each merges its own changes.
type State struct {
	path   string
	err    error // why the file could not be read; nil if it could
	unread bool  // the unreadable file still exists and must not be overwritten

	Logs    map[string]*LogState `json:"logs"`
	History map[string][]string  `json:"history"`

	opened map[string]bool // logs whose state may have changed in this run
	saved  int             // counts calls of Saving

	writing sync.Mutex // guards what follows; held while the file is written
	written int        // the number of the call whose result was written last
	last    []byte     // the JSON that was written last

	mu    sync.Mutex              // guards what follows
	marks map[string][]SavedPlace // marks by log that were in the file and shown here, or made here
	known map[string][]byte       // JSON by log as of the last read or write
}

// A LogState is the saved state of a log.
type LogState struct {
	Used    time.Time       `json:"used"`
	Place   *SavedPlace     `json:"place,omitempty"` // nil: the end
	Marks   []SavedPlace    `json:"marks,omitempty"`
	Filters []pager.Pattern `json:"filters,omitempty"`
	Off     bool            `json:"off,omitempty"` // all filters are off
}

// A SavedPlace is a place that stays valid across rotation.
type SavedPlace struct {
	ID     string        `json:"id"`
	Offset reader.Offset `json:"offset"`
}

const (
	mostLogs  = 500 // logs in the file
	mostMarks = 200 // marks of a log
	mostState = 64 << 20
)

// LoadState reads the file. A damaged file is renamed, and the state is empty.
// The filters of all logs are switched off, so that lines hidden days ago are
// not missed.
func LoadState(path string) *State {
	s := &State{path: path, opened: map[string]bool{}, marks: map[string][]SavedPlace{}, known: map[string][]byte{}}
	b, err := readState(path)
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, errStateSize):
		s.err, s.unread = fmt.Errorf("what is remembered cannot be read, and nothing is added: %w", err), true
	case err == nil || errors.Is(err, errStateSize):
		if err == nil {
			err = json.Unmarshal(b, s)
		}
		if err != nil {
			aside := path + ".damaged"
			s.Logs, s.History = nil, nil
			s.err = fmt.Errorf("what was remembered cannot be read, and is kept in %s: %w", aside, err)
			_ = os.Rename(path, aside)
		}
	}
	if s.Logs == nil {
		s.Logs = map[string]*LogState{}
	}
	if s.History == nil {
		s.History = map[string][]string{}
	}
	for kind, list := range s.History {
		list = slices.DeleteFunc(list, prompt.TooLong)
		s.History[kind] = list[max(0, len(list)-prompt.MostHistory):]
	}
	for name, l := range s.Logs {
		if l == nil {
			delete(s.Logs, name)
			continue
		}
		l.Filters = slices.DeleteFunc(l.Filters, func(p pager.Pattern) bool { return prompt.TooLong(p.Text) })
		l.Filters = l.Filters[:min(len(l.Filters), pager.MostFilters)]
		l.Off = len(l.Filters) > 0
	}
	return s
}

var errStateSize = fmt.Errorf("more than %d MiB", mostState>>20)

// readState reads the file, unless it is larger than any that was written.
func readState(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, mostState+1))
	if err == nil && len(b) > mostState {
		return nil, errStateSize
	}
	return b, err
}

// Saving returns a function that writes the current state, which may be called
// from any goroutine. typed is the prompt history of this run.
func (s *State) Saving(typed map[string][]string) func() error {
	if s == nil || s.path == "" {
		return func() error { return nil }
	}
	mine := &State{Logs: map[string]*LogState{}, History: typed}
	for name := range s.opened {
		l := *s.Logs[name] // its slices are replaced, never modified
		now, _ := json.Marshal(l)
		s.mu.Lock()
		same := bytes.Equal(now, s.known[name])
		s.mu.Unlock()
		if !same { // an unchanged log must not undo the changes of another explorer
			mine.Logs[name] = &l
		}
	}
	b, err := json.Marshal(mine)
	s.saved++
	n := s.saved
	return func() error {
		if err != nil {
			return err
		}
		s.writing.Lock()
		defer s.writing.Unlock()
		if n < s.written || bytes.Equal(b, s.last) {
			return nil // a newer or the same state was written
		}
		s.written = n
		err := s.write(mine)
		if err == nil {
			s.last = b
		}
		return err
	}
}

func (s *State) note() error {
	if s == nil {
		return nil
	}
	return s.err
}

// SetMarks sets which of the saved marks of a log are shown. Saving removes
// those of them that are no longer shown. Other marks, of missing texts or of
// another explorer, are kept.
func (s *State) SetMarks(name string, list []SavedPlace) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.marks[absolute(name)] = list
}

// lockPatience is how long to wait for another explorer that writes.
const lockPatience = time.Second

// write merges the changes into the file.
func (s *State) write(mine *State) error {
	dir := filepath.Dir(s.path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	ctx, stop := context.WithTimeout(context.Background(), lockPatience)
	defer stop()
	lock := flock.New(s.path+".lock", flock.SetPermissions(0o600))
	if ok, _ := lock.TryLockContext(ctx, 10*time.Millisecond); ok { // otherwise write without the lock
		defer lock.Unlock()
	}
	all, shown, known := LoadState(s.path), map[string][]SavedPlace{}, map[string][]byte{}
	if all.unread {
		return all.err
	}
	for name, l := range mine.Logs {
		there := all.Logs[name]
		known[name], _ = json.Marshal(l)
		all.Logs[name] = l
		shown[name] = l.Marks
		if there == nil {
			continue
		}
		s.mu.Lock()
		was := s.marks[name]
		s.mu.Unlock()
		merged := slices.DeleteFunc(slices.Clone(there.Marks), func(p SavedPlace) bool {
			return slices.Contains(was, p) && !slices.Contains(l.Marks, p) // removed here
		})
		for _, p := range l.Marks {
			if !slices.Contains(was, p) && !slices.Contains(merged, p) { // added here
				merged = append(merged, p)
			}
		}
		l.Marks = merged[max(0, len(merged)-mostMarks):]
	}
	for kind, typed := range mine.History {
		list := slices.DeleteFunc(all.History[kind], func(s string) bool { return slices.Contains(typed, s) })
		list = append(list, typed...)
		all.History[kind] = list[max(0, len(list)-prompt.MostHistory):]
	}
	for len(all.Logs) > mostLogs {
		oldest := ""
		for name, l := range all.Logs {
			if oldest == "" || l.Used.Before(all.Logs[oldest].Used) {
				oldest = name
			}
		}
		delete(all.Logs, oldest)
	}
	b, err := json.MarshalIndent(all, "", " ")
	if err != nil {
		return err
	}
	if err := s.replace(b); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.Copy(s.marks, shown)
	maps.Copy(s.known, known)
	return nil
}

// replace replaces the file atomically.
func (s *State) replace(b []byte) error {
	f, err := os.CreateTemp(filepath.Dir(s.path), "state-*")
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

// kinds are the prompts whose history is saved.
var kinds = map[string]prompt.Kind{"search": prompt.Search, "query": prompt.SearchAll, "filter": prompt.Filter, "pipe": prompt.Pipe}

func absolute(name string) string {
	if abs, err := filepath.Abs(name); err == nil {
		return abs
	}
	return name
}

// log returns the state of a log for changing. Saving writes it from now on.
func (s *State) log(name string) *LogState {
	name = absolute(name)
	l := s.Logs[name]
	if l == nil {
		l = &LogState{}
		s.Logs[name] = l
	}
	if !s.opened[name] {
		s.opened[name] = true
		b, _ := json.Marshal(l)
		s.mu.Lock()
		s.known[name] = b
		s.mu.Unlock()
	}
	return l
}
