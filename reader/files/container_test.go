package files

import (
	"archive/zip"
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz/lzma"

	"logview/reader"
	"logview/reader/decode"
	"logview/reader/readertest"
)

// sampleText returns n lines that compress as well as logs do.
func sampleText(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "2026-11-24 10:00:%02d ERROR request %d failed\n", i%60, i)
	}
	return b.String()
}

func lzmaed(t *testing.T, text string, size int64) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := lzma.WriterConfig{SizeInHeader: size >= 0, Size: size, EOSMarker: size < 0}.NewWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(w, text)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func brotlied(text string, quality int) []byte {
	var b bytes.Buffer
	w := brotli.NewWriterLevel(&b, quality)
	io.WriteString(w, text)
	w.Close()
	return b.Bytes()
}

// readNamed reads a file with a name and contents.
func readNamed(t *testing.T, name string, data []byte) (string, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	text, _, err := readPath(t, path)
	return text, err
}

// TestContainers reads complete files of every format, and checks that
// truncation is reported with its offset.
func TestContainers(t *testing.T) {
	if testing.Short() {
		t.Skip("the full tests do this")
	}
	text := sampleText(20_000)
	skip := "P*M\x18\x04\x00\x00\x00abcd"
	for _, c := range []struct {
		what, name string
		data       []byte
		pipes      bool // it can be read through a pipe
	}{
		{"zip deflated", "app.log.zip", readertest.Zip(t, zip.Deflate, "app.log", text), true},
		{"zip stored", "app.log.zip", readertest.Zip(t, zip.Store, "app.log", text), false},
		{"zip zstd", "x", readertest.Zip(t, decode.ZipMethodZstd, "app.log", text), false},
		{"zip of a gzip", "x.zip", readertest.Zip(t, zip.Deflate, "app.log.gz", string(readertest.Gzip(text))), true},
		{"zip beside a directory", "x.zip", readertest.Zip(t, zip.Deflate, "logs/", "", "logs/app.log", text), true},
		{"lzma", "app.log.lzma", lzmaed(t, text, -1), true},
		{"lzma of known size", "renamed", lzmaed(t, text, int64(len(text))), true},
		{"brotli", "app.log.br", brotlied(text, 5), false},
		{"brotli 0", "app.log.BR", brotlied(text, 0), false},
		{"brotli 11", "app.log.br", brotlied(text, 11), false},
		{"lz4 behind skippable frames", "s", append([]byte(skip+skip), lz4ed(text)...), true},
		{"lz4 behind an old frame", "s", append(lz4ed(text[:1e5], lz4.LegacyOption(true)), lz4ed(text[1e5:])...), true},
		{"lz4 behind an old and a skippable frame", "s", slices.Concat(lz4ed(text[:1e5], lz4.LegacyOption(true)), []byte(skip), lz4ed(text[1e5:])), true},
		{"old lz4 between others", "s", slices.Concat(lz4ed(text[:1e4]), lz4ed(text[1e4:1e5], lz4.LegacyOption(true)), lz4ed(text[1e5:])), true},
		{"old lz4 before a skippable frame", "s", append(lz4ed(text, lz4.LegacyOption(true)), skip...), true},
		{"zstd behind skippable frames", "s", append([]byte(skip+skip), zst(text)...), true},
		{"zip by Info-ZIP", "x", bySystem(t, text, "zip", "-q", "-", "-"), true},
		{"lzma by xz", "x", bySystem(t, text, "xz", "--format=lzma", "-c"), true},
		{"lzma -9 by xz", "x", bySystem(t, text, "xz", "--format=lzma", "-9c"), true},
	} {
		if c.data == nil {
			continue
		}
		t.Run(c.what, func(t *testing.T) {
			got, err := readNamed(t, c.name, c.data)
			if err != nil || got != text {
				t.Fatalf("read %d of %d bytes: %v", len(got), len(text), err)
			}
			for _, n := range []int{len(c.data) / 2, len(c.data) * 9 / 10} {
				got, err := readNamed(t, c.name, c.data[:n])
				if !strings.HasPrefix(text, got) || err == nil || len(got) == 0 && !strings.Contains(c.what, "lz4") {
					t.Errorf("cut to %d bytes: %d bytes of text, %v", n, len(got), err)
				}
			}
			// A pipe has no name and no random access.
			if !c.pipes {
				return
			}
			tt, err := decode.Open(context.Background(), io.MultiReader(bytes.NewReader(c.data)), true)
			if err != nil {
				t.Fatal(err)
			}
			defer tt.Release()
			if all, err := io.ReadAll(tt); err != nil || string(all) != text {
				t.Errorf("through a pipe: %d of %d bytes: %v", len(all), len(text), err)
			}
		})
	}
}

