package pager

import (
	"bytes"
	"context"
	"io"
	"slices"
	"sync/atomic"

	tea "charm.land/bubbletea/v2"
	"github.com/dustin/go-humanize"

	"logview/reader"
	"logview/reader/document"
)

// levels is what was found out about the levels in a text.
type levels struct {
	seen atomic.Bool // a line has one
	told bool        // the user was told that a sample has none
}

const (
	sampled     = 64 << 10 // bytes per sample
	samples     = 16       // per member
	mostSampled = 8 << 20
)

// sample looks for levels in lines from all parts of a text that need no
// decoding. It returns the number of lines it read, and whether these are all.
func sample(ctx context.Context, d Text, about *levels) (lines int, all bool, err error) {
	all = true
	buf := make([]byte, sampled+512) // with the start of the next line
	left := mostSampled
	for _, x := range slices.Backward(d.Members()) { // the newest first
		if !x.Opened {
			all = all && x.Size == 0
			continue
		}
		first, err := d.Forward(ctx, document.Place{Member: x.Key})
		if err != nil && err != io.EOF {
			return lines, false, err
		}
		step := max(x.Text/samples, sampled)
		all = all && step == sampled
		for off := reader.Offset(0); off < x.Text; off += step {
			if left -= sampled; left < 0 {
				return lines, false, nil
			}
			n, err := d.ReadAt(ctx, buf, document.Place{Member: x.Key, Offset: off})
			if err != nil && err != io.EOF {
				return lines, false, err
			}
			for l := range bytes.Lines(buf[:n]) {
				lines++
				if first.Columns.LevelOf(l).Letter() != ' ' {
					about.seen.Store(true)
					return lines, all, nil
				}
			}
		}
	}
	return lines, all, nil
}

// seek goes to the next line of a level. In a log without levels that would
// search all of it in vain, so seek checks a sample first and shows the result.
// Pressing the same key again searches all of the log.
func (m *Model) seek(letters string, forward bool, what string) tea.Cmd {
	at, ok := m.Place()
	if !ok {
		return nil
	}
	about := m.find.levels
	k := pick{levels: letters, what: what, m: m.filters.pick.m, lines: m.filters.pick.lines, begins: true, seen: &about.seen}
	m.stopFinding()
	ctx, gen := m.find.start(m.win.ctx)
	search := steps(ctx, gen, &rowSearch{text: m.doc, pick: k, at: at, forward: forward})
	for i := range m.win.rows {
		if m.win.rows[i].level != ' ' {
			about.seen.Store(true)
		}
	}
	if about.seen.Load() || about.told {
		return search
	}
	d := m.doc
	return func() tea.Msg {
		n, all, err := sample(ctx, d, about)
		if err == nil && !about.seen.Load() {
			return foundMsg{gen: gen, what: what, sampled: n, all: all}
		}
		return search() // it reports the error
	}
}

// noLevelFound tells the user that no line of a level was found.
func (m *Model) noLevelFound(msg foundMsg) tea.Cmd {
	about := m.find.levels
	switch {
	case about.seen.Load() && m.Filtered():
		return say("no %s in this direction in the lines that filters show", msg.what)
	case about.seen.Load():
		return say("no %s in this direction", msg.what)
	case msg.all:
		return say("no %s: no line of this log has a level; / searches for text", msg.what)
	case msg.sampled > 0 || !about.told:
		about.told = true
		return say("no levels found in %s sampled lines; press again to search all lines for the next %s", humanize.Comma(int64(msg.sampled)), msg.what)
	}
	return say("no %s in this direction, and no line with a level", msg.what)
}
