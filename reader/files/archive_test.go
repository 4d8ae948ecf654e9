package files

import (
	"archive/tar"
	"archive/zip"
	"bytes"
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

	"logview/reader"
	"logview/reader/blockstore"
	"logview/reader/decode"
	"logview/reader/readertest"
)

// unpackTest writes data to a file with a name and lists its members.
func unpackTest(t *testing.T, name string, data []byte, opt Options) ([]Log, []error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return unpackPath(t, path, opt)
}

func unpackPath(t *testing.T, path string, opt Options) ([]Log, []error) {
	t.Helper()
	logs, errs := Find([]string{path})
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	logs, errs = UnpackAll(context.Background(), logs, opt, nil)
	for _, l := range logs {
		for i := range l.Members {
			l.Members[i].Path = strings.TrimPrefix(l.Members[i].Path, filepath.Dir(path)+"/")
		}
	}
	return logs, errs
}

// membersText returns the paths and texts of all members, in order, and the
// errors.
func membersText(t *testing.T, logs []Log, opt Options) (string, []error) {
	t.Helper()
	var b strings.Builder
	var errs []error
	for _, l := range logs {
		src := NewSource(l, opt)
		for _, m := range l.Members {
			fmt.Fprintf(&b, "%s: ", filepath.ToSlash(m.Path))
			blocks, err := src.Open(context.Background(), m, reader.Pos{})
			if err != nil {
				errs = append(errs, err)
				continue
			}
			blk := reader.GetBlock()
			for {
				err := blocks.Next(blk)
				if err == io.EOF {
					break
				}
				if err != nil {
					errs = append(errs, err)
					break
				}
				b.Write(blk.Text)
			}
			reader.PutBlock(blk)
			blocks.Close()
		}
	}
	return b.String(), errs
}

func cacheOptions(t *testing.T) Options {
	return Options{Cache: blockstore.NewCache(filepath.Join(t.TempDir(), "cache"), 1<<30), Workers: reader.NewWorkers(2)}
}

type tarMember = readertest.TarMember

var rotatedMembers = []tarMember{
	{Name: "./", Kind: tar.TypeDir},
	{Name: "./var/log/app.log", Text: "now\n"},
	{Name: "./var/log/messages", Text: "hello\n"},
	{Name: "./var/log/app.log.1", Text: "before\n"},
	{Name: "./var/log/app.log.2.gz", Text: string(readertest.Gzip("first\n"))},
}

const rotatedText = "a/var/log/app.log.2.gz: first\na/var/log/app.log.1: before\na/var/log/app.log: now\na/var/log/messages: hello\n"

// TestArchives reads archives as directories, with every compression: with an
// empty cache, with the cache filled, and without one.
func TestArchives(t *testing.T) {
	plain := readertest.Tar(t, rotatedMembers...)
	zipMembers := []string{}
	for _, m := range rotatedMembers[1:] {
		zipMembers = append(zipMembers, strings.TrimPrefix(m.Name, "./"), m.Text)
	}
	for what, data := range map[string][]byte{
		"tar": plain, "tar.gz": readertest.Gzip(string(plain)), "tar.xz": xzip(string(plain)), "tar.zst": zst(string(plain)), "tar.lz4": lz4ed(string(plain)),
		"tar.bz2": bySystem(t, string(plain), "bzip2", "-c"), "tar.lzma": lzmaed(t, string(plain), -1),
		"zip": readertest.Zip(t, zip.Deflate, zipMembers...), "zip, stored": readertest.Zip(t, zip.Store, zipMembers...),
	} {
		if data == nil {
			continue
		}
		t.Run(what, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "a")
			if err := os.WriteFile(path, data, 0o644); err != nil {
				t.Fatal(err)
			}
			cached := cacheOptions(t)
			for _, opt := range []Options{{}, cached, cached} {
				logs, errs := unpackPath(t, path, opt)
				if len(errs) > 0 || len(logs) != 2 {
					t.Fatalf("%d logs, %v", len(logs), errs)
				}
				if got, errs := membersText(t, logs, opt); got != rotatedText || len(errs) > 0 {
					t.Errorf("got %q, want %q; %v", got, rotatedText, errs)
				}
			}
		})
	}
}

// TestArchiveIsNoMember checks that opening an archive like a text returns
// ErrArchive, and that programs that are zip files are not logs.
func TestArchiveIsNoMember(t *testing.T) {
	for name, want := range map[string]error{"a.tar.gz": ErrArchive, "renamed": ErrArchive} {
		path := filepath.Join(t.TempDir(), name)
		readertest.WriteFile(t, path, readertest.Gzip(readertest.Tar(t, rotatedMembers...)))
		if _, _, err := readPath(t, path); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
		logs, _ := Find([]string{filepath.Dir(path)})
		if NewSource(logs[0], Options{}).Binary(t.Context(), logs[0].Members[0]) {
			t.Errorf("%s is left out, it seems", name)
		}
	}
	dir := t.TempDir()
	readertest.WriteFile(t, filepath.Join(dir, "tool.jar"), readertest.Zip(t, zip.Deflate, "a.txt", "a\n", "b.txt", "b\n"))
	logs, _ := Find([]string{dir})
	if _, err := NewSource(logs[0], Options{}).Open(context.Background(), logs[0].Members[0], reader.Pos{}); !errors.Is(err, reader.ErrBinary) {
		t.Errorf("a jar that was met: %v, want ErrBinary", err)
	}
	logs, _ = Find([]string{filepath.Join(dir, "tool.jar")})
	if _, err := NewSource(logs[0], Options{}).Open(context.Background(), logs[0].Members[0], reader.Pos{}); !errors.Is(err, ErrArchive) {
		t.Errorf("a jar that was named: %v, want ErrArchive", err)
	}
}

