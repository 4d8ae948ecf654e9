package follow

import (
	"archive/tar"
	"archive/zip"
	"errors"
	"path/filepath"
	"testing"

	"logview/reader"
	"logview/reader/decode"
	"logview/reader/files"
	"logview/reader/readertest"
)

// TestFollowArchives: archives, and what cannot be read, are not followed but
// reported, whether they are there before or come later.
func TestFollowArchives(t *testing.T) {
	dir := t.TempDir()
	tarData := string(readertest.Tar(t,
		readertest.TarMember{Name: "./", Kind: tar.TypeDir},
		readertest.TarMember{Name: "./var/log/app.log", Text: "now\n"},
		readertest.TarMember{Name: "./var/log/app.log.1", Text: "before\n"},
		readertest.TarMember{Name: "./var/log/app.log.2.gz", Text: string(readertest.Gzip("first\n"))}))
	zipData := string(readertest.Zip(t, zip.Deflate, "a.log", "a\n", "b.log", "b\n"))
	members := map[string]string{"a.tar": tarData, "a.tgz": string(readertest.Gzip(tarData)), "named.otherwise": tarData, "a.zip": zipData, "a.jar": zipData, "a.7z": "7z\xbc\xaf\x27\x1c\x00\x00 and more"}
	for name, data := range members {
		readertest.WriteFile(t, filepath.Join(dir, "before-"+name), data)
	}
	readertest.WriteFile(t, filepath.Join(dir, "later-a.tar"), "")
	noted := map[string]error{}
	live := NewLive([]string{dir}, nil)
	defer live.Close()
	f := NewFollower(live, FollowOptions{Note: func(err error) {
		var fe *reader.FileError
		if !errors.As(err, &fe) || noted[filepath.Base(fe.Path)] != nil {
			t.Errorf("noted: %v", err)
			return
		}
		noted[filepath.Base(fe.Path)] = err
	}})
	defer f.Close()
	emit := func(a *Appended) error { t.Errorf("handed out: %q", a.Text); return nil }
	if err := f.Begin(t.Context(), emit); err != nil {
		t.Fatal(err)
	}
	for name, data := range members {
		readertest.WriteFile(t, filepath.Join(dir, "later-"+name), data)
	}
	for range 3 {
		live.refresh()
		if err := f.Look(t.Context(), Changes{All: true, Names: true}, emit); err != nil {
			t.Fatal(err)
		}
	}
	for name := range members {
		for _, when := range []string{"before-", "later-"} {
			want := files.ErrArchive
			switch name {
			case "a.7z":
				want = decode.ErrUnreadable
			case "a.jar":
				want = reader.ErrBinary
			}
			if err := noted[when+name]; !errors.Is(err, want) {
				t.Errorf("%s%s: %v, want %v", when, name, err, want)
			}
		}
	}
}
