package follow_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"logview/reader/follow"
)

// A world is a directory with logs that a random story writes and rotates
// while they are followed. It knows the fate of every line.
type world struct {
	t     *testing.T
	rnd   *rand.Rand
	dir   string
	paths bool     // only its path identifies a file
	trace []string // what was done

	begins bool // the last lines are being emitted
	busy   bool // a look is being made
	steady bool // no log is rotated during a look

	logs  []*wlog
	lines map[string]*wline // by their text
	next  int               // number of the next line
	mtime time.Time         // of the file that was written last

	live   *follow.Live
	f      *follow.Follower
	offset time.Duration           // of the follower's clock
	open   map[int64]*bytes.Buffer // unfinished lines emitted, by the key of their text
	order  map[string]int          // number of the last line emitted, by log
}

// A wline is a line that was written.
type wline struct {
	log  string
	n    int
	must bool // it is to be emitted
	many bool // it may be emitted more than once
	got  int  // how often it was
	old  bool // it was there before the following began, and is emitted only then
}

// headers counts the header lines of a log, which are all the same.
type headers struct {
	must int // are to be emitted
	may  int // may be: they were written over before anybody could read them
	got  int // were
}

// A wlog is a log and the file its writer writes to.
type wlog struct {
	name     string
	encoding string
	header   string
	timed    bool // its lines have times
	dated    bool // each day has a file
	day      int
	padded   bool // it is written into NULs
	size     int64
	partial  string   // the unfinished last line, as far as it is written
	rest     string   // what is missing of it
	unread   []*wline // written since the last look, in the current file
	heads    headers
	fresh    bool // the current file's header was written since the last look
	emptied  bool // the current file was truncated since then
	bare     bool // all that it had then was the header
	vague    bool // by paths, nothing showed that a file with the same header was another
	edited   bool // since then, by truncating or replacing it
	cut      bool // since then, and not to nothing
	moves    int  // how often its text went elsewhere or began anew since then
}

func (w *world) fail(format string, args ...any) {
	w.t.Helper()
	w.t.Fatalf("%s\n%s", fmt.Sprintf(format, args...), strings.Join(w.trace, "\n"))
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.fail("%v", err)
	}
}

func (w *world) say(format string, args ...any) {
	w.trace = append(w.trace, fmt.Sprintf(format, args...))
}

func (l *wlog) base() string {
	if l.dated {
		return fmt.Sprintf("%s-202611%02d.log", l.name, l.day)
	}
	return l.name + ".log"
}

func (w *world) path(base string) string { return filepath.Join(w.dir, base) }

func (l *wlog) encode(s string) []byte {
	switch l.encoding {
	case "utf-16le", "utf-16be":
		var out []byte
		for _, u := range utf16.Encode([]rune(s)) {
			if l.encoding == "utf-16be" {
				out = append(out, byte(u>>8), byte(u))
			} else {
				out = append(out, byte(u), byte(u>>8))
			}
		}
		return out
	case "latin-1":
		var out []byte
		for _, r := range s {
			out = append(out, byte(r))
		}
		return out
	}
	return []byte(s)
}

// write appends to a log's current file, or writes into its padding.
func (w *world) write(l *wlog, s string) {
	f, err := os.OpenFile(w.path(l.base()), os.O_CREATE|os.O_WRONLY, 0o644)
	w.must(err)
	info, err := f.Stat()
	w.must(err)
	if !l.padded || info.Size() == 0 {
		l.size = info.Size()
	}
	if l.size == 0 {
		l.addHeader()
		if l.encoding == "utf-16le" {
			s = "\ufeff" + l.header + s
		} else {
			s = l.header + s
		}
	}
	b := l.encode(s)
	_, err = f.WriteAt(b, l.size)
	w.must(err)
	l.size += int64(len(b))
	w.must(f.Close())
	w.touch(l.base())
}

// addHeader notes that a file gets a header.
func (l *wlog) addHeader() {
	switch {
	case l.header == "":
	case l.emptied:
		l.heads.may++ // it looks as if all but the header was truncated away
	default:
		l.heads.must++
		l.fresh = true
	}
}

// isBare reports whether a file has no whole line but the header.
func (l *wlog) isBare(data []byte) bool {
	return bytes.LastIndexByte(data, '\n') < len(l.encode("\ufeff"+l.header))
}

