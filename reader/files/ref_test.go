package files

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"logview/reader"
	"logview/reader/readertest"
)

func TestParseRefs(t *testing.T) {
	for _, c := range []struct {
		in   string
		want []Ref
	}{
		{"app.log", nil},
		{"app.log:0", nil},
		{"app.log:+1", nil},
		{":1", nil},
		{"app.log:42", []Ref{{"app.log", 41, ""}}},
		{"app%41.log:42", []Ref{{"app%41.log", 41, ""}}},
		{"a:7:8", []Ref{{"a:7", 7, ""}, {"a", 6, ""}}},
		{"app.log:42:a line", []Ref{{"app.log", 41, ""}}},
		{"app.log:42@3f9c1a5b7d", []Ref{{"app.log", 41, "3f9c1a5b7d"}}},
		{"/a:7@1/b@2:42@3f9c1a5b7d+9", []Ref{{"/a:7@1/b@2", 41, "3f9c1a5b7d+9"}}},
		{"/a%0ab%E9%zz:1@3f9c1a5b7d", []Ref{{"/a\nb\xe9%zz", 0, "3f9c1a5b7d"}}},
		{"app.log:42@3f9c1a5b7d~7+9", []Ref{{"app.log", 41, "3f9c1a5b7d~7+9"}}},
		{"app.log:42@3f9c1a", nil}, // truncated
		{"app.log:42@3F9C1A5B7D", nil},
		{"app.log:0@3f9c1a5b7d", nil},
	} {
		if got := ParseRefs(c.in); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", c.in, got, c.want)
		}
	}
}

// A Ref with an ID can be parsed from its printed form, whatever its path is,
// and that form is one word for a shell.
func FuzzRefOfAnyPath(f *testing.F) {
	for _, p := range []string{"/var/log/app.log", "a b", "%41", "\x9b31m", "\u009b\u202e", "$(x);'\"\\\n\t", "caf\xe9", "日本/é", ":42@3f9c1a5b7d", "-n", "\ufffd"} {
		f.Add(p, int64(1))
	}
	f.Fuzz(func(t *testing.T, path string, n int64) {
		if path == "" || n < 0 || n >= 1e18-1 {
			return
		}
		want := Ref{path, reader.Line(n), Identify(reader.NewID([]byte(path)), 7, []byte(path), n%2 == 0)}
		s := want.String()
		if got := ParseRefs(s); len(got) != 1 || got[0] != want {
			t.Errorf("%q came back as %q", want, got)
		}
		if i := strings.IndexFunc(s, func(r rune) bool {
			return r <= ' ' || r == 0x7f || r == 0xfffd || r >= 0x80 && r < 0xa0 || strings.ContainsRune("!\"#$&'()*;<>?[\\]^`{|}", r)
		}); i >= 0 {
			t.Errorf("%q has %q", s, s[i:])
		}
	})
}

// refTo returns the Ref to a line of a file with a text.
func refTo(path, text string, line int) Ref {
	lines := strings.SplitAfter(text, "\n")
	at := len(strings.Join(lines[:line-1], ""))
	l, whole := strings.CutSuffix(lines[line-1], "\n")
	return Ref{path, reader.LineNumber(int64(line)), Identify(reader.NewID([]byte(text)), reader.Offset(at), []byte(l), !whole)}
}

