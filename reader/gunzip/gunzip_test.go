package gunzip

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unsafe"

	"logview/reader/readertest"
)

var errSource = errors.New("source failed")

// withFlags returns a member with the header fields of flags.
func withFlags(t *testing.T, data []byte, flags byte, extra, name, comment string) []byte {
	h := []byte(plainHeader)
	h[3] = flags
	if flags&flagExtra != 0 {
		h = binary.LittleEndian.AppendUint16(h, uint16(len(extra)))
		h = append(h, extra...)
	}
	if flags&flagName != 0 {
		h = append(append(h, name...), 0)
	}
	if flags&flagComment != 0 {
		h = append(append(h, comment...), 0)
	}
	if flags&flagHeaderCRC != 0 {
		h = binary.LittleEndian.AppendUint16(h, uint16(crc32.ChecksumIEEE(h)))
	}
	return append(h, readertest.GzipLevel(data, 6)[len(plainHeader):]...)
}

func TestHeaderFlags(t *testing.T) {
	if testing.Short() {
		t.Skip("the full tests do this")
	}
	data := logText(1000)
	for flags := byte(0); flags < 32; flags++ {
		check(t, withFlags(t, data, flags, "extra", "name", "comment"), data)
		check(t, withFlags(t, data, flags, "", "", ""), data)
		check(t, withFlags(t, data, flags, strings.Repeat("e", 65535), strings.Repeat("n", 70000), strings.Repeat("c", 140000)), data)
	}
	for _, flags := range []byte{0x20, 0x40, 0x80, 0xff} {
		bad := readertest.GzipLevel(data, 6)
		bad[3] = flags
		expectCorrupt(t, bad, 3, "reserved header flags")
	}
	bad := withFlags(t, data, flagHeaderCRC|flagName, "", "name", "")
	bad[11] ^= 1
	expectCorrupt(t, bad, 15, "header crc mismatch")
}

func expectCorrupt(t *testing.T, in []byte, offset int64, what string) {
	t.Helper()
	_, err := io.ReadAll(NewReader(bytes.NewReader(in)))
	var corrupt *CorruptError
	if !errors.As(err, &corrupt) || corrupt.What != what || corrupt.Offset != offset {
		t.Errorf("error %v, want %s at %d", err, what, offset)
	}
}

func TestHeaderAndTrailerErrors(t *testing.T) {
	data := logText(1000)
	good := readertest.GzipLevel(data, 6)
	expectCorrupt(t, []byte("x"), 0, "not a gzip header")
	expectCorrupt(t, []byte("plain text, longer than a header"), 0, "not a gzip header")
	expectCorrupt(t, make([]byte, 100), 0, "not a gzip header")
	expectCorrupt(t, []byte{0x1f, 0x8c}, 1, "not a gzip header")
	expectCorrupt(t, []byte{0x1f, 0x8b, 7}, 2, "unknown compression method")
	expectCorrupt(t, append(good[:len(good):len(good)], 0x1f, 0x8b, 7), int64(len(good)+2), "unknown compression method")
	for i := 1; i <= 8; i++ {
		bad := bytes.Clone(good)
		bad[len(bad)-i] ^= 0x10
		what := "crc mismatch"
		if i <= 4 {
			what = "length mismatch"
		}
		expectCorrupt(t, bad, int64(len(bad)-8), what)
		got, _ := io.ReadAll(NewReader(bytes.NewReader(bad)))
		if !bytes.Equal(got, data) {
			t.Errorf("%s: %d bytes", what, len(got))
		}
	}
}

func TestEmpty(t *testing.T) {
	z := NewReader(strings.NewReader(""))
	for range 2 {
		if n, err := z.Read(make([]byte, 1)); n != 0 || err != io.EOF {
			t.Errorf("got %d, %v", n, err)
		}
	}
	if z.NextMember() != io.EOF || z.InputOffset() != 0 {
		t.Error("after the end of nothing")
	}
	z.Reset(bytes.NewReader(readertest.GzipLevel([]byte("ab"), 6)))
	if n, err := z.Read(nil); n != 0 || err != nil {
		t.Errorf("empty p: %d, %v", n, err)
	}
	check(t, readertest.GzipLevel("", 6), nil)
	check(t, append(readertest.GzipLevel("", 6), readertest.GzipLevel("", 0)...), nil)
}

