package readertest

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Act does a step of a story in dir. The steps are
//
//	NAME < TEXT     append TEXT, as Unquote reads it
//	mv, cp FROM TO
//	cpold FROM TO   copy with other text before it, an hour old from the start
//	rm NAME
//	cut NAME        truncate to nothing
//	mode OCTAL NAME
//	mkdir NAME
//	gz NAME         replace NAME by NAME.gz
//
// and "", which does nothing.
func Act(t *testing.T, dir, step string) {
	t.Helper()
	if step == "" {
		return
	}
	path := func(name string) string {
		if filepath.IsAbs(name) {
			return name
		}
		return filepath.Join(dir, name)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", step, err)
		}
	}
	if name, text, ok := strings.Cut(step, " < "); ok {
		must(os.MkdirAll(filepath.Dir(path(name)), 0o755))
		AppendFile(t, path(name), Unquote(t, text))
		return
	}
	w := strings.Fields(step)
	switch w[0] {
	case "mv":
		must(os.Rename(path(w[1]), path(w[2])))
	case "cp", "cpold":
		data, err := os.ReadFile(path(w[1]))
		must(err)
		if w[0] == "cpold" {
			data = append([]byte("another text that was written long before any of this began\n"), data...)
		}
		if w[0] == "cp" {
			must(os.WriteFile(path(w[2]), data, 0o644))
			break
		}
		// It is there with its time at once: who watches must not see it without.
		made := filepath.Join(t.TempDir(), "old")
		must(os.WriteFile(made, data, 0o644))
		old := time.Now().Add(-time.Hour)
		must(os.Chtimes(made, old, old))
		must(os.Rename(made, path(w[2])))
	case "rm":
		must(os.Remove(path(w[1])))
	case "cut":
		must(os.Truncate(path(w[1]), 0))
	case "mode":
		mode, err := strconv.ParseUint(w[1], 8, 32)
		must(err)
		must(os.Chmod(path(w[2]), os.FileMode(mode)))
	case "mkdir":
		must(os.Mkdir(path(w[1]), 0o755))
	case "gz":
		CompressFile(t, path(w[1]))
	default:
		t.Fatalf("unknown step %q", step)
	}
}

// Unquote returns the text that a step stands for: that of a Go string in
// double quotes, or with @N so many letters x and perhaps a newline.
func Unquote(t *testing.T, s string) string {
	t.Helper()
	if n, ok := strings.CutPrefix(s, "@"); ok {
		n, _, _ := strings.Cut(n, `\n`)
		size, err := strconv.Atoi(n)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Repeat("x", size)
		if strings.HasSuffix(s, `\n`) {
			text += "\n"
		}
		return text
	}
	out, err := strconv.Unquote(`"` + s + `"`)
	if err != nil {
		t.Fatalf("%q: %v", s, err)
	}
	return out
}

// Packed returns the text of a step compressed with gzip. Escapes in it are
// those that Act knows.
func Packed(t *testing.T, text string) []byte {
	t.Helper()
	return Gzip(Unquote(t, text))
}
