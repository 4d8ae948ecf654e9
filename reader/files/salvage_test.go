package files

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"

	"logview/reader"
	"logview/reader/decode"
	"logview/reader/readertest"
)

// readOn reads a file with the given contents as a search does: it continues
// after damage. It returns the texts between damages, and the errors.
func readOn(t *testing.T, data []byte) (texts []string, errs []*reader.FileError) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	b := openBlocks(t, path)
	for {
		blocks, err := readertest.Collect(t, b.Next)
		texts = append(texts, readertest.Join(blocks))
		if err == io.EOF {
			return texts, errs
		}
		var fe *reader.FileError
		if !errors.As(err, &fe) || fe.Path != path {
			t.Fatalf("got %v, want a *FileError", err)
		}
		errs = append(errs, fe)
		if b.Resume() != nil {
			return texts, errs
		}
	}
}

// manyLines returns n lines that compress badly.
func manyLines(name string, n int) string {
	r := rand.New(rand.NewPCG(uint64(n), uint64(len(name))))
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%s %d %x\n", name, i, r.Uint64())
	}
	return b.String()
}

// packers returns functions that compress a text into one part; they return nil
// if the program is not installed.
func packers(t *testing.T) map[string]func(string) []byte {
	all := map[string]func(string) []byte{
		"gzip": readertest.Gzip[string], "zstd": zst, "xz": xzip, "lz4": func(text string) []byte { return lz4ed(text) },
		"lz4, checksums": func(s string) []byte {
			var b bytes.Buffer
			w := lz4.NewWriter(&b)
			w.Apply(lz4.BlockChecksumOption(true), lz4.SizeOption(uint64(len(s))), lz4.BlockSizeOption(lz4.Block64Kb))
			io.WriteString(w, s)
			w.Close()
			return b.Bytes()
		},
		"zstd, a stream": func(s string) []byte {
			var b bytes.Buffer
			w, _ := zstd.NewWriter(&b, zstd.WithEncoderCRC(false))
			io.WriteString(w, s)
			w.Close()
			return b.Bytes()
		},
	}
	for _, args := range [][]string{
		{"bzip2", "-c"}, {"bzip2", "-1c"}, {"zstd", "-qc"}, {"zstd", "-qc", "--long=27"}, {"zstd", "-qc", "--no-check"},
		{"xz", "-c"}, {"xz", "-c", "--block-size=100KiB"}, {"xz", "-c", "--check=sha256"}, {"xz", "-c", "--x86", "--lzma2"}, {"xz", "-c", "-C", "none"},
		{"lz4", "-qc"}, {"lz4", "-qc", "-BD", "-BX", "-B4"},
	} {
		if tool(t, "", args[0], args[1:]...) == nil {
			continue
		}
		all[strings.Join(args, " ")] = func(s string) []byte { return tool(t, s, args[0], args[1:]...) }
	}
	return all
}

