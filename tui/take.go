package tui

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"github.com/dustin/go-humanize"

	"logview/index"
	"logview/index/query"
	"logview/reader"
	"logview/reader/document"
	"logview/reader/files"
	"logview/tui/keys"
	"logview/tui/pager"
	"logview/tui/results"
)

// This file has the actions on lines: they are written to a file, piped to a
// command, marked, or opened in an editor. They apply to the pane with the
// focus. Copying them is in clipboard.go.

// A taking is a set of lines to write or pipe. It is determined when the user
// starts the action: logs may grow while a file name is typed.
type taking struct {
	kind   string // of the lines, singular: "result", "selected line"
	of     string // their source: a log or a query
	note   func() string
	begin  func() // called when the action begins; ends a selection
	before int64  // number of lines when they were last counted; -1 if unknown
	write  func(ctx context.Context, w io.Writer, told func(took)) took
}

// took is the result of a taking, or its progress.
type took struct {
	lines  int64
	share  float64 // fraction of the logs that was read, from 0 to 1; 0 if unknown
	failed int     // number of files that could not be read
	first  string  // the first of them, with the error
	err    error
}

// describe describes n of the lines.
func (t taking) describe(n int64) string {
	if n == 1 {
		return "1 " + t.kind + " of " + t.of
	}
	return humanize.Comma(n) + " " + t.kind + "s of " + t.of
}

// describeAll describes all of the lines.
func (t taking) describeAll() string { return t.kind + "s of " + t.of }

// run writes the lines. It calls told with its progress, from any goroutine.
func (t taking) run(ctx context.Context, w io.Writer, told func(took)) took {
	b := bufio.NewWriterSize(w, 1<<16)
	x := t.write(ctx, b, told)
	if err := b.Flush(); x.err == nil {
		x.err = err
	}
	return x
}

// errSelectionGone is the error if none of the selected lines was written.
var errSelectionGone = errors.New("the file with the selected lines was replaced or cut off")

// message returns the message about the result: that the lines were done, such as
// "written to app.txt", or why not all of them were.
func (x took) message(t taking, done string) pager.Said {
	var s pager.Said
	switch {
	case x.err == nil:
		s.Text = t.describe(x.lines) + " " + done
		if t.before >= 0 && t.before != x.lines {
			s.Text += fmt.Sprintf("; there were %s when they were listed", humanize.Comma(t.before))
		}
	case errors.Is(x.err, context.Canceled):
		s.Text = "stopped: only " + t.describe(x.lines) + " were " + done
	case errors.Is(x.err, syscall.EPIPE):
		s.Text = "the command did not read all " + t.describeAll()
	default:
		var pe *fs.PathError
		if errors.As(x.err, &pe) {
			x.err = pe.Err
		}
		s.Text, s.Error = fmt.Sprintf("%v: not all was %s; %s were found", x.err, done, t.describe(x.lines)), true
	}
	if x.failed > 0 {
		s.Text, s.Error = s.Text+" · not readable: "+x.first, true
		if x.failed > 1 {
			s.Text += fmt.Sprintf(" and %d more", x.failed-1)
		}
	}
	return s
}