// touch gives a file a time of its own, for the system's clock is coarse.
func (w *world) touch(base string) {
	w.mtime = w.mtime.Add(time.Millisecond)
	w.must(os.Chtimes(w.path(base), w.mtime, w.mtime))
}

// line makes a new line.
func (w *world) line(l *wlog, long int) (*wline, string) {
	w.next++
	text := fmt.Sprintf("%s %d %s", l.name, w.next, strings.Repeat("é x", 1+w.rnd.IntN(20))+strings.Repeat("y", long))
	if l.timed {
		text = storyBegins.Add(time.Duration(w.next)*time.Second).Format("2006-01-02 15:04:05 ") + text
	}
	x := &wline{log: l.name, n: w.next, must: true}
	w.lines[text] = x
	return x, text
}

func (w *world) addLines(l *wlog, n, long int) {
	var b strings.Builder
	if l.partial != "" {
		b.WriteString(l.rest + "\n")
		l.unread = append(l.unread, w.lines[l.partial+l.rest])
		l.partial, l.rest = "", ""
	}
	for range n {
		x, text := w.line(l, long)
		b.WriteString(text + "\n")
		l.unread = append(l.unread, x)
	}
	w.say("%d lines to %s, up to %d", n, l.base(), w.next)
	w.write(l, b.String())
}

func (w *world) addPartial(l *wlog) {
	if l.partial != "" {
		return
	}
	x, text := w.line(l, 0)
	runes := []rune(text)
	cut := 1 + w.rnd.IntN(len(runes)-1)
	if info, err := os.Stat(w.path(l.base())); l.header != "" || l.edited || err != nil || info.Size() <= 2 {
		least := len("a 1000")
		if l.timed {
			least += len("2006-01-02 15:04:05 ")
		}
		cut = max(cut, least) // fewer may be what an earlier line in this place began with
	}
	l.partial, l.rest = string(runes[:cut]), string(runes[cut:])
	l.unread = append(l.unread, x)
	w.say("%q, unfinished, to %s", l.partial, l.base())
	w.write(l, l.partial)
}

// lose says that what was written since the last look may be lost, and the
// unfinished line is.
func (w *world) lose(l *wlog) {
	for _, x := range l.unread {
		x.must = false
	}
	l.unread = nil
	if l.fresh {
		l.heads.must--
		l.heads.may++
		l.fresh = false
	}
	w.cutPartial(l)
}

// cutPartial says that the unfinished line will not be completed.
func (w *world) cutPartial(l *wlog) {
	if l.partial != "" {
		delete(w.lines, l.partial+l.rest)
		w.allowPartial(l)
	}
	l.partial, l.rest = "", ""
}

// allowPartial says that any beginning of the unfinished line may be emitted.
func (w *world) allowPartial(l *wlog) {
	w.lines[l.partial] = &wline{log: l.name, n: 1 << 30}
	for i := range l.partial {
		if _, ok := w.lines[l.partial[:i]]; !ok && i > 0 {
			w.lines[l.partial[:i]] = &wline{log: l.name, n: 1 << 30}
		}
	}
}

func (w *world) exists(base string) bool {
	_, err := os.Stat(w.path(base))
	return err == nil
}

// shift makes room for NAME.log.1.
func (w *world) shift(l *wlog) {
	for i := 8; i > 0; i-- {
		for _, end := range []string{"", ".gz"} {
			from, to := fmt.Sprintf("%s.%d%s", l.base(), i, end), fmt.Sprintf("%s.%d%s", l.base(), i+1, end)
			if w.exists(from) {
				w.must(os.Rename(w.path(from), w.path(to)))
			}
		}
	}
}

func (w *world) rotate(l *wlog) {
	l.moves++
	if !w.exists(l.base()) {
		return
	}
	if info, err := os.Stat(w.path(l.base())); err == nil && w.paths && info.Size() <= int64(len(l.encode("\ufeff"+l.header))) {
		l.vague = true
	}
	// An unfinished line stays one.
	w.abandonPartial(l)
	l.unread, l.fresh = nil, false // they can be read all the same
	l.size, l.padded = 0, false
	if l.dated {
		l.day++
		w.say("next day: %s", l.base())
		w.write(l, "")
	} else {
		w.say("rename and create %s", l.base())
		w.shift(l)
		w.must(os.Rename(w.path(l.base()), w.path(l.base()+".1")))
		if w.rnd.IntN(3) > 0 {
			w.write(l, "")
		}
	}
}

