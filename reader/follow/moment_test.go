package follow_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"logview/reader/follow"
	"logview/reader/readertest"
)

// TestFollowerSeesAnyMoment tests that the stories are told alike whenever the files are
// looked at: between two steps, while a file is copied, and while steps are done.
func TestFollowerSeesAnyMoment(t *testing.T) {
	tries := uint64(200)
	if testing.Short() {
		tries = 15
	}
	all := maps.Clone(stories)
	maps.Copy(all, identityStories)
	for name, story := range all {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for seed := range tries {
				if tellAtRandom(t, story, seed); t.Failed() {
					return
				}
			}
		})
	}
}

// tellAtRandom tells a story. Lines are expected before the steps after them.
func tellAtRandom(t *testing.T, story string, seed uint64) {
	t.Helper()
	dir := t.TempDir()
	before, steps, _ := strings.Cut(story, "\n\n")
	for s := range strings.SplitSeq(strings.ReplaceAll(before, "\n", " ; "), " ; ") {
		readertest.Act(t, dir, strings.TrimSpace(s))
	}
	r := rand.New(rand.NewPCG(seed, 1))
	live := follow.NewLive([]string{dir}, nil)
	defer live.Close()
	f := follow.NewFollower(live, follow.FollowOptions{})
	defer f.Close()
	var told []string // the steps and looks so far
	var got, want []line
	emit := func(a *follow.Appended) error {
		rel, err := filepath.Rel(dir, a.Log)
		if err != nil {
			return err
		}
		for text := range strings.Lines(string(a.Text)) {
			got = append(got, line{rel, strings.TrimSuffix(text, "\n")})
		}
		return nil
	}
	var next []func() // the steps that may be done now
	do := func(n int) {
		for range min(n, len(next)) {
			step := next[0]
			next = next[1:]
			step()
		}
	}
	opened := -1 // after so many files are opened, a step is done
	follow.WhenOpening(f, func() {
		if opened--; opened == 0 {
			do(1 + r.IntN(2))
		}
	})
	look := func(c follow.Changes) {
		t.Helper()
		told = append(told, fmt.Sprintf("(look all=%v names=%v", c.All, c.Names))
		opened = r.IntN(6)
		if c.Names {
			follow.RefreshLive(live)
		}
		if err := f.Look(t.Context(), c, emit); err != nil {
			t.Fatal(err)
		}
		told = append(told, "end)")
	}
	finish := func() {
		t.Helper()
		for len(next) > 0 {
			do(r.IntN(3))
			if r.IntN(3) > 0 {
				look(follow.Changes{Files: written(t, dir), Names: r.IntN(2) == 0, All: r.IntN(4) == 0})
			}
		}
		for range 2 {
			look(follow.Changes{All: true, Names: true})
		}
		if !slices.Equal(got, want) {
			t.Fatalf("seed %d: after %.4000s:\ngot  %.300q\nwant %.300q", seed, strings.Join(told, " ; "), got, want)
		}
	}
	if err := f.Begin(t.Context(), emit); err != nil {
		t.Fatal(err)
	}
	for s := range strings.Lines(steps) {
		if s = strings.TrimSpace(s); s == "" {
			continue
		}
		if expected, ok := strings.CutPrefix(s, "> "); ok {
			log, text, _ := strings.Cut(expected, " ")
			want = append(want, line{log, readertest.Unquote(t, text)})
			continue
		}
		finish()
		for part := range strings.SplitSeq(s, " ; ") {
			part = strings.TrimSpace(part)
			add := func(told1 string, step func()) {
				next = append(next, func() {
					told = append(told, told1)
					step()
				})
			}
			w := strings.Fields(part)
			if w[0] != "cp" || w[1] == "/dev/null" {
				add(part, func() { readertest.Act(t, dir, part) })
				continue
			}
			from, to := filepath.Join(dir, w[1]), filepath.Join(dir, w[2])
			var text []byte
			add("begin "+part, func() {
				var err error
				if text, err = os.ReadFile(from); err != nil {
					t.Fatal(err)
				}
				readertest.WriteFile(t, to, "")
			})
			add("half", func() { readertest.AppendFile(t, to, string(text[:len(text)/2])) })
			add("all", func() { readertest.AppendFile(t, to, string(text[len(text)/2:])) })
		}
	}
	finish()
}

// written returns the files in dir as changed.
func written(t *testing.T, dir string) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		out[path] = true
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
