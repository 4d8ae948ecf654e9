package files

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"time"

	"logview/reader"
	"logview/reader/blockstore"
	"logview/reader/decode"
	"logview/reader/line"
)

// Known is what is known about a member without reading all of it.
type Known struct {
	Text  int64 // size of the text in bytes; -1 if unknown
	Lines int64 // number of lines; -1 if unknown
}

// errOnce says that reading the beginning of a pipe would wait for its writer,
// and remove what was written.
var errOnce = errors.New("can be read only once")

// openListed opens a member to read its beginning for a listing.
func openListed(m reader.Member) (decode.File, error) {
	if m.Path == reader.Stdin || HandleOf(m).Info != nil && !HandleOf(m).Info.Mode().IsRegular() {
		return nil, errOnce
	}
	f, _, err := OpenMember(m)
	return f, err
}

// Unreadable returns the format of a member that logview recognizes and cannot
// read, such as 7-Zip; empty for other files. It reads the beginning of the file.
func Unreadable(m reader.Member) decode.Format {
	f, err := openListed(m)
	if err != nil {
		return ""
	}
	defer f.Close()
	var head [decode.MagicLen]byte
	n, _ := f.ReadAt(head[:], 0)
	format := decode.FormatOf(head[:n])
	if format == decode.Plain {
		format = decode.FormatNamed(m.Path, head[:n])
	}
	if !decode.CannotRead(format) {
		return ""
	}
	return format
}

// Peek returns what is known about a member from its block store. For a plain
// file, the size of the text is that of the file.
func Peek(c *blockstore.Cache, m reader.Member) Known {
	k := Known{Text: -1, Lines: -1}
	f, err := openListed(m)
	if err != nil {
		return k
	}
	defer f.Close()
	var head [decode.MagicLen]byte
	n, _ := f.ReadAt(head[:], 0)
	if !decode.IsPacked(f, head[:n]) {
		k.Text = m.Size
		return k
	}
	if st, ok := c.OpenStore(context.Background(), f, "", false); ok {
		k.Text, k.Lines = int64(st.Table.Size), st.Table.Lines
		st.F.Close()
	}
	return k
}

// timesIn is how much of the beginning and the end of a text is searched for a
// line with a time: a stack trace may be that long.
const timesIn = 64 << 10

var timesPool = sync.Pool{New: func() any { return new([timesIn]byte) }}

// Times returns the first and the last time of m's lines, based on the lines in
// its first and its last 64 KiB. A time is zero if it is unknown, or if the
// file would have to be decoded. In a log that starts with its newest line the
// last lines are the oldest. formats are those of lines that the user described; nil for
// none.
func Times(c *blockstore.Cache, m reader.Member, formats *line.Formats) (first, last time.Time) {
	f, err := openListed(m)
	if err != nil {
		return first, last
	}
	defer f.Close()
	if formats.HasTimeOrLevel() {
		first = firstTime(m, f, formats)
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return first, last
		}
	} else {
		first = cachedFirstTime(m, f)
	}
	low, last, final := lastTimes(c, m, f, formats)
	if final.Before(first) && !final.IsZero() {
		first, last = low, later(first, last)
	}
	return first, last
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// firstTime returns the time of the first line of m with a time, within its
// first 64 KiB; zero if there is none. f is the open file of m.
func firstTime(m reader.Member, f decode.File, formats *line.Formats) time.Time {
	t, err := decode.Open(context.Background(), f, false)
	if err != nil {
		return time.Time{}
	}
	defer t.Release()
	clock := line.Clock{Ref: m.ModTime, Formats: formats}
	pooled := timesPool.Get().(*[timesIn]byte)
	defer timesPool.Put(pooled)
	buf := pooled[:0]
	for _, size := range []int{8 << 10, timesIn} { // most lines are short
		n, err := io.ReadFull(t, buf[len(buf):size])
		buf = buf[:len(buf)+n]
		if first := clock.FirstOf(buf); err != nil || !first.IsZero() {
			return first
		}
	}
	return time.Time{}
}

// lastTimes returns the lowest and the highest time of the lines in m's last 64
// KiB, and the time of the last of them. All are zero if these lines have no
// times, or if the file would have to be decoded. For a compressed file, they
// are the times of the last block in the cache that has times. f is the open
// file of m.
func lastTimes(c *blockstore.Cache, m reader.Member, f decode.File, formats *line.Formats) (low, high, final time.Time) {
	if MayBeArchive(m) {
		return low, high, final
	}
	var head [decode.MagicLen]byte
	n, _ := f.ReadAt(head[:], 0)
	if decode.IsPacked(f, head[:n]) {
		st, ok := c.OpenStore(context.Background(), f, "", false)
		if !ok {
			return low, high, final
		}
		defer st.F.Close()
		for _, b := range slices.Backward(st.Table.Blocks) {
			if !b.Last.IsZero() {
				first, last := b.TimesIn(time.Local)
				return first, last, last
			}
		}
		return low, high, final
	}
	size := m.Size
	if info, err := f.Stat(); err == nil {
		size = info.Size()
	}
	clock := line.Clock{Ref: m.ModTime, Formats: formats}
	buf := timesPool.Get().(*[timesIn]byte)
	defer timesPool.Put(buf)
	for _, most := range []int64{8 << 10, timesIn} {
		from := max(0, size-most)
		n, _ := f.ReadAt(buf[:min(most, size)], from)
		text := buf[:n]
		if from > 0 { // the buffer starts inside a line
			text = text[bytes.IndexByte(text, '\n')+1:]
		}
		if low, high = clock.Span(text); !high.IsZero() || from == 0 {
			return low, high, clock.Last()
		}
	}
	return low, high, final
}

// Settled returns a log of Find after applying the remembered verdicts in the
// cache to its undecided pairs. It does not read their files.
func Settled(c *blockstore.Cache, l Log) Log {
	for _, m := range l.Members {
		if !IsTwin(m) {
			continue
		}
		if v := recallVerdict(c, HandleOf(m).Pair.plain, HandleOf(m).Pair.Packed); v.Relation != undecided {
			l.Members = settle(l.Members, HandleOf(m).Pair.plain.Path, m.Path, v)
		}
	}
	return l
}
