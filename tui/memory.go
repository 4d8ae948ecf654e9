package tui

import (
	"time"

	"logview/reader"
	"logview/reader/document"
	"logview/tui/pager"
	"logview/tui/prompt"
)

// A memory is what is remembered of the logs, from one run to the next: it
// knows when to save what of the log that is shown.
type memory struct {
	state   *State    // nil if nothing is remembered
	savedAt time.Time // when it was last written
	visited bool      // the person was in the log that is shown, and did not only look at results
}

// saveEvery is how much of what is remembered is lost when the machine or
// somebody ends the program without asking.
const saveEvery = 5 * time.Second

// due reports whether it is time to save, and then not again for a while.
func (x *memory) due(now time.Time) bool {
	if now.Sub(x.savedAt) <= saveEvery {
		return false
	}
	x.savedAt = now
	return true
}

// restoreHistory gives the prompt what was typed in earlier runs.
func (x *memory) restoreHistory(p *prompt.Model) {
	if x.state == nil {
		return
	}
	for name, k := range kinds {
		p.SetHistory(k, x.state.History[name])
	}
}

// of is what is remembered of a log.
func (x *memory) of(name string) LogState {
	if x.state == nil || name == reader.Stdin {
		return LogState{}
	}
	return *x.state.log(name) // whose slices and places are only ever replaced
}

// use is what is remembered of a log that is opened.
func (x *memory) use(name string, now time.Time) LogState {
	if x.state == nil || name == reader.Stdin {
		return LogState{}
	}
	x.state.log(name).Used = now
	return x.of(name)
}

// keep keeps what is to be known of the log that is shown, and what was
// typed. What it returns writes it, elsewhere.
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