// A text is found wherever it was moved, and no other text is found instead.
func TestResolve(t *testing.T) {
	banner := strings.Repeat("the same banner of every day, longer than what tells files apart\n", 100)
	day := func(n int) string { return fmt.Sprintf("%sday %d\nbeat\nend of %d\n", banner, n, n) }
	short := func(n int) string { return fmt.Sprintf("day %d\nbeat\nend of %d\n", n, n) }
	utf16 := func(s string) []byte {
		b := []byte{0xff, 0xfe}
		for _, c := range []byte(s) {
			b = append(b, c, 0)
		}
		return b
	}
	huge := strings.Repeat("0123456789abcdef", 5<<16) // 5 MiB
	tgz := readertest.Gzip(readertest.Tar(t, tarMember{Name: "log/other.log", Text: short(3)}, tarMember{Name: "log/app.log", Text: short(1)}))
	for _, c := range []struct {
		name  string
		ref   Ref
		files map[string][]byte
		want  string // the file, or empty
	}{
		{"as it was", refTo("app.log", short(1), 2), map[string][]byte{"app.log": []byte(short(1))}, "app.log"},
		{"grown", refTo("app.log", short(1), 2), map[string][]byte{"app.log": []byte(short(1) + banner)}, "app.log"},
		{"rotated", refTo("app.log", short(1), 2), map[string][]byte{"app.log": []byte(short(2)), "app.log.1": []byte(short(1))}, "app.log.1"},
		{"compressed", refTo("app.log", short(1), 2), map[string][]byte{"app.log": []byte(short(3)), "app.log.1": []byte(short(2)), "app.log.2.gz": readertest.Gzip(short(1))}, "app.log.2.gz"},
		{"dated", refTo("app.log", short(1), 2), map[string][]byte{"app.log": []byte(short(3)), "app.log-20260102": []byte(short(2)), "app.log-20260101.gz": readertest.Gzip(short(1))}, "app.log-20260101.gz"},
		{"one banner, own line", refTo("app.log", day(1), 101), map[string][]byte{"app.log": []byte(day(2)), "app.log.1": []byte(day(1))}, "app.log.1"},
		{"copied", refTo("app.log", short(1), 3), map[string][]byte{"app.log": nil, "app.log.1": []byte(short(1))}, "app.log.1"},
		{"converted", refTo("app.log", short(1), 3), map[string][]byte{"app.log": utf16(short(1))}, "app.log"},
		{"old directory", refTo("app.log", short(1), 3), map[string][]byte{"old/app.log.1.gz": readertest.Gzip(short(1)), "app.log": []byte(short(2))}, "old/app.log.1.gz"},
		{"a directory of each year and month", refTo("app.log", short(1), 3), map[string][]byte{"old/2026/05/app.log.gz": readertest.Gzip(short(1)), "app.log": []byte(short(2))}, "old/2026/05/app.log.gz"},
		{"renamed", refTo("app.log", short(1), 3), map[string][]byte{"saved": []byte(short(1))}, "saved"},
		{"a directory", refTo(".", short(1), 3), map[string][]byte{"a/b/c/saved": []byte(short(1))}, "a/b/c/saved"},
		{"an archive below a directory", refTo(".", short(1), 3), map[string][]byte{"a/b.tgz": tgz}, "a/b.tgz/log/app.log"},
		{"an archive", refTo("b.tgz", short(1), 3), map[string][]byte{"b.tgz": tgz}, "b.tgz/log/app.log"},
		{"an archive in an archive", refTo("b.tar", short(1), 3), map[string][]byte{"b.tar": readertest.Tar(t, tarMember{Name: "c/b.tgz", Text: string(tgz)})}, "b.tar/c/b.tgz/log/app.log"},
		{"a directory of an archive", refTo("b.tgz/log", short(1), 3), map[string][]byte{"b.tgz": tgz}, "b.tgz/log/app.log"},
		{"both, of which the file is preferred", refTo(".", short(1), 3), map[string][]byte{"b.tgz": tgz, "c/saved": []byte(short(1))}, "c/saved"},
		{"packed since", refTo("app.log", short(1), 3), map[string][]byte{"old/b.tgz": tgz}, "old/b.tgz/log/app.log"},
		{"an archive with another name", refTo("b.tar/log/app.log", short(1), 3), map[string][]byte{"a.tgz": tgz}, "a.tgz/log/app.log"},
		{"not in the archive", refTo("b.tgz", short(2), 3), map[string][]byte{"b.tgz": tgz}, ""},
		{"unpacked", refTo("b.tgz/log/app.log", short(1), 3), map[string][]byte{"log/app.log": []byte(short(1))}, "log/app.log"},
		{"unpacked beside the archive", refTo("b.tgz/log/app.log", short(1), 3), map[string][]byte{"b.tgz": readertest.Gzip(readertest.Tar(t)), "log/app.log": []byte(short(1))}, "log/app.log"},
		{"unpacked into a directory", refTo("b.tar.gz/log/app.log", short(1), 3), map[string][]byte{"b/log/app.log": []byte(short(1))}, "b/log/app.log"},

		{"first line", refTo("app.log", short(1), 1), map[string][]byte{"app.log": []byte(short(1))}, "app.log"},
		{"huge line", refTo("app.log", "x\n"+huge+"\ny\n", 2), map[string][]byte{"app.log": nil, "app.log.1.gz": readertest.Gzip("x\n" + huge + "\ny\n")}, "app.log.1.gz"},
		{"behind it", refTo("app.log", "x\n"+huge+"\ny\n", 3), map[string][]byte{"app.log": []byte("x\n" + huge + "\ny\n")}, "app.log"},
		{"completed", refTo("app.log", "x\ny", 2), map[string][]byte{"app.log": []byte("x\nyz\nnext\n")}, "app.log"},
		{"completed by its end alone", refTo("app.log", "x\ny", 2), map[string][]byte{"app.log": []byte("x\ny\n")}, "app.log"},

		{"rest of a line", Ref{"app.log", 1, IdentifyRest(reader.NewID([]byte("x\ny")), 3, []byte("z"), false)}, map[string][]byte{"app.log": []byte("x\nyz\n")}, "app.log"},
		{"rest of a line, unfinished", Ref{"app.log", 1, IdentifyRest(reader.NewID([]byte("x\ny")), 3, []byte("z"), true)}, map[string][]byte{"app.log": []byte("x\nyzz\n")}, "app.log"},
		{"another rest", Ref{"app.log", 1, IdentifyRest(reader.NewID([]byte("x\ny")), 3, []byte("z"), false)}, map[string][]byte{"app.log": []byte("x\nya\n")}, ""},
		{"other day at the same place", refTo("app.log", short(1), 2), map[string][]byte{"app.log": []byte(short(2))}, ""},
		{"changed in place", refTo("app.log", day(1), 101), map[string][]byte{"app.log": []byte(strings.Replace(day(1), "day 1", "day 7", 1))}, ""},
		{"longer in place", refTo("app.log", "x\ny\n", 2), map[string][]byte{"app.log": []byte("x\nyz\n")}, ""},
		{"moved within the file", refTo("app.log", day(1), 101), map[string][]byte{"app.log": []byte(day(1)[1:])}, ""},
		{"cut off", refTo("app.log", day(1), 101), map[string][]byte{"app.log": []byte(day(1)[:len(banner)])}, ""},
		{"another unfinished line", refTo("app.log", "x\nya", 2), map[string][]byte{"app.log": []byte("x\nyb\n")}, ""},
		{"a shorter unfinished line", refTo("app.log", "x\nyab", 2), map[string][]byte{"app.log": []byte("x\ny")}, ""},
		{"gone", refTo("app.log", short(1), 2), map[string][]byte{"other": []byte("x\n")}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, text := range c.files {
				path := filepath.Join(dir, name)
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, text, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			ref := c.ref
			ref.Path = filepath.Join(dir, ref.Path)
			_, m, at, err := Resolve(t.Context(), ref, Options{})
			if c.want == "" {
				if !errors.Is(err, reader.ErrGone) {
					t.Errorf("found in %s, %v", m.Path, err)
				}
				return
			}
			if err != nil || m.Path != filepath.Join(dir, c.want) || at.Line != ref.Line {
				t.Errorf("found %s line %d, %v", m.Path, at.Line.Number(), err)
			}
		})
	}
}