// bySystem compresses text with an installed program, or returns nil.
func bySystem(t *testing.T, text, name string, args ...string) []byte {
	if _, err := exec.LookPath(name); err != nil {
		return nil
	}
	return tool(t, text, name, args...)
}

// TestEmptyContainers reads files with no text in them.
func TestEmptyContainers(t *testing.T) {
	for _, c := range []struct {
		name string
		data []byte
	}{
		{"empty.zip", readertest.Zip(t, zip.Deflate)},
		{"x.zip", readertest.Zip(t, zip.Deflate, "app.log", "")},
		{"x.lzma", lzmaed(t, "", -1)},
		{"x.br", brotlied("", 5)},
	} {
		if text, err := readNamed(t, c.name, c.data); text != "" || err != nil {
			t.Errorf("%s: %q, %v", c.name, text, err)
		}
	}
}

// TestBrotliNames checks that a text is not read as brotli because of its name,
// and that damaged brotli is not read as text.
func TestBrotliNames(t *testing.T) {
	if testing.Short() {
		t.Skip("the full tests do this")
	}
	for _, text := range []string{"one line\n", sampleText(3), sampleText(5000), "[\n", "{}\n", "\x1b[31mred\x1b[0m plain\n"} {
		if got, err := readNamed(t, "notes.br", []byte(text)); got != text || err != nil {
			t.Errorf("%q came out as %q, %v", text[:5], got[:min(len(got), 20)], err)
		}
		for _, quality := range []int{0, 5, 11} {
			if got, err := readNamed(t, "notes.br", brotlied(text, quality)); got != text || err != nil {
				t.Errorf("%q at quality %d came out as %q, %v", text[:2], quality, got[:min(len(got), 20)], err)
			}
		}
	}
	if got, err := readNamed(t, "notes.br", bytes.Repeat([]byte{0xff, 0x13}, 5000)); err == nil {
		t.Errorf("damaged brotli came out as %d bytes without an error", len(got))
	}
}

// TestUnreadableFormats checks that files that cannot be read are reported with
// their format, whether they were named or found in a directory.
func TestUnreadableFormats(t *testing.T) {
	for _, u := range decode.Unreadable {
		if len(u.Magic) < 3 {
			continue
		}
		data := append([]byte(u.Magic), bytes.Repeat([]byte{0, 1, 2, 3}, 1000)...)
		path := filepath.Join(t.TempDir(), "app.log")
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		for _, named := range []bool{false, true} {
			src := NewSource(Log{Name: path, Members: []reader.Member{{Path: path, Named: named}}}, Options{})
			b, err := src.Open(context.Background(), src.Members()[0], reader.Pos{})
			if err == nil {
				err = b.Next(new(reader.Block))
				b.Close()
			}
			if !errors.Is(err, decode.ErrUnreadable) || !strings.Contains(err.Error(), string(u.Format)) || !strings.Contains(err.Error(), path) {
				t.Errorf("%s, named %v: %v", u.Format, named, err)
			}
		}
	}
}

