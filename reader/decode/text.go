package decode

import (
	"bytes"
	"context"
	"io"
	"sync"
	"unicode/utf8"

	"logview/reader"
)

// HeadSize is the length of the beginning of a member's text that determines
// its charset, whether it is text, and its identity.
const HeadSize = 64 << 10

// A Text is a member's decoded text from its start, with what was detected from
// its first bytes.
type Text struct {
	io.Reader
	Format  Format
	given   Charset // given by the user; empty to detect it
	Charset Charset
	Direct  bool        // it is an uncompressed regular file
	Bom     int         // number of bytes of the byte order mark, which are not part of the text
	Binary  bool        // it does not look like text
	Empty   bool        // the inspected parts contain only NULs
	Archive ArchiveKind // it is an archive, and Reader returns its bytes; empty if it is not
	Raw     bool        // the file itself is the archive, not compressed
	ID      reader.ID

	dec     decoder // nil if the file is not compressed
	src     *countingReader
	head    *[HeadSize]byte
	headLen int     // number of bytes in head
	back    *replay // returns head and then what follows, not converted to UTF-8
}

// Beginning returns the first bytes of the text before conversion to UTF-8:
// HeadSize bytes, or fewer if the text is shorter. They are valid until
// Release.
func (t *Text) Beginning() []byte { return t.head[:t.headLen] }

// Unconverted returns a reader of the text before conversion to UTF-8, without
// the byte order mark, to be read instead of t.
func (t *Text) Unconverted() io.Reader { return t.back }

// Bytes returns a reader of the whole text before conversion to UTF-8, with its
// byte order mark. It returns false if the file is not compressed.
func (t *Text) Bytes() (io.Reader, bool) {
	return &replay{head: t.Beginning(), err: t.back.err, r: t.dec}, t.dec != nil
}

// Consumed returns the number of bytes of the file that were read or skipped.
func (t *Text) Consumed() int64 { return t.src.n }

// PassOver records that the position of the file was advanced by n bytes.
func (t *Text) PassOver(n int64) { t.src.n += n }

// EndAt makes reading end at an offset of the file.
func (t *Text) EndAt(off int64) { t.src.end = off }

// GoOnAt returns a reader of the uncompressed file f from its current position,
// which is off.
func (t *Text) GoOnAt(f io.Reader, off int64) io.Reader {
	t.src, t.back = &countingReader{r: f, n: off}, nil
	return t.src
}

// Resume continues after damage. It returns io.EOF if that is not possible.
func (t *Text) Resume() error {
	r, ok := t.dec.(resumer)
	if !ok || r.Resume(t.src) != nil {
		return io.EOF
	}
	return nil
}

// Replays reports whether part of the beginning, which was read to detect the
// format, has not been returned yet.
func (t *Text) Replays() bool { return t.back != nil && len(t.back.head) > 0 }

// HeadPool has buffers for the beginnings of texts, as *[HeadSize]byte.
var HeadPool = sync.Pool{New: func() any { return new([HeadSize]byte) }}

// Open inspects the beginning of f and returns a Text of all of it. live says
// that f is a pipe: Open then does not wait for more than has arrived. An error
// means that the beginning of f cannot be read.
func Open(ctx context.Context, f io.Reader, live bool) (*Text, error) {
	return OpenIn(ctx, f, live, "", nil)
}

