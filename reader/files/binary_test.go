package files

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"logview/reader"
	"logview/reader/decode"
	"logview/reader/readertest"
)

// someLog returns n lines of an ordinary log.
func someLog(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "2026-05-01 12:00:%02d INFO worker-%d: request %d took %d ms\n", i%60, i%7, i, i*37%1000)
	}
	return b.String()
}

// wtmpRecord returns a record in the format of glibc.
func wtmpRecord(kind int16, pid int32, line, user, host string, sec int32) []byte {
	var b bytes.Buffer
	field := func(s string, n int) { b.WriteString(s + strings.Repeat("\x00", n-len(s))) }
	binary.Write(&b, binary.LittleEndian, kind)
	b.Write([]byte{0, 0})
	binary.Write(&b, binary.LittleEndian, pid)
	field(line, 32)
	field(line[max(0, len(line)-4):], 4)
	field(user, 32)
	field(host, 256)
	binary.Write(&b, binary.LittleEndian, [8]int32{0, 0, sec, int32(pid * 977), 0x0100007f})
	b.Write(make([]byte, 384-b.Len()))
	return b.Bytes()
}

func TestTextOrBinary(t *testing.T) {
	if testing.Short() {
		t.Skip("the full tests do this")
	}
	r := rand.New(rand.NewPCG(1, 2))
	random := func(n int) string {
		p := make([]byte, n)
		for i := range p {
			p[i] = byte(r.Uint32())
		}
		return string(p)
	}
	zeros := func(n int) string { return strings.Repeat("\x00", n) }
	in := func(e encoding.Encoding, s string) string {
		out, err := e.NewEncoder().String(s)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	log := someLog(3000)
	padded := func(n int, end string) string {
		var b strings.Builder
		for i := range 1000 {
			s := fmt.Sprint("needle ", i)
			b.WriteString(s + zeros(max(n-len(s), 0)) + end)
		}
		return b.String()
	}
	var fix, payload, progress, wtmp, numbers, names strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&fix, "8=FIX.4.2\x019=%d\x0135=D\x0149=A\x0156=B\x0110=%03d\x01\n", i, i%256)
		payload.WriteString("2026-05-01 12:00:00 DEBUG got frame from peer 10.0.0.1:4711, flags ok")
		if i%5 == 0 {
			payload.WriteString(": " + random(64))
		}
		payload.WriteString("\n")
		fmt.Fprintf(&progress, "\r\x1b[K%d%%\b\b\b\b   %d/2000", i/20, i)
		numbers.Write(binary.LittleEndian.AppendUint32(nil, uint32(i)))
		names.WriteString(fmt.Sprint("name ", i) + zeros(5))
		names.Write(binary.LittleEndian.AppendUint32(nil, uint32(i)))
	}
	for i := range int32(20) {
		wtmp.Write(wtmpRecord(int16(7+i%2), 1000+17*i, fmt.Sprint("pts/", i), "root", "192.168.1.10", 1714557600+313*i))
	}
	lastlog := make([]byte, 292*1001)
	copy(lastlog[292*1000:], "\x10\x9c\x32\x66pts/0\x00")
	copy(lastlog[292*1000+36:], "192.168.1.1")
	for _, c := range []struct {
		name, data string
		text       bool
	}{
		{"a log", log, true},
		{"nothing", "", true},
		{"nothing but NULs", zeros(200 << 10), true},
		{"one NUL", "start\nbad \x00 frame\n", true},
		{"one control code", "start\nbad \x01 frame\n", true},
		{"NULs after a crash", log[:5000] + zeros(4096) + log[5000:], true},
		{"NULs in the middle of a short one", log[:200] + zeros(512) + "\n" + log[:200], true},
		{"NULs at the end", log[:200] + zeros(512), true},
		{"NULs at the beginning", zeros(200<<10) + log, true},
		{"preallocated", log[:30] + zeros(4<<20), true},
		{"NULs everywhere", strings.ReplaceAll(log, "request", zeros(100)), true},
		{"NULs for newlines", strings.ReplaceAll(log, "\n", "\x00"), true},
		{"a UTF-8 log goes on in UTF-16", log[:2000] + in(unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), log[:2000]), true},
		{"payloads", payload.String(), true},
		{"a progress bar", progress.String(), true},
		{"colours", strings.ReplaceAll(log, "INFO", "\x1b[32mINFO\x1b[0m"), true},
		{"FIX", fix.String(), true},
		{"JSON text sequences", strings.ReplaceAll(log, "2026", "\x1e2026"), true},
		{"windows-1251", strings.ReplaceAll(log, "request", "\xe7\xe0\xef\xf0\xee\xf1"), true},
		{"windows-1251 alone", strings.Repeat("\xcf\xf0\xe8\xe2\xe5\xf2, \xec\xe8\xf0\n", 1000), true},
		{"Shift_JIS", strings.ReplaceAll(log, "request", in(japanese.ShiftJIS, "リクエスト表示")), true},
		{"ISO-2022-JP", strings.ReplaceAll(log, "request", in(japanese.ISO2022JP, "リクエスト表示")), true},
		{"GB18030", strings.ReplaceAll(log, "request", in(simplifiedchinese.GB18030, "请求已处理")), true},
		{"EUC-KR", strings.ReplaceAll(log, "request", in(korean.EUCKR, "요청을 처리")), true},
		{"lines padded with NULs", strings.ReplaceAll(log, "\n", zeros(20)+"\n"), true},
		{"short lines padded with NULs", padded(16, "\n"), true},
		{"lines padded to 20", padded(20, "\n"), true},
		{"lines padded to 80", padded(80, "\n"), true},
		{"lines padded before a carriage return", padded(16, "\r\n"), true},
		{"lines with some NULs at their end", strings.ReplaceAll(padded(0, "\n"), "\n", zeros(4)+"\n"), true},
		{"lines with some NULs behind them", padded(0, "\n"+zeros(4)), true},
		{"records without line ends", padded(20, ""), true},
		{"short fields padded with NULs", strings.ReplaceAll(padded(9, "\n"), " ", zeros(5)), true},
		{"short fields padded with NULs, some noise", "\x01\n" + strings.ReplaceAll(padded(9, "\n"), " ", zeros(5)), true},
		{"short fields padded with NULs, latin-1", strings.ReplaceAll(strings.ReplaceAll(padded(9, "\n"), " ", zeros(5)), "needle", "gr\xfc\xdfe"), true},
		{"ASTM", strings.Repeat("\x05\x021H|\\^&|||Host\r\x036F\r\n\x04\n", 200), true},
		{"ASTM, short frames", strings.Repeat("\x05\x02a=1;b=2\x03c7\x04\r\n", 200), true},
		{"four separators", strings.Repeat("a\x1cbc\x1dde\x1efg\x1fhi\n", 200), true},
		{"UTF-16, no mark", in(unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), log), true},

		{"random", random(5000), false},
		{"random, short", random(300), false},
		{"random after text", log[:1000] + random(200<<10), false},
		{"ELF", "\x7fELF\x02\x01\x01" + zeros(9) + log, false},
		{"ELF with zeros on one side", "\x7fELF\x01\x01\x01" + strings.Repeat("\x00\x01\x02\x03\xff\xfe", 100) + "\nbeta\n", false},
		{"records with zeros on one side", "nothing" + strings.Repeat("\x00\x01\x02\x03\xff\xfe", 100) + "\nbeta\n", false},
		{"PNG", "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + log, false},
		{"JPEG", "\xff\xd8\xff\xe0\x00\x10JFIF" + log, false},
		{"PDF", "%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + log, false},
		{"text that begins like a PDF", "%PDF-1.7 could not be read\n" + log, true},
		{"Latin-1 that begins like a PDF", "%PDF-1.7 M\xfcller could not be read\n" + log, true},
		{"text that begins like a heap dump", "JAVA PROFILE 1.0.2 could not be written\n" + log, true},
		{"a heap dump", "JAVA PROFILE 1.0.2\x00\x00\x00\x00\x08" + log, false},
		{"text that begins like a sound", "RIFF 123WAVE header wrong\n" + log, true},
		{"a sound", "RIFF\x24\x08\x00\x00WAVEfmt \x10\x00\x00\x00" + log, false},
		{"text that begins like a time zone", "TZif file is corrupt\n" + log, true},
		{"a time zone", "TZif2\x00\x00\x00\x00" + log, false},
		{"SQLite", "SQLite format 3\x00\x10\x00\x01\x01" + log, false},
		{"journal", "LPKSHHRH" + log, false},
		{"wtmp", wtmp.String(), false},
		{"wtmp of one record", wtmp.String()[:384], false},
		{"lastlog", string(lastlog), false},
		{"lastlog of a user without a host", zeros(292000) + "\x10pts" + zeros(280), false},
		{"numbers", numbers.String(), false},
		{"wtmp with many line ends", strings.ReplaceAll(wtmp.String(), "192.168.1.10", "192.168\n1\n10"), false},
		{"numbers between names", names.String(), false},
	} {
		path := filepath.Join(t.TempDir(), "file.log")
		readertest.WriteFile(t, path, c.data)
		for _, compress := range []bool{false, true} {
			if compress {
				if len(c.data) > 1<<20 || strings.HasPrefix(c.name, "lastlog") || c.name == "random after text" {
					continue // only the first 64 KiB are inspected
				}
				readertest.WriteFile(t, path, readertest.Gzip(c.data))
			}
			logs, _ := Find([]string{filepath.Dir(path)})
			src := NewSource(logs[0], Options{})
			b, err := src.Open(context.Background(), src.Members()[0], reader.Pos{})
			if err == nil {
				b.Close()
			}
			if text := !errors.Is(err, reader.ErrBinary); text != c.text {
				t.Errorf("%s (compressed: %v) is text: %v, want %v", c.name, compress, text, c.text)
			}
			src = NewSource(logs[0], Options{Text: true})
			if b, err := src.Open(context.Background(), src.Members()[0], reader.Pos{}); err != nil {
				t.Errorf("%s, all text: %v", c.name, err)
			} else {
				b.Close()
			}
		}
	}
}

