package document

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"logview/reader"
	"logview/reader/files"
	"logview/reader/readertest"
)

// Resolve finds the line of each Ref that a Document returns, whatever the text
// is, also after the file was compressed.
func TestDocumentRefs(t *testing.T) {
	for name, text := range map[string]string{
		"plain":     "one\ntwo\nthree",
		"nuls":      "one\n" + strings.Repeat("\x00", 100_000) + "two\nthr" + strings.Repeat("\x00", 70_000) + "ee\nfour\n",
		"latin-1":   "Gr\xfc\xdfe\nan\nalle\n",
		"utf-16":    "\xff\xfea\x00\n\x00b\x00\n\x00c\x00",
		"bom":       "\xef\xbb\xbfone\ntwo\n",
		"not utf-8": "ü\n\xff\xff\xc3\nthree\n",
		"long":      "x\n" + strings.Repeat("0123456789abcde ", 5<<16) + "\nlast\n",
		"crlf":      "one\r\ntwo\r\n",
	} {
		for _, form := range []string{"app.log", "app.log.1.gz"} {
			t.Run(name+" "+form, func(t *testing.T) {
				path := filepath.Join(t.TempDir(), form)
				data := []byte(text)
				if strings.HasSuffix(form, ".gz") {
					data = readertest.Gzip(text)
				}
				readertest.Must(t, os.WriteFile(path, data, 0o644))
				logs, _ := files.Find([]string{path})
				d := NewDocument(files.NewSource(logs[0], files.Options{}), DocumentOptions{})
				defer d.Close()
				key := d.Members()[0].Key
				for l := range reader.Line(2) {
					p, err := d.Line(t.Context(), key, l)
					readertest.Must(t, err)
					r, err := d.Ref(t.Context(), p)
					readertest.Must(t, err)
					if _, m, at, err := files.Resolve(t.Context(), r, files.Options{}); err != nil || m.Path != path || at.Line != l {
						t.Errorf("%s: %s at %v, %v", r, m.Path, at, err)
					}
					if form == "app.log" {
						readertest.Must(t, os.WriteFile(path+".2.gz", readertest.Gzip(text), 0o644))
						readertest.Must(t, os.Remove(path))
						if _, m, _, err := files.Resolve(t.Context(), r, files.Options{}); err != nil || m.Path != path+".2.gz" {
							t.Errorf("compressed: %s: %s, %v", r, m.Path, err)
						}
						readertest.Must(t, os.Remove(path+".2.gz"))
						readertest.Must(t, os.WriteFile(path, data, 0o644))
					}
				}
			})
		}
	}
}