// OpenIn is like Open, but uses the charset given unless it is empty or there
// is a byte order mark. turn is that of NewDecoder.
func OpenIn(ctx context.Context, f io.Reader, live bool, given Charset, turn *reader.Turn) (*Text, error) {
	t := &Text{src: &countingReader{r: f}, Format: Plain, given: given, head: HeadPool.Get().(*[HeadSize]byte)}
	head := t.head[:]

	// Detect the format from the first bytes.
	n, err := readHead(t.src, head[:], MagicLen, live)
	if err != nil && err != io.EOF {
		t.Release()
		return nil, err
	}
	if c := codingOf(f); c != nil {
		t.Format = c.format()
	} else if n, err = t.detectFormat(f, n, err, live); err != nil && err != io.EOF {
		t.Release()
		return nil, err
	}
	if t.Format == Plain {
		if IsTar(head[:n]) {
			t.Archive, t.Raw = TarArchive, true
		}
		var more [][]byte
		if file, ok := f.(File); ok && !live {
			if info, serr := file.Stat(); serr == nil && info.Mode().IsRegular() {
				t.Direct = true
				if n == HeadSize && info.Size() > HeadSize {
					mem := samplePool.Get().(*[samplesSize]byte)
					defer samplePool.Put(mem)
					more = samples(file, head[:n], info.Size(), mem[:])
				}
			}
		}
		t.inspect(n, err, more)
		return t, nil
	}
	// The decoder starts at the beginning of f.
	if s, ok := f.(io.Seeker); ok && !live {
		if _, err := s.Seek(-int64(n), io.SeekCurrent); err != nil {
			t.Release()
			return nil, err
		}
		t.src = &countingReader{r: f}
	} else {
		t.src = &countingReader{r: io.MultiReader(bytes.NewReader(bytes.Clone(head[:n])), f)}
	}
	t.begin(ctx, f, turn)
	n, err = readHead(t.dec, head[:], HeadSize, live)
	if inner := FormatOf(head[:n]); inner != Plain && t.Format == Zip && t.Archive == "" {
		// The member of the zip is a compressed file.
		if inner == Zip {
			t.Archive = ZipArchive
		} else {
			t.dec = newInner(ctx, t.dec, inner, bytes.Clone(head[:n]), err, turn)
			n, err = readHead(t.dec, head[:], HeadSize, live)
		}
	}
	if IsTar(head[:n]) {
		t.Archive = TarArchive
	}
	t.inspect(n, err, nil)
	return t, nil
}

// readHead fills p until it has at least want bytes; if live is set, it may
// return after fewer, when they suffice to decide. It may read more than want
// if that does not mean waiting.
func readHead(r io.Reader, p []byte, want int, live bool) (int, error) {
	if !live && want < len(p) {
		want = len(p)
	}
	n := 0
	for n < want {
		k, err := r.Read(p[n:])
		n += k
		if err != nil {
			return n, err
		}
		if live && (n >= MagicLen || n > 0 && !MaybeMagic(p[:n])) {
			break
		}
	}
	return n, nil
}

// MaybeMagic reports whether a stream that starts with the bytes p, which must
// not be empty, may turn out to be compressed when more bytes have arrived.
func MaybeMagic(p []byte) bool {
	switch c := p[0]; {
	case c == 0x1f, c == 0xfd, c == 0x28, c&0xf0 == 0x50, c == 0x04, c == 0x02, c == 'B':
		return bytes.IndexByte(p, '\n') < 0
	}
	return false
}

