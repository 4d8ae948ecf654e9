package reader

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"
	"unicode/utf8"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// ErrBinary says that a file does not hold text.
var ErrBinary = errors.New("binary file (name it to read it anyway)")

// A Charset is how a file's decompressed bytes stand for characters.
type Charset string

const (
	UTF8    Charset = "utf-8"
	UTF16LE Charset = "utf-16le"
	UTF16BE Charset = "utf-16be"
	Latin1  Charset = "latin-1"
)

// headSize is how much of a member's text decides what it is: its charset,
// whether it is text at all, and its identity.
const headSize = 64 << 10

// charsetOf decides by the first bytes of the decompressed data, and says
// how long the byte order mark is.
//
// Latin-1 is the fallback of the old and the Western: text that is not
// UTF-8, in which nothing outside ASCII looks like UTF-8 either, and which
// has none of the control codes 0x80 to 0x9f. Any other broken UTF-8 is
// UTF-8 with broken places, which stay as they are. Since one byte can
// decide, what is UTF-8 further on in such a file stays what it is.
func charsetOf(head []byte, whole bool) (Charset, int) {
	switch {
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		return UTF8, 3
	case bytes.HasPrefix(head, []byte("\xff\xfe")):
		return UTF16LE, 2
	case bytes.HasPrefix(head, []byte("\xfe\xff")):
		return UTF16BE, 2
	}
	latin := false
	for i := 0; i < len(head); {
		if head[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, n := utf8.DecodeRune(head[i:])
		switch {
		case r != utf8.RuneError || n > 1:
			return UTF8, 0
		case !whole && !utf8.FullRune(head[i:]):
			// a character cut by the end of the window
		case head[i] < 0xa0:
			return UTF8, 0
		default:
			latin = true
		}
		i++
	}
	if latin {
		return Latin1, 0
	}
	return UTF8, 0
}

// isBinary tells text from other things by a zero byte in its beginning. A
// leading run of zeros does not count: copytruncate leaves one when the
// program goes on writing where it was.
func isBinary(head []byte) bool {
	return bytes.IndexByte(bytes.TrimLeft(head, "\x00"), 0) >= 0
}

// toUTF8 converts r's text.
func toUTF8(c Charset, r io.Reader) io.Reader {
	var t transform.Transformer
	switch c {
	case UTF16LE:
		t = unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewDecoder()
	case UTF16BE:
		t = unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM).NewDecoder()
	case Latin1:
		t = latin1{}
	default:
		return r
	}
	return &converter{r: r, t: t}
}

// latin1 makes UTF-8 of latin-1, and leaves what is UTF-8.
type latin1 struct{ transform.NopResetter }

// Transform implements transform.Transformer.
func (latin1) Transform(dst, src []byte, atEOF bool) (nd, ns int, err error) {
	for ns < len(src) {
		if nd+utf8.UTFMax > len(dst) {
			return nd, ns, transform.ErrShortDst
		}
		r, n := utf8.DecodeRune(src[ns:])
		if r == utf8.RuneError && n == 1 {
			if !atEOF && !utf8.FullRune(src[ns:]) {
				return nd, ns, transform.ErrShortSrc
			}
			r = rune(src[ns])
		}
		nd += utf8.EncodeRune(dst[nd:], r)
		ns += n
	}
	return nd, ns, nil
}

// A converter is transform.Reader for a file that may grow: after io.EOF it
// can be read on. Half a character at the end waits for its other half.
type converter struct {
	r    io.Reader
	t    transform.Transformer
	src  []byte // not converted yet
	dst  []byte // converted, not handed out yet
	err  error
	srcs [16 << 10]byte
	dsts [48 << 10]byte // UTF-8 takes at most 3 bytes for 2 of UTF-16 and 2 for 1 of latin-1
}

func (c *converter) Read(p []byte) (int, error) {
	for len(c.dst) == 0 {
		if c.err != nil {
			err := c.err
			c.err = nil
			return 0, err
		}
		kept := copy(c.srcs[:], c.src)
		n, err := c.r.Read(c.srcs[kept:])
		c.err = err
		if n == 0 && err == nil {
			return 0, nil
		}
		// What may be the beginning of a character is, at the end, none in
		// latin-1; of UTF-16 it waits for its other half.
		_, bytewise := c.t.(latin1)
		nd, ns, _ := c.t.Transform(c.dsts[:], c.srcs[:kept+n], bytewise && err != nil)
		c.dst, c.src = c.dsts[:nd], c.srcs[ns:kept+n]
	}
	n := copy(p, c.dst)
	c.dst = c.dst[n:]
	return n, nil
}