// TestResolveLink tests that the line of a Ref to a link, such as those of Kubernetes, is found
// after the target of the link was rotated or the link leads to another file.
func TestResolveLink(t *testing.T) {
	text := "day 1\nbeat\nend of 1\n"
	for name, c := range map[string]struct{ link, rotated string }{
		"rotated":    {"0.log", "0.log.20260501-100000"},
		"compressed": {"0.log", "0.log.20260501-100000.gz"},
		"restarted":  {"1.log", "0.log"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			pod, link := filepath.Join(dir, "pods", "p"), filepath.Join(dir, "containers", "web.log")
			readertest.Must(t, os.MkdirAll(pod, 0o755))
			readertest.Must(t, os.MkdirAll(filepath.Dir(link), 0o755))
			if err := os.Symlink(filepath.Join("..", "pods", "p", c.link), link); err != nil {
				t.Skip(err)
			}
			old := []byte(text)
			if filepath.Ext(c.rotated) == ".gz" {
				old = readertest.Gzip(text)
			}
			readertest.Must(t, os.WriteFile(filepath.Join(pod, c.rotated), old, 0o644))
			readertest.Must(t, os.WriteFile(filepath.Join(pod, c.link), []byte("new\n"), 0o644))
			_, m, _, err := Resolve(t.Context(), refTo(link, text, 3), Options{})
			if want, _ := filepath.EvalSymlinks(filepath.Join(pod, c.rotated)); err != nil || m.Path != want {
				t.Errorf("found %s, %v; want %s", m.Path, err, want)
			}
		})
	}
}

// A literal Ref refers to exactly the file at its path, whatever it contains.
func TestResolveLiteral(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "app.log")
	if _, _, _, err := Resolve(t.Context(), Ref{Path: path}, Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	if err := os.WriteFile(path+".1", []byte("x\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{path, path + "*", dir} {
		if _, m, _, err := Resolve(t.Context(), Ref{Path: p}, Options{}); err == nil {
			t.Errorf("%s is %s", p, m.Path)
		}
	}
	tar := filepath.Join(dir, "a.tar")
	readertest.WriteFile(t, tar, readertest.Tar(t, tarMember{Name: "in/x.log", Text: "x\n"}, tarMember{Name: "l.log", Kind: '2', Link: "in/x.log"}, tarMember{Name: "d", Kind: '2', Link: "in"}))
	for _, p := range []string{"/in/x.log", "//in/./x.log", "/l.log", "/d/x.log", "/d/../l.log"} {
		if _, m, _, err := Resolve(t.Context(), Ref{Path: tar + p}, Options{}); err != nil || m.Path != tar+"/in/x.log" {
			t.Errorf("%s is %s, %v", p, m.Path, err)
		}
	}
	for _, p := range []string{"/in", "/d", "/*", "/in/x.*", "/nothing", "/../a.tar"} {
		if _, m, _, err := Resolve(t.Context(), Ref{Path: tar + p}, Options{}); err == nil {
			t.Errorf("%s is %s", p, m.Path)
		}
	}
	if _, m, _, err := Resolve(t.Context(), Ref{Path: path + ".1"}, Options{}); err != nil || m.Path != path+".1" {
		t.Errorf("got %s, %v", m.Path, err)
	}
}
