package gunzip

import (
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"logview/reader/readertest"

	kgzip "github.com/klauspost/compress/gzip"
)

// sources are different ways to read a stream.
var sources = []struct {
	name string
	wrap func(io.Reader) io.Reader
}{
	{"whole", func(r io.Reader) io.Reader { return r }},
	{"bytes", iotest.OneByteReader},
	{"half", iotest.HalfReader},
	{"with EOF", iotest.DataErrReader},
	{"empty reads", func(r io.Reader) io.Reader { return &emptyReader{r: r} }},
}

// check decodes in from all sources and compares the results with want.
func check(t *testing.T, in, want []byte) {
	t.Helper()
	z := NewReader(nil)
	for _, src := range sources {
		if len(want) > 1<<20 && src.name != "whole" {
			continue
		}
		z.Reset(src.wrap(bytes.NewReader(in)))
		got, err := io.ReadAll(z)
		if err != nil {
			t.Fatalf("%s: %v", src.name, err)
		}
		if !bytes.Equal(got, want) {
			t.Fatalf("%s: %d bytes, want %d, same up to %d", src.name, len(got), len(want), commonPrefix(got, want))
		}
		if z.InputOffset() != int64(len(in)) {
			t.Fatalf("%s: offset %d of %d", src.name, z.InputOffset(), len(in))
		}
	}
}

func TestLevels(t *testing.T) {
	if testing.Short() {
		t.Skip("the full tests do this")
	}
	sparse := make([]byte, 200000)
	for i, c := range randomBytes(500) {
		sparse[i*i%len(sparse)] = c
	}
	inputs := map[string][]byte{
		"empty":  {},
		"byte":   {'x'},
		"short":  []byte("hello, hello, hello"),
		"log":    logText(400000),
		"random": randomBytes(150000),
		"zeros":  make([]byte, 300000),
		"sparse": sparse,
		"period": bytes.Repeat([]byte("abcdefghijklmnopqrstuvwxyz0123456789."), 9000),
		"bytes":  bytes.Repeat(randomBytes(40000), 3), // longer than the window
	}
	step := 1
	if testing.Short() {
		delete(inputs, "bytes")
		step = 4
	}
	for name, data := range inputs {
		for level := -2; level <= 9; level += step {
			t.Run(fmt.Sprintf("%s/std%d", name, level), func(t *testing.T) {
				check(t, readertest.GzipLevel(data, level), data)
			})
		}
		for level := kgzip.StatelessCompression; level <= 9; level += step {
			t.Run(fmt.Sprintf("%s/k%d", name, level), func(t *testing.T) {
				check(t, compressK(t, data, level), data)
			})
		}
	}
}

func TestLarge(t *testing.T) {
	data := logText(5 << 20)
	check(t, readertest.GzipLevel(data, 6), data)
	check(t, readertest.GzipLevel(data, 1), data)
	check(t, readertest.GzipLevel(data, 0), data)
}

// TestDistances decodes a match of every distance and of every length, so that
// copies of all kinds end at all offsets, including the end of the window.
func TestDistances(t *testing.T) {
	w := new(bitWriter)
	want := randomBytes(histLen)
	w.stored(want, 0)
	w.bits(1, 1)
	w.bits(1, 2)
	for dist := 1; dist <= histLen; dist++ {
		length := 3 + dist*7%256
		w.match(length, dist)
		for range length {
			want = append(want, want[len(want)-dist])
		}
		w.fixed(dist & 255)
		want = append(want, byte(dist))
	}
	w.fixed(256)
	check(t, member(w.b, want), want)
}

func TestNearDistances(t *testing.T) {
	w := new(bitWriter)
	var want []byte
	w.bits(1, 1)
	w.bits(1, 2)
	for dist := 1; dist <= 80; dist++ {
		for length := 3; length <= 258; length++ {
			for range 1 + dist/8 {
				c := (length*31 + len(want)) & 255
				w.fixed(c)
				want = append(want, byte(c))
			}
			d := min(dist, len(want))
			w.match(length, d)
			for range length {
				want = append(want, want[len(want)-d])
			}
		}
	}
	w.fixed(256)
	check(t, member(w.b, want), want)
}