// TestPathsInArchives finds members by paths, directories and patterns.
func TestPathsInArchives(t *testing.T) {
	dir := t.TempDir()
	inner := readertest.Gzip(readertest.Tar(t, tarMember{Name: "deep/x.log", Text: "deep\n"}))
	readertest.WriteFile(t, filepath.Join(dir, "a.tgz"), readertest.Gzip(readertest.Tar(t, append(rotatedMembers, tarMember{Name: "node1.tar.gz", Text: string(inner)})...)))
	for path, want := range map[string]string{
		"a.tgz/var/log/messages":          "hello\n",
		"a.tgz/var/log":                   "first\nbefore\nnow\nhello\n",
		"a.tgz/var/log/":                  "first\nbefore\nnow\nhello\n",
		"a.tgz/var/log/*.1":               "before\n",
		"a.tgz/**/app.log*":               "first\nbefore\nnow\n",
		"*.tgz/var/log/messages":          "hello\n",
		"a.tgz/node1.tar.gz/deep/x.log":   "deep\n",
		"a.tgz/node1.tar.gz":              "deep\n",
		"a.tgz/./var/../var/log/messages": "hello\n",
	} {
		logs, errs := Find([]string{filepath.Join(dir, "x")[:len(dir)+1] + path})
		logs, more := UnpackAll(context.Background(), logs, Options{}, nil)
		text, bad := membersText(t, logs, Options{})
		for i, part := range strings.Split(text, dir) {
			if _, s, ok := strings.Cut(part, ": "); ok {
				text = strings.Replace(text, dir+part[:len(part)-len(s)], "", 1)
			} else if i > 0 {
				t.Fatal(part)
			}
		}
		if errs = append(append(errs, more...), bad...); text != want || len(errs) > 0 {
			t.Errorf("%s: %q, want %q; %v", path, text, want, errs)
		}
	}
	for _, path := range []string{"a.tgz/nothing", "a.tgz/var/log/messages/x", "nothing.tgz/x"} {
		logs, errs := Find([]string{filepath.Join(dir, path)})
		logs, more := UnpackAll(context.Background(), logs, Options{}, nil)
		_, bad := membersText(t, logs, Options{})
		if len(errs)+len(more)+len(bad) == 0 {
			t.Errorf("%s: no error, %v", path, logs)
		}
	}
}

// TestTruncatedArchives checks that the existing part is read, and the
// truncation is reported.
func TestTruncatedArchives(t *testing.T) {
	one, two := sampleText(8000), sampleText(9000)
	plain := readertest.Tar(t, tarMember{Name: "one.log", Text: one}, tarMember{Name: "two.log", Text: two})
	zipData := readertest.Zip(t, zip.Deflate, "one.log", one, "two.log", two)
	for what, data := range map[string][]byte{
		"tar": plain[:len(plain)-len(two)/2], "gz": readertest.Gzip(string(plain))[:len(readertest.Gzip(string(plain)))*9/10],
		"zip": zipData[:len(zipData)*9/10], "zip without its directory": zipData[:bytes.Index(zipData, []byte("PK\x01\x02"))],
	} {
		for _, opt := range []Options{{}, cacheOptions(t)} {
			logs, errs := unpackTest(t, "a", data, opt)
			text, bad := membersText(t, logs, opt)
			if len(errs)+len(bad) == 0 {
				t.Errorf("%s: no error", what)
			}
			if !strings.Contains(text, one) || !strings.Contains(text, "two.log: "+two[:1000]) {
				t.Errorf("%s: %d bytes of text", what, len(text))
			}
			for _, err := range append(errs, bad...) {
				if fe := (*reader.FileError)(nil); !errors.As(err, &fe) || !strings.HasSuffix(fe.Path, "/a") && !strings.Contains(fe.Path, "a/") {
					t.Errorf("%s: %v does not name the file", what, err)
				}
			}
		}
	}
}