// Each damaged part is reported, and the parts between and after damaged ones
// are read once.
func TestDamagedParts(t *testing.T) {
	if testing.Short() {
		t.Skip("the full tests do this")
	}
	damages := map[string]func([]byte) []byte{
		"changed": func(b []byte) []byte {
			for i := range 60 {
				b[len(b)/2+i] ^= 0x5a
			}
			return b
		},
		"zeros": func(b []byte) []byte {
			clear(b[len(b)/3 : len(b)/2])
			return b
		},
		"cut":        func(b []byte) []byte { return b[:len(b)*2/3] },
		"bytes gone": func(b []byte) []byte { return append(b[:len(b)/3], b[len(b)/3+7:]...) },
		"header":     func(b []byte) []byte { b[4] ^= 0xff; b[5] ^= 0xff; b[6] ^= 0xff; return b },
		"magic":      func(b []byte) []byte { b[0] ^= 0xff; return b },
	}
	for name, pack := range packers(t) {
		var text [6]string
		var good [6][]byte
		for i := range text {
			text[i] = manyLines(string(rune('a'+i)), 12000+i)
			good[i] = pack(text[i])
		}
		for how, damage := range damages {
			// Good, bad, two good, bad, good.
			data, starts := []byte(nil), [7]int{}
			for i, part := range good {
				if i == 1 || i == 4 {
					part = damage(bytes.Clone(part))
				}
				data = append(data, part...)
				starts[i+1] = len(data)
			}
			texts, errs := readOn(t, data)
			all := strings.Join(texts, "")
			for _, i := range []int{0, 2, 3, 5} {
				if strings.Count(all, text[i]) != 1 {
					t.Errorf("%s, %s: part %d is there %d times", name, how, i, strings.Count(all, text[i]))
				}
			}
			if !strings.HasSuffix(texts[len(texts)-1], text[5]) || !strings.HasPrefix(texts[0], text[0]) {
				t.Errorf("%s, %s: not in order", name, how)
			}
			if how == "changed" && strings.Contains(name, "zstd") && name != "zstd" && len(texts[0]) < len(text[0])+len(text[1])/4 {
				t.Errorf("%s, %s: %d bytes before the damage are lost", name, how, len(text[1])/4)
			}
			// The data in a damaged part may look like another damaged part.
			if len(errs) < 2 {
				unseen := strings.Contains(name, "no-check") || name == "zstd, a stream" // without checksums
				unseen = unseen || name == "gzip" && how == "header"                     // the changed bytes were its time
				if !unseen {
					t.Errorf("%s, %s: said was only %v", name, how, errs)
				}
				continue
			}
			first, last := errs[0].Offset, errs[len(errs)-1].Offset
			if first < int64(starts[1]) || first > int64(starts[3]) || last < int64(starts[4]) || last > int64(starts[6]) {
				t.Errorf("%s, %s: parts at %v, said were %v", name, how, starts, errs)
			}
		}
	}
}

// The offsets at which the parts of a file start are exact: the last part ends
// at the end of the file.
func TestPartsAreWalked(t *testing.T) {
	if testing.Short() {
		t.Skip("the full tests do this")
	}
	skip := []byte("\x5a\x2a\x4d\x18\x03\x00\x00\x00abc")
	for name, pack := range packers(t) {
		for _, text := range []string{"", "x", manyLines("a", 30000), strings.Repeat("all the same\n", 200000)} {
			part := pack(text)
			f := decode.FormatOf(part)
			if f == decode.Gzip {
				continue
			}
			between := []byte(nil)
			switch f {
			case decode.Xz:
				between = make([]byte, 40000)
			case decode.Zstd, decode.Lz4:
				between = skip
			}
			data := slicesConcat(part, between, part)
			d := decode.NewDecoder(t.Context(), f, bytes.NewReader(data), nil)
			got, err := io.ReadAll(d)
			if err != nil || string(got) != text+text {
				t.Errorf("%s: %d bytes of %d, %v", name, len(got), 2*len(text), err)
			}
			want := int64(len(data))
			if f == decode.Bzip2 {
				want = int64(len(part))
			}
			start := d.(interface{ PartStart() int64 }).PartStart()
			if start != want || d.Offset() != int64(len(data)) {
				t.Errorf("%s of %d bytes: part at %d, want %d; read to %d of %d", name, len(text), start, want, d.Offset(), len(data))
			}
			d.Release()
		}
	}
}

// A part is truncated anywhere, and another one follows.
func TestCutPartBeforeAWholeOne(t *testing.T) {
	if testing.Short() {
		t.Skip("the full tests do this")
	}
	one, two := manyLines("one", 3000), manyLines("two", 2000)
	r := rand.New(rand.NewPCG(13, 15))
	for name, pack := range packers(t) {
		a, b := pack(one), pack(two)
		for range 8 {
			n := 12 + r.IntN(len(a)-12)
			texts, errs := readOn(t, slicesConcat(a[:n], b))
			if len(errs) == 0 || !strings.HasSuffix(texts[len(texts)-1], two) {
				t.Errorf("%s cut at %d: %v, the whole part is not there", name, n, errs)
			}
		}
	}
}

