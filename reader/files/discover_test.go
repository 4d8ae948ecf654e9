package files

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"logview/reader/readertest"
)

// An entryThen is an entry of a directory after whose Info something happens.
type entryThen struct {
	os.DirEntry
	then func()
}

func (e entryThen) Info() (os.FileInfo, error) {
	info, err := e.DirEntry.Info()
	e.then()
	return info, err
}

// A log is rotated while its directory is read, within one step of the file
// system's clock: the list must not have a file under two names and miss another.
func TestListedWhileRotated(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	readertest.WriteFile(t, path("app.log"), "two\n")
	readertest.WriteFile(t, path("app.log.1"), "one\n")
	now := time.Now()
	readertest.Must(t, os.Chtimes(dir, now, now))
	rotated := false
	rotate := func() {
		if rotated {
			return
		}
		rotated = true
		readertest.Must(t, os.Rename(path("app.log.1"), path("app.log.2")))
		readertest.Must(t, os.Rename(path("app.log"), path("app.log.1")))
		readertest.WriteFile(t, path("app.log"), "three\n")
		readertest.Must(t, os.Chtimes(dir, now, now))
	}
	readertest.Set(t, &readDir, func(dir string) ([]os.DirEntry, error) {
		list, err := os.ReadDir(dir)
		for i, e := range list {
			list[i] = entryThen{e, rotate}
		}
		return list, err
	})
	list, err := snapshot(dir)
	readertest.Must(t, err)
	var got []string
	for _, info := range list {
		text, err := os.ReadFile(path(info.Name()))
		readertest.Must(t, err)
		there, err := os.Stat(path(info.Name()))
		readertest.Must(t, err)
		if !os.SameFile(there, info) {
			t.Errorf("%s is another file", info.Name())
		}
		got = append(got, info.Name()+": "+string(text))
	}
	readertest.ExpectStrings(t, got, "app.log: three\n", "app.log.1: two\n", "app.log.2: one\n")
}