func TestMembers(t *testing.T) {
	data := logText(300000)
	var in []byte
	for i, n := range []int{1000, 0, 70000, 1, 150000} {
		in = append(in, readertest.GzipLevel(data[:n], i)...)
	}
	want := append(append(append(bytes.Clone(data[:1000]), data[:70000]...), data[:1]...), data[:150000]...)
	check(t, in, want)
	check(t, append(in, make([]byte, 512)...), want)
	check(t, append(in, make([]byte, 200000)...), want)

	// Padding between members, as on tapes.
	padded := append(append(bytes.Clone(in), make([]byte, 300)...), in...)
	check(t, padded, append(bytes.Clone(want), want...))

	// Matches must not refer to data of an earlier member.
	w := new(bitWriter)
	w.bits(1, 1)
	w.bits(1, 2)
	w.match(3, 1)
	w.fixed(256)
	second := append(in[:len(in):len(in)], member(w.b, []byte("aaa"))...)
	got, err := io.ReadAll(NewReader(bytes.NewReader(second)))
	var corrupt *CorruptError
	if !errors.As(err, &corrupt) || corrupt.What != tooFar || !bytes.Equal(got, want) {
		t.Errorf("match into the member before: %d bytes, %v", len(got), err)
	}
}

// Zeros after the last member are ignored; anything else is reported with its
// offset, and a member inside it is found.
func TestTrailing(t *testing.T) {
	good := readertest.GzipLevel([]byte("hello"), 6)
	for _, test := range []struct {
		tail string
		at   int // offset in tail at which garbage starts; -1 if there is none
	}{
		{"", -1}, {"\x00", -1}, {strings.Repeat("\x00", 100000), -1},
		{"x", 0}, {"\x8b", 0}, {"\x1f\x1f\x8b\x08", 0}, {"garbage\x00\x00", 0},
		{"\x00\x00garbage", 2}, {strings.Repeat("ab", 100000), 0},
	} {
		for _, src := range sources {
			z := NewReader(src.wrap(strings.NewReader(string(good) + test.tail)))
			got, err := io.ReadAll(z)
			at := -1
			if ce := (*CorruptError)(nil); errors.As(err, &ce) && ce.What == notGzip {
				at = int(ce.Offset) - len(good)
			}
			if string(got) != "hello" || at != test.at || (err != nil) != (at >= 0) {
				t.Errorf("%s, %.20q: %q, %v, want garbage at %d", src.name, test.tail, got, err, test.at)
			}
			if err := z.NextMember(); err != io.EOF {
				t.Errorf("NextMember at the end: %v", err)
			}
			if at < 0 {
				continue
			}
			z.Reset(src.wrap(strings.NewReader(string(good) + test.tail + string(good))))
			io.Copy(io.Discard, z)
			if err := z.NextMember(); err != nil {
				t.Errorf("%s, %.20q: no member found behind it: %v", src.name, test.tail, err)
			}
			if got, err := io.ReadAll(z); string(got) != "hello" || err != nil {
				t.Errorf("%s, %.20q: behind it %q, %v", src.name, test.tail, got, err)
			}
		}
	}
	_, err := io.ReadAll(NewReader(strings.NewReader(string(good) + "\x1f")))
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("first byte of a header: %v", err)
	}
}

