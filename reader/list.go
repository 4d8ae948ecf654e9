package reader

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"time"
)

// Known is what can be told of a member without reading all of it.
type Known struct {
	Text  int64 // bytes of text; -1 if unknown
	Lines int64 // -1 if unknown
}

// errOnce says that looking into a pipe would wait for its writer, and take
// what that writes.
var errOnce = errors.New("can be read only once")

// openListed opens a member for a listing that looks into it.
func openListed(m Member) (file, error) {
	if m.Path == Stdin || m.info != nil && !m.info.Mode().IsRegular() {
		return nil, errOnce
	}
	f, _, err := openMember(m)
	return f, err
}

// Unreadable returns the format of a member that logview recognizes and cannot
// read, such as 7-Zip; empty for other files. It reads the beginning of the file.
func Unreadable(m Member) Format {
	f, err := openListed(m)
	if err != nil {
		return ""
	}
	defer f.Close()
	var head [magicLen]byte
	n, _ := f.ReadAt(head[:], 0)
	format := formatOf(head[:n])
	if format == Plain && formatNamed(m.Path, head[:n]) == pgp {
		return pgp
	}
	for _, x := range unreadable {
		if x.format == format {
			return format
		}
	}
	return ""
}

// Peek tells what is known of a member from its block store. Without one,
// the text of a plain file is as long as the file.
func (c *Cache) Peek(m Member) Known {
	k := Known{Text: -1, Lines: -1}
	f, err := openListed(m)
	if err != nil {
		return k
	}
	defer f.Close()
	var head [magicLen]byte
	n, _ := f.ReadAt(head[:], 0)
	if !packed(f, head[:n]) {
		k.Text = m.Size
		return k
	}
	if st, ok := c.openStore(context.Background(), f, "", false); ok {
		k.Text, k.Lines = int64(st.table.Size), st.table.Lines
		st.f.Close()
	}
	return k
}

// timesIn is how much of a text's beginning, and of its end, is looked through
// for a line that bears a time: a stack trace may be that long.
const timesIn = 64 << 10

// FirstTime is the time of the first line of m that bears one, of those in
// its first 64 KiB; zero if there is none.
func FirstTime(m Member) time.Time {
	f, err := openListed(m)
	if err != nil {
		return time.Time{}
	}
	defer f.Close()
	t, err := openText(context.Background(), f, false)
	if err != nil {
		return time.Time{}
	}
	defer t.release()
	clock := Clock{Ref: m.ModTime}
	buf := make([]byte, 0, timesIn)
	for _, size := range []int{8 << 10, timesIn} { // most lines are short
		n, err := io.ReadFull(t, buf[len(buf):size])
		buf = buf[:len(buf)+n]
		if first := clock.firstOf(buf); err != nil || !first.IsZero() {
			return first
		}
	}
	return time.Time{}
}

// LastTime is the time up to which m reaches: the latest that its last lines
// bear, of those in its last 64 KiB. It is zero if they bear none, and if it
// would take decoding the file to know. Of a compressed file it is known if
// the cache has its blocks.
func (c *Cache) LastTime(m Member) time.Time {
	if m.MayBeArchive() {
		return time.Time{}
	}
	f, err := openListed(m)
	if err != nil {
		return time.Time{}
	}
	defer f.Close()
	var head [magicLen]byte
	n, _ := f.ReadAt(head[:], 0)
	if packed(f, head[:n]) {
		st, ok := c.openStore(context.Background(), f, "", false)
		if !ok {
			return time.Time{}
		}
		defer st.f.Close()
		for _, b := range slices.Backward(st.table.Blocks) {
			if !b.Last.IsZero() {
				return b.Last
			}
		}
		return time.Time{}
	}
	size := m.Size
	if info, err := f.Stat(); err == nil {
		size = info.Size()
	}
	clock := Clock{Ref: m.ModTime}
	buf := make([]byte, timesIn)
	for _, most := range []int64{8 << 10, timesIn} {
		from := max(0, size-most)
		n, _ := f.ReadAt(buf[:min(most, size)], from)
		text := buf[:n]
		if from > 0 { // it begins inside a line
			text = text[bytes.IndexByte(text, '\n')+1:]
		}
		if _, last := clock.Span(text); !last.IsZero() || from == 0 {
			return last
		}
	}
	return time.Time{}
}

// Settled is a log as Find lists it, with what is remembered in the cache of
// its undecided pairs. It reads none of their files.
func (c *Cache) Settled(l Log) Log {
	for _, m := range l.Members {
		if !m.Twin() {
			continue
		}
		if v := c.recall(m.pair.plain, m.pair.packed); v.relation != undecided {
			l.Members = settle(l.Members, m.pair.plain.Path, m.Path, v)
		}
	}
	return l
}