// taking returns the lines for ^W and |: the selected lines of the pane with the
// focus, or else all results, the lines of the log that pass its filters and
// match the search, or the selected log of the list. If there are none, it shows
// a message and returns false.
func (m *model) taking() (t taking, ok bool) {
	t = taking{note: func() string { return "" }, begin: func() {}, before: -1}
	switch m.focus {
	case paneLogs:
		l, ok := m.logs.Current()
		if !ok {
			m.sayf("no log is selected")
			return t, false
		}
		t.kind, t.of = "line", filepath.Base(l.Name)
		src := m.sourceOf(l)
		t.write = m.search(query.Text{}, 0, func() []reader.Source { return src() })
	case paneResults:
		t.kind, t.of = "result", m.queryText()
		if n := m.results.Context(); n > 0 {
			t.of += fmt.Sprintf(", with %d %s around each,", n, onOff(n == 1, "line", "lines"))
		}
		if list := m.results.Selection(); len(list) > 0 {
			t.kind, t.begin = "selected result", m.results.EndSelection
			t.write = m.selected(list)
			break
		}
		found, done := m.results.Found()
		if done {
			t.before = found
		}
		t.note = func() string {
			n, done := m.results.Found()
			return onOff(done, humanize.Comma(n)+" results", humanize.Comma(n)+" results…")
		}
		t.write = m.search(m.results.Tree(), m.results.Context(), m.sources())
	default:
		if m.pager.Doc() == nil {
			m.sayf("no log is open")
			return t, false
		}
		t.of = m.logName()
		if read := m.pager.Selection(); read != nil {
			t.kind, t.begin = "selected line", m.pager.EndSelection
			t.write = func(ctx context.Context, w io.Writer, _ func(took)) (x took) {
				if x.lines, x.err = read(ctx, w); x.err == nil && x.lines == 0 {
					x.err = errSelectionGone
				}
				return x
			}
			break
		}
		q := m.pager.Query()
		t.kind = "line"
		if m.pager.Filtered() {
			t.kind = "filtered line"
		}
		if p := m.pager.Pattern().Text; p != "" {
			t.of += " with " + ansi.Truncate(p, 40, "…")
		}
		if q == nil {
			q = query.Text{}
		} else {
			t.note = m.pager.Count
		}
		src, _ := m.pager.Doc().Searchable(m.searching())
		t.write = m.search(q, 0, func() []reader.Source { return []reader.Source{src} })
	}
	return t, true
}

// sourceOf returns a function that opens a log, even if it does not look like
// text. It is called in another goroutine.
func (m *model) sourceOf(l files.Log) func() []reader.Source {
	if d := m.pager.Doc(); d != nil && m.pager.Name() == l.Name {
		src, _ := d.Searchable(m.searching())
		return func() []reader.Source { return []reader.Source{src} }
	}
	opt := m.searching()
	return func() []reader.Source {
		l.Members = append([]reader.Member(nil), l.Members...)
		for i := range l.Members {
			l.Members[i].Named = true
		}
		return []reader.Source{files.NewSource(l, opt)}
	}
}

// search writes the lines that a search finds, with lines of context. It does not
// keep them in memory.
func (m *model) search(q query.Node, around int, sources func() []reader.Source) func(context.Context, io.Writer, func(took)) took {
	s := m.opt.Searcher
	return func(ctx context.Context, w io.Writer, told func(took)) (x took) {
		var share atomic.Uint64 // in thousandths
		req := &index.Request{Query: q, Before: around, After: around, Sources: sources(),
			Failed: func(e *reader.FileError) {
				if x.failed++; x.failed == 1 {
					x.first = e.Error()
				}
			},
			Progress: func(p index.Progress) { share.Store(uint64(1000 * float64(p.Done) / max(float64(p.Total), 1))) },
		}
		var last struct {
			path string
			line reader.Line
		}
		put := func(path string, line reader.Line, write func() error) error {
			if around > 0 && last.path != "" && (last.path != path || last.line+1 != line) {
				if _, err := io.WriteString(w, "--\n"); err != nil { // as grep does
					return err
				}
			}
			last.path, last.line = path, line
			if err := write(); err != nil {
				return err
			}
			_, err := w.Write([]byte{'\n'})
			return err
		}
		_, x.err = s.Search(ctx, req, func(h *index.Hits) error {
			x.lines += h.Count
			for _, l := range h.Lines {
				err := put(h.Member.Path, l.Line, func() error { _, err := w.Write(h.Text[l.Start:l.End]); return err })
				if err != nil {
					return err
				}
			}
			if h.Long != nil {
				if err := put(h.Member.Path, h.Long.Line, func() error { _, err := h.Long.WriteTo(w); return err }); err != nil {
					return err
				}
			}
			x.share = float64(share.Load()) / 1000
			told(x)
			return nil
		})
		return x
	}
}

// selected writes selected lines of the results in full.
func (m *model) selected(list []results.Line) func(context.Context, io.Writer, func(took)) took {
	docs := m.documents(list...)
	around := m.results.Context()
	return func(ctx context.Context, w io.Writer, told func(took)) (x took) {
		defer docs.close()
		for i, l := range list {
			d, at, err := docs.find(ctx, l)
			if err == nil && around > 0 && l.Gap && i > 0 {
				_, err = io.WriteString(w, "--\n")
			}
			if err == nil {
				err = writeLine(ctx, d, at, w)
			}
			if err != nil {
				x.err = err
				return x
			}
			if !l.Context {
				x.lines++
			}
			x.share = float64(i+1) / float64(len(list))
			told(x)
		}
		return x
	}
}