// TestWindowEnd shifts the same data byte by byte across the end of the window,
// with the longest possible matches.
func TestWindowEnd(t *testing.T) {
	if testing.Short() {
		t.Skip("the full tests do this")
	}
	for shift := range 300 {
		w := new(bitWriter)
		w.bits(0, 1)
		w.bits(1, 2)
		var want []byte
		lit := func(c int) {
			w.fixed(c)
			want = append(want, byte(c))
		}
		for i := range shift {
			lit(i & 255)
		}
		lit('a')
		lit('b')
		for len(want) < outEnd+1000 {
			d := 1
			if len(want)%3 == 0 {
				d = min(len(want), 32768)
			}
			w.match(258, d)
			for range 258 {
				want = append(want, want[len(want)-d])
			}
		}
		w.fixed(256)
		w.stored([]byte("end"), 1)
		want = append(want, "end"...)
		got, err := io.ReadAll(NewReader(bytes.NewReader(member(w.b, want))))
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("shift %d: %v, %d of %d bytes the same", shift, err, commonPrefix(got, want), len(want))
		}
	}
}

// dynamic writes the header of a dynamic block with the given code lengths,
// each with a code of 4 bits (lengths 0..15).
func (w *bitWriter) dynamic(lit, dist []int) {
	w.bits(1, 1)
	w.bits(2, 2)
	w.bits(len(lit)-257, 5)
	w.bits(len(dist)-1, 5)
	w.bits(numClen-4, 4)
	for _, s := range clenOrder {
		n := 4
		if s > 15 {
			n = 0
		}
		w.bits(n, 3)
	}
	for _, n := range append(append([]int{}, lit...), dist...) {
		w.code(n, 4)
	}
}

// TestLongCodes uses codes of all lengths up to 15 bits in both alphabets.
func TestLongCodes(t *testing.T) {
	lit := make([]int, 286)
	lit['a'], lit['b'], lit['c'] = 1, 2, 3
	for i := range 11 {
		lit['d'+i] = 4 + i
	}
	lit[285], lit[256] = 15, 15
	dist := make([]int, 30)
	for i := range 14 {
		dist[i] = i + 1
	}
	dist[14], dist[15] = 15, 15
	// The canonical codes: all ones with a zero at the end, except for the
	// last.
	code := func(w *bitWriter, n int, last bool) {
		v := 1<<n - 2
		if last {
			v++
		}
		w.code(v, n)
	}
	w := new(bitWriter)
	w.dynamic(lit, dist)
	var want []byte
	for round := range 200 {
		for i := range 14 {
			n := (i*5+round)%14 + 1
			code(w, n, false)
			want = append(want, byte('a'+n-1))
		}
		d := round % 16
		if distOf(d) > len(want) {
			d = 0
		}
		code(w, 15, true) // 285; 256 comes before it
		if d < 15 {
			code(w, d+1, false)
		} else {
			code(w, 15, true)
		}
		w.bits(0, max(0, d/2-1))
		for range 258 {
			want = append(want, want[len(want)-distOf(d)])
		}
	}
	code(w, 15, false)
	check(t, member(w.b, want), want)
}

