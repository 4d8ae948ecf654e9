package tui

import (
	"time"

	"logview/reader"
	"logview/reader/document"
	"logview/tui/pager"
	"logview/tui/prompt"
)

// A memory saves the state of the log that is shown, from time to time and when
// another one is opened.
type memory struct {
	state   *State    // nil to save nothing
	savedAt time.Time // when it was last saved
	visited bool      // the log had the focus, so its place is worth saving
}

// saveEvery limits how much is lost if the program is killed.
const saveEvery = 5 * time.Second

// beginSave reports whether it is time to save, and if so records that saving
// begins.
func (x *memory) beginSave(now time.Time) bool {
	if now.Sub(x.savedAt) <= saveEvery {
		return false
	}
	x.savedAt = now
	return true
}

// restoreHistory sets the prompt's history of earlier runs.
func (x *memory) restoreHistory(p *prompt.Model) {
	if x.state == nil {
		return
	}
	for name, k := range kinds {
		p.SetHistory(k, x.state.History[name])
	}
}

// saved returns the saved state of a log.
func (x *memory) saved(name string) LogState {
	if x.state == nil || name == reader.Stdin {
		return LogState{}
	}
	return *x.state.log(name) // a shallow copy will do: its slices are replaced, never modified
}

// recordUse records that a log is used now, and returns its saved state.
func (x *memory) recordUse(name string, now time.Time) LogState {
	if x.state == nil || name == reader.Stdin {
		return LogState{}
	}
	x.state.log(name).Used = now
	return x.saved(name)
}

// keep records the state of the log that is shown and of the prompt. It returns
// a function that writes it, to be called from another goroutine.
func (x *memory) keep(p *pager.Model, typed *prompt.Model) (save func() error) {
	if x.state == nil {
		return func() error { return nil }
	}
	history := map[string][]string{}
	for name, k := range kinds {
		history[name] = typed.Typed(k)
	}
	d := p.Doc()
	if d == nil || p.Name() == reader.Stdin {
		return x.state.Saving(history)
	}
	saved := func(at document.Place) (SavedPlace, bool) {
		id := d.ID(at.Member)
		return SavedPlace{id.String(), at.Offset}, !id.IsZero()
	}
	s := x.state.log(p.Name())
	s.Marks = nil
	if x.visited {
		s.Place = nil
	}
	if at, ok := p.Place(); ok && x.visited && !p.Following() {
		if place, ok := saved(at); ok {
			s.Place = &place
		}
	}
	for _, at := range p.Marks() {
		if place, ok := saved(at); ok {
			s.Marks = append(s.Marks, place)
		}
	}
	s.Filters, s.Off = p.Filters()
	return x.state.Saving(history)
}
