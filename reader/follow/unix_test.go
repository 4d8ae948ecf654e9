//go:build unix

package follow_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"logview/reader/follow"
	"logview/reader/readertest"
)

// What may not be read is reported once, and is followed from when it may be. A
// directory that may not be listed for a while loses nothing.
func TestFollowerPermissions(t *testing.T) {
	if os.Geteuid() == 0 {
		// Root may do everything, so another user is used.
		dir, err := os.MkdirTemp("", "nobody")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		if err := os.Chmod(dir, 0o777); err != nil {
			t.Fatal(err)
		}
		program := filepath.Join(dir, "test")
		data, err := os.ReadFile(os.Args[0])
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(program, data, 0o755); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(program, "-test.run", "^"+t.Name()+"$", "-test.v")
		cmd.Env, cmd.Dir = append(os.Environ(), "TMPDIR="+dir), dir
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	said := make(chan error, 100)
	tell(t, `
		secret.log < old\n
		mode 200 secret.log
		sub/app.log < a first line that is long enough to know a text by it, surely\n

		secret.log < more\n
		open.log < 1\n
		> open.log 1
		mode 644 secret.log
		secret.log < readable\n
		> secret.log more
		> secret.log readable
		.new < of no one\n
		mode 200 .new
		mv .new new.log
		mode 000 sub
		open.log < 2\n
		> open.log 2
		mode 755 sub
		sub/app.log < after\n
		> sub/app.log after
		mode 644 new.log
		> new.log of no one`,
		func(paths []string, note func(error)) *follow.Live {
			return follow.NewLive(paths, func(err error) { said <- err; note(err) })
		}, follow.NewFollower)
	close(said)
	n := 0
	for err := range said {
		if strings.Contains(err.Error(), "sub") {
			n++
		}
	}
	if n > 1 {
		t.Errorf("said %d times of sub", n)
	}
}

// The number of a file that was deleted is soon that of another: an empty one
// is not taken for it, under whatever name.
func TestFollowerInodeUsedAgain(t *testing.T) {
	dir := t.TempDir()
	const text = `of a file that nobody saw while it was current, not even once, and more\n`
	packed := readertest.Packed(t, text)
	readertest.Act(t, dir, `app.log < a first line that is long enough to know a text by it, surely\n`)
	ino := func(name string) uint64 {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return info.Sys().(*syscall.Stat_t).Ino
	}
	before := ino("app.log")
	now := time.Now()
	live := follow.NewLive([]string{dir}, nil)
	defer live.Close()
	f := follow.NewFollower(live, follow.FollowOptions{Now: func() time.Time { return now }, Note: func(err error) { t.Error(err) }})
	defer f.Close()
	var got strings.Builder
	emit := func(a *follow.Appended) error { got.Write(a.Text); return nil }
	if err := f.Begin(t.Context(), emit); err != nil {
		t.Fatal(err)
	}
	look := func(c follow.Changes) {
		t.Helper()
		follow.RefreshLive(live)
		if err := f.Look(t.Context(), c, emit); err != nil {
			t.Fatal(err)
		}
	}
	now = now.Add(time.Hour)
	look(follow.Changes{Sweep: true}) // which closes what is not written to
	readertest.Act(t, dir, `rm app.log`)
	path := filepath.Join(dir, "other.log.1.gz")
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if ino("other.log.1.gz") != before {
		t.Skip("this file system does not use the number again at once")
	}
	now = time.Now()
	look(follow.Changes{Names: true})
	if err := os.WriteFile(path, packed, 0o644); err != nil {
		t.Fatal(err)
	}
	look(follow.Changes{All: true, Names: true})
	now = now.Add(2 * time.Second) // an unfinished line would be emitted now
	look(follow.Changes{All: true, Names: true})
	if want := strings.ReplaceAll(text, `\n`, "\n"); got.String() != want {
		t.Errorf("got %q, want %q", got.String(), want)
	}
}