// A file that looks binary is text if another file of its log is, unless it
// starts with a magic number.
func TestTextBesideText(t *testing.T) {
	dir := t.TempDir()
	noise := make([]byte, 4000)
	for i, r := 0, rand.New(rand.NewPCG(3, 4)); i < len(noise); i++ {
		noise[i] = byte(r.Uint32())
	}
	for name, data := range map[string]string{
		"app.log": string(noise), "app.log.1": someLog(10),
		"alone.log": string(noise),
		"two.log":   string(noise), "two.log.1": string(noise), "two.log.2": "", "two.log.3": strings.Repeat("\x00", 100),
		"elf.log": "\x7fELF\x02\x01\x01" + string(noise), "elf.log.1": someLog(10),
	} {
		readertest.WriteFile(t, filepath.Join(dir, name), data)
	}
	logs, _ := Find([]string{dir})
	got := map[string]bool{}
	for _, l := range logs {
		src := NewSource(l, Options{})
		for _, m := range src.Members() {
			b, err := src.Open(context.Background(), m, reader.Pos{})
			if err == nil {
				b.Close()
			}
			got[filepath.Base(m.Path)] = err == nil
		}
	}
	want := map[string]bool{"app.log": true, "app.log.1": true, "alone.log": false, "two.log": false, "two.log.1": false, "two.log.2": true, "two.log.3": true, "elf.log": false, "elf.log.1": true}
	for name, text := range want {
		if got[name] != text {
			t.Errorf("%s is text: %v, want %v", name, got[name], text)
		}
	}
}

var binaryDirs = os.Getenv("BINARY_DIRS") // directories to search for wrong results, set by hand

func TestVerdicts(t *testing.T) {
	if binaryDirs == "" {
		t.Skip("BINARY_DIRS is not set")
	}
	for _, dir := range filepath.SplitList(binaryDirs) {
		filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return nil
			}
			f, err := os.Open(path)
			if err != nil {
				return nil
			}
			defer f.Close()
			if x, err := decode.Open(t.Context(), f, false); err == nil {
				t.Logf("binary %v %s %s %s", x.Binary, x.Format, x.Charset, path)
				x.Release()
			}
			return nil
		})
	}
}