func TestTruncated(t *testing.T) {
	first, second := logText(600), randomBytes(100)
	in := withFlags(t, first, 30, "extra", "name", "comment")
	border := len(in)
	in = append(in, readertest.GzipLevel(second, 6)...)
	in = append(in, readertest.GzipLevel(first, -2)...)
	whole, _, _ := reference(in)
	for n := 1; n < len(in); n++ {
		want, _, refErr := reference(in[:n])
		for _, src := range sources {
			z := NewReader(src.wrap(bytes.NewReader(in[:n])))
			got, err := io.ReadAll(z)
			if refErr == nil && err == nil && bytes.Equal(got, want) {
				continue // at the end of a member
			}
			if !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Fatalf("%s: %d bytes: %v", src.name, n, err)
			}
			// compress/gzip may stop before literals that are complete.
			if !bytes.HasPrefix(whole, got) || len(got) < len(want) {
				t.Fatalf("%s: %d bytes (second member at %d): got %d, want %d", src.name, n, border, len(got), len(want))
			}
			if z.InputOffset() > int64(n) || z.InputOffset() < int64(n)-20 {
				t.Fatalf("%d bytes: offset %d", n, z.InputOffset())
			}
			if err := z.NextMember(); err != io.EOF {
				t.Fatalf("%d bytes: NextMember: %v", n, err)
			}
		}
	}
}

func TestBitFlips(t *testing.T) {
	text := logText(900)
	for _, good := range [][]byte{readertest.GzipLevel(text, 6), readertest.GzipLevel(text, -2), readertest.GzipLevel(text[:100], 1), readertest.GzipLevel(text[:100], 0)} {
		good = append(good, readertest.GzipLevel(text[:50], 6)...)
		step := 1
		if testing.Short() {
			step = 7
		}
		for i := 0; i < 8*len(good); i += step {
			bad := bytes.Clone(good)
			bad[i/8] ^= 1 << (i % 8)
			compare(t, bad)
		}
	}
}

// compare decodes in with a Reader and with the reference. They may differ in
// reserved header flags, which compress/gzip accepts, and in names or comments
// of more than 512 bytes, which it rejects. Before an error, one may have
// decoded more than the other, but the common part must be equal.
func compare(t *testing.T, in []byte) {
	t.Helper()
	z := NewReader(bytes.NewReader(in))
	got, err := io.ReadAll(z)
	want, trailing, refErr := reference(in)
	var corrupt *CorruptError
	errors.As(err, &corrupt)
	if n := commonPrefix(got, want); n < min(len(got), len(want)) {
		t.Fatalf("differs at %d: %d bytes, %v; reference %d bytes, %v", n, len(got), err, len(want), refErr)
	}
	switch {
	case corrupt != nil && corrupt.What == notGzip:
		if refErr != nil || len(got) != len(want) || corrupt.Offset != int64(len(in))-trailing {
			t.Fatalf("%d bytes, %v; reference %d, %v, trailing %d", len(got), err, len(want), refErr, trailing)
		}
	case corrupt != nil && corrupt.What == "reserved header flags":
	case refErr == gzip.ErrHeader && len(in) > 512:
	case (err == nil) != (refErr == nil):
		t.Fatalf("error %v, reference %v", err, refErr)
	case err == nil && (len(got) != len(want) || trailing != 0):
		t.Fatalf("%d bytes; reference %d, trailing %d", len(got), len(want), trailing)
	case errors.Is(err, io.ErrUnexpectedEOF) && len(got) < len(want):
		t.Fatalf("truncated: %d bytes, reference %d", len(got), len(want))
	}

	// Reading single bytes gives the same result.
	y := NewReader(iotest.OneByteReader(bytes.NewReader(in)))
	again, err2 := io.ReadAll(y)
	if !bytes.Equal(got, again) || (err == nil) != (err2 == nil) ||
		err != nil && err.Error() != err2.Error() {
		t.Fatalf("byte by byte: %d bytes, %v; else %d, %v", len(again), err2, len(got), err)
	}

	// Repeated calls of NextMember end, and each continues further on.
	for last := int64(-1); err != nil; _, err = io.Copy(io.Discard, z) {
		if z.NextMember() != nil {
			break
		}
		if z.InputOffset() <= last || z.InputOffset() == 0 {
			t.Fatalf("NextMember at %d after %d", z.InputOffset(), last)
		}
		last = z.InputOffset()
	}
}

