package files

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/text/encoding/htmlindex"

	"logview/reader"
	"logview/reader/decode"
	"logview/reader/readertest"
)

func encoded(t *testing.T, c decode.Charset, s string) string {
	t.Helper()
	e, err := htmlindex.Get(string(c))
	if err != nil {
		t.Fatal(err)
	}
	out, err := e.NewEncoder().String(s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// readIn returns the text of a file that is read with an encoding.
func readIn(t *testing.T, data string, enc decode.Charset) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "f.log")
	readertest.WriteFile(t, path, data)
	src := NewSource(Log{Name: path, Members: []reader.Member{{Path: path}}}, Options{Encoding: enc})
	b, err := src.Open(t.Context(), src.Members()[0], reader.Pos{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	blocks, _ := readertest.Collect(t, b.Next)
	return readertest.Join(blocks)
}

// UTF-16 without a byte order mark is detected by its zero bytes.
func TestUTF16Without(t *testing.T) {
	for _, c := range []decode.Charset{decode.UTF16LE, decode.UTF16BE} {
		for _, text := range []string{
			"ab\n", "one line\n", someLog(1), someLog(5000), "2026-05-01 12:00 запрос обработан\n", strings.Repeat("2026-05-01 12:00:00 リクエスト\n", 5000), "no newline",
			strings.Repeat("Ошибка соединения с сервером\r\n", 100), strings.Repeat("连接服务器失败，请稍后重试。错误\r\n", 100),
		} {
			for _, cut := range []int{0, 1} {
				raw := encoded(t, c, text)
				raw = raw[:len(raw)-cut]
				want := text
				if cut > 0 { // half a character is kept until its other half arrives
					want = text[:len(text)-1]
				}
				if got := readIn(t, raw, ""); got != want && (cut == 0 || len(text) > 3) {
					t.Errorf("%s, %d bytes cut off: got %.80q, want %.80q", c, cut, got, want)
				}
				if got, _, err := readAll(t, readertest.Gzip(raw)); got != want && (cut == 0 || len(text) > 3) {
					t.Errorf("%s, compressed: got %.80q, want %.80q; %v", c, got, want, err)
				}
			}
		}
		if got := readIn(t, strings.Repeat("\x00", 200<<10)+encoded(t, c, someLog(10)), ""); got != reader.NulMarker(100<<10)+someLog(10) {
			t.Errorf("%s behind NULs: %.80q", c, got)
		}
	}
	for _, text := range []string{someLog(100), "a\x00", strings.ReplaceAll(someLog(10), " ", "\x00"), "\x00\x01\x00\x02\x00\x03\x00\x04",
		"eth0\x00up\neth0\x00up\n", strings.Repeat("foo\x00bar\x00baz\n", 100), strings.Repeat("vol1\x0012345\x001234\n", 20)} {
		if c, _ := decode.DetectCharset([]byte(text), true); c == decode.UTF16LE || c == decode.UTF16BE {
			t.Errorf("%.40q is taken for %s", text, c)
		}
	}
}

// Latin-1 that starts with much ASCII is decoded, too.
func TestLateLatin1(t *testing.T) {
	log := someLog(20000)
	for name, c := range map[string][2]string{
		"at the end":       {log + "caf\xe9\n", log + "café\n"},
		"before the end":   {log + "caf\xe9\n" + someLog(200), log + "café\n" + someLog(200)},
		"often":            {strings.ReplaceAll(log, "request 1999", "requ\xeate 1999"), strings.ReplaceAll(log, "request 1999", "requête 1999")},
		"UTF-8":            {log + "größe\nbroken \xe9\n", log + "größe\nbroken \xe9\n"},
		"after the window": {log[:decode.HeadSize] + "x\xe9\n", log[:decode.HeadSize] + "xé\n"},
	} {
		if got := readIn(t, c[0], ""); got != c[1] {
			t.Errorf("%s: another text: …%q", name, got[max(0, len(got)-40):])
		}
		if got, _, err := readAll(t, readertest.Gzip(c[0])); got != c[1] {
			t.Errorf("%s, compressed: another text: …%q, %v", name, got[max(0, len(got)-40):], err)
		}
	}
}

// The encoding that the user sets is used unless the file has a byte order
// mark.
func TestEncoding(t *testing.T) {
	for name, text := range map[string]string{
		"windows-1251": "2026 привет, мир\n", "koi8-r": "привет\n", "shift_jis": "表示 リクエスト\n", "gb18030": "请求已处理 😀\n",
		"euc-kr": "요청을 처리\n", "big5": "請求\n", "iso-2022-jp": "リクエスト plain\n", "windows-1252": "5 € “so”\n", "cp1251": "привет\n", "UTF-16": "größe\n", "utf-16be": "größe\n",
	} {
		c, err := decode.ParseCharset(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		long := strings.Repeat(text, 20000)
		raw := encoded(t, c, long)
		if got := readIn(t, raw, c); got != long {
			t.Errorf("%s: %.60q, want %.60q", name, got, text)
		}
		if got := string(c.Decode([]byte(raw))); got != long {
			t.Errorf("%s: lines are %.60q, want %.60q", name, got, text)
		}
		if got := readIn(t, "\xef\xbb\xbf"+text, c); got != text {
			t.Errorf("%s: a file with a byte order mark is %.60q", name, got)
		}
	}
	if got := readIn(t, "caf\xe9\n", decode.UTF8); got != "caf\xe9\n" {
		t.Errorf("as UTF-8: %q", got)
	}
	for name, want := range map[string]string{"win1251": "windows-1251", "utf-9": "utf-8", "sjis9": "try utf-8", "replacement": "unknown"} {
		if _, err := decode.ParseCharset(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// firstLineEnd returns the index after the first newline of raw, which begins with a
// whole character; 0 if there is none.
func firstLineEnd(raw, newline []byte) int {
	for at := 0; ; {
		i := bytes.Index(raw[at:], newline)
		if i < 0 {
			return 0
		}
		if at += i; at%len(newline) == 0 {
			return at + len(newline)
		}
		at++
	}
}

// In every charset, lines can be split and decoded one by one.
func TestCharsetLines(t *testing.T) {
	for _, c := range []decode.Charset{decode.UTF8, decode.Latin1, decode.UTF16LE, decode.UTF16BE, "shift_jis", "gb18030"} {
		text := "one\nzwei \u0a0a \u0a00 \u000a三\n\ufefffour\n"
		if c == decode.Latin1 || c == "shift_jis" {
			text = "one\nzwei\n\n"
		}
		raw := []byte(text)
		if c != decode.UTF8 && c != decode.Latin1 {
			raw = []byte(encoded(t, c, text))
		}
		var got []string
		rest := raw
		for {
			n := firstLineEnd(rest, c.Newline())
			if n == 0 {
				break
			}
			got = append(got, string(c.Decode(rest[:n])))
			rest = rest[n:]
		}
		want := strings.SplitAfter(strings.ReplaceAll(text, "\ufeff", ""), "\n")
		if fmt.Sprintf("%q", append(got, "")) != fmt.Sprintf("%q", want) || len(rest) > 0 {
			t.Errorf("%s: %q, want %q; %q left", c, got, want, rest)
		}
		if end := c.LineEnd(append(bytes.Clone(raw), raw[:2]...)); end != len(raw) {
			t.Errorf("%s: the lines end at %d, want %d", c, end, len(raw))
		}
	}
	if c := decode.ASCII.Learn([]byte("plain\n")); c != decode.ASCII {
		t.Errorf("ASCII became %s", c)
	}
	if c := decode.ASCII.Learn([]byte("caf\xe9\n")); c != decode.Latin1 {
		t.Errorf("latin-1 is %s", c)
	}
	if c := decode.ASCII.Learn([]byte("café\n")).Learn([]byte("caf\xe9\n")); c != decode.UTF8 {
		t.Errorf("UTF-8 became %s", c)
	}
}