// inspect determines the properties of a text. t.head has n decompressed bytes
// of it, after which err was returned, and more has samples of what follows.
func (t *Text) inspect(n int, err error, more [][]byte) {
	head := t.head[:n]
	t.headLen = n
	t.Charset, t.Bom = DetectCharset(head, err == io.EOF)
	if t.given != "" && t.Bom == 0 {
		t.Charset = t.given
	}
	for i, p := range more {
		if t.Charset != ASCII {
			break
		}
		if i == 0 && LeadingZeros(head) == n {
			t.Charset, _ = DetectCharset(p, false)
			continue
		}
		for k := 0; k < utf8.UTFMax-1 && len(p) > 0 && !utf8.RuneStart(p[0]); k++ {
			p = p[1:] // part of a character that was cut
		}
		t.Charset = t.Charset.detectMore(p, false)
	}
	if t.Archive != "" {
		t.Charset, t.Bom = UTF8, 0
	}
	t.Empty = LeadingZeros(head) == n
	for _, p := range more {
		t.Empty = t.Empty && LeadingZeros(p) == len(p)
	}
	t.Binary = t.Charset != UTF16LE && t.Charset != UTF16BE && LooksBinary(append([][]byte{head}, more...)...)
	var rest io.Reader = t.src
	if t.dec != nil {
		rest = t.dec
	}
	// Return the head and then, unless that was all, the rest. An io.EOF is not
	// kept, because the file may grow.
	back := &replay{head: head[t.Bom:], err: err, r: rest}
	t.back = back
	if err == io.EOF {
		back.err = nil
		back.empty = n == 0 && t.dec == nil
	}
	if t.Charset == ASCII && !t.Direct {
		t.Reader = &learner{r: back}
	} else {
		t.Reader = t.Charset.Reader(back)
	}
	start := head[t.Bom:]
	if t.Charset.Decoder() != nil {
		// The ID is that of the converted text, not of the bytes.
		var buf [reader.IDSize]byte
		k, _ := io.ReadFull(t.Charset.Reader(bytes.NewReader(start[:min(len(start), 2*reader.IDSize)])), buf[:])
		t.ID = reader.NewID(buf[:k])
	} else {
		t.ID = reader.NewID(start)
	}
}

// A learner reads text that has been ASCII so far and is read from its start
// only. The first line with other bytes decides whether it is Latin-1.
type learner struct {
	r    io.Reader
	then io.Reader // the reader after the decision; nil before
}

// mostLearned is the maximum length of the part of a line that decides.
const mostLearned = 64 << 10

func (l *learner) Read(p []byte) (int, error) {
	if l.then != nil {
		return l.then.Read(p)
	}
	n, err := l.r.Read(p)
	at := firstHigh(p[:n])
	if at == n {
		return n, err
	}
	// Wait for the rest of the line. io.EOF ends it.
	line := bytes.Clone(p[at:n])
	end := bytes.IndexByte(line, '\n')
	for buf := make([]byte, 4<<10); end < 0 && err == nil && len(line) < mostLearned; {
		var k int
		k, err = l.r.Read(buf)
		if i := bytes.IndexByte(buf[:k], '\n'); i >= 0 {
			end = len(line) + i
		}
		line = append(line, buf[:k]...)
	}
	if end < 0 {
		end = min(len(line), mostLearned)
	}
	rest := &replay{head: line, err: err, r: l.r}
	l.then = ASCII.detectMore(line[:end], end < mostLearned).Reader(rest)
	if at > 0 {
		return at, nil
	}
	return l.then.Read(p)
}

// Position returns the current offset in the file.
func (t *Text) Position() int64 {
	if t.dec != nil {
		return t.dec.Offset()
	}
	return t.src.n
}

// Release releases the resources of t. Its Reader must not be used any more.
func (t *Text) Release() {
	if t.dec != nil {
		t.dec.Release()
		t.dec = nil
	}
	if t.head != nil {
		HeadPool.Put(t.head)
		t.head = nil
	}
	t.Reader = EmptyReader{}
}

// A replay is a reader that returns the bytes that were read to detect the format,
// and then reads on.
type replay struct {
	head  []byte
	err   error // returned after head
	empty bool  // there were no bytes to detect the format from
	r     io.Reader
}

func (r *replay) Read(p []byte) (int, error) {
	if len(r.head) > 0 {
		n := copy(p, r.head)
		r.head = r.head[n:]
		return n, nil
	}
	if err := r.err; err != nil {
		r.err = nil // only once: afterwards the decoder may have been resumed
		return 0, err
	}
	n, err := r.r.Read(p)
	if r.empty && n > 0 {
		// A file that was empty and into which compressed data is written now
		// remains empty for this reader, because its bytes are not text.
		if r.empty = false; FormatOf(p[:n]) != Plain {
			r.r = EmptyReader{}
			return 0, io.EOF
		}
	}
	return n, err
}
