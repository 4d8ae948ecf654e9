package pager

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"logview/index"
	"logview/reader"
	"logview/reader/document"
	"logview/reader/files"
	"logview/tui/keys"
	"logview/tui/theme"
)

// A memText is a Text of short lines in memory. Like a merged or a remote text,
// it is not read from files. It returns only a few lines per read.
type memText struct {
	mu       sync.Mutex
	members  []memMember
	replaced bool // the newest member is not the one that was read
}

type memMember struct {
	key  document.MemberKey
	text []byte
}

const memWindow = 200

// newMemText returns a Text with one member for each element of lines, the
// number of its lines. Each line contains its number: "line 0 of member 1".
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

// append appends to the newest member.
func (t *memText) append(s string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	m := &t.members[len(t.members)-1]
	m.text = append(slices.Clip(m.text), s...)
}

// rotate adds an empty member as the newest.
func (t *memText) rotate() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.members = append(t.members, memMember{key: t.members[len(t.members)-1].key + 1})
}

// lines returns all lines of the text.
func (t *memText) lines() []string {
	var out []string
	for _, m := range t.members {
		for l := range strings.Lines(string(m.text)) {
			out = append(out, strings.TrimSuffix(l, "\n"))
		}
	}
	return out
}

// place returns the start of line n of the text, counted across members.
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

func (t *memText) Extend(context.Context) bool { return !t.replaced }

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

// A memLog is a Log whose text is in memory. It is copied to files to be
// searched, as a remote text may be.
type memLog struct {
	*memText
	t      *testing.T
	closed bool
}

func (l *memLog) Searchable(opt files.Options) (reader.Source, map[string]document.MemberKey) {
	dir, keys := l.t.TempDir(), map[string]document.MemberKey{}
	log := files.Log{Name: "merged"}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, m := range l.members {
		path := filepath.Join(dir, fmt.Sprintf("member.%d", m.key))
		if err := os.WriteFile(path, m.text, 0o600); err != nil {
			l.t.Error(err)
		}
		keys[path] = m.key
		log.Members = append(log.Members, reader.Member{Path: path, Named: true})
	}
	return files.NewSource(log, opt), keys
}

func (l *memLog) Update(files.Log) document.Updated { return document.Updated{} }
func (l *memLog) ID(document.MemberKey) reader.ID   { return reader.ID{} }
func (l *memLog) Locate(context.Context, reader.Member, reader.ID) (document.MemberKey, bool) {
	return 0, false
}
func (l *memLog) Ref(context.Context, document.Place) (files.Ref, error) {
	return files.Ref{}, reader.ErrGone
}
func (l *memLog) LineOf(context.Context, document.Place) (files.Ref, error) {
	return files.Ref{}, reader.ErrGone
}
func (l *memLog) File(document.MemberKey) (string, bool) { return "", false }
func (l *memLog) Close() error                           { l.closed = true; return nil }

// The pane works with any Log: it moves, follows, searches and filters in one
// that is not read from files.
func TestPaneOtherLog(t *testing.T) {
	l := &memLog{memText: newMemText(50, 900), t: t}
	p := &pane{Model: New(theme.NewPlain(), index.Scan{Workers: index.NewWorkers()}, files.Options{}), t: t}
	p.SetSize(60, 12)
	p.run(p.Open("merged", l, nil))
	p.at("line 899 of member 2")
	p.search("line 7 of", true)
	p.at("line 7 of member 2")
	p.do(keys.Next)
	p.at("line 7 of member 1")
	if got := p.Count(); got != "2 lines" {
		t.Errorf("%q", got)
	}
	p.do(keys.Bottom)
	l.append("line 7 of what came since\n")
	p.run(p.Grow())
	p.at("what came since")
	if got := p.Count(); got != "3 lines" {
		t.Errorf("%q", got)
	}
	p.do(keys.FilterHit, keys.Top)
	p.at("line 7 of member 1")
	p.do(keys.Down, keys.Down)
	p.at("what came since")
	p.Close()
	if !l.closed {
		t.Error("it is not closed")
	}
}