func TestNextMember(t *testing.T) {
	text := logText(200000)
	one := readertest.GzipLevel(text, 6)
	two := withFlags(t, text[:5000], flagName|flagExtra, "x", "name", "")
	broken := bytes.Clone(one)
	for i := 5000; i < 6000; i++ {
		broken[i] = 0xff
	}
	badCRC := bytes.Clone(one)
	badCRC[len(badCRC)-8] ^= 1
	// Looks like a header twice but is not one.
	decoy := []byte("....\x1f\x8b\x08\xe0....\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x00\x07\x07\x07\x07\x1f\x8b")
	huge := readertest.GzipLevel(randomBytes(300000), 0)
	for _, test := range []struct {
		name   string
		before []byte
		after  []byte
		data   []byte
	}{
		{"broken", broken, two, text[:5000]},
		{"crc", badCRC, two, text[:5000]},
		{"decoy", append(bytes.Clone(broken), decoy...), two, text[:5000]},
		{"junk", append([]byte("junk"), randomBytes(200000)...), one, text},
		{"no header", one[10:], two, text[:5000]},
		{"bad header", append([]byte{0x1f, 0x8b, 8, 0xe0}, one...), two, nil},
		{"header crc", []byte("\x1f\x8b\x08\x02\x00\x00\x00\x00\x00\x00\x00\x00"), one, text},
		{"large block", broken, huge, randomBytes(300000)},
		{"truncated", broken, one[:1000], nil},
		{"none", broken, nil, nil},
		{"nothing good", broken, decoy, nil},
	} {
		for _, src := range sources {
			if src.name == "bytes" && len(test.before) > 100000 {
				continue
			}
			z := NewReader(src.wrap(bytes.NewReader(append(bytes.Clone(test.before), test.after...))))
			if err := z.NextMember(); err != nil {
				t.Errorf("%s: before an error: %v", test.name, err)
			}
			_, err := io.Copy(io.Discard, z)
			if err == nil {
				t.Fatalf("%s: no error", test.name)
			}
			bad := z.InputOffset()
			if test.name == "none" || test.name == "nothing good" {
				if err := z.NextMember(); err != io.EOF {
					t.Errorf("%s: NextMember: %v", test.name, err)
				}
				if _, err := z.Read(make([]byte, 1)); err != io.EOF {
					t.Errorf("%s: then Read: %v", test.name, err)
				}
				continue
			}
			if err := z.NextMember(); err != nil {
				t.Errorf("%s, %s: NextMember: %v", test.name, src.name, err)
				continue
			}
			at := int64(len(test.before))
			switch test.name {
			case "bad header":
				at = 4
				test.data = append(bytes.Clone(text), text[:5000]...)
			case "truncated":
				test.data, _, _ = reference(test.after) // or more, see TestTruncated
			}
			if z.InputOffset() != at {
				t.Errorf("%s: found at %d (after %d), want %d", test.name, z.InputOffset(), bad, at)
			}
			got, err := io.ReadAll(z)
			if test.name == "truncated" {
				if !errors.Is(err, io.ErrUnexpectedEOF) {
					t.Errorf("truncated: %v", err)
				}
				if len(got) > len(test.data) && bytes.HasPrefix(text, got) {
					continue
				}
			} else if err != nil {
				t.Errorf("%s: %v", test.name, err)
			}
			if !bytes.Equal(got, test.data) {
				t.Errorf("%s: %d bytes, want %d", test.name, len(got), len(test.data))
			}
		}
	}
}

func TestSourceErrors(t *testing.T) {
	data := logText(100000)
	in := readertest.GzipLevel(data, 6)
	for _, n := range []int{0, 1, 5, 10, 15, 1000, len(in) - 8, len(in) - 1, len(in)} {
		for _, wrap := range []func(io.Reader) io.Reader{
			func(r io.Reader) io.Reader { return r },
			iotest.DataErrReader,
			iotest.OneByteReader,
		} {
			want, _, _ := reference(in[:n])
			src := io.MultiReader(bytes.NewReader(in[:n]), iotest.ErrReader(errSource))
			z := NewReader(wrap(src))
			got, err := io.ReadAll(z)
			if err != errSource {
				t.Errorf("%d bytes: %v", n, err)
			}
			// There may be more data, see TestTruncated.
			if !bytes.HasPrefix(got, want) || !bytes.HasPrefix(data, got) {
				t.Errorf("%d bytes: got %d, want %d", n, len(got), len(want))
			}
			if err := z.NextMember(); err != errSource {
				t.Errorf("%d bytes: NextMember: %v", n, err)
			}
		}
	}
	z := NewReader(readFunc(func([]byte) (int, error) { return 0, nil }))
	if _, err := z.Read(make([]byte, 1)); err != io.ErrNoProgress {
		t.Errorf("no progress: %v", err)
	}
	for _, n := range []int{-1, 1 << 30} {
		z.Reset(readFunc(func([]byte) (int, error) { return n, nil }))
		if _, err := z.Read(make([]byte, 1)); err == nil || err == io.EOF {
			t.Errorf("count %d: %v", n, err)
		}
	}
}

