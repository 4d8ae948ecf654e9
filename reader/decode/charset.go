package decode

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/transform"

	"logview/reader"
)

// A Charset is the encoding of a file's decompressed text: one of the constants,
// or a name that ParseCharset returned.
type Charset string

const (
	// ASCII is text that has only ASCII characters so far. The text that
	// follows decides between UTF8 and Latin1. See [Charset.Learn].
	ASCII   Charset = "us-ascii"
	UTF8    Charset = "utf-8"
	UTF16LE Charset = "utf-16le"
	UTF16BE Charset = "utf-16be"
	// Latin1 is text in which each byte that is not part of a UTF-8 character
	// is the character with that number.
	Latin1 Charset = "latin-1"
)

// ParseCharset returns the Charset with a name in the WHATWG Encoding Standard,
// such as windows-1251, shift_jis, gb18030 or euc-kr. For "auto" and the empty
// name it returns the zero Charset: the encoding of each file is detected.
func ParseCharset(name string) (Charset, error) {
	name = strings.ToLower(strings.TrimSpace(name))
	switch name {
	case "", "auto":
		return "", nil
	case "none", "utf8":
		return UTF8, nil
	case "utf-16", "utf16":
		return UTF16LE, nil
	}
	e, err := htmlindex.Get(name)
	if err == nil {
		name, err = htmlindex.Name(e)
	}
	if err != nil || name == "replacement" || name == "x-user-defined" {
		return "", fmt.Errorf("unknown encoding %q%s", name, suggestCharset(name))
	}
	return Charset(name), nil
}

// CharsetNames are the encodings that logs use, or used in the past.
var CharsetNames = []string{
	"utf-8", "utf-16le", "utf-16be", "windows-1250", "windows-1251", "windows-1252", "windows-1253", "windows-1254",
	"windows-1255", "windows-1256", "windows-1257", "windows-1258", "windows-874", "iso-8859-1", "iso-8859-2", "iso-8859-5",
	"iso-8859-7", "iso-8859-9", "iso-8859-15", "koi8-r", "koi8-u", "ibm866", "macintosh", "shift_jis", "euc-jp", "iso-2022-jp",
	"euc-kr", "gbk", "gb18030", "big5",
}

// suggestCharset lists encodings with similar names for an error message.
func suggestCharset(name string) string {
	plain := func(s string) string { return strings.NewReplacer("-", "", "_", "", " ", "").Replace(s) }
	var like []string
	for _, k := range CharsetNames {
		if p, n := plain(k), plain(name); n != "" && (strings.Contains(p, n) || strings.Contains(n, p) || len(n) >= 4 && strings.HasSuffix(p, n[len(n)-4:])) {
			like = append(like, k)
		}
	}
	if len(like) == 0 {
		like = []string{"utf-8", "utf-16le", "windows-1252", "windows-1251", "shift_jis", "gb18030", "euc-kr"}
	}
	return "; try " + strings.Join(like, ", ")
}

// DetectCharset returns the charset of a text, detected from the first bytes of
// the decompressed data, and the length of the byte order mark. whole says that
// head is the whole text.
//
// UTF-16 without a mark is detected by its zero bytes, see utf16Without. Lines of
// bytes may be appended to it: see utf16Decoder.
//
// Latin-1 is the fallback for older Western text: text that is not UTF-8, in
// which no bytes outside ASCII look like UTF-8 either, and which has none of
// the control codes 0x80 to 0x9f. Any other invalid UTF-8 is UTF-8 whose
// invalid bytes stay as they are. Since a single byte can decide, UTF-8
// characters further on in a Latin-1 file are kept.
func DetectCharset(head []byte, whole bool) (Charset, int) {
	switch {
	case bytes.HasPrefix(head, reader.ByteOrderMark):
		return UTF8, 3
	case bytes.HasPrefix(head, []byte("\xff\xfe")):
		return UTF16LE, 2
	case bytes.HasPrefix(head, []byte("\xfe\xff")):
		return UTF16BE, 2
	}
	if c := detectUTF16WithoutMark(head); c != "" && !HasMagic(head) {
		return c, 0
	}
	return ASCII.detectMore(head, whole), 0
}

// Learn returns the Charset of a text that was c so far and continues with raw,
// which is whole lines. That is c, unless c is ASCII and raw has other
// characters, in lines without zero bytes.
func (c Charset) Learn(raw []byte) Charset { return c.detectMore(raw, true) }