// TestHostileArchives checks that no name leads out of the archive, and that
// limits are enforced.
func TestHostileArchives(t *testing.T) {
	logs, errs := unpackTest(t, "a.tar", readertest.Tar(t,
		tarMember{Name: "../../etc/passwd", Text: "up\n"},
		tarMember{Name: "/abs/x.log", Text: "absolute\n"},
		tarMember{Name: "twice.log", Text: "first\n"},
		tarMember{Name: "link.log", Kind: tar.TypeSymlink, Link: "/etc/passwd"},
		tarMember{Name: "hard.log", Kind: tar.TypeLink, Link: "twice.log"},
		tarMember{Name: "pipe", Kind: tar.TypeFifo},
		tarMember{Name: "dev", Kind: tar.TypeChar},
		tarMember{Name: "./twice.log", Text: "second\n"},
		tarMember{Name: ".hidden", Text: "hidden\n"},
		tarMember{Name: "x.tmp", Text: "tmp\n"},
		tarMember{Name: "..", Text: "dots\n"},
		tarMember{Name: "new\nline.log", Text: "newline\n"},
	), Options{})
	got, bad := membersText(t, logs, Options{})
	want := "a.tar/abs/x.log: absolute\na.tar/etc/passwd: up\na.tar/hard.log: first\na.tar/new\nline.log: newline\na.tar/twice.log: second\na.tar/twice.log#1: first\n"
	if got != want || len(errs)+len(bad) > 0 {
		t.Errorf("got %q, want %q; %v %v", got, want, errs, bad)
	}

	// Nested archives.
	nested := readertest.Tar(t, tarMember{Name: "x.log", Text: "x\n"})
	for i := range maxDepth {
		nested = readertest.Tar(t, tarMember{Name: fmt.Sprintf("level%d.tar", i), Text: string(nested)})
	}
	_, errs = unpackTest(t, "a.tar", nested, Options{})
	if len(errs) != 1 || !errors.Is(errs[0], errDepth) {
		t.Errorf("nested: %v", errs)
	}

	// Members that share their data.
	zipData := readertest.Zip(t, zip.Deflate, "one.log", "one\n", "two.log", "two\n", "three.log", "three\n")
	central := bytes.Index(zipData, []byte("PK\x01\x02"))
	second := central + 4 + bytes.Index(zipData[central+4:], []byte("PK\x01\x02"))
	binary.LittleEndian.PutUint32(zipData[second+42:], 0)
	if logs, errs = unpackTest(t, "a.zip", zipData, Options{}); len(errs) != 1 || len(logs) != 2 {
		t.Errorf("members that share data: %d logs, %v", len(logs), errs)
	}
	// One member is encrypted.
	zipData = readertest.Zip(t, zip.Deflate, "one.log", "one\n", "two.log", "two\n")
	central = bytes.Index(zipData, []byte("PK\x01\x02"))
	zipData[central+8] |= 1
	logs, _ = unpackTest(t, "a.zip", zipData, Options{})
	got, bad = membersText(t, logs, Options{})
	if got != "a.zip/one.log: a.zip/two.log: two\n" || len(bad) != 1 || !strings.Contains(bad[0].Error(), "a.zip/one.log") || !strings.Contains(bad[0].Error(), "encrypted") {
		t.Errorf("encrypted: %q, %v", got, bad)
	}
}

// TestDamagedHeaders checks that all other members of a tar with damaged
// headers are read.
func TestDamagedHeaders(t *testing.T) {
	long := strings.Repeat("d/", 150)
	data := readertest.Tar(t,
		tarMember{Name: "one.log", Text: "one\n"},
		tarMember{Name: "two.log", Text: strings.Repeat("two\n", 1000)},
		tarMember{Name: long + "three.log", Text: "three\n"}, // a header for records, and its own header
		tarMember{Name: "four.log", Text: "four\n"},
		tarMember{Name: "five.log", Text: "five\n"},
	)
	texts := map[string]string{"one.log": "one\n", "two.log": strings.Repeat("two\n", 1000), long + "three.log": "three\n", "four.log": "four\n", "five.log": "five\n"}
	at := func(what string) int { return bytes.LastIndex(data, []byte(what)) }
	three := at("path=")&^(tarBlock-1) + tarBlock
	for _, c := range []struct {
		what   string
		damage func(b []byte)
		lost   string
	}{
		{"the last", func(b []byte) { b[at("five.log\x00")+300] ^= 1 }, "five.log"},
		{"one in the middle", func(b []byte) { b[at("two.log\x00")+300] ^= 1 }, "two.log"},
		{"two", func(b []byte) { b[at("two.log\x00")+300] ^= 1; b[at("four.log\x00")+300] ^= 1 }, "two.log four.log"},
		{"one after the other", func(b []byte) { b[at("four.log\x00")+300] ^= 1; b[at("five.log\x00")+300] ^= 1 }, "four.log five.log"},
		{"one with records before it", func(b []byte) { b[three+300] ^= 1 }, long + "three.log"},
		{"one of zeros", func(b []byte) { clear(b[at("two.log\x00"):][:tarBlock]) }, "two.log"},
		{"one of zeros, and what follows", func(b []byte) { clear(b[at("two.log\x00"):][:3*tarBlock]) }, "two.log"},
		{"records", func(b []byte) { copy(b[at("path=")-4:], "xxx ") }, long + "three.log"},
		{"a negative size", func(b []byte) { resized(b[at("two.log\x00"):], -1) }, "two.log"},
	} {
		b := bytes.Clone(data)
		c.damage(b)
		logs, errs := unpackTest(t, "a.tar", b, Options{})
		got, bad := membersText(t, logs, Options{})
		for name, text := range texts {
			lost := strings.Contains(c.lost, name)
			if found := strings.Contains(got, name+": "+text); found == lost {
				t.Errorf("%s: %s is read: %v; %v", c.what, name, found, errs)
			}
		}
		if c.what == "records" && !strings.Contains(got, "three\n") {
			t.Error("a member without its records is not read")
		}
		if len(errs) != 1 || len(bad) > 0 || !strings.Contains(errs[0].Error(), "damaged header; bytes ") {
			t.Errorf("%s: %v, %v", c.what, errs, bad)
		}
	}
}