type readFunc func([]byte) (int, error)

func (f readFunc) Read(p []byte) (int, error) { return f(p) }

// TestFlushed sends flushed blocks one at a time. Each must be returned without
// another read of the source.
func TestFlushed(t *testing.T) {
	var chunks [][]byte
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	text := logText(300000)
	parts := [][]byte{text[:1], text[1:50], text[50:70000], text[70000:70001], text[70001:]}
	for _, part := range parts {
		w.Write(part)
		w.Flush()
		chunks = append(chunks, bytes.Clone(b.Bytes()))
		b.Reset()
	}
	sent, rest := 0, []byte(nil)
	z := NewReader(readFunc(func(p []byte) (int, error) {
		if len(rest) == 0 {
			if sent == len(chunks) {
				return 0, io.EOF
			}
			rest = chunks[sent]
			sent++
		}
		n := copy(p, rest)
		rest = rest[n:]
		return n, nil
	}))
	for i, part := range parts {
		got := make([]byte, len(part))
		if _, err := io.ReadFull(z, got); err != nil || !bytes.Equal(got, part) {
			t.Fatalf("part %d: %v", i, err)
		}
		if sent != i+1 {
			t.Errorf("part %d: %d chunks were read", i, sent)
		}
	}
	if _, err := z.Read(make([]byte, 1)); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("stream without an end: %v", err)
	}
}

// TestPipe does the same with a writer that waits for the reader's answer.
func TestPipe(t *testing.T) {
	pr, pw := io.Pipe()
	answer := make(chan bool, 1) // a flush takes more than one write
	go func() {
		w := gzip.NewWriter(pw)
		for range 20 {
			w.Write([]byte("one line\n"))
			w.Flush()
			<-answer
		}
		w.Close()
		pw.Close()
	}()
	z := NewReader(pr)
	line := make([]byte, 9)
	for range 20 {
		if _, err := io.ReadFull(z, line); err != nil || string(line) != "one line\n" {
			t.Fatalf("%q, %v", line, err)
		}
		answer <- true
	}
	if _, err := z.Read(line); err != io.EOF {
		t.Error(err)
	}
}

// TestEndless reads endless fields and data, which must not use more memory.
func TestEndless(t *testing.T) {
	for _, flags := range []byte{flagName, flagComment, flagName | flagHeaderCRC} {
		h := []byte(plainHeader)
		h[3] = flags
		name := io.LimitReader(readFunc(func(p []byte) (int, error) {
			for i := range p {
				p[i] = 'n'
			}
			return len(p), nil
		}), 50<<20)
		z := NewReader(nil)
		allocs := testing.AllocsPerRun(1, func() {
			z.Reset(io.MultiReader(bytes.NewReader(h), name))
			if _, err := z.Read(make([]byte, 1)); !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Error(err)
			}
		})
		if allocs > 50 {
			t.Errorf("%v allocations", allocs)
		}
	}
}

func TestMemory(t *testing.T) {
	if n := unsafe.Sizeof(Reader{}); n > 270<<10 || n < 250<<10 {
		t.Errorf("a Reader has %d bytes; correct its comment", n)
	}
	in := readertest.GzipLevel(logText(1<<20), 6)
	src := bytes.NewReader(in)
	z := NewReader(src)
	p := make([]byte, 32<<10)
	if n := testing.AllocsPerRun(3, func() {
		src.Reset(in)
		z.Reset(src)
		for {
			if _, err := z.Read(p); err != nil {
				break
			}
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