func (c Charset) detectMore(raw []byte, whole bool) Charset {
	if c != ASCII {
		return c
	}
	for i := firstHigh(raw); i < len(raw); {
		if raw[i] < utf8.RuneSelf {
			i += firstHigh(raw[i:])
			continue
		}
		end := i + bytes.IndexByte(raw[i:], '\n')
		if end < i {
			end = len(raw)
		}
		if bytes.IndexByte(raw[bytes.LastIndexByte(raw[:i], '\n')+1:end], 0) >= 0 {
			i = end // it may be UTF-16 that was appended
			continue
		}
		r, n := utf8.DecodeRune(raw[i:])
		switch {
		case r != utf8.RuneError || n > 1:
			return UTF8
		case !whole && !utf8.FullRune(raw[i:]):
			// a character cut by the end of the window
		case raw[i] < 0xa0:
			return UTF8
		default:
			c = Latin1
		}
		i++
	}
	return c
}

// firstHigh returns the index of the first byte outside ASCII; len(p) if there
// is none.
func firstHigh(p []byte) int {
	i := 0
	for ; i+8 <= len(p); i += 8 {
		if binary.LittleEndian.Uint64(p[i:])&0x8080808080808080 != 0 {
			break
		}
	}
	for i < len(p) && p[i] < utf8.RuneSelf {
		i++
	}
	return i
}

func isASCII(p []byte) bool { return firstHigh(p) == len(p) }

// LeadingZeros returns the number of zero bytes at the beginning of p.
func LeadingZeros(p []byte) int {
	i := 0
	for ; i+len(zeroBytes) <= len(p) && bytes.Equal(p[i:i+len(zeroBytes)], zeroBytes[:]); i += len(zeroBytes) {
	}
	for ; i+8 <= len(p) && binary.LittleEndian.Uint64(p[i:]) == 0; i += 8 {
	}
	for i < len(p) && p[i] == 0 {
		i++
	}
	return i
}

// TrailingZeros returns the number of zero bytes at the end of p.
func TrailingZeros(p []byte) int {
	n := len(p)
	for n >= len(zeroBytes) && bytes.Equal(p[n-len(zeroBytes):n], zeroBytes[:]) {
		n -= len(zeroBytes)
	}
	for n > 0 && p[n-1] == 0 {
		n--
	}
	return len(p) - n
}

var zeroBytes [4 << 10]byte

// Bytewise reports whether the bytes of a file are those of its text.
func (c Charset) Bytewise() bool { return c == ASCII || c == UTF8 }

// Decoder returns a decoder for c; nil if none is needed.
func (c Charset) Decoder() transform.Transformer {
	switch c {
	case ASCII, UTF8, "":
		return nil
	case UTF16LE, UTF16BE:
		return newUTF16Decoder(c, false)
	case Latin1:
		return latin1Decoder{}
	}
	e, err := htmlindex.Get(string(c))
	if err != nil {
		return nil
	}
	return e.NewDecoder()
}

// Decode converts raw, which is whole lines of a file of Charset c or the rest
// of the file, to UTF-8 without byte order marks at the starts of lines. The
// result may share memory with raw. Half a UTF-16 character at the end is left
// out.
func (c Charset) Decode(raw []byte) []byte {
	if d := c.Decoder(); d != nil {
		if c.Wide() {
			d = newUTF16Decoder(c, true)
		}
		if out, _, err := transform.Bytes(d, raw); err == nil {
			raw = out
		}
	}
	raw = TrimMarks(raw)
	for bytes.IndexByte(raw, reader.ByteOrderMark[0]) >= 0 && bytes.Contains(raw, lineBOM) {
		raw = bytes.ReplaceAll(raw, lineBOM, reader.Newline)
	}
	return raw
}

// TrimMarks returns line without the byte order marks at its start.
func TrimMarks(line []byte) []byte {
	for bytes.HasPrefix(line, reader.ByteOrderMark) {
		line = line[len(reader.ByteOrderMark):]
	}
	return line
}

// lineBOM is a byte order mark at the start of a line.
var lineBOM = []byte("\n\xef\xbb\xbf")

// LineEnd returns the index after the last newline of raw; 0 if there is none.
// raw starts at the start of a character. In UTF-16 that may be an odd position, after
// lines of bytes.
func (c Charset) LineEnd(raw []byte) int {
	if c != UTF16LE && c != UTF16BE {
		return bytes.LastIndexByte(raw, '\n') + 1
	}
	for n := len(raw); ; {
		i := bytes.LastIndexByte(raw[:n], '\n')
		switch {
		case i < 0:
			return 0
		case c == UTF16LE && i+1 < len(raw) && raw[i+1] == 0:
			return i + 2
		case c == UTF16BE && i > 0 && raw[i-1] == 0, endsNarrow(raw, i):
			return i + 1
		}
		n = i
	}
}

