package rotation

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// A rotator returns the names of the files of one log: n rotated ones, oldest
// first, which were rotated at the times at.
type rotator func(r *rand.Rand, stem, ext string, at []time.Time) []string

// each returns a rotator that calls name for each file.
func each(name func(stem, ext string, at time.Time, i, n int) string) rotator {
	return func(_ *rand.Rand, stem, ext string, at []time.Time) []string {
		var out []string
		for i, t := range at {
			out = append(out, name(stem, ext, t, i, len(at)))
		}
		return out
	}
}

// layout returns a rotator for names with a time layout. It replaces STEM and
// EXT in before and after.
func layout(before, date, after string) rotator {
	return each(func(stem, ext string, at time.Time, i, n int) string {
		put := strings.NewReplacer("STEM", stem, "EXT", ext)
		return put.Replace(before) + at.Format(date) + put.Replace(after)
	})
}

var rotators = map[string]rotator{
	"falling":         each(func(stem, ext string, _ time.Time, i, n int) string { return fmt.Sprint(stem, ext, ".", n-i) }),
	"falling from 0":  each(func(stem, ext string, _ time.Time, i, n int) string { return fmt.Sprint(stem, ext, ".", n-1-i) }),
	"falling before":  each(func(stem, ext string, _ time.Time, i, n int) string { return fmt.Sprint(stem, ".", n-i, ext) }),
	"rising":          each(func(stem, ext string, _ time.Time, i, n int) string { return fmt.Sprint(stem, ext, ".", 1+i) }),
	"rising, padded":  each(func(stem, ext string, _ time.Time, i, n int) string { return fmt.Sprintf("%s%s%05d", stem, ext, 95+i) }),
	"rising before":   each(func(stem, ext string, _ time.Time, i, n int) string { return fmt.Sprint(stem, "-", 1+i, ext) }),
	"gone round":      each(func(stem, ext string, _ time.Time, i, n int) string { return fmt.Sprint(stem, ext, ".", (i+2)%n) }),
	"days":            layout("STEMEXT-", "20060102", ""),
	"days before":     layout("STEM-", "2006-01-02", "EXT"),
	"seconds":         layout("STEM_", "2006-01-02T15-04-05.000", "-sizeEXT"),
	"hours":           layout("STEMEXT.", "2006-01-02-15", ""),
	"American":        layout("STEM-", "01-02-2006-15", "EXT"),
	"German":          layout("STEMEXT.", "02.01.2006", ""),
	"two digits":      layout("STEM-", "060102", "EXT"),
	"day and counter": each(func(stem, ext string, at time.Time, i, n int) string { return fmt.Sprint(stem, ext, ".20240311-", 1+i) }),
}

// TestRandom creates logs with random naming schemes in a directory, with
// modification times, times in the texts, or both.
func TestRandom(t *testing.T) {
	names := make([]string, 0, len(rotators))
	for name := range rotators {
		names = append(names, name)
	}
	slices.Sort(names)
	for seed := range uint64(3000) {
		r := rand.New(rand.NewPCG(seed, 1))
		stems := []string{"app", "host1", "host2", "web-01", "access_log", "Xorg.0", "my.server"}
		exts := []string{".log", ".txt", ".out"}
		var dir []File
		var want []string
		var used []string
		texts := map[string]time.Time{}
		copied := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
		quiet := r.IntN(3) // 0: no modification times; 1: no times in the texts
		for _, stem := range stems {
			if r.IntN(2) == 0 {
				continue
			}
			scheme := names[r.IntN(len(names))]
			if stem == "access_log" && scheme == "two digits" {
				continue
			}
			ext := exts[r.IntN(len(exts))]
			n := 1 + r.IntN(8)
			step := time.Duration(24+r.IntN(100)) * time.Hour
			at := time.Date(2025, time.Month(1+r.IntN(12)), 1+r.IntN(28), r.IntN(24), 0, 0, 0, time.UTC)
			var times []time.Time
			for range n {
				times = append(times, at)
				at = at.Add(step)
			}
			// Only the number of the newest file would tell, which is not
			// enough.
			log := append(rotators[scheme](r, stem, ext, times), stem+ext)
			compressed := r.IntN(n + 1)
			for i := range log {
				if i < compressed {
					log[i] += ".gz"
				}
				if i < n {
					texts[log[i]] = times[i].Add(-step)
				}
				f := File{Parse(log[i]), at}
				if i < n {
					f.ModTime = times[i]
				}
				switch quiet {
				case 0:
					f.ModTime = copied.Add(time.Duration(r.IntN(50)) * time.Millisecond)
				case 1:
					delete(texts, log[i])
				}
				dir = append(dir, f)
			}
			used = append(used, scheme)
			want = append(want, strings.Join(log, " "))
		}
		slices.Sort(want)
		r.Shuffle(len(dir), func(i, j int) { dir[i], dir[j] = dir[j], dir[i] })
		got, read := arranged(dir, texts)
		if !slices.Equal(got, want) {
			t.Fatalf("seed %d, %q, %d:\ngot  %s\nwant %s", seed, used, quiet, strings.Join(got, "\n     "), strings.Join(want, "\n     "))
		}
		if read > allSampled {
			t.Fatalf("seed %d: %d texts are read", seed, read)
		}
	}
}

