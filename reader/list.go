package reader

import (
	"context"
	"errors"
	"io"
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
	buf := make([]byte, 8<<10)
	n, _ := io.ReadFull(t, buf)
	clock := Clock{Ref: m.ModTime}
	return clock.firstOf(buf[:n])
}

// LastTime is the time of the last line of m that bears one, or the time the
// file was last written if it would take decoding to know.
func LastTime(m Member) time.Time {
	f, err := openListed(m)
	if err != nil {
		return m.ModTime
	}
	defer f.Close()
	buf := make([]byte, 8<<10)
	n, _ := f.ReadAt(buf[:magicLen], 0)
	if packed(f, buf[:n]) {
		return m.ModTime
	}
	n, _ = f.ReadAt(buf, max(0, m.Size-int64(len(buf))))
	clock := Clock{Ref: m.ModTime}
	if _, last := clock.Span(buf[:n]); !last.IsZero() {
		return last
	}
	return m.ModTime
}
