package pager

import (
	"maps"
	"slices"

	"logview/reader/document"
)

// bookmarks are the places that the user marked.
type bookmarks struct{ places map[document.Place]bool }

// toggle marks a place or removes its mark. It reports whether the place is
// marked afterwards.
func (b *bookmarks) toggle(p document.Place) bool {
	if b.places[p] {
		delete(b.places, p)
		return false
	}
	if b.places == nil {
		b.places = map[document.Place]bool{}
	}
	b.places[p] = true
	return true
}

// has reports whether a place is marked.
func (b *bookmarks) has(p document.Place) bool { return b.places[p] }

// set replaces the marks.
func (b *bookmarks) set(list []document.Place) {
	b.places = map[document.Place]bool{}
	for _, p := range list {
		b.places[p] = true
	}
}

// list returns the marked places in the order of the text.
func (b *bookmarks) list(members members) []document.Place {
	return slices.SortedFunc(maps.Keys(b.places), members.compare)
}

// next returns the next mark after a place if forward is set, and the previous
// one before it otherwise. If there is none in that direction, it continues at
// the other end and sets round. It returns ok = false if nothing is marked.
func (b *bookmarks) next(at document.Place, forward bool, members members) (p document.Place, round, ok bool) {
	list := b.list(members)
	if len(list) == 0 {
		return p, false, false
	}
	if !forward {
		slices.Reverse(list)
	}
	for _, p := range list {
		if c := members.compare(p, at); forward && c > 0 || !forward && c < 0 {
			return p, false, true
		}
	}
	return list[0], true, true
}