// TestEveryOrder checks that the order of the files in the directory does not
// matter.
func TestEveryOrder(t *testing.T) {
	for _, s := range schemes {
		dir, texts, want := made(s.files)
		for seed := range uint64(20) {
			r := rand.New(rand.NewPCG(seed, 2))
			r.Shuffle(len(dir), func(i, j int) { dir[i], dir[j] = dir[j], dir[i] })
			if got, _ := arranged(dir, texts); !slices.Equal(got, want) {
				t.Fatalf("%s, seed %d: got %q, want %q", s.producer, seed, got, want)
			}
		}
	}
}

// TestNoReads checks that no texts are read if the modification times agree
// with the names, or if the names are certain.
func TestNoReads(t *testing.T) {
	for _, files := range []string{
		"app.log.3.gz app.log.2.gz app.log.1 app.log",
		"app.log.2 app.log.1 app.log",
		"app-20240501.log app-20240502.log app.log",
		"app.log.old app.log",
		"app.log",
	} {
		dir, _, _ := made(files)
		if _, read := arranged(dir, nil); read > 0 {
			t.Errorf("%s: %d texts are read", files, read)
		}
	}
	dir, _, _ := made("app-20240502.log app-20240501.log app.log") // touched, so that the times disagree
	if _, read := arranged(dir, nil); read > 0 {
		t.Errorf("%d texts are read of files with dates", read)
	}
}

// TestFamily checks that the names of a log have one family, and that Group can
// be repeated.
func TestFamily(t *testing.T) {
	for _, s := range schemes {
		dir, _, _ := made(s.files)
		names := make([]Name, len(dir))
		for i, f := range dir {
			names[i] = f.Name
		}
		first := Group(names)
		for _, l := range first {
			for _, i := range l.Names {
				if a, b := names[i].Family(), names[l.Names[0]].Family(); a != b {
					t.Errorf("%s: %s is of family %q, not %q", s.producer, names[i].Base(), a, b)
				}
				if names[i].Key() != l.Key {
					t.Errorf("%s: %s has key %q, not %q", s.producer, names[i].Base(), names[i].Key(), l.Key)
				}
			}
		}
		if again := Group(names); !slices.EqualFunc(first, again, func(a, b Log) bool { return a.Name == b.Name && slices.Equal(a.Names, b.Names) }) {
			t.Errorf("%s: %v, then %v", s.producer, first, again)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range schemes {
		for _, name := range strings.Fields(s.files) {
			f.Add(name, "app.log")
		}
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		names := []Name{Parse(a), Parse(b), Parse(a + ".gz"), Parse(b + ".1")}
		for range 2 {
			n := 0
			for _, l := range Group(names) {
				n += len(l.Names)
				files := make([]File, len(l.Names))
				for k, i := range l.Names {
					files[k] = File{Name: names[i]}
				}
				o := Decide(files, func(int) time.Time { return time.Time{} })
				for _, x := range files {
					for _, y := range files {
						if o.Compare(x, y) != -o.Compare(y, x) {
							t.Errorf("%q and %q have no order", x.Name.Base(), y.Name.Base())
						}
					}
				}
			}
			if n != len(names) {
				t.Errorf("%d names became %d", len(names), n)
			}
		}
	})
}

func TestMissing(t *testing.T) {
	for files, want := range map[string]string{
		"app.log.10.gz app.log.3.gz app.log.2.gz app.log.1 app.log":      "app.log.4 to .9",
		"app.log.4 app.log.3 app.log":                                    "app.log.1 to .2",
		"app.log.1.gz app.log.0 app.log":                                 "",
		"app.log.4 app.log.5 app.log.8 app.log":                          "app.log.6 to .7",
		"app.log-20261101 app.log-20261102 app.log-20261104 app.log":     "app.log of 2026-11-03",
		"app.log-20261101 app.log-20261108 app.log-20261115 app.log":     "",
		"a-20261101.log a-20261102.log a-20261105.log a-20261106.log":    "a.log of 2026-11-03 to 2026-11-04",
		"postgresql-Wed.log postgresql-Thu.log postgresql-Mon.log":       "",
		"AdminServer.log00098 AdminServer.log00099 AdminServer.log00101": "AdminServer.log.100",
	} {
		dir, texts, _ := made(files)
		names := make([]Name, len(dir))
		for i, f := range dir {
			names[i] = f.Name
		}
		Group(names)
		for i := range dir {
			dir[i].Name = names[i]
		}
		o := Decide(dir, func(i int) time.Time { return texts[dir[i].Name.Base()] })
		slices.SortStableFunc(dir, o.Compare)
		if got := strings.Join(o.Missing(dir), ", "); got != want {
			t.Errorf("%s: missing is %q (%v), want %q", files, got, o, want)
		}
	}
}
