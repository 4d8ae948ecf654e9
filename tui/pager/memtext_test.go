package pager

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"logview/reader"
	"logview/reader/document"
)

// A memText is a Text in memory, of short lines: as a merged or a remote text
// is one that is not read from files. Few lines are read at once.
type memText struct {
	mu       sync.Mutex
	members  []memMember
	replaced bool // the newest member is another than was read
}

type memMember struct {
	key  document.MemberKey
	text []byte
}

const memWindow = 200

// newMemText makes a Text of members with so many lines each, each of which
// tells its number: "a line 0 of member 1".
func newMemText(lines ...int) *memText {
	t := &memText{}
	for i, n := range lines {
		m := memMember{key: document.MemberKey(i + 1)}
		for k := range n {
			m.text = fmt.Appendf(m.text, "line %d of member %d\n", k, i+1)
		}
		t.members = append(t.members, m)
	}
	return t
}

// append writes to the newest member.
func (t *memText) append(s string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	m := &t.members[len(t.members)-1]
	m.text = append(slices.Clip(m.text), s...)
}

// rotate begins a new member.
func (t *memText) rotate() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.members = append(t.members, memMember{key: t.members[len(t.members)-1].key + 1})
}

// lines is all lines.
func (t *memText) lines() []string {
	var out []string
	for _, m := range t.members {
		for l := range strings.Lines(string(m.text)) {
			out = append(out, strings.TrimSuffix(l, "\n"))
		}
	}
	return out
}

// place is where a line of all begins.
func (t *memText) place(n int) document.Place {
	for _, m := range t.members {
		off := 0
		for l := range strings.Lines(string(m.text)) {
			if n == 0 {
				return document.Place{Member: m.key, Offset: reader.Offset(off)}
			}
			n--
			off += len(l)
		}
	}
	end, _ := t.End(context.Background())
	return end
}

func (t *memText) find(key document.MemberKey) int {
	return slices.IndexFunc(t.members, func(m memMember) bool { return m.key == key })
}

func (t *memText) Members() []document.DocMember {
	t.mu.Lock()
	defer t.mu.Unlock()
	var out []document.DocMember
	for _, m := range t.members {
		n := reader.Offset(len(m.text))
		out = append(out, document.DocMember{Member: reader.Member{Path: fmt.Sprintf("member.%d", m.key)}, Key: m.key, Opened: true, Text: n, Weight: n})
	}
	return out
}

func (t *memText) Has(key document.MemberKey) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.find(key) >= 0
}

func (t *memText) Weigh() {}

func (t *memText) Grown(context.Context) bool { return !t.replaced }

func (t *memText) Start() document.Place { return document.Place{Member: t.members[0].key} }

func (t *memText) End(context.Context) (document.Place, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	m := t.members[len(t.members)-1]
	return document.Place{Member: m.key, Offset: reader.Offset(len(m.text))}, nil
}

func (t *memText) At(_ context.Context, p document.Place) (document.Place, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	m := t.members[t.find(p.Member)]
	return document.Place{Member: p.Member, Offset: reader.Offset(bytes.LastIndexByte(m.text[:p.Offset], '\n') + 1)}, nil
}

func (t *memText) AtFraction(ctx context.Context, f float64) (document.Place, error) {
	return t.place(int(f * float64(len(t.lines())))), nil
}

func (t *memText) Forward(ctx context.Context, p document.Place) (document.Window, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := t.find(p.Member); i < len(t.members); i++ {
		m := t.members[i]
		rest := m.text[p.Offset:]
		if len(rest) == 0 {
			p.Offset = 0
			continue
		}
		w := document.Window{Member: m.key, Offset: p.Offset, Text: rest, Open: true}
		if len(rest) > memWindow {
			if k := bytes.IndexByte(rest[memWindow:], '\n'); k >= 0 && memWindow+k+1 < len(rest) {
				w.Text, w.Open = rest[:memWindow+k+1], false
			}
		}
		return w, ctx.Err()
	}
	return document.Window{}, io.EOF
}

func (t *memText) Backward(ctx context.Context, p document.Place) (document.Window, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	i := t.find(p.Member)
	text := t.members[i].text[:p.Offset]
	for len(text) == 0 {
		if i--; i < 0 {
			return document.Window{}, io.EOF
		}
		text = t.members[i].text
	}
	from := 0
	if len(text) > memWindow {
		from = bytes.LastIndexByte(text[:len(text)-memWindow], '\n') + 1
	}
	return document.Window{Member: t.members[i].key, Offset: reader.Offset(from), Text: text[from:], Open: len(text) == len(t.members[i].text)}, ctx.Err()
}

func (t *memText) ReadAt(_ context.Context, buf []byte, p document.Place) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return bytes.NewReader(t.members[t.find(p.Member)].text).ReadAt(buf, int64(p.Offset))
}

func (t *memText) SkipNULs(_ context.Context, p document.Place, _ bool) (document.Place, error) {
	return p, nil
}

func (t *memText) Number(_ context.Context, p document.Place, wait bool) (reader.Line, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return reader.Line(bytes.Count(t.members[t.find(p.Member)].text[:p.Offset], []byte("\n"))), wait || p.Offset == 0
}

func (t *memText) Uncounted(_ context.Context, p document.Place) reader.Offset { return p.Offset }

func (t *memText) Line(_ context.Context, key document.MemberKey, l reader.Line) (document.Place, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	text, off := t.members[t.find(key)].text, 0
	for ; l > 0 && off < len(text); l-- {
		i := bytes.IndexByte(text[off:], '\n')
		if i < 0 {
			break
		}
		off += i + 1
	}
	return document.Place{Member: key, Offset: reader.Offset(off)}, nil
}