// TestAppendedArchives checks that all members of concatenated tar files are
// read.
func TestAppendedArchives(t *testing.T) {
	one, two := readertest.Tar(t, tarMember{Name: "one.log", Text: "one\n"}), readertest.Tar(t, tarMember{Name: "two.log", Text: "two\n"})
	plain := slices.Concat(one, make([]byte, 20*tarBlock), two, one)
	for _, data := range [][]byte{plain, readertest.Gzip(string(plain)), slices.Concat(readertest.Gzip(string(one)), readertest.Gzip(string(two)), readertest.Gzip(string(one)))} {
		logs, errs := unpackTest(t, "a.tar", data, Options{})
		if got, bad := membersText(t, logs, Options{}); got != "a.tar/one.log: one\na.tar/one.log#1: one\na.tar/two.log: two\n" || len(errs)+len(bad) > 0 {
			t.Errorf("%q, %v, %v", got, errs, bad)
		}
	}
}

// resized sets the size in a tar header and corrects the checksum.
func resized(header []byte, size int64) {
	for i := range 12 {
		header[124+i] = byte(size >> 56)
	}
	if size >= 0 {
		copy(header[124:136], fmt.Sprintf("%011o\x00", size))
	}
	copy(header[148:156], "        ")
	sum := 0
	for _, c := range header[:tarBlock] {
		sum += int(c)
	}
	copy(header[148:156], fmt.Sprintf("%06o\x00 ", sum))
}

// TestLongRecords checks that records and names beyond the limits are not read,
// but all members with other names are.
func TestLongRecords(t *testing.T) {
	for _, kind := range []byte{tar.TypeXHeader, tar.TypeXGlobalHeader, tar.TypeGNULongName} {
		records := readertest.Tar(t, tarMember{Name: "records", Text: strings.Repeat("x", 3<<20)})
		records = records[:len(records)-2*tarBlock]
		records[156] = kind
		resized(records, 3<<20)
		data := slices.Concat(readertest.Tar(t, tarMember{Name: "one.log", Text: "one\n"})[:2*tarBlock], records,
			readertest.Tar(t, tarMember{Name: "two.log", Text: "two\n"}, tarMember{Name: strings.Repeat("n", maxName+1), Text: "name\n"}, tarMember{Name: "three.log", Text: "three\n"}))
		logs, errs := unpackTest(t, "a.tar", data, Options{})
		got, bad := membersText(t, logs, Options{})
		if want := "a.tar/one.log: one\na.tar/three.log: three\na.tar/two.log: two\n"; got != want || len(errs) != 1 || len(bad) > 0 {
			t.Errorf("%c: %q, %v, %v", kind, got, errs, bad)
		}
	}
}

// TestNoWayUp checks that no path leads up from an archive.
func TestNoWayUp(t *testing.T) {
	dir := t.TempDir()
	readertest.WriteFile(t, filepath.Join(dir, "q.log"), "q\n")
	readertest.WriteFile(t, filepath.Join(dir, "q.tar"), readertest.Tar(t, tarMember{Name: "in/x.log", Text: "x\n"}, tarMember{Name: "up/../../y.log", Text: "y\n"}))
	readertest.WriteFile(t, filepath.Join(dir, "q.zip"), readertest.Zip(t, zip.Deflate, "in/x.log", "x\n", "up/../../y.log", "y\n"))
	readertest.WriteFile(t, filepath.Join(dir, "?.tar"), readertest.Tar(t, tarMember{Name: "z.log", Text: "z\n"}))
	for _, archive := range []string{"q.tar", "q.zip", "?.tar"} {
		for _, inside := range []string{"..", "../zz", "../q.log", "../q.tar/in/x.log", "in/../../q.log", "./..", ".//../x", "in/x.log/../../..", "..//", "../../" + filepath.Base(dir) + "/q.log", "*/../../q.log"} {
			path := filepath.Join(dir, archive) + "/" + inside
			if logs, errs := Find([]string{path}); len(logs) > 0 || len(errs) != 1 {
				t.Errorf("%s: %v, %v", path, logs, errs)
			}
			if a, ok := ArchiveOf(path); ok {
				t.Errorf("%s is in %s", path, a)
			}
		}
	}
	for _, archive := range []string{"q.tar", "q.zip"} {
		for inside, want := range map[string]string{"/": "xy", "//": "xy", "/.": "xy", "/./": "xy", "/in/..": "xy", "//in//x.log": "x", "/in/./x.log": "x", "/in/": "x", "/./in/../in": "x", "/y.log": "y"} {
			logs, errs := Find([]string{filepath.Join(dir, archive) + inside})
			logs, more := UnpackAll(t.Context(), logs, Options{}, nil)
			got := ""
			for _, l := range logs {
				got += strings.TrimSuffix(filepath.Base(l.Name), ".log")
			}
			if got != want || len(errs)+len(more) > 0 {
				t.Errorf("%s%s: %q, want %q; %v %v", archive, inside, got, want, errs, more)
			}
		}
	}
}