// TestFormatsByName checks formats that are recognized by the first bytes and
// the name together.
func TestFormatsByName(t *testing.T) {
	text := sampleText(1000)
	for _, level := range []int{0, 1, 6, 9} {
		var b bytes.Buffer
		w, _ := zlib.NewWriterLevel(&b, level)
		io.WriteString(w, text)
		w.Close()
		if got, err := readNamed(t, "app.log.1.zz", b.Bytes()); got != text || err != nil {
			t.Errorf("zlib at level %d: %d bytes, %v", level, len(got), err)
		}
		if got, err := readNamed(t, "app.zlib", append(bytes.Clone(b.Bytes()), b.Bytes()...)); got != text+text || err != nil {
			t.Errorf("two streams at level %d: %d bytes, %v", level, len(got), err)
		}
		for _, damaged := range [][]byte{b.Bytes()[:b.Len()-2], append(bytes.Clone(b.Bytes()), "rest"...), append(bytes.Clone(b.Bytes()[:b.Len()-1]), 0)} {
			if got, err := readNamed(t, "app.log.zz", damaged); got != text || err == nil || !strings.HasPrefix(err.Error(), "zlib: ") && !strings.Contains(err.Error(), ": zlib: ") {
				t.Errorf("damaged at level %d: %d bytes, %v", level, len(got), err)
			}
		}
	}
	for _, head := range []string{"\x85\x02\x0c\x03", "\x84\x5e\x03", "\x8c\x0d\x04\x09", "\xa3\x01\x01", "\xc3\x0d\x04\x09", "\xc1\xc0\x4c\x03", "\xd2\x3f\x01"} {
		for _, name := range []string{"app.log.gz.gpg", "APP.PGP"} {
			got, err := readNamed(t, name, append([]byte(head), text...))
			if !errors.Is(err, decode.ErrUnreadable) || !strings.Contains(err.Error(), "OpenPGP") {
				t.Errorf("%q, named %s: %d bytes, %v", head, name, len(got), err)
			}
		}
	}
	for name, want := range map[string]string{"app.gpg": "text\n", "u.gpg": "\xef\xbb\xbftext\n", "w.zz": "What\n", "x.zz": "x\n", "z.zip": "no zip\n"} {
		if got, err := readNamed(t, name, []byte(want)); got != strings.TrimPrefix(want, "\xef\xbb\xbf") || err != nil {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

// TestZipsBehindOthers reads zip files that start with a mark, with a program,
// or with damage. Missing parts are reported.
func TestZipsBehindOthers(t *testing.T) {
	text := sampleText(100)
	path := filepath.Join(t.TempDir(), "a.zip")
	read := func(data string) (string, []error) {
		readertest.WriteFile(t, path, data)
		logs, errs := Find([]string{path})
		logs, more := UnpackAll(t.Context(), logs, Options{}, nil)
		got, bad := membersText(t, logs, Options{})
		return got, slices.Concat(errs, more, bad)
	}
	for _, names := range [][]string{{"app.log"}, {"app.log", "b.log"}} {
		var members []string
		for _, n := range names {
			members = append(members, n, text)
		}
		data := string(readertest.Zip(t, zip.Deflate, members...))
		for _, begin := range []string{"", "PK\x07\x08", "PK00", "MZ\x90\x00\x03\x00program", "#!/bin/sh\nunzip $0; exit\n", strings.Repeat("\x00\xff", 70_000)} {
			if got, errs := read(begin + data); strings.Count(got, text) != len(names) || len(errs) > 0 {
				t.Errorf("%d members behind %.20q: %d bytes, %v", len(names), begin, len(got), errs)
			}
		}
		for _, begin := range []string{"PK\x07\x08", "PK00"} { // the first part
			if got, errs := read((begin + data)[:len(data)-100]); !strings.Contains(got, text[:1000]) || len(errs) == 0 {
				t.Errorf("the first part with %q: %d bytes, %v", begin, len(got), errs)
			}
		}
		if _, errs := read(data[40:]); len(errs) != 1 { // the last part
			t.Errorf("the last part of %d members: %v", len(names), errs)
		}
	}
}

// TestZipMemberErrors checks that errors in a member are reported.
func TestZipMemberErrors(t *testing.T) {
	text := sampleText(100)
	data := readertest.Zip(t, zip.Deflate, "app.log", text)
	central := bytes.LastIndex(data, []byte("PK\x01\x02"))
	local := bytes.Index(data, []byte("PK\x03\x04"))
	for _, c := range []struct {
		want   string
		change func(b []byte)
	}{
		{"encrypted", func(b []byte) { b[central+8] |= 1; b[local+6] |= 1 }},
		{"method 9", func(b []byte) { b[central+10] = 9; b[local+8] = 9 }},
		{"wrong checksum", func(b []byte) { b[central+16] ^= 1 }},
		{"longer than", func(b []byte) { binary.LittleEndian.PutUint32(b[central+24:], 10) }},
		{"cut off", func(b []byte) { binary.LittleEndian.PutUint32(b[central+24:], 1<<20) }},
	} {
		changed := bytes.Clone(data)
		c.change(changed)
		if got, err := readNamed(t, "app.log.zip", changed); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("want %q: %d bytes, %v", c.want, len(got), err)
		}
	}
}

// TestZipLengths checks that headers with any length are handled, without a
// directory.
func TestZipLengths(t *testing.T) {
	text := sampleText(100)
	for _, length := range []uint64{1<<63 - 1, 1<<63 - 50, 1 << 62, 1 << 40, uint64(len(text)) + 1} {
		h := binary.LittleEndian.AppendUint32(nil, 0x04034b50)
		h = append(h, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)             // stored, without time and checksum
		h = append(h, "\xff\xff\xff\xff\xff\xff\xff\xff\x05\x00\x14\x00"...) // the lengths are in the extra field
		h = append(h, "a.log\x01\x00\x10\x00"...)
		h = binary.LittleEndian.AppendUint64(h, length)
		h = binary.LittleEndian.AppendUint64(h, length)
		got, err := readNamed(t, "app.log.zip", append(h, text...))
		if got != text || err == nil || !strings.Contains(err.Error(), "cut off") {
			t.Errorf("%d: %d bytes, %v", length, len(got), err)
		}
	}
}

// TestRotatedZip checks that files compressed by log4j, logback and NLog belong
// to their logs.
func TestRotatedZip(t *testing.T) {
	dir := t.TempDir()
	for name, data := range map[string][]byte{
		"app.log":                []byte("now\n"),
		"app.2026-11-24.log.zip": readertest.Zip(t, zip.Deflate, "app.2026-11-24.log", "zip\n"),
		"app.2026-11-23.log.br":  brotlied("brotli\n", 5),
		"app.2026-11-22.log.gz":  readertest.Gzip("gzip\n"),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	logs, errs := Find([]string{dir})
	if len(logs) != 1 || len(errs) > 0 {
		t.Fatal(logs, errs)
	}
	var got string
	for _, m := range logs[0].Members {
		text, _, err := readPath(t, m.Path)
		if err != nil {
			t.Fatal(err)
		}
		got += text
	}
	if got != "gzip\nbrotli\nzip\nnow\n" {
		t.Error(got)
	}
}

// A compressed file that contains only the beginning of its magic number is
// reported and not read as text.
func TestBegunFiles(t *testing.T) {
	dir := t.TempDir()
	for name, data := range map[string]string{
		"a.gz": "\x1f", "b.xz": "\xfd7zX", "c.zst": "\x28\xb5", "d.bz2": "BZ", "e.bz2": "BZh91", "f.lz4": "\x04",
		"g.zip": "PK\x03", "h.Z": "\x1f", "i.lzma": "\x5d\x00", "j.tar.gz": "\x1f", "k.tgz": "\x1f", "l.log.1.gz": "\x1f\x8b",
	} {
		readertest.WriteFile(t, filepath.Join(dir, name), data)
		if text, _, err := readPath(t, filepath.Join(dir, name)); err == nil || text != "" {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
	for name, text := range map[string]string{"a.log": "\x1f", "c.gz": "text\n", "d.log": "BZ", "e.gz": ""} {
		readertest.WriteFile(t, filepath.Join(dir, name), text)
		if got, _, err := readPath(t, filepath.Join(dir, name)); err != nil || got != text {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

// TestCompressedTwice tests that a file that is compressed twice is reported, named or
// not.
func TestCompressedTwice(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.log.1.gz.gz")
	readertest.WriteFile(t, path, readertest.Gzip(readertest.Gzip("one\n")))
	if text, _, err := readPath(t, path); err == nil || !strings.Contains(err.Error(), "compressed twice") {
		t.Errorf("%q, %v", text, err)
	}
}
