package document

import (
	"path/filepath"
	"strings"
	"testing"

	"logview/reader/files"
)

// A Document stands at the end of the plain file at once; the packed one
// joins when it turns out to be another text.
func TestPairInDocument(t *testing.T) {
	rememberAll(t)
	text := strings.Repeat("some line of a log\n", 50000)
	for _, other := range []bool{false, true} {
		dir := t.TempDir()
		packed := text
		if other {
			packed += "old\n"
		}
		write(t, filepath.Join(dir, "a.1"), text+"new\n")
		write(t, filepath.Join(dir, "a.1.gz"), string(gz(packed)))
		decided := make(chan bool, 1)
		d := NewDocument(source(t, dir, files.Options{}), DocumentOptions{Decided: func() { decided <- true }})
		defer d.Close()
		if n := len(d.Members()); n != 1 {
			t.Errorf("it begins with %d members", n)
		}
		if !other {
			continue
		}
		<-decided
		logs, _ := files.Find([]string{dir})
		d.Update(logs[0])
		var got []string
		for _, m := range d.Members() {
			got = append(got, filepath.Base(m.Path))
		}
		expect(t, got, "a.1.gz", "a.1")
	}
}
