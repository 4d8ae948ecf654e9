package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
)

// tuiWord selects the measurements of the explorer in -only.
const tuiWord = "tui"

// Targets for the explorer.
const (
	frameLimit = 100 * time.Millisecond
	keyLimit   = 16 * time.Millisecond
	firstLimit = 3 * time.Second // for a large gzip file that was never opened before
	hitLimit   = 50 * time.Millisecond
	tuiMemory  = 256 * megabyte
	tuiStarts  = 5
	tuiKeys    = 200
)

// A scene is a log or directory that the explorer is started with.
type scene struct {
	name, path string
	// whole reports whether the screen shows what the explorer was started
	// for: the last line of a log, or the list of logs.
	whole func(*screen) bool
	// slow says that whole takes long the first time, and is reported in
	// separate rows.
	slow bool
	// enter says that the keys are for a log of the list, not for the list.
	enter bool
	idle  bool // also report the resources used while nothing happens
}

// tui measures the explorer in a terminal. It prints each row as soon as it is
// known: all of them take minutes.
func (h *harness) tui(ctx context.Context, out io.Writer) ([]liveRow, error) {
	scenes, gen, err := h.scenes(ctx, out)
	if err != nil {
		return nil, err
	}
	var rows []liveRow
	add := func(name, target string, reached bool, got string, args ...any) {
		r := liveRow{name: name, got: fmt.Sprintf(got, args...), target: target, reached: reached}
		rows = append(rows, r)
		fmt.Fprint(out, r)
	}
	for _, s := range scenes {
		if err := h.frames(ctx, &s, add); err != nil {
			return rows, fmt.Errorf("%s: %w", s.name, err)
		}
		if err := h.measureUse(ctx, &s, add); err != nil {
			return rows, fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return rows, h.hits(ctx, gen, add)
}

// An addRow function adds a row to the table.
type addRow func(name, target string, reached bool, got string, args ...any)

// scenes makes the corpora and returns the scenes to measure.
func (h *harness) scenes(ctx context.Context, out io.Writer) ([]scene, *corpus, error) {
	made := map[string]*corpus{}
	for _, place := range []string{genCorpus, manyFiles, hugeLog, oneGzip, oneLine} {
		c, err := h.w.corpus(ctx, place)
		if errors.Is(err, errNoRoom) {
			fmt.Fprintf(out, "  %s: left out, %s\n", place, err)
			continue
		}
		if err != nil {
			return nil, nil, fmt.Errorf("corpus %s: %w", place, err)
		}
		if err := c.warm(ctx); err != nil {
			return nil, nil, err
		}
		made[place] = c
	}
	file := func(place string) string {
		list, err := filesIn(made[place].dir)
		if err != nil || len(list) != 1 {
			return made[place].dir
		}
		return list[0]
	}
	shows := func(text string) func(*screen) bool { return func(s *screen) bool { return s.has(text) } }
	last, err := lastLine(ctx, file(oneGzip))
	if err != nil {
		return nil, nil, err
	}
	list := []scene{{name: plural(made[manyFiles].Files, "file"), path: made[manyFiles].dir, whole: listShown, idle: true}}
	if c := made[hugeLog]; c != nil {
		list = append(list, scene{name: "a log of " + humanize.IBytes(uint64(c.Text)), path: file(hugeLog), whole: shows(theLast), idle: true})
	}
	return append(list,
		scene{name: "gzip of " + humanize.IBytes(uint64(made[oneGzip].Text)), path: file(oneGzip), whole: shows(last), slow: true},
		scene{name: "a line of " + megabytes(made[oneLine].Text), path: file(oneLine), whole: shows(theLast)},
		scene{name: "gen while it is indexed", path: made[genCorpus].dir, whole: listShown, enter: true},
	), made[genCorpus], nil
}

// listShown reports whether the list of logs is on the screen.
func listShown(s *screen) bool {
	return strings.HasPrefix(s.row(0), " Logs") && s.row(1) != "" && !strings.Contains(s.row(1), "looking for logs")
}

func logShown(s *screen) bool {
	return !strings.HasPrefix(s.row(0), " Logs") && strings.Contains(s.row(0), "LIVE") && strings.TrimLeft(s.row(2), " │┃") != ""
}

// lastLine returns the beginning of the last line of a file, short enough to
// fit into a row.
func lastLine(ctx context.Context, path string) (string, error) {
	var end tail
	if _, _, err := copyText(ctx, &end, path); err != nil {
		return "", err
	}
	text := bytes.TrimRight(end.b, "\n")
	text = text[bytes.LastIndexByte(text, '\n')+1:]
	return string(text[:min(len(text), 50)]), nil
}

// explorer starts the explorer. home is its home directory and contains its
// cache.
func (h *harness) explorer(ctx context.Context, home, path string) (*terminal, error) {
	return inTerminal(ctx, append(environment(home), "LOGVIEW_CACHE_DIR="+filepath.Join(home, "cache")), h.w.program("logview"), path)
}

// end quits the explorer and waits until the process that keeps its index has
// exited: the next measurement needs the machine to itself.
func (t *terminal) end() error {
	pid := t.cmd.Process.Pid
	behind := children(pid)
	asked := t.quit()
	for begun := time.Now(); slices.ContainsFunc(behind, alive); {
		if time.Since(begun) > 10*time.Second {
			return errors.New("logview index --behind goes on without the explorer")
		}
		time.Sleep(5 * time.Millisecond)
	}
	if !asked {
		return fmt.Errorf("logview does not end by q; its screen was\n%s", t.screen)
	}
	return nil
}

// frames measures the time to the first frame, and to the one that shows what
// the explorer was started for, with an empty cache.
func (h *harness) frames(ctx context.Context, s *scene, add addRow) error {
	var first, whole []time.Duration
	for range tuiStarts {
		home, err := h.newHome()
		if err != nil {
			return err
		}
		t, err := h.explorer(ctx, home, s.path)
		if err != nil {
			return err
		}
		seen := func(s *screen) bool { return s.String() != "" }
		at, err := t.wait(time.Minute, "a frame", seen)
		if err == nil {
			first = append(first, at.Sub(t.begun))
			if !s.slow {
				at, err = t.wait(time.Minute, "all of it", s.whole)
				whole = append(whole, at.Sub(t.begun))
			}
		}
		if err := errors.Join(err, t.end()); err != nil {
			return err
		}
		os.RemoveAll(home)
	}
	got := fmt.Sprintf("median %s, slowest %s", millis(middle(first)), millis(slices.Max(first)))
	if !s.slow {
		got += fmt.Sprintf("; complete %s, %s", millis(middle(whole)), millis(slices.Max(whole)))
	}
	add(s.name+": from exec to the first frame", "≤ "+millis(frameLimit), middle(first) <= frameLimit, "%s", got)
	if s.slow {
		return h.measureRestart(ctx, s, add)
	}
	return nil
}

// measureRestart measures the time until the last line is shown, for the first start and
// for the second.
func (h *harness) measureRestart(ctx context.Context, s *scene, add addRow) error {
	home, err := h.newHome()
	if err != nil {
		return err
	}
	defer os.RemoveAll(home)
	for _, time1 := range []struct {
		name  string
		limit time.Duration
	}{{"the first time", firstLimit}, {"again", frameLimit}} {
		t, err := h.explorer(ctx, home, s.path)
		if err != nil {
			return err
		}
		at, err := t.wait(5*time.Minute, "the last line", s.whole)
		if err := errors.Join(err, t.end()); err != nil {
			return err
		}
		took := at.Sub(t.begun)
		add(s.name+": from exec to its last line, "+time1.name, "≤ "+seconds(time1.limit), took <= time1.limit, "%s", seconds(took))
	}
	return nil
}

// round contains keys each of which changes the screen if the log or list is
// longer than a few screens. It ends where it began, at the end.
var round = strings.Split("b u k k j d b u b j space k g space j d space u k b j j G", " ")

// measureUse measures keys, memory and, if s.idle is set, the resources used while
// nothing happens.
func (h *harness) measureUse(ctx context.Context, s *scene, add addRow) (err error) {
	home, err := h.newHome()
	if err != nil {
		return err
	}
	defer os.RemoveAll(home)
	t, err := h.explorer(ctx, home, s.path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.end()) }()
	if err := t.open(s); err != nil {
		return err
	}
	if err := t.measureKeys(s, add); err != nil {
		return err
	}
	behind := children(t.cmd.Process.Pid)
	if err := t.measureMemory(s, behind, add); err != nil {
		return err
	}
	if !s.idle {
		return nil
	}
	return t.measureIdle(s, behind, add)
}

// open waits until a scene is on the screen, and opens a log of it if the keys
// are for that.
func (t *terminal) open(s *scene) error {
	if _, err := t.wait(5*time.Minute, "all of it", s.whole); err != nil || !s.enter {
		return err
	}
	if _, _, err := t.press("\r", time.Second); err != nil {
		return err
	}
	_, err := t.wait(time.Minute, "the log", logShown)
	return err
}

// measureKeys adds the row of the times from a key to its answer.
func (t *terminal) measureKeys(s *scene, add addRow) error {
	indexing := t.screen.has("indexing")
	took, lost, err := t.keys()
	if err != nil {
		return err
	}
	p50, p99, slowest := took[len(took)/2], took[len(took)*99/100], took[len(took)-1]
	got := fmt.Sprintf("p50 %s, p99 %s, slowest %s by %s", millis(p50.took), millis(p99.took), millis(slowest.took), slowest.key)
	if len(lost) > 0 {
		got += fmt.Sprintf("; none by %s: %s", plural(len(lost), "key"), strings.Join(lost, " "))
	}
	if s.enter && !(indexing && t.screen.has("indexing")) {
		got += "; the index was ready before"
	}
	add(s.name+": from a key to the answer", "p99 ≤ "+millis(keyLimit), p99.took <= keyLimit && len(lost) == 0, "%s", got)
	return nil
}

// measureMemory adds the row of the peak memory, once the index is complete.
// behind are the processes that keep it.
func (t *terminal) measureMemory(s *scene, behind []int, add addRow) error {
	if len(behind) > 0 {
		if _, err := t.wait(10*time.Minute, "the index", func(s *screen) bool { return s.has("indexed") }); err != nil {
			return err
		}
	}
	_, peak, err := usage(t.cmd.Process.Pid)
	if err != nil {
		return err
	}
	got := megabytes(peak)
	for _, p := range behind {
		if _, n, err := usage(p); err == nil {
			got += fmt.Sprintf("; logview index behind it: %s", megabytes(n))
		}
	}
	add(s.name+": peak memory", "≤ "+megabytes(tuiMemory), peak <= tuiMemory, "%s", got)
	return nil
}

// measureIdle adds the row of the processor time that the explorer and the
// processes behind it use while nothing happens.
func (t *terminal) measureIdle(s *scene, behind []int, add addRow) error {
	const settle, length = 5 * time.Second, 10 * time.Second
	settled, err := t.settle()
	if err == nil {
		err = t.pass(settle)
	}
	if err != nil {
		return err
	}
	pids := append([]int{t.cmd.Process.Pid}, behind...)
	var spent []time.Duration
	for _, p := range pids {
		n, _, err := usage(p)
		if err != nil {
			return err
		}
		spent = append(spent, -n)
	}
	if err := t.pass(length); err != nil {
		return err
	}
	for i, p := range pids {
		n, _, err := usage(p)
		if err != nil {
			return err
		}
		spent[i] += n
	}
	share := func(d time.Duration) float64 { return float64(d) / float64(length) }
	got := fmt.Sprintf("%.2f %% of a core", 100*share(spent[0]))
	if settled > 0 {
		got += fmt.Sprintf(", %s after the last key", seconds(settle+settled))
	}
	for _, d := range spent[1:] {
		got += fmt.Sprintf("; logview index behind it: %.2f %%", 100*share(d))
	}
	add(s.name+": while nothing happens", "< 1 %", share(spent[0]) < 0.01, "%s", got)
	return nil
}

// An answer is the time until a key changed the screen.
type answer struct {
	key  string
	took time.Duration
}

// settle waits until the program does no more work on its own, such as counting
// lines, and returns how long that took.
func (t *terminal) settle() (time.Duration, error) {
	const length, busy = time.Second, 100 * time.Millisecond
	before, _, err := usage(t.cmd.Process.Pid)
	for took := time.Duration(0); err == nil && took < 10*time.Minute; took += length {
		if err := t.pass(length); err != nil {
			return 0, err
		}
		var now time.Duration
		if now, _, err = usage(t.cmd.Process.Pid); now-before < busy {
			return took, err
		}
		before = now
	}
	return 0, cmp.Or(err, errors.New("it does not come to rest"))
}

// keys presses keys and returns the times to their answers, the shortest first,
// and the keys without an answer.
func (t *terminal) keys() (took []answer, lost []string, err error) {
	// Go to where a round begins.
	if _, _, err := t.press("kG", time.Second); err != nil {
		return nil, nil, err
	}
	for i := range tuiKeys {
		// Late output must not be taken for the answer to the next key.
		if err := t.waitQuiet(30*time.Millisecond, time.Second); err != nil {
			return nil, nil, err
		}
		// Keys must not be synchronised with the frames.
		if err := t.pass(time.Duration(i*7%17) * time.Millisecond); err != nil {
			return nil, nil, err
		}
		name := round[i%len(round)]
		d, ok, err := t.press(strings.Replace(name, "space", " ", 1), time.Second)
		if err != nil {
			return nil, nil, err
		}
		if !ok {
			lost = append(lost, name)
			continue
		}
		took = append(took, answer{name, d})
	}
	if len(took) == 0 {
		return nil, nil, fmt.Errorf("no key was answered; the screen is\n%s", t.screen)
	}
	slices.SortFunc(took, func(a, b answer) int { return cmp.Compare(a.took, b.took) })
	return took, lost, nil
}

// found matches the title of results with at least one line.
var found = regexp.MustCompile(` [1-9][0-9,]* lines?\b`)

// hits measures the time until a search of an indexed directory shows a result.
func (h *harness) hits(ctx context.Context, gen *corpus, add addRow) error {
	home, err := h.home(ctx, &row{filled: true}, gen)
	if err != nil {
		return err
	}
	if why := h.halfFilled[gen.name]; why != "" {
		return errors.New(why)
	}
	words := []string{"zebrafish"}
	for _, kind := range []string{"{uuid}", "{hex32}"} {
		w, err := gen.sample(kind)
		if errors.Is(err, errNoSample) {
			continue
		}
		if err != nil {
			return err
		}
		words = append(words, strconv.Quote(w))
	}
	var took []time.Duration
	for _, w := range words {
		// Each search is in a new process, because data in memory after
		// a search may help the next one.
		for range tuiStarts {
			d, err := h.hit(ctx, home, gen.dir, w)
			if err != nil {
				return fmt.Errorf("searching %s: %w", w, err)
			}
			took = append(took, d)
		}
	}
	add("gen, indexed: from Enter to the first result", "≤ "+millis(hitLimit), middle(took) <= hitLimit,
		"median %s, slowest %s of %d", millis(middle(took)), millis(slices.Max(took)), len(took))
	return nil
}

// hit searches for one word and returns the time until a result is shown.
func (h *harness) hit(ctx context.Context, home, dir, word string) (took time.Duration, err error) {
	t, err := h.explorer(ctx, home, dir)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, t.end()) }()
	if _, err := t.wait(time.Minute, "the index", func(s *screen) bool { return listShown(s) && s.has("indexed") }); err != nil {
		return 0, err
	}
	for _, x := range []struct{ keys, shows string }{{"s", "search all logs"}, {word, word}} {
		if _, _, err := t.press(x.keys, time.Second); err != nil {
			return 0, err
		}
		if _, err := t.wait(time.Second, "the prompt", func(s *screen) bool { return s.has(x.shows) }); err != nil {
			return 0, err
		}
	}
	begun := time.Now()
	if _, err := t.tty.WriteString("\r"); err != nil {
		return 0, err
	}
	at, err := t.wait(time.Minute, "a result", func(s *screen) bool {
		return found.MatchString(s.row(0)) && s.row(1) != "" && !strings.Contains(s.row(1), "searching")
	})
	return at.Sub(begun), err
}

// children returns the child processes of a process. It works only on Linux.
func children(pid int) []int {
	var list []int
	paths, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, p := range paths {
		b, _ := os.ReadFile(p)
		for f := range strings.FieldsSeq(string(b)) {
			if n, err := strconv.Atoi(f); err == nil {
				list = append(list, n)
			}
		}
	}
	return list
}

// alive reports whether a process exists and is not a zombie.
func alive(pid int) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !bytes.HasPrefix(b[bytes.LastIndexByte(b, ')')+1:], []byte(" Z"))
}