// abandonPartial ends the life of an unfinished line where it is.
func (w *world) abandonPartial(l *wlog) { w.cutPartial(l) }

func (w *world) copyTruncate(l *wlog) {
	l.moves++
	if w.busy {
		l.moves++ // what was written since may be read before the copy is found
	}
	if !w.exists(l.base()) || l.dated {
		return
	}
	w.say("copy and truncate %s", l.base())
	whole := l.partial == ""
	w.abandonPartial(l)
	w.shift(l)
	data, err := os.ReadFile(w.path(l.base()))
	w.must(err)
	w.must(os.WriteFile(w.path(l.base()+".1"), data, 0o644))
	w.touch(l.base() + ".1")
	if l.bare {
		l.heads.may++ // nothing shows which of the two the header that was emitted belongs to
	}
	if bytes.Count(data, []byte("\n")) <= 1 {
		// A single line may be the header of both files.
		for _, x := range l.unread {
			x.many = true
		}
		if l.fresh {
			l.heads.may++
		}
	}
	l.unread, l.fresh = nil, false // they are in the copy
	if whole && !w.busy && w.rnd.IntN(2) == 0 {
		// Somebody writes before the file is truncated.
		for range w.rnd.IntN(4) {
			if w.rnd.IntN(2) == 0 {
				w.steady = true
				w.look()
				w.steady = false
			} else {
				w.addLines(l, 1+w.rnd.IntN(5), 0)
			}
		}
		w.say("truncate what was copied")
		w.lose(l)
		l.moves++
	}
	w.must(os.Truncate(w.path(l.base()), 0))
	w.touch(l.base())
	// Of a file with nothing but a header, nothing shows that it was truncated
	// and not copied alone.
	// Nor does anything if no line has a time and the file grows beyond the header again.
	l.unread, l.fresh, l.emptied = nil, false, l.emptied || !l.timed || l.bare || l.isBare(data)
	l.size, l.padded = 0, false
}

func (w *world) truncate(l *wlog) {
	l.moves++
	if !w.exists(l.base()) {
		return
	}
	w.say("truncate %s", l.base())
	l.edited = true
	w.lose(l)
	w.must(os.Truncate(w.path(l.base()), 0))
	w.touch(l.base())
	l.size, l.padded, l.emptied = 0, false, true
}

// truncateTo keeps some of the last lines.
func (w *world) truncateTo(l *wlog) {
	data, err := os.ReadFile(w.path(l.base()))
	if err != nil || l.padded || l.encoding != "utf-8" {
		return
	}
	lines := bytes.SplitAfter(data, []byte("\n"))
	keep := len(lines) - 1 - w.rnd.IntN(min(len(lines), 8))
	size := len(bytes.Join(lines[:keep], nil))
	if size <= len(l.header) || len(data)-size > 60<<10 || keep < 5 { // fewer lines show nothing
		return
	}
	w.say("truncate %s to %d", l.base(), size)
	l.moves++
	l.cut, l.edited = true, true
	l.vague = l.vague || w.paths
	w.lose(l)
	w.must(os.Truncate(w.path(l.base()), int64(size)))
	w.touch(l.base())
}

// replace writes a longer copy of the file and renames it.
func (w *world) replace(l *wlog) {
	l.moves++
	data, err := os.ReadFile(w.path(l.base()))
	if err != nil || l.padded || len(data) == 0 {
		return
	}
	w.say("replace %s", l.base())
	l.edited = true
	if l.partial != "" && l.isBare(data) {
		w.allowPartial(l) // one unfinished line does not show that the new file has the same text
	}
	w.must(os.WriteFile(w.path(".new"), data, 0o644))
	w.must(os.Rename(w.path(".new"), w.path(l.base())))
	w.addLines(l, 1+w.rnd.IntN(3), 0)
}