// TestCensus checks the limits on members, names and sizes.
func TestCensus(t *testing.T) {
	var c census
	for range decode.MaxEntries {
		if err := c.add("x", 1); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.add("x", 1); !errors.Is(err, errEntries) {
		t.Error(err)
	}
	c = census{}
	if err := c.add("x", maxUnpacked); err != nil {
		t.Error(err)
	}
	if err := c.add("x", 1); !errors.Is(err, errUnpacked) {
		t.Error(err)
	}
	if err := new(census).add(strings.Repeat("x", maxName+1), 1); err == nil {
		t.Error("a name may be of any length")
	}
}

// TestSparseMember reads archives written by GNU tar -S: holes are not read,
// and are shown like the holes of a file.
func TestSparseMember(t *testing.T) {
	if testing.Short() {
		t.Skip("the full tests do this")
	}
	if _, err := exec.LookPath("tar"); err != nil {
		t.Skip(err)
	}
	dir := t.TempDir()
	for name, data := range map[string]map[int64]string{
		"begins.log": {0: "begin\n", 4 << 20: "end\n"},
		"large.log":  {0: "begin\n", 300 << 30: "end\n"},
		"hole.log":   {300 << 30: "end\n"},
		"many.log":   {0: "0\n", 1 << 20: "1\n", 2 << 20: "2\n", 3 << 20: "3\n", 4 << 20: "4\n", 5 << 20: "5\n", 6 << 20: "6\n", 300 << 20: ""},
	} {
		f, err := os.Create(filepath.Join(dir, name))
		readertest.Must(t, err)
		for off, text := range data {
			_, err := f.WriteAt([]byte(text), off)
			readertest.Must(t, err)
			if text == "" {
				readertest.Must(t, f.Truncate(off))
			}
		}
		readertest.Must(t, f.Close())
	}
	f, err := os.Create(filepath.Join(dir, "more.log"))
	readertest.Must(t, err)
	for i := range int64(100) {
		_, err := f.WriteAt([]byte("more\n"), i<<20)
		readertest.Must(t, err)
	}
	readertest.Must(t, f.Close())
	readertest.WriteFile(t, filepath.Join(dir, "other.log"), "other\n")
	want, bad := membersText(t, func() []Log { logs, _ := Find([]string{dir}); return logs }(), Options{})
	if len(bad) > 0 || !strings.Contains(want, "[322 GB of NULs]end\n") {
		t.Fatal(want, bad)
	}
	want = strings.ReplaceAll(want, filepath.ToSlash(dir)+"/", "")
	for _, format := range []string{"gnu", "oldgnu", "posix", "posix --sparse-version=0.0", "posix --sparse-version=0.1"} {
		out := filepath.Join(t.TempDir(), "a.tar")
		args := append(strings.Fields("-S --format="+format), "-cf", out, "-C", dir)
		args = append(args, "begins.log", "hole.log", "large.log", "many.log", "more.log", "other.log")
		if msg, err := exec.Command("tar", args...).CombinedOutput(); err != nil {
			t.Skipf("%v: %s", err, msg)
		}
		data, err := os.ReadFile(out)
		readertest.Must(t, err)
		readertest.WriteFile(t, out+".gz", readertest.Gzip(string(data)))
		for _, path := range []string{out, out + ".gz"} {
			logs, errs := unpackPath(t, path, Options{})
			got, bad := membersText(t, logs, Options{})
			got = strings.ReplaceAll(got, filepath.Base(path)+"/", "")
			if len(errs)+len(bad) > 0 || got != want {
				t.Errorf("%s, %s: %.300q, want %.300q, %v %v", format, filepath.Base(path), got, want, errs, bad)
			}
		}
		// Damage or truncation anywhere does no harm.
		for i := 0; i < 6*512; i += 31 {
			broken := bytes.Clone(data[:min(len(data), 64<<10)])
			broken[i] ^= byte(1 + i%255)
			readertest.WriteFile(t, out, string(broken[:len(broken)-i]))
			logs, _ := unpackPath(t, out, Options{})
			for _, l := range logs {
				for _, m := range l.Members {
					if HandleOf(m).In == nil {
						continue
					}
					f, err := HandleOf(m).In.open(m)
					if err != nil {
						continue
					}
					var b [1 << 10]byte
					for off := int64(0); off < m.Size; off = max(off+1, decode.NextData(f, off+off/2+512, m.Size)) {
						_, _ = f.ReadAt(b[:], off)
					}
					f.Close()
				}
			}
		}
	}
}

// A generated name for one of several members with the same name is not the
// name of another member.
func TestNamesOfDuplicates(t *testing.T) {
	var in []namedEntry
	for _, n := range []string{"a", "a#1", "./a", "a#3", "a", "a#1", "a"} {
		in = append(in, namedEntry{name: n})
	}
	if got := strings.Join(memberPaths(in), " "); got != "a#2 a#1#1 a#4 a#3 a#5 a#1 a" {
		t.Error(got)
	}
}

// A hard link in an archive has the text of its target.
func TestHardLinks(t *testing.T) {
	link := func(name, to string) tarMember { return tarMember{Name: name, Kind: tar.TypeLink, Link: to} }
	path := filepath.Join(t.TempDir(), "a.tar")
	readertest.WriteFile(t, path, readertest.Tar(t, tarMember{Name: "var/a.log", Text: "one\n"}, link("b.log", "./var/a.log"), link("c.log", "b.log"), link("d.log", "/var/a.log")))
	logs, errs := unpackPath(t, path, Options{})
	if got, bad := membersText(t, logs, Options{}); got != "a.tar/b.log: one\na.tar/c.log: one\na.tar/d.log: one\na.tar/var/a.log: one\n" || len(errs)+len(bad) > 0 {
		t.Errorf("%q, %v, %v", got, errs, bad)
	}
	// A link to a member that does not exist, or comes later, is reported.
	readertest.WriteFile(t, path, readertest.Tar(t, link("b.log", "../etc/passwd"), link("c.log", "c.log"), link("e.log", "d.log"), tarMember{Name: "d.log", Text: "one\n"}))
	logs, errs = unpackPath(t, path, Options{})
	if got, bad := membersText(t, logs, Options{}); got != "a.tar/d.log: one\n" || len(bad) > 0 || len(errs) != 1 || !strings.Contains(errs[0].Error(), `"b.log" is a link to "../etc/passwd", which is not before it in the archive; and 2 more such errors`) {
		t.Errorf("%q, %v, %v", got, errs, bad)
	}
}

// TestHardLinkToSkipped checks that a hard link is read even if its target is
// skipped.
func TestHardLinkToSkipped(t *testing.T) {
	data := readertest.Tar(t, tarMember{Name: "w/app.log.tmp", Text: "one\n"}, tarMember{Name: "w/app.log", Kind: tar.TypeLink, Link: "w/app.log.tmp"},
		tarMember{Name: ".hidden", Text: "two\n"}, tarMember{Name: "zz.log", Kind: tar.TypeLink, Link: ".hidden"})
	path := filepath.Join(t.TempDir(), "a.tar")
	readertest.WriteFile(t, path, string(data))
	logs, errs := unpackPath(t, path+"/w/app.log.tmp", Options{})
	if got, bad := membersText(t, logs, Options{}); !strings.HasSuffix(got, "app.log.tmp: one\n") || len(errs)+len(bad) > 0 {
		t.Errorf("the skipped one, named: %q, %v, %v", got, errs, bad)
	}
	for glob, want := range map[string]string{"": "a.tar/w/app.log: one\na.tar/zz.log: two\n", "zz*": "a.tar/zz.log: two\n", "!.h*": "a.tar/w/app.log: one\na.tar/zz.log: two\n"} {
		opt := Options{}
		if err := opt.Filter.Add(glob, false); err != nil {
			t.Fatal(err)
		}
		logs, errs := unpackTest(t, "a.tar", data, opt)
		if got, bad := membersText(t, logs, opt); got != want || len(errs)+len(bad) > 0 {
			t.Errorf("%q: %q, %v, %v", glob, got, errs, bad)
		}
	}
}

// TestLinksInArchives checks that paths lead through symbolic links in the
// archive, never out of it. When a directory is read, only targets are.
func TestLinksInArchives(t *testing.T) {
	dir := t.TempDir()
	readertest.WriteFile(t, filepath.Join(dir, "out.log"), "outside\n")
	members := []tarMember{
		{Name: "pods/0.log", Text: "zero\n"},
		{Name: "pods/one/1.log", Text: "one\n"},
		{Name: "in.tar", Text: string(readertest.Tar(t, tarMember{Name: "deep.log", Text: "deep\n"}))},
		{Name: "containers/web.log", Kind: tar.TypeSymlink, Link: "../pods/0.log"},
		{Name: "containers/app.log", Kind: tar.TypeSymlink, Link: "/pods/one/1.log"},
		{Name: "containers/again.log", Kind: tar.TypeSymlink, Link: "web.log"},
		{Name: "containers/.hidden", Kind: tar.TypeSymlink, Link: "../pods/0.log"},
		{Name: "current", Kind: tar.TypeSymlink, Link: "pods/one"},
		{Name: "nested", Kind: tar.TypeSymlink, Link: "./in.tar"},
		{Name: "hard", Kind: tar.TypeLink, Link: "current"},
		{Name: "up.log", Kind: tar.TypeSymlink, Link: "../out.log"},
		{Name: "abs.log", Kind: tar.TypeSymlink, Link: filepath.Join(dir, "out.log")},
		{Name: "circle", Kind: tar.TypeSymlink, Link: "circle/x"},
		{Name: "a", Kind: tar.TypeSymlink, Link: "b"},
		{Name: "b", Kind: tar.TypeSymlink, Link: "a"},
		{Name: "void", Kind: tar.TypeSymlink, Link: ""},
	}
	readertest.WriteFile(t, filepath.Join(dir, "a.tar"), readertest.Tar(t, members...))
	var z bytes.Buffer
	w := zip.NewWriter(&z)
	for _, m := range members {
		h := &zip.FileHeader{Name: m.Name, Method: zip.Deflate}
		h.SetMode(0o600)
		switch m.Kind {
		case tar.TypeLink:
			m.Link = "pods/one"
			fallthrough
		case tar.TypeSymlink:
			m.Text = m.Link
			h.SetMode(0o777 | os.ModeSymlink)
		}
		to, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(to, m.Text)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	readertest.WriteFile(t, filepath.Join(dir, "a.zip"), z.String())
	for _, archive := range []string{"a.tar", "a.zip"} {
		for path, want := range map[string]string{
			"":                      "deep\nzero\none\n",
			"/containers/web.log":   "zero\n",
			"/containers/app.log":   "one\n",
			"/containers/again.log": "zero\n",
			"/containers":           "zero\none\n",
			"/containers/*.log":     "zero\none\n",
			"/containers/w*":        "zero\n",
			"/current":              "one\n",
			"/curr*":                "one\n",
			"/current/1.log":        "one\n",
			"/hard/1.log":           "one\n",
			"/nested":               "deep\n",
			"/nested/deep.log":      "deep\n",
		} {
			logs, errs := Find([]string{filepath.Join(dir, archive) + path})
			logs, more := UnpackAll(t.Context(), logs, Options{}, nil)
			got := ""
			for _, l := range logs {
				text, bad := membersText(t, []Log{l}, Options{})
				_, text, _ = strings.Cut(text, ": ")
				got += text
				errs = append(errs, bad...)
			}
			if got != want || len(errs)+len(more) > 0 {
				t.Errorf("%s%s: %q, want %q; %v %v", archive, path, got, want, errs, more)
			}
		}
		for _, path := range []string{"up.log", "abs.log", "circle", "circle/x", "a", "b/x", "containers/web.log/x"} {
			logs, errs := Find([]string{filepath.Join(dir, archive, path)})
			logs, more := UnpackAll(t.Context(), logs, Options{}, nil)
			if len(logs) > 0 || len(errs)+len(more) != 1 {
				t.Errorf("%s/%s: %v, %v %v", archive, path, logs, errs, more)
			}
		}
	}
}

// TestFixed checks that Fixed rejects archives and paths below files.
func TestFixed(t *testing.T) {
	dir := t.TempDir()
	readertest.WriteFile(t, filepath.Join(dir, "a.tar"), readertest.Tar(t, rotatedMembers...))
	readertest.WriteFile(t, filepath.Join(dir, "a.7z"), "7z\xbc\xaf\x27\x1c\x00\x00 and more")
	readertest.WriteFile(t, filepath.Join(dir, "a.log"), "a\n")
	readertest.WriteFile(t, filepath.Join(dir, "a.log.gz"), readertest.Gzip("a\n"))
	for path, fixed := range map[string]bool{
		"a.tar": true, "a.tar/": true, "a.tar/var/log/app.log": true, "a.tar/nothing": true, "a.tar/../a.log": true, "a.7z": true, "a.7z/x": true, "a.log/x": true, "a.log/../x": true,
		"": false, "a.log": false, "a.log.gz": false, "b.log": false, "b/c.log": false, "b.tar/x": false, "b.tar": false, "*.log": false,
	} {
		if err := CheckCanGrow(dir + "/" + path); (err != nil) != fixed {
			t.Errorf("%s: %v, want %v", path, err, fixed)
		}
	}
}

// TestDamagedArchiveStore checks that a damaged store of an archive in the
// cache is not used.
func TestDamagedArchiveStore(t *testing.T) {
	text := sampleText(60_000)
	path := filepath.Join(t.TempDir(), "a.tgz")
	readertest.WriteFile(t, path, readertest.Gzip(readertest.Tar(t, tarMember{Name: "x.log", Text: text}, tarMember{Name: "y.log", Text: "y\n"})))
	opt := cacheOptions(t)
	unpackPath(t, path, opt)
	stores, _ := filepath.Glob(filepath.Join(opt.Cache.Dir(), "*", "*"+blockstore.StoreSuffix))
	if len(stores) != 1 {
		t.Fatal(stores)
	}
	data, _ := os.ReadFile(stores[0])
	for _, at := range []int{10, 200, len(data) / 2, len(data) * 3 / 4, len(data) - 5} {
		damaged := slices.Clone(data)
		damaged[at] ^= 0xff
		if err := os.WriteFile(stores[0], damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		logs, errs := unpackPath(t, path, opt)
		got, bad := membersText(t, logs, opt)
		if got != "a.tgz/x.log: "+text+"a.tgz/y.log: y\n" || len(errs)+len(bad) > 0 {
			t.Errorf("damaged at %d: %d bytes, %v %v", at, len(got), errs, bad)
		}
	}
}

// FuzzUnpack checks that the members of any file are listed and read within
// limits.
func FuzzUnpack(f *testing.F) {
	var t testing.T
	plain := readertest.Tar(&t, rotatedMembers...)
	data := readertest.Zip(&t, zip.Deflate, "one.log", "one\n", "two.log.gz", string(readertest.Gzip("two\n")))
	for _, seed := range [][]byte{plain, readertest.Gzip(string(plain)), zst(string(plain)), data, data[:len(data)-40], lzmaed(&t, string(plain), -1)} {
		f.Add(seed)
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(dir, "a.zip")
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		logs, _ := Find([]string{path})
		logs, _ = UnpackAll(context.Background(), logs, Options{}, nil)
		for _, l := range logs[:min(len(logs), 20)] {
			src := NewSource(l, Options{})
			for _, m := range l.Members[:min(len(l.Members), 20)] {
				if !strings.HasPrefix(m.Path, path) || strings.Contains(m.Path, "..") && strings.Contains(m.Path, "/../") {
					t.Errorf("a path that leads out: %q", m.Path)
				}
				b, err := src.Open(context.Background(), m, reader.Pos{})
				if err != nil {
					continue
				}
				var blk reader.Block
				for n := 0; n < 16 && b.Next(&blk) == nil; n++ {
				}
				b.Close()
			}
		}
	})
}

// Members that both X.tar and X.tar.gz have are read once.
func TestCopiesOfArchives(t *testing.T) {
	plain := string(readertest.Tar(t, rotatedMembers...))
	longer := string(readertest.Tar(t, append(slices.Clone(rotatedMembers), tarMember{Name: "new", Text: "new\n"})...))
	other := string(readertest.Tar(t, tarMember{Name: "other", Text: "other\n"}))
	damaged := readertest.Gzip(plain)
	damaged[len(damaged)-8] ^= 1
	once := strings.ReplaceAll(rotatedText, "a/", "a.tar/")
	for _, c := range []struct {
		name  string
		files map[string]string
		want  string
		errs  int
	}{
		{"the same", map[string]string{"a.tar": plain, "a.tar.gz": string(readertest.Gzip(plain))}, once, 0},
		{"three", map[string]string{"a.tar": plain, "a.tgz": string(readertest.Gzip(plain)), "a.tar.zst": string(zst(plain))}, once, 0},
		{"both packed", map[string]string{"a.tar.gz": string(readertest.Gzip(plain)), "a.tar.zst": string(zst(plain))}, strings.ReplaceAll(once, "a.tar/", "a.tar.gz/"), 0},
		{"damaged", map[string]string{"a.tar": plain, "a.tar.gz": string(damaged)}, once, 1},
		{"being packed", map[string]string{"a.tar": plain, "a.tar.gz": string(readertest.Gzip(plain)[:len(readertest.Gzip(plain))-20])}, once, 1},
		{"one of more", map[string]string{"a.tar": plain, "a.tar.gz": string(readertest.Gzip(longer))}, once + "a.tar.gz/new: new\n", 0},
		{"two archives", map[string]string{"a.tar": plain, "a.tar.gz": string(readertest.Gzip(other))}, once + "a.tar.gz/other: other\n", 0},
		{"no archive", map[string]string{"a.tar": "text\n", "a.tar.gz": string(readertest.Gzip(other))}, "a.tar: text\na.tar.gz/other: other\n", 0},
	} {
		dir := filepath.Join(t.TempDir(), "d")
		for name, data := range c.files {
			readertest.WriteFile(t, filepath.Join(dir, name), data)
		}
		opt := cacheOptions(t)
		logs, errs := Find([]string{dir})
		if len(errs) > 0 {
			t.Fatal(errs)
		}
		logs, errs = UnpackAll(t.Context(), logs, opt, nil)
		got, more := membersText(t, logs, opt)
		if got = strings.ReplaceAll(got, filepath.ToSlash(dir)+"/", ""); got != c.want || len(errs)+len(more) != c.errs {
			t.Errorf("%s: got %q, want %q; %v, %v", c.name, got, c.want, errs, more)
		}
	}
}

// An archive is a level of --max-depth, like a directory.
func TestDepthInArchives(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "d")
	inner := string(readertest.Tar(t, tarMember{Name: "in.log", Text: "in\n"}))
	readertest.WriteFile(t, filepath.Join(dir, "a.tar"), readertest.Tar(t, tarMember{Name: "one.log", Text: "one\n"}, tarMember{Name: "b/two.log", Text: "two\n"}, tarMember{Name: "b/c/three.log", Text: "three\n"}, tarMember{Name: "i.tar", Text: inner}))
	for _, c := range []struct {
		path  string
		depth int64
		want  string
	}{
		{"d", 1, ""},
		{"d", 2, "one"},
		{"d", 3, "in one two"},
		{"d", 4, "in one three two"},
		{"d/a.tar", 0, ""},
		{"d/a.tar", 1, "one"},
		{"d/a.tar", 2, "in one two"},
		{"d/a.tar/b", 1, "two"},
		{"d/a.tar/b", 2, "three two"},
		{"d/a.tar/b/c/three.log", 0, "three"},
		{"d/a.tar/i.tar", 1, "in"},
		{"d/a.tar/*.log", 0, "one"},
	} {
		x := Filter{Depth: &c.depth}
		logs, errs := x.Find([]string{filepath.Join(filepath.Dir(dir), c.path)})
		logs, more := UnpackAll(t.Context(), logs, Options{Filter: x}, nil)
		var got []string
		for _, l := range logs {
			got = append(got, strings.TrimSuffix(filepath.Base(l.Name), ".log"))
		}
		slices.Sort(got)
		if strings.Join(got, " ") != c.want || len(errs)+len(more) > 0 {
			t.Errorf("%s, %d: %q, want %q, %v, %v", c.path, c.depth, got, c.want, errs, more)
		}
	}
}

// TestTarCutInPadding tests that a tar that ends in what fills a block is reported.
func TestTarCutInPadding(t *testing.T) {
	whole := readertest.Tar(t, readertest.TarMember{Name: "a.log", Text: "one\n"}, readertest.TarMember{Name: "b.log", Text: "two\n"})
	for _, n := range []int{600, 700, 1600} {
		path := filepath.Join(t.TempDir(), "cut.tar")
		readertest.WriteFile(t, path, whole[:n])
		_, errs := unpackPath(t, path, Options{})
		if len(errs) != 1 || !strings.Contains(errs[0].Error(), "truncated") {
			t.Errorf("cut at %d: %v", n, errs)
		}
	}
}
