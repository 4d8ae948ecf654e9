package pager

import (
	"context"

	"logview/index/match"
	"logview/reader/document"
	"logview/reader/line"
)

// A finder holds the pattern that is searched for, the current match, and the
// search for the next one, if one is running.
type finder struct {
	formats   *line.Formats // of lines, besides those that are known; nil for none
	caseMode  Case
	pattern   Pattern
	matcher   *match.Matcher // of pattern; nil without one
	scan      *match.Scanner // of matcher, for highlights
	also      *match.Scanner // for highlights without a pattern
	backward  bool           // the search goes upwards
	longLines *longLines     // of matcher and the filters together
	current   matchPosition
	levels    *levels // of the text
	awaiting  bool    // tell the user how many matches filters hide, once counted

	cancel context.CancelFunc // of the running search; nil if there is none
	gen    int                // counts searches; results of earlier ones are dropped
}

// A matchPosition is the position of the current match.
type matchPosition struct {
	place document.Place // of its row; zero without a current match
	start int            // offset in the row; -1 until it is determined
	last  bool           // if start is -1: the last match of the row, not the first
}

func newFinder() finder { return finder{longLines: newLongLines(), levels: new(levels)} }

// setFormats is called before there is a pattern.
func (f *finder) setFormats(formats *line.Formats) { f.formats = formats }

// open resets what is known about the text.
func (f *finder) open() {
	f.levels = new(levels)
	f.forgetLongLines()
}

// forgetLongLines is called when the matcher or the filters change.
func (f *finder) forgetLongLines() { f.longLines = newLongLines() }

// set sets the pattern and reports whether it differs from the previous one.
// If the pattern is invalid, it returns an error and changes nothing.
func (f *finder) set(p Pattern, backward bool) (changed bool, err error) {
	m, _, err := compile(f.formats, p)
	if err != nil {
		return false, err
	}
	if m == nil {
		f.clear()
		return true, nil
	}
	changed = p != f.pattern || f.matcher == nil
	f.pattern, f.matcher, f.scan, f.backward = p, m, m.NewScanner(), backward
	if changed {
		f.forgetLongLines()
	}
	return changed, nil
}

// clear removes the pattern and stops the running search.
func (f *finder) clear() {
	f.pattern.Text = ""
	f.matcher, f.scan = nil, nil
	f.current = matchPosition{}
	f.stop()
}

// active reports whether there is a pattern.
func (f *finder) active() bool { return f.matcher != nil }

// pickMatches returns a pick of the rows in which a match starts and that pass the
// filters.
func (f *finder) pickMatches(fs *filters) (pick, bool) {
	m, _, err := compile(f.formats, fs.with(f.pattern)...)
	if err != nil || m == nil {
		return pick{}, false
	}
	k := pick{m: m, lines: f.longLines}
	if _, _, not := f.pattern.split(); not {
		k.begins = true
	} else {
		k.find = f.matcher
	}
	return k, true
}

// start begins a search, stopping the running one. It returns the context and
// the generation for its command.
func (f *finder) start(parent context.Context) (ctx context.Context, gen int) {
	f.stop()
	ctx, f.cancel = context.WithCancel(parent)
	return ctx, f.gen
}

// running reports whether a search is running.
func (f *finder) running() bool { return f.cancel != nil }

// finish ends the running search after its result has arrived.
func (f *finder) finish() {
	if f.cancel != nil {
		f.cancel()
		f.cancel = nil
	}
}

// stop stops the running search and forgets what to tell about the last one.
func (f *finder) stop() {
	f.drop()
	f.awaiting = false
}

// drop stops the running search. Its result will be dropped.
func (f *finder) drop() {
	f.finish()
	f.gen++
}

// goTo makes the first or the last match of a row the current one.
func (f *finder) goTo(p document.Place, last bool) { f.current = matchPosition{p, -1, last} }

// setCurrent makes the match at an offset of a row the current one.
func (f *finder) setCurrent(p document.Place, start int) { f.current.place, f.current.start = p, start }

// startIn returns the offset of the current match in a row, or -1 if it is in
// another row or not determined.
func (f *finder) startIn(p document.Place) int {
	if p != f.current.place {
		return -1
	}
	return f.current.start
}

// locate is like startIn, but chooses a match of the row if the current one is
// not determined. It returns -1 if there are none.
func (f *finder) locate(p document.Place, matches func() []match.Span) int {
	if f.startIn(p) < 0 {
		spans := matches()
		if len(spans) == 0 {
			return -1
		}
		s := spans[0]
		if f.current.last {
			s = spans[len(spans)-1]
		}
		f.setCurrent(p, s.Start)
	}
	return f.current.start
}

// nextCase switches to the next case mode.
func (f *finder) nextCase() { f.caseMode = (f.caseMode + 1) % 3 }

// showAlso sets a matcher to highlight while there is no pattern, or nil.
func (f *finder) showAlso(m *match.Matcher) {
	f.also = nil
	if m != nil {
		f.also = m.NewScanner()
	}
}

// await sets whether to tell the user about hidden matches once they are
// counted, and returns that.
func (f *finder) await(counting bool) bool {
	f.awaiting = counting && f.active()
	return f.awaiting
}

// scanner returns the scanner for highlights, or nil.
func (f *finder) scanner() *match.Scanner {
	if f.scan != nil {
		return f.scan
	}
	return f.also
}