// writeLine writes the line at a place, and a newline.
func writeLine(ctx context.Context, d pager.Log, p document.Place, w io.Writer) error {
	buf := make([]byte, 64<<10)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := d.ReadAt(ctx, buf, p)
		if err != nil && err != io.EOF {
			return err
		}
		text, _, ended := bytes.Cut(buf[:n], []byte{'\n'})
		if _, err := w.Write(text); err != nil {
			return err
		}
		if ended || err == io.EOF || n == 0 {
			_, err := w.Write([]byte{'\n'})
			return err
		}
		p.Offset += reader.Offset(n)
	}
}

// documents finds lines of the results in their logs. It is used by one
// goroutine. It does not share the Document of the log that is shown, which is
// closed when the user opens another log.
type documents struct {
	piped   pager.Log // of standard input, which can be read only once
	sources map[string]*files.LogSource

	last pager.Log
	log  string // the name of its log
}

// documents returns a documents for the current logs.
func (m *model) documents(list ...results.Line) *documents {
	x := &documents{sources: map[string]*files.LogSource{}}
	if m.piped() {
		x.piped = m.pager.Doc()
		return x
	}
	for _, line := range list {
		if _, known := x.sources[line.Log]; known {
			continue
		}
		if l, ok := m.logs.Find(line.Log); ok {
			x.sources[line.Log] = m.source(l)
		}
	}
	return x
}

// find returns the current place of a line.
func (x *documents) find(ctx context.Context, l results.Line) (pager.Log, document.Place, error) {
	gone := fmt.Errorf("%s is gone, or was rotated; search again", l.Member.Path)
	d := x.piped
	if d == nil {
		if x.last == nil || x.log != l.Log {
			x.close()
			src, ok := x.sources[l.Log]
			if !ok {
				return nil, document.Place{}, gone
			}
			x.last, x.log = document.NewDocument(src, document.DocumentOptions{}), l.Log
		}
		d = x.last
	}
	key, ok := d.Locate(ctx, l.Member, l.ID)
	if !ok {
		return nil, document.Place{}, gone
	}
	return d, document.Place{Member: key, Offset: l.Offset}, nil
}

func (x *documents) close() {
	if x.last != nil {
		_ = x.last.Close()
		x.last = nil
	}
}

// atLine returns a command that calls do with the current line of the details,
// the results or the log, whichever has the focus. If there is no line, it shows
// a message and returns false.
func (m *model) atLine(do func(ctx context.Context, d pager.Log, p document.Place) tea.Msg) (tea.Cmd, bool) {
	ctx := m.life
	if m.overlay == detailsOverlay {
		d, p := m.box.details.doc, m.box.details.at
		return func() tea.Msg { return do(ctx, d, p) }, true
	}
	if m.focus == paneResults {
		l, ok := m.results.Current()
		if !ok {
			m.sayf("there is no result")
			return nil, false
		}
		docs := m.documents(l)
		return func() tea.Msg {
			defer docs.close()
			d, p, err := docs.find(ctx, l)
			if err != nil {
				return failed(err)
			}
			return do(ctx, d, p)
		}, true
	}
	p, ok := m.pager.Place()
	if !ok {
		m.sayf("no log is open")
		return nil, false
	}
	d := m.pager.Doc()
	return func() tea.Msg { return do(ctx, d, p) }, true
}

// failed returns the message that shows an error.
func failed(err error) tea.Msg { return doneMsg{pager.Said{Text: err.Error(), Error: true}} }

// oneLine describes a line of the log that is shown, or a piece of one.
func (m *model) oneLine(whole bool) string {
	if !whole {
		return "a piece of the line, which is too long for the clipboard"
	}
	return taking{kind: "line", of: m.logName()}.describe(1)
}

// logName returns the name of the open log, for messages.
func (m *model) logName() string {
	if m.pager.Name() == reader.Stdin {
		return "standard input"
	}
	return filepath.Base(m.pager.Name())
}

// queryText returns the query of the results, shortened for messages.
func (m *model) queryText() string { return ansi.Truncate(m.results.Query(), 40, "…") }