// A wrong checksum is reported after the text that it covers.
func TestWrongChecksum(t *testing.T) {
	text := manyLines("a", 100)
	for name, data := range map[string][]byte{"gzip": readertest.Gzip(text), "zstd": zst(text), "lz4": lz4ed(text), "bzip2": tool(t, text, "bzip2", "-c")} {
		if data == nil {
			continue
		}
		at := len(data) - 1
		if name == "gzip" || name == "bzip2" {
			at = len(data) - 5
		}
		data[at] ^= 1
		texts, errs := readOn(t, data)
		if len(errs) != 1 || texts[0] != text {
			t.Errorf("%s: %d bytes of %d, %v", name, len(texts[0]), len(text), errs)
		}
	}
}

// After the end of gzip data, zeros are padding; anything else may be damaged
// members, and intact members in it are read.
func TestGarbageBehindGzip(t *testing.T) {
	one, two := manyLines("one", 1000), manyLines("two", 1000)
	for _, garbage := range []string{"x", "garbage behind it", "\x00\x00\x00x", strings.Repeat("\x00garbage", 100000)} {
		texts, errs := readOn(t, slicesConcat(readertest.Gzip(one), []byte(garbage), readertest.Gzip(two)))
		at := int64(len(readertest.Gzip(one)) + strings.IndexFunc(garbage, func(r rune) bool { return r != 0 }))
		if strings.Join(texts, "") != one+two || len(errs) != 1 || errs[0].Offset != at {
			t.Errorf("%.20q: %d bytes of %d, %v, want one at %d", garbage, len(strings.Join(texts, "")), len(one+two), errs, at)
		}
		texts, errs = readOn(t, slicesConcat(readertest.Gzip(one), []byte(garbage)))
		if strings.Join(texts, "") != one || len(errs) != 1 || errs[0].Offset != at {
			t.Errorf("%.20q at the end: %v, want one at %d", garbage, errs, at)
		}
	}
}

// The reported offset is where the decoder found the damage, not how far the
// file was read ahead.
func TestPlaceOfDamage(t *testing.T) {
	text := manyLines("a", 500)
	rest := strings.Repeat("what is this?", 100000)
	for name, pack := range packers(t) {
		data := pack(text)
		_, errs := readOn(t, append(bytes.Clone(data), rest...))
		if len(errs) != 1 || errs[0].Offset < int64(len(data)) || errs[0].Offset > int64(len(data))+16 {
			t.Errorf("%s of %d bytes, and what is none: %v", name, len(data), errs)
		}
	}
}

// In a pipe nothing can be read again: the text before the damage is returned,
// and the damage is reported.
func TestDamageInAPipe(t *testing.T) {
	for name, pack := range packers(t) {
		one, bad := manyLines("one", 100), pack(manyLines("two", 3000))
		clear(bad[len(bad)/2:])
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			w.Write(slicesConcat(pack(one), bad, pack(one)))
			w.Close()
		}()
		b, err := NewFileBlocksIn(t.Context(), r, "pipe", true, "", nil)
		if err != nil {
			t.Fatal(err)
		}
		blocks, err := readertest.Collect(t, b.Next)
		if err == io.EOF || !strings.HasPrefix(readertest.Join(blocks), one) {
			t.Errorf("%s: %d bytes, %v", name, len(readertest.Join(blocks)), err)
		}
		if err := b.Resume(); name != "gzip" && err != io.EOF {
			t.Errorf("%s: Resume: %v", name, err)
		}
		b.Close()
	}
}

