package readertest

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/klauspost/compress/zstd"

	"logview/reader"
)

// Must ends the test if err is not nil.
func Must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// ExpectStrings reports an error unless got holds the strings of want, in
// their order.
func ExpectStrings(t testing.TB, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Set sets a variable to v until the test ends.
func Set[T any](t testing.TB, variable *T, v T) {
	before := *variable
	*variable = v
	t.Cleanup(func() { *variable = before })
}

// WriteFile writes a file, and makes the directories above it.
func WriteFile[T string | []byte](t testing.TB, path string, data T) {
	t.Helper()
	Must(t, os.MkdirAll(filepath.Dir(path), 0o755))
	Must(t, os.WriteFile(path, []byte(data), 0o644))
}

// AppendFile appends text to a file, which it creates if there is none.
func AppendFile(t testing.TB, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	Must(t, err)
	_, err = f.WriteString(text)
	Must(t, err)
	Must(t, f.Close())
}

// CompressFile replaces a file by path.gz, of the same modification time, as
// the program gzip does.
func CompressFile(t testing.TB, path string) {
	t.Helper()
	data, err := os.ReadFile(path)
	Must(t, err)
	info, err := os.Stat(path)
	Must(t, err)
	Must(t, os.WriteFile(path+".gz", Gzip(data), 0o644))
	Must(t, os.Chtimes(path+".gz", info.ModTime(), info.ModTime()))
	Must(t, os.Remove(path))
}

// Gzip returns data compressed with gzip.
func Gzip[T string | []byte](data T) []byte { return GzipLevel(data, gzip.DefaultCompression) }

// GzipLevel returns data compressed with gzip at a level of compress/gzip. It
// panics if there is no such level.
func GzipLevel[T string | []byte](data T, level int) []byte {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, level)
	if err != nil {
		panic(err)
	}
	w.Write([]byte(data)) // writing to a bytes.Buffer does not fail
	w.Close()
	return b.Bytes()
}

// A TarMember is a member of an archive that Tar makes.
type TarMember struct {
	Name, Text string
	Kind       byte // tar.TypeReg if it is zero
	Link       string
}

// Tar returns an uncompressed tar archive of members.
func Tar(t testing.TB, members ...TarMember) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, m := range members {
		kind := m.Kind
		if kind == 0 {
			kind = tar.TypeReg
		}
		Must(t, w.WriteHeader(&tar.Header{Name: m.Name, Typeflag: kind, Linkname: m.Link, Size: int64(len(m.Text)), Mode: 0o600, ModTime: time.Unix(1764000000, 0)}))
		_, err := io.WriteString(w, m.Text)
		Must(t, err)
	}
	Must(t, w.Close())
	return b.Bytes()
}

// Zip returns a zip archive whose members are compressed with method. The
// members are given as names and texts in turn.
func Zip(t testing.TB, method uint16, members ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	w.RegisterCompressor(zstd.ZipMethodWinZip, zstd.ZipCompressor())
	for i := 0; i < len(members); i += 2 {
		f, err := w.CreateHeader(&zip.FileHeader{Name: members[i], Method: method})
		Must(t, err)
		_, err = io.WriteString(f, members[i+1])
		Must(t, err)
	}
	Must(t, w.Close())
	return b.Bytes()
}

// ReadMember returns the text and the blocks of the oldest member of src, and
// the error that ended the reading, nil at the end of the text.
func ReadMember(t testing.TB, src reader.Source) (text string, blocks []reader.Block, err error) {
	t.Helper()
	b, err := src.Open(t.Context(), src.Members()[0], reader.Pos{})
	if err != nil {
		return "", nil, err
	}
	defer b.Close()
	blocks, err = Collect(t, b.Next)
	if err == io.EOF {
		err = nil
	}
	return Join(blocks), blocks, err
}

// Collect calls next until it fails, and returns the blocks and that error.
// The test ends if a block is not the continuation of the one before.
func Collect(t testing.TB, next func(*reader.Block) error) ([]reader.Block, error) {
	t.Helper()
	var out []reader.Block
	for {
		var b reader.Block
		err := next(&b)
		if err != nil {
			return out, err
		}
		if len(b.Text) == 0 || len(b.Text) > reader.BlockSize {
			t.Fatalf("block %d has %d bytes", len(out), len(b.Text))
		}
		if b.Lines != bytes.Count(b.Text, reader.Newline) {
			t.Fatalf("block %d says %d lines", len(out), b.Lines)
		}
		if n := len(out); n > 0 {
			p := out[n-1]
			if b.Offset != p.End() || b.Line != p.Line+reader.Line(p.Lines) || b.Continues != p.Unfinished {
				t.Fatalf("block %d %+v does not follow %+v", n, WithoutText(b), WithoutText(p))
			}
		}
		out = append(out, b)
	}
}

// WithoutText returns b without its text, to be printed.
func WithoutText(b reader.Block) reader.Block {
	return reader.Block{Skips: b.Skips, Offset: b.Offset, Line: b.Line, Lines: b.Lines, Disk: b.Disk, Continues: b.Continues, Unfinished: b.Unfinished}
}

// Join returns the text of blocks.
func Join(blocks []reader.Block) string {
	var s strings.Builder
	for _, b := range blocks {
		s.Write(b.Text)
	}
	return s.String()
}

// UTF16 returns s in UTF-16LE, without a byte order mark.
func UTF16(s string) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return string(b)
}

// Noise returns at least size bytes of random lines, a few of them longer than
// a block. They compress to more than half their size.
func Noise(r *rand.Rand, size int) string {
	var b strings.Builder
	for b.Len() < size {
		for range r.IntN(30) {
			b.WriteByte("0123456789abcdefghijklmnopqrstuvwxyz "[r.IntN(37)])
		}
		b.WriteString("\n")
		if r.IntN(20000) == 0 {
			b.WriteString(strings.Repeat("long", reader.BlockSize/3) + "\n")
		}
	}
	return b.String() + "the end"
}

// TextWithNULs returns at least size bytes of lines among runs of NULs of all
// lengths and byte order marks, complete and incomplete, in odd places.
func TextWithNULs(r *rand.Rand, size int) string {
	var b strings.Builder
	b.WriteString("größe\n") // it is UTF-8, whatever else is in it
	for b.Len() < size {
		switch r.IntN(12) {
		case 0:
			b.WriteString(strings.Repeat("\x00", r.IntN(10)))
		case 1:
			b.WriteString(strings.Repeat("\x00", reader.NulRun-2+r.IntN(4)))
		case 2:
			b.WriteString(strings.Repeat("\x00", r.IntN(5*reader.NulRun)))
		case 3:
			b.WriteString("\n" + string(reader.ByteOrderMark[:1+r.IntN(3)]))
		case 4:
			b.WriteString("\n\xef\xbb\xbf\xef\xbb\xbf")
		case 5:
			b.WriteString(strings.Repeat("x", r.IntN(3*64<<10)))
		default:
			for range r.IntN(200) {
				b.WriteString("a line of text, number " + fmt.Sprint(r.IntN(1000)) + "\n")
			}
		}
	}
	return b.String()
}