func (w *world) compress(l *wlog) {
	base := fmt.Sprintf("%s.%d", l.base(), 1+w.rnd.IntN(3))
	if l.dated {
		base = fmt.Sprintf("%s-202611%02d.log", l.name, l.day-1)
	}
	info, err := os.Stat(w.path(base))
	if err != nil {
		return
	}
	if l.cut {
		return // truncating a file and compressing it at once is not supported
	}
	w.say("compress %s", base)
	w.steady = true
	defer func() { w.steady = false }()
	data, err := os.ReadFile(w.path(base))
	w.must(err)
	if l.moves > 0 && bytes.HasSuffix(data, []byte("\x00")) {
		return // nor is padding it, writing into that, copying, truncating and compressing it
	}
	if l.isBare(data) {
		l.heads.must-- // nothing shows which of several files with nothing but a header it was
		l.heads.may++
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err = z.Write(data)
	w.must(err)
	w.must(z.Close())
	if w.rnd.IntN(2) == 0 {
		w.must(os.WriteFile(w.path(base+".gz"), b.Bytes()[:b.Len()/2], 0o644))
		w.look()
	}
	w.must(os.WriteFile(w.path(base+".gz"), b.Bytes(), 0o644))
	w.must(os.Chtimes(w.path(base+".gz"), info.ModTime(), info.ModTime()))
	if w.rnd.IntN(2) == 0 {
		w.look()
	}
	w.must(os.Remove(w.path(base)))
}

func (w *world) remove(l *wlog) {
	l.moves++
	if !w.exists(l.base()) {
		return
	}
	w.say("remove %s", l.base())
	w.lose(l)
	w.must(os.Remove(w.path(l.base())))
	l.size, l.padded = 0, false
	w.look() // otherwise it is a replacement
}

func (w *world) pad(l *wlog) {
	if l.encoding != "utf-8" && l.encoding != "latin-1" || !w.exists(l.base()) {
		return
	}
	info, err := os.Stat(w.path(l.base()))
	w.must(err)
	if !l.padded {
		l.size = info.Size()
	}
	w.say("pad %s", l.base())
	w.must(os.Truncate(w.path(l.base()), info.Size()+int64(1+w.rnd.IntN(200_000))))
	w.touch(l.base())
	l.padded = true
}

// look makes the follower look, as far as changes are reported.
func (w *world) look() {
	w.say("look")
	follow.RefreshLive(w.live)
	if !w.paths && !w.steady && w.rnd.IntN(4) == 0 {
		w.busyLook()
		return
	}
	w.must(w.f.Look(w.t.Context(), follow.Changes{All: true, Names: true, Sweep: w.rnd.IntN(3) == 0}, w.emit))
	for _, l := range w.logs {
		if h := &l.heads; (l.moves > 1 && l.edited && !l.timed || l.moves > 0 && (w.paths || l.bare)) && h.got < h.must {
			h.must, h.may = h.got, h.may+h.must-h.got // nothing shows which of the files that begin alike is which
		}
		data, _ := os.ReadFile(w.path(l.base()))
		l.bare = l.isBare(data)
		l.unread, l.cut, l.moves, l.fresh, l.emptied, l.edited = nil, false, 0, false, false, false
	}
}

// busyLook is a look during which the logs are written and rotated.
func (w *world) busyLook() {
	left := 1 + w.rnd.IntN(3)
	follow.WhenOpening(w.f, func() {
		if left == 0 || w.rnd.IntN(3) > 0 {
			return
		}
		left--
		w.say("meanwhile:")
		switch l := w.logs[w.rnd.IntN(len(w.logs))]; w.rnd.IntN(3) {
		case 0:
			w.addLines(l, 1+w.rnd.IntN(5), 0)
		case 1:
			w.rotate(l)
		case 2:
			w.copyTruncate(l)
		}
	})
	w.busy = true
	w.must(w.f.Look(w.t.Context(), follow.Changes{All: true, Names: true, Sweep: w.rnd.IntN(3) == 0}, w.emit))
	w.busy = false
	follow.WhenOpening(w.f, nil)
	w.say("looked")
}

// wait lets time pass, so that unfinished lines are emitted.
func (w *world) wait() {
	w.say("wait")
	w.offset += time.Duration(1+w.rnd.IntN(1500)) * time.Millisecond
}

func (w *world) emit(a *follow.Appended) error {
	key := a.Key.(int64)
	open := w.open[key]
	if open == nil {
		open = new(bytes.Buffer)
		w.open[key] = open
	}
	if !a.Continues {
		w.flush(key)
	}
	for part := range strings.SplitAfterSeq(string(a.Text), "\n") {
		open.WriteString(strings.TrimSuffix(part, "\n"))
		if strings.HasSuffix(part, "\n") {
			w.flush(key)
		}
	}
	return nil
}

// flush takes a line that was emitted.
func (w *world) flush(key int64) {
	text := w.open[key].String()
	w.open[key].Reset()
	if text == "" {
		return
	}
	w.say("  < %.60s", text)
	for _, l := range w.logs {
		if text+"\n" != l.header {
			continue
		}
		if l.heads.got++; l.heads.got > l.heads.must+l.heads.may {
			w.fail("%d headers of %s, want %d to %d", l.heads.got, l.name, l.heads.must, l.heads.must+l.heads.may)
		}
		return
	}
	x := w.lines[text]
	if x == nil && w.lost(text) {
		return
	}
	if x == nil {
		w.fail("not a line: %.200q", text)
	}
	if x.n == 1<<30 {
		return
	}
	x.got++
	guesses := w.guesses(x.log)
	if x.old && !w.begins && !guesses {
		w.fail("from before: %.100q", text)
	}
	if x.got > 1 && !x.many && !guesses {
		w.fail("again: %.100q", text)
	}
	// Of what happened twice between two looks, nothing shows the order.
	once := func(l *wlog) bool { return l.name != x.log || l.moves < 2 }
	if !w.paths && x.n < w.order[x.log] && once(w.logs[0]) && once(w.logs[len(w.logs)-1]) {
		w.fail("after %d: %.100q", w.order[x.log], text)
	}
	w.order[x.log] = max(x.n, w.order[x.log])
}

// guesses reports whether nothing shows which lines of a log were emitted before, so that some
// may be again: it was moved or edited more than once since the last look, and its files have
// no identity, or its lines no times. Without an identity, once is enough if no line with a time was
// emitted.
func (w *world) guesses(log string) bool {
	for _, l := range w.logs {
		if l.name == log {
			return l.moves > 1 && (w.paths || !l.timed && l.edited) || l.moves > 0 && w.paths && (!l.timed || l.bare)
		}
	}
	return false
}

// lost reports whether text is the beginning of a line that may be lost.
func (w *world) lost(text string) bool {
	for l, x := range w.lines {
		if !x.must && strings.HasPrefix(l, text) {
			return true
		}
	}
	return false
}

func (w *world) check() {
	for key := range w.open {
		w.flush(key)
	}
	for _, l := range w.logs {
		if l.heads.got < l.heads.must && !l.vague {
			w.fail("%d headers of %s, want %d to %d", l.heads.got, l.name, l.heads.must, l.heads.must+l.heads.may)
		}
	}
	for text, x := range w.lines {
		if x.must && !x.old && x.got == 0 {
			w.fail("lost: %.100q", text)
		}
	}
}

// begin emits the last lines of each log. Between the listing of the files
// and their first reading they may grow.
func (w *world) begin(last int64) {
	_, _, err := w.live.Logs(w.t.Context())
	w.must(err)
	before := w.next
	for _, l := range w.logs {
		l.heads = headers{may: l.heads.must}
		if w.rnd.IntN(3) == 0 {
			w.addLines(l, w.rnd.IntN(10), 0)
		}
		if w.rnd.IntN(8) == 0 && !w.paths {
			w.rotate(l)
		}
	}
	w.say("begin with %d", last)
	w.begins, w.steady = true, true
	w.must(w.f.Begin(w.t.Context(), w.emit))
	moved := map[*wlog]bool{}
	for _, l := range w.logs {
		moved[l] = l.moves > 0
	}
	w.look()
	for _, l := range w.logs {
		if h := &l.heads; moved[l] && h.got < h.must {
			h.must, h.may = h.got, h.may+h.must-h.got // it may have been rotated before the following began
		}
	}
	w.begins, w.steady = false, false
	// Of a file that grows there are at least as many last lines as wanted, and
	// at most those that were written meanwhile in addition.
	for _, l := range w.logs {
		got, old, fresh := int64(0), int64(0), int64(0)
		first := w.next + 1
		for _, x := range w.lines {
			switch {
			case x.log != l.name:
				continue
			case x.n <= before:
				old++
			default:
				fresh++
			}
			if x.got > 0 {
				got++
				first = min(first, x.n)
			}
		}
		for _, x := range w.lines {
			if x.log == l.name && x.n > first && x.got == 0 {
				w.fail("%d of %s is missing after %d", x.n, l.name, first)
			}
			x.old = true
		}
		if got < min(last, old+fresh) && !moved[l] || got > min(last, old)+fresh {
			w.fail("%d last lines of %s, want %d to %d", got, l.name, min(last, old+fresh), min(last, old)+fresh)
		}
	}
}

// storyBegins is when the lines of a story with times were written.
var storyBegins = time.Date(2026, 11, 10, 8, 0, 0, 0, time.UTC)

// tell runs a story of n steps.
func tellRandom(t *testing.T, seed uint64, named, paths bool) {
	w := &world{t: t, rnd: rand.New(rand.NewPCG(seed, 1)), dir: t.TempDir(), paths: paths, lines: map[string]*wline{},
		open: map[int64]*bytes.Buffer{}, order: map[string]int{}}
	began := time.Now()
	w.mtime = began
	defer func() {
		if p := recover(); p != nil {
			w.t.Errorf("%v\n%s", p, strings.Join(w.trace, "\n"))
			panic(p)
		}
	}()
	encodings := []string{"utf-8", "utf-8", "utf-8", "latin-1", "utf-16le", "utf-16be"}
	for i := range 1 + w.rnd.IntN(2) {
		l := &wlog{name: string(rune('a' + i)), encoding: encodings[w.rnd.IntN(len(encodings))], timed: w.rnd.IntN(3) > 0, dated: !named && w.rnd.IntN(4) == 0, day: 10}
		if w.rnd.IntN(3) == 0 {
			l.header = "#" + l.name + strings.Repeat("h", w.rnd.IntN(2000)) + "\n"
		}
		w.logs = append(w.logs, l)
		w.say("log %s in %s, header of %d bytes, lines with times %t, dated %t", l.name, l.encoding, len(l.header), l.timed, l.dated)
		if w.rnd.IntN(3) > 0 {
			w.addLines(l, w.rnd.IntN(40), 0)
		}
	}
	where := []string{w.dir}
	if named {
		where = nil
		for _, l := range w.logs {
			where = append(where, w.path(l.base()))
		}
	}
	w.live = follow.NewUntoldLive(where, nil)
	defer w.live.Close()
	make := follow.NewFollower
	if paths {
		make = follow.NewPathFollower
	}
	last := int64(max(0, w.rnd.IntN(40)-20))
	w.f = make(w.live, follow.FollowOptions{Last: last, Now: func() time.Time { return time.Now().Add(w.offset) }, Note: func(err error) { w.say("note: %v", err) }})
	defer w.f.Close()
	w.begin(last)
	for range 5 + w.rnd.IntN(25) {
		l := w.logs[w.rnd.IntN(len(w.logs))]
		switch w.rnd.IntN(16) {
		case 0, 1, 2, 3:
			w.addLines(l, 1+w.rnd.IntN(20), 0)
		case 4:
			w.addPartial(l)
		case 5:
			w.addLines(l, 1, w.rnd.IntN(700_000))
		case 6:
			w.rotate(l)
		case 7:
			w.copyTruncate(l)
		case 8:
			if w.rnd.IntN(2) == 0 {
				w.truncate(l)
			} else {
				w.truncateTo(l)
			}
		case 9:
			w.replace(l)
		case 10:
			w.compress(l)
		case 11:
			if w.rnd.IntN(3) == 0 {
				w.remove(l)
			} else {
				w.pad(l)
			}
		case 12:
			w.wait()
		default:
			w.look()
		}
	}
	for _, l := range w.logs {
		if l.partial != "" {
			w.addLines(l, 0, 0)
		}
	}
	w.steady = true
	w.look()
	w.wait()
	w.offset += 2 * time.Second
	w.look()
	w.look()
	w.check()
}

// Random stories: growth, rotation of every kind, truncation, replacement,
// compression, padding, in several encodings, of directories and of named
// files, where the system identifies files and where it does not. Each line is
// emitted once, in order, unless it was truncated away before anybody could
// read it. $LOGVIEW_STORIES says how many, $LOGVIEW_STORY which one alone.
func TestFollowerRandomStories(t *testing.T) {
	n := uint64(100)
	if testing.Short() {
		n = 20
	}
	if s, err := strconv.ParseUint(os.Getenv("LOGVIEW_STORIES"), 10, 64); err == nil {
		n = s
	}
	first := uint64(0)
	if s, err := strconv.ParseUint(os.Getenv("LOGVIEW_STORY"), 10, 64); err == nil {
		first, n = s, 1
	}
	for _, kind := range []struct {
		name         string
		named, paths bool
	}{{"directory", false, false}, {"named", true, false}, {"directory by paths", false, true}, {"named by paths", true, true}} {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			for seed := first; seed < first+n; seed++ {
				t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) { tellRandom(t, seed, kind.named, kind.paths) })
			}
		})
	}
}