// hostile returns files of about n bytes that cause much work after damage.
func hostile(n int) map[string][]byte {
	fill := func(s string) []byte { return bytes.Repeat([]byte(s), n/len(s)) }
	xzHead := xzip("")[:12]
	// Frames of a stored block in which many more frames start.
	nested := func(frame string, block func(size int) []byte) []byte {
		var b []byte
		for len(b) < n {
			inner := strings.Repeat(frame, 1000)
			b = append(b, frame...)
			b = append(b, block(len(inner))...)
			b = append(b, inner...)
		}
		return b
	}
	// Frames that start one directly after the other, each of stored blocks up
	// to the end of the file, where the last one is truncated.
	chain := func(head string, block func(size int) []byte) []byte {
		const link = 60 << 10
		frame := append([]byte(head), block(link-len(block(0)))...)
		b := bytes.Repeat(frame, link/len(frame)+1)[:link]
		return bytes.Repeat(b, n/link)
	}
	zstdBlock := func(size int) []byte { return []byte{byte(size << 3), byte(size >> 5), byte(size >> 13)} }
	lz4Block := func(size int) []byte { return binary.LittleEndian.AppendUint32(nil, uint32(size)|1<<31) }
	lz4Head := string(lz4ed("")[:7])
	zstdHead := "\x28\xb5\x2f\xfd\x00\x58"
	return map[string][]byte{
		"zstd magics":  append(zst("a line\n"), fill("\x28\xb5\x2f\xfd")...),
		"zstd heads":   append(zst("a line\n"), fill(zstdHead)...),
		"zstd nested":  nested(zstdHead, zstdBlock),
		"zstd chain":   chain(zstdHead, zstdBlock),
		"zstd empty":   append(append(zst("a line\n"), "x"...), fill(string(zst("")))...),
		"lz4 magics":   append(lz4ed("a line\n"), fill("\x04\x22\x4d\x18")...),
		"lz4 heads":    append(lz4ed("a line\n"), fill(lz4Head)...),
		"lz4 nested":   nested(lz4Head, lz4Block),
		"lz4 chain":    chain(lz4Head, lz4Block),
		"xz heads":     append(xzip("a line\n"), fill(string(xzHead))...),
		"bzip2 heads":  fill("BZh91AY&SY"),
		"gzip heads":   append(readertest.Gzip("a line\n"), fill("\x1f\x8b\x08\x00")...),
		"gzip stored":  append(readertest.Gzip("a line\n"), fill("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x00\xf0\xff\x0f\x00")...),
		"zstd no text": append(append(zst("a line\n"), "x"...), fill("\x28\xb5\x2f\xfd\x00\x58\x00\x00\x00")...),
	}
}

// The time for reading crafted files is linear in their length. The limit is
// generous: nonlinear behavior takes minutes.
func TestHostileDamageIsLinear(t *testing.T) {
	if testing.Short() {
		t.Skip("the full tests do this")
	}
	for name, data := range hostile(8 << 20) {
		path := filepath.Join(t.TempDir(), "f")
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		begun, damages, size := time.Now(), 0, int64(0)
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		b, err := NewFileBlocksIn(ctx, f, path, false, "", nil)
		if err != nil {
			t.Fatal(err)
		}
		var blk reader.Block
		for {
			err := b.Next(&blk)
			if err == nil {
				size += int64(len(blk.Text))
				continue
			}
			if err == io.EOF || b.Resume() != nil {
				break
			}
			damages++
		}
		if ctx.Err() != nil {
			t.Errorf("%s: not done in a minute, after %d damages and %d bytes", name, damages, size)
		}
		t.Logf("%s: %d bytes in %v, %d damages, %d bytes of text", name, len(data), time.Since(begun).Round(time.Millisecond), damages, size)
		b.Close()
		cancel()
	}
}

// Files of every format that can be read after damage, with half a line before
// it.
func TestResume(t *testing.T) {
	if testing.Short() {
		t.Skip("the full tests do this")
	}
	before, behind := manyLines("one", 3000)+"cut", manyLines("two", 60_000)
	for name, pack := range packers(t) {
		path := filepath.Join(t.TempDir(), "f")
		data := slicesConcat(pack(before), []byte("garbage that is no part of the format"), pack(behind))
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		t.Run(name, func(t *testing.T) { readertest.RunDamaged(t, openBlocks(t, path), before, behind) })
	}
}
