package decode

import (
	"bytes"
	"context"
	"io"
	"sync"
	"unicode/utf8"

	"logview/reader"
)

// HeadSize is how much of a member's text decides what it is: its charset,
// whether it is text at all, and its identity.
const HeadSize = 64 << 10

// A Text is a member's decoded text from its start, with what was detected from
// its first bytes.
type Text struct {
	io.Reader
	Format  Format
	given   Charset // given by the user; empty to detect it
	Charset Charset
	Direct  bool        // it is a regular file whose bytes are not compressed
	Bom     int         // bytes of byte order mark that are not text
	Binary  bool        // does not look like text
	Empty   bool        // nothing but NULs was seen of it
	Archive ArchiveKind // it holds other files, and what is read are their bytes
	Raw     bool        // the bytes of an archive are the file's
	ID      reader.ID

	dec     decoder // nil if the bytes are not compressed
	src     *countingReader
	head    *[HeadSize]byte
	headLen int     // bytes of head
	back    *replay // of head, then of what follows; it is not converted to UTF-8 yet
}

// Beginning returns the first bytes of the text, before they are converted to
// UTF-8: HeadSize of them, or all there are. They are valid until Release.
func (t *Text) Beginning() []byte { return t.head[:t.headLen] }

// Unconverted reads what the text is before it is converted to UTF-8, byte
// order mark left out, instead of the text.
func (t *Text) Unconverted() io.Reader { return t.back }

// Bytes reads all of it, with its byte order mark. It returns false if the
// file is not compressed.
func (t *Text) Bytes() (io.Reader, bool) {
	return &replay{head: t.Beginning(), err: t.back.err, r: t.dec}, t.dec != nil
}

// Consumed returns how many bytes of the file were read, or passed over.
func (t *Text) Consumed() int64 { return t.src.n }

// PassOver records that the position of the file was moved by n bytes.
func (t *Text) PassOver(n int64) { t.src.n += n }

// EndAt makes the file end at an offset, whatever follows.
func (t *Text) EndAt(off int64) { t.src.end = off }

// GoOnAt reads the bytes of f, an uncompressed file, from off on, where it
// stands.
func (t *Text) GoOnAt(f io.Reader, off int64) io.Reader {
	t.src, t.back = &countingReader{r: f, n: off}, nil
	return t.src
}

// Resume continues behind damage, if the format allows for that, and returns
// io.EOF otherwise.
func (t *Text) Resume() error {
	r, ok := t.dec.(resumer)
	if !ok || r.Resume(t.src) != nil {
		return io.EOF
	}
	return nil
}

// Replays reports whether part of the beginning, which was read to detect the
// format, is still to be returned.
func (t *Text) Replays() bool { return t.back != nil && len(t.back.head) > 0 }

// HeadPool holds buffers for the beginning of a text, as *[HeadSize]byte.
var HeadPool = sync.Pool{New: func() any { return new([HeadSize]byte) }}

// Open inspects the beginning of f and prepares to read all of it. live says
// that f is a pipe: Open does not wait for more than has arrived.
//
// An error here means that not even the first byte can be had.
func Open(ctx context.Context, f io.Reader, live bool) (*Text, error) {
	return OpenIn(ctx, f, live, "", nil)
}

// OpenIn opens f as Open does, in the charset given unless that is empty. A
// byte order mark says otherwise.
func OpenIn(ctx context.Context, f io.Reader, live bool, given Charset, turn *reader.Turn) (*Text, error) {
	t := &Text{src: &countingReader{r: f}, Format: Plain, given: given, head: HeadPool.Get().(*[HeadSize]byte)}
	head := t.head[:]

	// Decide the format from the raw start, then decode from there on.
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
				more = samples(file, head[:n], info.Size())
				t.Direct = true
			}
		}
		t.inspect(n, err, more)
		return t, nil
	}
	// The decoder begins again where f began.
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
		// A compressed file was put into a zip.
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

// readHead fills p as far as is needed to decide: up to want bytes, or what
// one Read gives if live. More may come for free.
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

// MaybeMagic reports whether a stream that began with these few bytes may turn
// out to be compressed when more have come.
func MaybeMagic(p []byte) bool {
	switch c := p[0]; {
	case c == 0x1f, c == 0xfd, c == 0x28, c&0xf0 == 0x50, c == 0x04, c == 0x02, c == 'B':
		return bytes.IndexByte(p, '\n') < 0
	}
	return false
}

// inspect decides on the n decompressed bytes in t.head, after which err
// came, and on samples of what is behind them.
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
			p = p[1:] // of a character that was cut
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
	// The head is given out again; then, unless that was all, the rest. An
	// io.EOF is not kept: the file may grow.
	back := &replay{head: head[t.Bom:], err: err, r: rest}
	t.back = back
	if err == io.EOF {
		back.err = nil
		back.empty = n == 0 && t.dec == nil
	}
	if t.Charset == ASCII && !t.Direct {
		t.Reader = &learner{r: back}
	} else {
		t.Reader = toUTF8(t.Charset, back)
	}
	start := head[t.Bom:]
	if t.Charset.Decoder() != nil {
		// The identity is that of the text, not of its bytes.
		var buf [reader.IDSize]byte
		k, _ := io.ReadFull(toUTF8(t.Charset, bytes.NewReader(start[:min(len(start), 2*reader.IDSize)])), buf[:])
		t.ID = reader.NewID(buf[:k])
	} else {
		t.ID = reader.NewID(start)
	}
}

// A learner reads text that was ASCII so far and is read from its start only:
// the first line with anything else in it decides whether it is latin-1.
type learner struct {
	r    io.Reader
	then io.Reader // what is read once it is decided; nil before
}

// mostLearned is how long a line may be that decides.
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
	// The rest of the line is awaited. io.EOF ends it.
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
	l.then = toUTF8(ASCII.detectMore(line[:end], end < mostLearned), rest)
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

// Release frees the resources of t. Its Reader must not be used any more.
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
	err   error // comes after head
	empty bool  // nothing was there to decide on
	r     io.Reader
}

func (r *replay) Read(p []byte) (int, error) {
	if len(r.head) > 0 {
		n := copy(p, r.head)
		r.head = r.head[n:]
		return n, nil
	}
	if err := r.err; err != nil {
		r.err = nil // once: after it the decoder may have been resumed
		return 0, err
	}
	n, err := r.r.Read(p)
	if r.empty && n > 0 {
		// A file that was empty and is compressed into by now stays empty for
		// this reader: its bytes are no text.
		if r.empty = false; FormatOf(p[:n]) != Plain {
			r.r = EmptyReader{}
			return 0, io.EOF
		}
	}
	return n, err
}
