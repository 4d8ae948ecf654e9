//go:build unix

package reader_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"logview/reader"
)

// What may not be read is said once, and is followed from when it may be. A
// directory that may not be listed for a while loses nothing.
func TestFollowerPermissions(t *testing.T) {
	if os.Geteuid() == 0 {
		// Who may do everything is somebody else for this.
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
		func(paths []string, note func(error)) *reader.Live {
			return reader.NewLive(paths, func(err error) { said <- err; note(err) })
		})
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
