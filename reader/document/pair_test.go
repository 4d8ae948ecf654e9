package document

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"logview/reader/files"
	"logview/reader/readertest"
)

// A Document shows the end of the plain file at once. The packed file becomes a
// member when it turns out to have another text.
func TestPairInDocument(t *testing.T) {
	readertest.Set(t, &files.TooYoung, -time.Hour) // keep verdicts although the files are new
	text := strings.Repeat("some line of a log\n", 50000)
	for _, other := range []bool{false, true} {
		dir := t.TempDir()
		packed := text
		if other {
			packed += "old\n"
		}
		readertest.WriteFile(t, filepath.Join(dir, "a.1"), text+"new\n")
		readertest.WriteFile(t, filepath.Join(dir, "a.1.gz"), readertest.Gzip(packed))
		decided := make(chan bool, 1)
		logs, errs := files.Find([]string{dir})
		if len(errs) > 0 || len(logs) != 1 {
			t.Fatal(logs, errs)
		}
		d := NewDocument(files.NewSource(logs[0], files.Options{}), DocumentOptions{Decided: func() { decided <- true }})
		defer d.Close()
		if n := len(d.Members()); n != 1 {
			t.Errorf("it begins with %d members", n)
		}
		if !other {
			continue
		}
		<-decided
		logs, _ = files.Find([]string{dir})
		d.Update(logs[0])
		var got []string
		for _, m := range d.Members() {
			got = append(got, filepath.Base(m.Path))
		}
		readertest.ExpectStrings(t, got, "a.1.gz", "a.1")
	}
}