// FirstLineEnd returns the index after the first newline of raw, which starts at the start
// of a character; 0 if there is none. In UTF-16, it knows of newlines of two bytes only.
func (c Charset) FirstLineEnd(raw []byte) int {
	newline := c.Newline()
	for at := 0; ; at++ {
		i := bytes.Index(raw[at:], newline)
		if i < 0 {
			return 0
		}
		if at += i; at%len(newline) == 0 {
			return at + len(newline)
		}
	}
}

// Newline returns the bytes of a newline.
func (c Charset) Newline() []byte {
	switch c {
	case UTF16LE:
		return []byte("\n\x00")
	case UTF16BE:
		return []byte("\x00\n")
	}
	return reader.Newline
}

// Reader returns a reader of r's text converted to UTF-8.
func (c Charset) Reader(r io.Reader) io.Reader {
	if t := c.Decoder(); t != nil {
		return &Converter{r: r, t: t, wide: c.Wide()}
	}
	return r
}

// latin1Decoder converts Latin-1 to UTF-8. It keeps bytes that are UTF-8
// already.
type latin1Decoder struct{ transform.NopResetter }

// Transform implements transform.Transformer.
func (latin1Decoder) Transform(dst, src []byte, atEOF bool) (nd, ns int, err error) {
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

// A Converter is a transform.Reader for a file that may grow: after io.EOF it
// can be read again. Half a character at the end is kept until its other half
// arrives.
type Converter struct {
	r    io.Reader
	t    transform.Transformer
	wide bool   // it is UTF-16
	src  []byte // not converted yet
	dst  []byte // converted, not returned yet
	err  error
	srcs [16 << 10]byte
	dsts [48 << 10]byte // UTF-8 has at most 3 bytes for 2 of UTF-16, and 2 for 1 of Latin-1
}

// Read implements io.Reader. It returns the text in UTF-8.
func (c *Converter) Read(p []byte) (int, error) {
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
		if all := c.srcs[:kept+n]; c.wide && LeadingZeros(all) == len(all) {
			// A preallocated space may be long, and converting it is slow.
			c.dst, c.src = c.dsts[:len(all)/2], all[len(all)&^1:]
			clear(c.dst)
			continue
		}
		// At the end of a Latin-1 file, bytes that may start a UTF-8 character
		// do not. In UTF-16 they wait for the other half.
		_, bytewise := c.t.(latin1Decoder)
		nd, ns, _ := c.t.Transform(c.dsts[:], c.srcs[:kept+n], (bytewise || c.wide) && err != nil)
		c.dst, c.src = c.dsts[:nd], c.srcs[ns:kept+n]
	}
	n := copy(p, c.dst)
	c.dst = c.dst[n:]
	return n, nil
}

// Drained reports whether everything that was read was returned.
func (c *Converter) Drained() bool { return len(c.dst) == 0 && len(c.src) == 0 && c.err == nil }

// Wide reports whether NULs may be parts of characters, as in UTF-16.
func (c Charset) Wide() bool { return c == UTF16LE || c == UTF16BE }

// Whole returns the length of the whole characters in raw, which starts at the
// start of a character; in UTF-16, of a line.
func (c Charset) Whole(raw []byte) int {
	switch c {
	case UTF16LE, UTF16BE:
		if narrow, _ := newUTF16Decoder(c, true).startsNarrow(raw, true); narrow {
			return len(raw)
		}
		return len(raw) &^ 1
	case ASCII, UTF8:
		for i := len(raw) - 1; i >= max(0, len(raw)-utf8.UTFMax); i-- {
			if utf8.RuneStart(raw[i]) {
				if !utf8.FullRune(raw[i:]) {
					return i
				}
				break
			}
		}
		return len(raw)
	}
	d := c.Decoder()
	if d == nil || c == Latin1 {
		return len(raw)
	}
	dst := make([]byte, 4<<10)
	for at := 0; at < len(raw); {
		_, n, err := d.Transform(dst, raw[at:], false)
		if at += n; err == transform.ErrShortSrc {
			return at
		} else if n == 0 {
			break
		}
	}
	return len(raw)
}

// EndsLine reports whether raw, which ends at the end of a character, ends with a
// newline.
func (c Charset) EndsLine(raw []byte) bool {
	return bytes.HasSuffix(raw, c.Newline()) || c.Wide() && len(raw) > 0 && endsNarrow(raw, len(raw)-1)
}