// A text is a member's decoded text from its start, and what its first bytes
// told about it.
type text struct {
	io.Reader
	format  Format
	charset Charset
	bom     int  // bytes of byte order mark that are not text
	binary  bool // does not look like text
	archive bool // holds other files
	id      ID
	dec     decoder
	src     *countingReader
	head    *[headSize]byte
}

var headPool = sync.Pool{New: func() any { return new([headSize]byte) }}

// openText looks at the beginning of f and prepares to read all of it. live
// says that f is a pipe, from which only what has arrived may be awaited.
//
// An error here means that not even the first byte can be had.
func openText(ctx context.Context, f io.Reader, live bool) (*text, error) {
	t := &text{src: &countingReader{r: f}, format: Plain, head: headPool.Get().(*[headSize]byte)}
	head := t.head[:]

	// Decide the format from the raw start, then decode from there on.
	n, err := readHead(t.src, head[:], magicLen, live)
	if err != nil && err != io.EOF {
		t.release()
		return nil, err
	}
	if n, err = t.tell(f, n, err, live); err != nil && err != io.EOF {
		t.release()
		return nil, err
	}
	if t.format == Plain {
		t.archive = isTar(head[:n])
		return t, t.inspect(n, err, live)
	}
	// The decoder begins again where f began.
	if s, ok := f.(io.Seeker); ok && !live {
		if _, err := s.Seek(-int64(n), io.SeekCurrent); err != nil {
			t.release()
			return nil, err
		}
		t.src = &countingReader{r: f}
	} else {
		t.src = &countingReader{r: io.MultiReader(bytes.NewReader(bytes.Clone(head[:n])), f)}
	}
	t.begin(ctx, f)
	n, err = readHead(t.dec, head[:], headSize, live)
	if _, ok := t.dec.(*zipDecoder); ok && formatOf(head[:n]) != Plain {
		// A compressed file was put into a zip.
		t.dec = newInner(ctx, t.dec, formatOf(head[:n]), bytes.Clone(head[:n]), err)
		n, err = readHead(t.dec, head[:], headSize, live)
	}
	t.archive = t.archive || isTar(head[:n])
	return t, t.inspect(n, err, live)
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
		if live && (n >= magicLen || n > 0 && !maybeMagic(p[:n])) {
			break
		}
	}
	return n, nil
}

// maybeMagic reports whether a stream that began with these few bytes may
// turn out to be compressed when more have come.
func maybeMagic(p []byte) bool {
	switch c := p[0]; {
	case c == 0x1f, c == 0xfd, c == 0x28, c&0xf0 == 0x50, c == 0x04, c == 0x02, c == 'B':
		return bytes.IndexByte(p, '\n') < 0
	}
	return false
}

// inspect decides on the n decompressed bytes in t.head, after which err
// came.
func (t *text) inspect(n int, err error, live bool) error {
	head := t.head[:n]
	t.charset, t.bom = charsetOf(head, err == io.EOF)
	t.binary = t.charset != UTF16LE && t.charset != UTF16BE && isBinary(head)
	var rest io.Reader = t.src
	if t.dec != nil {
		rest = t.dec
	}
	// The head is given out again; then, unless that was all, the rest. An
	// io.EOF is not kept: the file may grow.
	back := &replay{head: head[t.bom:], err: err, r: rest}
	if err == io.EOF {
		back.err = nil
		back.empty = n == 0 && t.dec == nil
	}
	t.Reader = toUTF8(t.charset, back)
	start := head[t.bom:]
	if t.charset != UTF8 {
		// The identity is that of the text, not of its bytes.
		var buf [idSize]byte
		k, _ := io.ReadFull(toUTF8(t.charset, bytes.NewReader(start[:min(len(start), 2*idSize)])), buf[:])
		t.id = makeID(buf[:k])
	} else {
		t.id = makeID(start)
	}
	return nil
}

// release gives back what t holds. Its Reader must not be used any more.
func (t *text) release() {
	if t.dec != nil {
		t.dec.release()
		t.dec = nil
	}
	if t.head != nil {
		headPool.Put(t.head)
		t.head = nil
	}
	t.Reader = eof{}
}

// A replay reads the head again that was read to decide, then what follows.
type replay struct {
	head  []byte
	err   error // came after head
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
		r.err = nil // once: behind it the decoder may have been resumed
		return 0, err
	}
	n, err := r.r.Read(p)
	if r.empty && n > 0 {
		// A file that was empty and is compressed into by now stays empty for
		// this reader: its bytes are no text.
		if r.empty = false; formatOf(p[:n]) != Plain {
			r.r = eof{}
			return 0, io.EOF
		}
	}
	return n, err
}
