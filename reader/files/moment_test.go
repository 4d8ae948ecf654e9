package files

import (
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"logview/reader"
	"logview/reader/readertest"
)

// A rotatingLog is a log that is rotated step by step.
type rotatingLog struct {
	t       *testing.T
	dir     string
	f       *os.File // of the writer
	written []string // lines
	n       int      // number of rotated files
	clock   time.Time
	steps   []func() // the next ones of a rotation
	told    []string
}

func (l *rotatingLog) path(name string) string { return filepath.Join(l.dir, name) }

// append writes lines to the log, which has the given name now.
func (l *rotatingLog) append(name string, lines int) {
	for range lines {
		line := fmt.Sprintf("%06d a line with some text\n", len(l.written))
		if _, err := l.f.WriteString(line); err != nil {
			l.t.Fatal(err)
		}
		l.written = append(l.written, line)
	}
	l.clock = l.clock.Add(time.Second)
	readertest.Must(l.t, os.Chtimes(l.path(name), l.clock, l.clock))
}

func (l *rotatingLog) create() {
	if l.f != nil {
		l.f.Close()
	}
	var err error
	if l.f, err = os.OpenFile(l.path("app.log"), os.O_APPEND|os.O_CREATE|os.O_RDWR, 0o644); err != nil {
		l.t.Fatal(err)
	}
}

// do does n steps of rotations, or fewer.
func (l *rotatingLog) do(n int) {
	for range min(n, len(l.steps)) {
		step := l.steps[0]
		l.steps = l.steps[1:]
		step()
	}
}

func (l *rotatingLog) add(told string, step func()) {
	l.steps = append(l.steps, func() {
		l.told = append(l.told, told)
		step()
	})
}

func (l *rotatingLog) rename(from, to string) {
	l.add("mv "+from+" "+to, func() { readertest.Must(l.t, os.Rename(l.path(from), l.path(to))) })
}

// compress adds the steps of a compressor.
func (l *rotatingLog) compress(name string) {
	var packed []byte
	var out *os.File
	l.add("begin "+name+".gz", func() {
		text, err := os.ReadFile(l.path(name))
		readertest.Must(l.t, err)
		packed = readertest.Gzip(text)
		if out, err = os.Create(l.path(name + ".gz")); err != nil {
			l.t.Fatal(err)
		}
	})
	l.add("half", func() { out.Write(packed[:len(packed)/2]) })
	l.add("all", func() {
		out.Write(packed[len(packed)/2:])
		out.Close()
	})
	l.add("times", func() {
		info, err := os.Stat(l.path(name))
		readertest.Must(l.t, err)
		readertest.Must(l.t, os.Chtimes(l.path(name+".gz"), info.ModTime(), info.ModTime()))
	})
	l.add("rm "+name, func() { readertest.Must(l.t, os.Remove(l.path(name))) })
}

// rotate adds the steps of a rotation as logrotate does them.
func (l *rotatingLog) rotate(how string) {
	if how == "delaycompress" && l.n > 0 {
		l.compress("app.log.1")
	}
	for i := l.n; i > 0; i-- {
		ext := ".gz"
		if how == "create" {
			ext = ""
		}
		l.rename(fmt.Sprintf("app.log.%d%s", i, ext), fmt.Sprintf("app.log.%d%s", i+1, ext))
	}
	l.rename("app.log", "app.log.1")
	l.add("late line", func() { l.append("app.log.1", 1) })
	l.add("create", l.create)
	l.add("append", func() { l.append("app.log", 2) })
	if how == "compress" {
		l.compress("app.log.1")
	}
	l.n++
}

// TestReadAtAnyMoment tests that a log that is rotated while it is listed and
// read has each line once that was written before.
func TestReadAtAnyMoment(t *testing.T) {
	tries := uint64(300)
	if testing.Short() {
		tries = 40
	}
	for _, how := range []string{"create", "compress", "delaycompress"} {
		t.Run(how, func(t *testing.T) {
			for seed := range tries {
				if readAtRandom(t, how, seed); t.Failed() {
					return
				}
			}
		})
	}
}

func readAtRandom(t *testing.T, how string, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 3))
	l := &rotatingLog{t: t, dir: t.TempDir(), clock: time.Now().Add(-time.Hour)}
	defer func() { l.f.Close() }()
	l.create()
	for range 2 + r.IntN(2) {
		l.append("app.log", 1+r.IntN(50))
		l.rotate(how)
		l.do(len(l.steps))
	}
	l.append("app.log", 1+r.IntN(50))
	l.rotate(how)
	l.do(r.IntN(len(l.steps)))
	want := strings.Join(l.written, "")
	l.told = append(l.told, "(list")
	busy := r.IntN(4)
	happen := func() {
		if r.IntN(4) < busy {
			l.do(1 + r.IntN(4))
		}
	}
	readertest.Set(t, &osOpen, func(path string) (*os.File, error) {
		happen()
		f, err := os.Open(path)
		l.told = append(l.told, fmt.Sprintf("open %s %v", filepath.Base(path), err == nil))
		return f, err
	})
	readertest.Set(t, &readDir, func(dir string) ([]os.DirEntry, error) {
		happen()
		return os.ReadDir(dir)
	})
	src := source(t, l.dir, Options{})
	got := map[string]int{}
	members := src.Members()
	for _, m := range members {
		l.told = append(l.told, "member "+filepath.Base(m.Path))
	}
	r.Shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
	for _, m := range members {
		l.told = append(l.told, "read "+filepath.Base(m.Path))
		b, err := src.Open(t.Context(), m, reader.Pos{})
		if err != nil {
			l.told = append(l.told, err.Error())
			continue
		}
		var blk reader.Block
		for err = b.Next(&blk); err == nil; err = b.Next(&blk) {
			for line := range strings.Lines(string(blk.Text)) {
				got[line]++
			}
		}
		b.Close()
		if err != io.EOF {
			t.Errorf("seed %d: %v", seed, err)
		}
	}
	wrong := 0
	for line := range strings.Lines(want) {
		if n := got[line]; n != 1 {
			if wrong++; wrong == 1 {
				t.Errorf("seed %d: %d times %q of %d", seed, n, line, len(l.written))
			}
		}
	}
	if wrong > 0 {
		t.Errorf("%d lines: %s", wrong, strings.Join(l.told, " ; "))
	}
}
