package index_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"logview/index"
	"logview/reader"
	"logview/reader/document"
	"logview/reader/files"
)

// TestLineNumbersByIndex tests that the index provides line numbers without
// counting, that they are correct, and that only text added since is counted.
func TestLineNumbersByIndex(t *testing.T) {
	if testing.Short() {
		t.Skip("the full tests do this")
	}
	r := rand.New(rand.NewPCG(3, 7))
	path := filepath.Join(t.TempDir(), "app.log")
	var text []byte
	write := func(size int, last string) {
		for from := len(text); len(text)-from < size; {
			n := r.IntN(200)
			if r.IntN(2000) == 0 {
				n = r.IntN(1 << 20) // some are longer than a block
			}
			text = fmt.Appendf(text, "%s\n", strings.Repeat("x", n))
		}
		text = append(text, last...)
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(8<<20, "half a line")
	cache := newCache(t)
	build(t, cache, filepath.Dir(path))
	x := index.Indexed{Cache: cache}
	check := func(most reader.Offset) {
		t.Helper()
		logs, _ := files.Find([]string{path})
		d := document.NewDocument(files.NewSource(logs[0], files.Options{Cache: cache}), document.DocumentOptions{Table: x.Table})
		defer d.Close()
		key := d.Start().Member
		if n := d.Uncounted(t.Context(), document.Place{Member: key, Offset: reader.Offset(len(text)) - 1}); n > most {
			t.Errorf("%d bytes are to be counted, of %d", n, len(text))
		}
		for range 300 {
			off := reader.Offset(r.IntN(len(text)))
			want := reader.Line(bytes.Count(text[:off], []byte("\n")))
			if got, ok := d.Number(t.Context(), document.Place{Member: key, Offset: off}, true); !ok || got != want {
				t.Fatalf("at %d: line %d, %v; want %d", off, got, ok, want)
			}
			begins := reader.Offset(bytes.LastIndexByte(text[:off], '\n') + 1)
			if p, err := d.Line(t.Context(), key, want); err != nil || p.Offset != begins {
				t.Fatalf("line %d begins at %d, %v; want %d", want, p.Offset, err, begins)
			}
		}
	}
	check(0)
	write(4<<20, "")
	check(6 << 20)
	// The index does not apply to another text.
	text = nil
	write(16<<20, "")
	check(reader.Offset(len(text)))
}
