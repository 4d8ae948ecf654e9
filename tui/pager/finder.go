package pager

import (
	"context"

	"logview/index/match"
	"logview/reader/document"
)

// A finder is what is searched for in a text: the pattern, the match the person
// is at, and the search for the next one, if one runs.
type finder struct {
	caseMode Case
	pattern  Pattern
	matcher  *match.Matcher // of pattern; nil if nothing is searched for
	scan     *match.Scanner // of matcher, for highlights
	also     *match.Scanner // for highlights while there is no matcher
	backward bool           // the pattern is searched for upwards first
	verdicts *verdicts      // of matcher and the filters together
	spot     spot
	levels   *levels // of the text
	awaiting bool    // nothing was found, and whether filters hide it is not known yet

	cancel context.CancelFunc // ends the search that runs; nil if none does
	gen    int                // of searches; the answer of an earlier one is dropped
}

// A spot is the match that the person is at.
type spot struct {
	place document.Place // of its row; zero if there is none
	start int            // where in the row it begins; -1 as long as that is not known
	last  bool           // it is the last of its row then, not the first
}

func newFinder() finder { return finder{verdicts: newVerdicts(), levels: new(levels)} }

// open forgets what was known about another text.
func (f *finder) open() {
	f.levels = new(levels)
	f.forgetVerdicts()
}

// forgetVerdicts is called when other lines match, or pass the filters.
func (f *finder) forgetVerdicts() { f.verdicts = newVerdicts() }

// set sets the pattern. It reports whether it is another, and changes nothing
// if the error says that it is none.
func (f *finder) set(p Pattern, backward bool) (changed bool, err error) {
	m, _, err := compile(p)
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
		f.forgetVerdicts()
	}
	return changed, nil
}

// clear searches for nothing any more.
func (f *finder) clear() {
	f.pattern.Text = ""
	f.matcher, f.scan = nil, nil
	f.spot = spot{}
	f.stop()
}

// active reports whether something is searched for.
func (f *finder) active() bool { return f.matcher != nil }

// wanted picks the rows to go to: the pieces of lines that match and pass the
// filters in which a match begins.
func (f *finder) wanted(fs *filters) (pick, bool) {
	m, _, err := compile(fs.with(f.pattern)...)
	if err != nil || m == nil {
		return pick{}, false
	}
	k := pick{m: m, lines: f.verdicts}
	if _, _, not := f.pattern.split(); not {
		k.begins = true
	} else {
		k.find = f.matcher
	}
	return k, true
}

// start starts a search, after ending that which runs. Its context and number
// are for the command that does it.
func (f *finder) start(parent context.Context) (ctx context.Context, gen int) {
	f.stop()
	ctx, f.cancel = context.WithCancel(parent)
	return ctx, f.gen
}

// running reports whether a search runs.
func (f *finder) running() bool { return f.cancel != nil }

// finish is called when the search that runs has been answered.
func (f *finder) finish() {
	if f.cancel != nil {
		f.cancel()
		f.cancel = nil
	}
}

// stop ends the search that runs, and what was to be told of the last one.
func (f *finder) stop() {
	f.drop()
	f.awaiting = false
}

// drop ends the search that runs. An answer that is on its way is too late.
func (f *finder) drop() {
	f.finish()
	f.gen++
}

// goTo makes the match in a row the one that the person is at: its first, or
// its last.
func (f *finder) goTo(p document.Place, last bool) { f.spot = spot{p, -1, last} }

// setSpot makes the match that begins there in a row the one that the person
// is at.
func (f *finder) setSpot(p document.Place, start int) { f.spot.place, f.spot.start = p, start }

// startIn is where the match that the person is at begins in a row; negative
// if it is not in this row, or that is not known.
func (f *finder) startIn(p document.Place) int {
	if p != f.spot.place {
		return -1
	}
	return f.spot.start
}

// locate is the same, but where that is not known it is one of the matches in
// the row; negative if there are none.
func (f *finder) locate(p document.Place, matches func() []match.Span) int {
	if f.startIn(p) < 0 {
		spans := matches()
		if len(spans) == 0 {
			return -1
		}
		s := spans[0]
		if f.spot.last {
			s = spans[len(spans)-1]
		}
		f.setSpot(p, s.Start)
	}
	return f.spot.start
}

// nextCase goes to the next way of taking case.
func (f *finder) nextCase() { f.caseMode = (f.caseMode + 1) % 3 }

// showAlso has what was searched for elsewhere shown while nothing is searched
// for; nil for nothing.
func (f *finder) showAlso(m *match.Matcher) {
	f.also = nil
	if m != nil {
		f.also = m.NewScanner()
	}
}

// await says whether it is still to be counted what filters hide. It returns
// whether that is to be told then.
func (f *finder) await(counting bool) bool {
	f.awaiting = counting && f.active()
	return f.awaiting
}

// scanner is for the highlights; nil for none.
func (f *finder) scanner() *match.Scanner {
	if f.scan != nil {
		return f.scan
	}
	return f.also
}