// TestOneCode decodes the incomplete codes that are allowed: one distance code
// of one bit, and none.
func TestOneCode(t *testing.T) {
	lit := make([]int, 286)
	lit['x'], lit[256], lit[257] = 1, 2, 2
	for _, test := range []struct {
		name string
		dist []int
		bits []int // after "x" and the code of length 3
		want string
		err  string
	}{
		{"one", []int{1}, []int{0, 1, 0}, "xxxx", ""},
		{"one, zeros", []int{1, 0, 0}, []int{0, 1, 0}, "xxxx", ""},
		{"one, other bit", []int{1}, []int{1, 1, 0}, "x", "invalid distance code"},
		{"none", []int{0}, []int{0, 1, 0}, "x", "invalid distance code"},
		{"one of 2 bits", []int{2}, nil, "", "invalid distance code lengths"},
		{"too many", []int{1, 1, 1}, nil, "", "invalid distance code lengths"},
		{"incomplete", []int{2, 2, 2}, nil, "", "invalid distance code lengths"},
	} {
		w := new(bitWriter)
		w.dynamic(lit, test.dist)
		w.code(0, 1)
		w.code(3, 2)
		for _, b := range test.bits {
			w.bits(b, 1)
		}
		got, err := io.ReadAll(NewReader(bytes.NewReader(member(append(w.b, 0), []byte("xxxx")))))
		var corrupt *CorruptError
		if test.err == "" {
			// The byte added above is read as the first byte of the trailer.
			got, err = io.ReadAll(NewReader(bytes.NewReader(member(w.b, []byte("xxxx")))))
			if err != nil {
				t.Errorf("%s: %v", test.name, err)
			}
		} else if !errors.As(err, &corrupt) || corrupt.What != test.err {
			t.Errorf("%s: error %v, want %s", test.name, err, test.err)
		}
		if string(got) != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

// TestCorrupt decodes invalid deflate data.
func TestCorrupt(t *testing.T) {
	fixed := func(f func(w *bitWriter)) []byte {
		w := new(bitWriter)
		w.bits(1, 1)
		w.bits(1, 2)
		w.fixed('a')
		w.fixed('b')
		f(w)
		w.bits(0, 100)
		return w.b
	}
	raw := func(v uint64, n int) []byte {
		w := new(bitWriter)
		for i := range n {
			w.bits(int(v>>i&1), 1)
		}
		w.bits(0, 400)
		return w.b
	}
	incomplete := new(bitWriter)
	lit := make([]int, 257)
	lit['x'], lit[256] = 1, 2
	incomplete.dynamic(lit, []int{1})
	for _, test := range []struct {
		deflate []byte
		data    string
		what    string
	}{
		{raw(7, 3), "", "invalid block type"},
		{[]byte{1, 5, 0, 5, 0, 'h', 'e', 'l', 'l', 'o'}, "", "stored block with wrong length"},
		{fixed(func(w *bitWriter) { w.fixed(286) }), "ab", "invalid literal/length code"},
		{fixed(func(w *bitWriter) { w.fixed(287) }), "ab", "invalid literal/length code"},
		{fixed(func(w *bitWriter) { w.fixed(257); w.code(30, 5) }), "ab", "invalid distance code"},
		{fixed(func(w *bitWriter) { w.fixed(257); w.code(31, 5) }), "ab", "invalid distance code"},
		{fixed(func(w *bitWriter) { w.match(5, 3) }), "ab", "distance beyond the start of the data"},
		{fixed(func(w *bitWriter) { w.match(5, 32768) }), "ab", "distance beyond the start of the data"},
		{fixed(func(w *bitWriter) { w.match(5, 2); w.match(258, 8) }), "abababa", "distance beyond the start of the data"},
		{raw(5|30<<3, 17), "", "too many length or distance codes"},
		{raw(5|30<<8, 17), "", "too many length or distance codes"},
		{raw(5|15<<13|0o111111<<17, 74), "", "invalid code for code lengths"},
		{raw(5|1<<3|15<<13|0o110<<17, 74), "", "too many code lengths"},               // 17 and 18 alone
		{raw(5|15<<13|0o101<<17, 74), "", "repeated code length without a first one"}, // 16 and 18
		{raw(5|1<<17|1<<29, 30), "", "invalid code in the code lengths"},              // 16 alone, as code 0
		{append(incomplete.b, 0, 0, 0, 0), "", "invalid literal/length code lengths"},
	} {
		for _, src := range sources {
			z := NewReader(src.wrap(strings.NewReader(plainHeader + string(test.deflate))))
			got, err := io.ReadAll(z)
			var corrupt *CorruptError
			if !errors.As(err, &corrupt) || corrupt.What != test.what {
				t.Errorf("%s: error %v, want %s", src.name, err, test.what)
				continue
			}
			if string(got) != test.data {
				t.Errorf("%s: %s: got %q, want %q", src.name, test.what, got, test.data)
			}
			if corrupt.Offset != z.InputOffset() || corrupt.Offset < 10 || corrupt.Offset > int64(10+len(test.deflate)) {
				t.Errorf("%s: offset %d, %d", test.what, corrupt.Offset, z.InputOffset())
			}
			if !strings.Contains(err.Error(), test.what) {
				t.Errorf("error text %q", err)
			}
			if _, again := z.Read(make([]byte, 1)); again != err {
				t.Errorf("%s: then %v", test.what, again)
			}
			if ref, err := io.ReadAll(flate.NewReader(bytes.NewReader(test.deflate))); err == nil || string(ref) != test.data {
				t.Errorf("%s: compress/flate has %q, %v", test.what, ref, err)
			}
		}
	}
}

// TestSymbolTables compares the computed entries with the tables of the format.
func TestSymbolTables(t *testing.T) {
	for i := range lengths {
		e := litSym[257+i]
		if e>>lenShift&lenMask != uint64(lengths[i]) || e>>extraShift&lenExtra != 1<<lengthBits[i]-1 || e&takeMask != uint64(lengthBits[i]) {
			t.Errorf("length symbol %d: %x", 257+i, e)
		}
	}
	for i := range dists {
		e := distSym[i]
		if e>>distShift != uint64(dists[i]) || e>>extraShift&distExtra != 1<<max(0, i/2-1)-1 || e&takeMask != uint64(max(0, i/2-1)) {
			t.Errorf("distance symbol %d: %x", i, e)
		}
	}
}