// mark marks the current line, or removes its mark, in the log that is shown.
func (m *model) mark() tea.Cmd {
	d, ctx := m.pager.Doc(), m.life
	if m.overlay == detailsOverlay {
		at := m.box.details.at
		return func() tea.Msg { return markMsg{d, at} }
	}
	l, ok := m.results.Current()
	switch {
	case !ok:
		m.sayf("there is no result")
		return nil
	case l.Log != m.pager.Name():
		m.sayf("%s is not open yet", l.Log)
		return nil
	}
	return func() tea.Msg {
		key, ok := d.Locate(ctx, l.Member, l.ID)
		if !ok {
			return failed(fmt.Errorf("%s is gone, or was rotated; search again", l.Member.Path))
		}
		return markMsg{d, document.Place{Member: key, Offset: l.Offset}}
	}
}

// edit opens the user's editor at the current line.
func (m *model) edit() tea.Cmd {
	program := cmp.Or(os.Getenv("VISUAL"), os.Getenv("EDITOR"), "vi")
	cmd, _ := m.atLine(func(ctx context.Context, d pager.Log, p document.Place) tea.Msg {
		r, err := d.LineOf(ctx, p)
		if err != nil {
			return failed(err)
		}
		words := strings.Fields(program)
		path, ok := d.File(p.Member)
		if !ok {
			return failed(fmt.Errorf("%s is compressed; write its lines to a file with ^W", r.Path))
		}
		// A file may be called +!rm; its full path cannot be an option.
		path, err = filepath.Abs(path)
		if err != nil {
			return failed(err)
		}
		args := append(words[1:], "+"+strconv.FormatInt(r.Line.Number(), 10), path)
		return tea.BatchMsg{tea.Exec(awayCommand{editor{exec.Command(words[0], args...)}}, func(err error) tea.Msg {
			if err != nil {
				return failed(fmt.Errorf("%s: %w", program, err))
			}
			return doneMsg{}
		})}
	})
	return cmd
}

// writePath returns the path of the file that was typed. It returns an error if
// the file exists.
func writePath(typed string) (string, error) {
	path := typed
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		if home, err := os.UserHomeDir(); err == nil {
			path = filepath.Join(home, rest)
		}
	}
	if _, err := os.Lstat(path); err == nil {
		return path, fmt.Errorf("%s already exists; choose another name", typed)
	}
	return path, nil
}

// A writing is a file to which lines are being written.
type writing struct {
	path   string
	stop   context.CancelFunc
	ended  chan struct{}
	warned bool // the user tried to quit before it was complete

	lines, share atomic.Int64 // lines written, and thousandths of the logs read
}

// status describes its progress.
func (w *writing) status() string {
	s := fmt.Sprintf("writing %s: %s lines", w.path, humanize.Comma(w.lines.Load()))
	if n := w.share.Load(); n > 0 {
		s += fmt.Sprintf(", %d%%", n/10)
	}
	return s
}

// write writes lines to a new file.
func (m *model) write(t taking, path string) tea.Cmd {
	if path == "" {
		return nil
	}
	if m.writing != nil {
		m.say(pager.Said{Text: m.writing.path + " is still being written; Esc stops that", Error: true})
		return nil
	}
	t.begin()
	ctx, stop := context.WithCancel(m.life)
	w := &writing{path: path, stop: stop, ended: make(chan struct{})}
	m.writing = w
	return func() tea.Msg {
		defer close(w.ended)
		defer stop()
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if errors.Is(err, os.ErrExist) {
			err = fmt.Errorf("%s already exists; choose another name", path)
		}
		if err != nil {
			return writtenMsg{w, pager.Said{Text: err.Error(), Error: true}}
		}
		x := t.run(ctx, f, func(x took) {
			w.lines.Store(x.lines)
			w.share.Store(int64(1000 * x.share))
		})
		if err := f.Close(); x.err == nil {
			x.err = err
		}
		return writtenMsg{w, x.message(t, "written to "+path)}
	}
}

// stopWriting stops writing. It returns false if nothing is being written.
func (m *model) stopWriting() bool {
	if m.writing == nil {
		return false
	}
	m.writing.stop()
	return true
}

// showElsewhere tells the user where the key of an action works, if it does not
// work in the pane with the focus: it must not act on lines of another pane.
func (m *model) showElsewhere(a keys.Action) {
	where := "Tab goes there"
	if m.pager.Doc() == nil {
		where = "Enter opens one"
	}
	m.sayf("%s: only in a log; %s", m.keys.Get(a).Help().Desc, where)
}
