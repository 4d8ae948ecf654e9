package decode_test

import (
	"bytes"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"logview/reader"
	"logview/reader/decode"
	"logview/reader/readertest"
)

// swapped returns UTF-16 in the other byte order.
func swapped(s string) string {
	b := []byte(s)
	for i := 0; i+1 < len(b); i += 2 {
		b[i], b[i+1] = b[i+1], b[i]
	}
	return string(b)
}

// TestMixedText tests that lines of bytes in a text in UTF-16 are read, and that nothing
// else counts as such.
func TestMixedText(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	wide := []string{"2026-11-27 10:00:00 wide\r\n", "\r\n", "\n", "größe: 5 €, 中海上 😀\n", "7 上上 上\r\n", "日本語の中上海だけ\n", "x\n"}
	narrow := []string{"2026-11-27 10:00:00 of bytes\r\n", "another line, an odd one\n", "größe and latin-1 gr\xf6\xdfe in one line\n", strings.Repeat("long ", 1000) + "\n", "\ufeffshort\n"}
	for range 500 {
		var raw, want strings.Builder
		c, encode := decode.UTF16LE, readertest.UTF16
		if r.IntN(3) == 0 {
			c, encode = decode.UTF16BE, func(s string) string { return swapped(readertest.UTF16(s)) }
		}
		raw.WriteString(encode("\ufefffirst\n"))
		want.WriteString("first\n")
		for range r.IntN(30) {
			line := wide[r.IntN(len(wide))]
			if r.IntN(3) == 0 {
				line = narrow[r.IntN(len(narrow))]
				raw.WriteString(line)
				line = strings.NewReplacer("gr\xf6\xdfe", "größe", "\ufeff", "").Replace(line)
			} else {
				raw.WriteString(encode(line))
			}
			want.WriteString(line)
		}
		var in io.Reader = strings.NewReader(raw.String())
		switch r.IntN(3) {
		case 0:
			in = iotest.OneByteReader(in)
		case 1:
			in = iotest.DataErrReader(in)
		}
		text, err := decode.Open(t.Context(), in, false)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(text)
		got = bytes.ReplaceAll(got, reader.ByteOrderMark, nil) // which blocks are without
		if err != nil || text.Charset != c || string(got) != want.String() {
			t.Fatalf("%s: %q is read as\n%q (%v), want\n%q", text.Charset, raw.String(), got, err, want.String())
		}
		if got := bytes.TrimPrefix(c.Decode([]byte(raw.String())), []byte("\ufeff")); string(got) != want.String() {
			t.Fatalf("%s: %q is decoded as\n%q, want\n%q", c, raw.String(), got, want.String())
		}
	}
}

// TestBeginningDecides tests that UTF-16 that was appended to text of bytes does not
// change the encoding of its beginning.
func TestBeginningDecides(t *testing.T) {
	later := readertest.UTF16(strings.Repeat("grün, and appended in another encoding, 中海\r\n", 100))
	for _, first := range []string{"a\n", "ab\n", "first\n", "a line without end", "größe\n"} {
		for _, whole := range []bool{false, true} {
			if c, bom := decode.DetectCharset([]byte(first+later), whole); c != decode.ASCII && c != decode.UTF8 || bom != 0 {
				t.Errorf("after %q: %s, %d", first, c, bom)
			}
		}
	}
	if c, _ := decode.DetectCharset([]byte(later), false); c != decode.UTF16LE {
		t.Errorf("alone: %s", c)
	}
}

// TestAppendedEndsInNewline tests that the second byte of the last newline of UTF-16 that
// was appended to text of bytes is no line, and begins the next one when there is one.
func TestAppendedEndsInNewline(t *testing.T) {
	in := strings.NewReader("")
	b := decode.BlockReader{In: decode.Skipper{R: in}, Disk: func() int64 { return 0 }}
	var got []string
	for _, text := range []string{"bytes\n" + readertest.UTF16("wide\r\n"), readertest.UTF16("more\n"), "bytes\n", "\x00", "\x00\n"} {
		in.Reset(text)
		for {
			var blk reader.Block
			if err := b.Next(&blk); err == io.EOF {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			got = append(got, string(blk.Text))
		}
	}
	want := []string{"bytes\nw\x00i\x00d\x00e\x00\r\x00\n", "\x00m\x00o\x00r\x00e\x00\n", "\x00bytes\n", "\x00", "\x00\x00\n"}
	readertest.ExpectStrings(t, got, want...)
}
