package decode_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"

	"logview/reader"
	"logview/reader/decode"
	"logview/reader/files"
)

// A decoder that panics fails the member that it decodes: text decoded before
// is returned first, then an error with the path, the place and the cause,
// which remains. Other members are read, and the memory of the window is
// released.
func TestDecoderPanics(t *testing.T) {
	text := strings.Repeat("a line of a log\n", 100_000)
	var z, l bytes.Buffer
	zw, err := zstd.NewWriter(&z, zstd.WithWindowSize(16<<20))
	if err != nil {
		t.Fatal(err)
	}
	lw := lz4.NewWriter(&l)
	for _, w := range []io.WriteCloser{zw, lw} {
		io.WriteString(w, text)
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	for name, data := range map[string][]byte{"app.log.2.zst": z.Bytes(), "app.log.1.lz4": l.Bytes(), "app.log": []byte(text)} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	logs, errs := files.Find([]string{dir})
	if len(errs) > 0 || len(logs) != 1 || len(logs[0].Members) != 3 {
		t.Fatalf("found %v, %v", logs, errs)
	}
	src := files.NewSource(logs[0], files.Options{})
	defer decode.PanicBehind(decode.Zstd, 1_000_000)()
	held := decode.WindowsHeld()
	for _, m := range src.Members() {
		b, err := src.Open(t.Context(), m, reader.Pos{})
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		n, blk := 0, reader.Block{}
		for err = b.Next(&blk); err == nil; err = b.Next(&blk) {
			n += len(blk.Text)
		}
		if !strings.HasSuffix(m.Path, ".zst") {
			if err != io.EOF || n != len(text) {
				t.Errorf("%s: %d bytes of %d, %v", m.Path, n, len(text), err)
			}
			continue
		}
		var fe *reader.FileError
		var pe *decode.PanicError
		if !errors.As(err, &fe) || fe.Path != m.Path || fe.Offset <= 0 || !errors.As(err, &pe) || n != 1_000_000 {
			t.Errorf("%d bytes, then %v", n, err)
		}
		for _, want := range []string{"zstd: the decoder panicked in logview/reader/decode.(*panickingCodec).Read:", "out of range"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%v\ndoes not say %q", err, want)
			}
		}
		if again := b.Next(&blk); again != err {
			t.Errorf("again: %v", again)
		}
		if reader.Resume(b) != io.EOF {
			t.Error("goes on with a decoder that panicked")
		}
		b.Close()
		if now := decode.WindowsHeld(); now != held {
			t.Errorf("%d bytes of windows are held, before %d", now, held)
		}
	}
}
