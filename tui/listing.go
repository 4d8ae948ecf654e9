package tui

import (
	"context"
	"path/filepath"
	"time"

	tea "charm.land/bubbletea/v2"

	"logview/reader"
	"logview/reader/files"
	"logview/reader/follow"
	"logview/tui/pager"
)

// A listing is the list of logs. It watches the files, lists them again when
// they change, and replaces opened archives by the logs in them.
type listing struct {
	live *follow.Live // nil if standard input is shown
	feed *follow.Feed

	done    bool // the logs were listed at least once
	running bool // a list is in progress
	again   bool // another list was requested meanwhile

	last     listMsg             // the last list, without the contents of archives
	byPath   map[string]string   // names of logs by path of file, with the contents of archives
	archives map[string]unpacked // the opened archives by path

	looking bool            // files are being inspected
	kinds   map[string]kind // results of that, by path
}

type (
	// listMsg is a list of the logs.
	listMsg struct {
		logs   []files.Log
		byPath map[string]string
		bad    map[string][]string // names of unreadable files by log
		errs   []error
	}
	// feedMsg says which files changed.
	feedMsg struct{ c follow.Changes }
)

// open starts watching paths. Errors of that are passed to failed.
func (x *listing) open(paths []string, failed func(error)) {
	x.live = follow.NewLive(paths, failed)
	x.feed = x.live.Feed()
}

// close stops watching.
func (x *listing) close() {
	if x.live != nil {
		x.feed.Close()
		x.live.Close()
	}
}

// list lists the logs. If that is in progress, it is done again afterwards.
func (x *listing) list(ctx context.Context) tea.Cmd {
	if x.running {
		x.again = true
		return nil
	}
	x.running = true
	live := x.live
	return func() tea.Msg {
		logs, errs, err := live.Logs(ctx)
		if err != nil {
			return nil
		}
		msg := listMsg{logs: logs, byPath: map[string]string{}, bad: map[string][]string{}, errs: errs}
		for _, l := range logs {
			for _, x := range l.Members {
				msg.byPath[x.Path] = l.Name
				if !files.Readable(x) {
					msg.bad[l.Name] = append(msg.bad[l.Name], filepath.Base(x.Path))
				}
			}
		}
		return msg
	}
}

// wait waits for changes of files, and a little longer, because a program that
// writes line by line causes hundreds of events a second.
func (x *listing) wait(ctx context.Context) tea.Cmd {
	feed := x.feed
	return func() tea.Msg {
		c, err := feed.Wait(ctx, nil)
		if err != nil {
			return nil
		}
		time.Sleep(25 * time.Millisecond)
		return feedMsg{c}
	}
}

// take stores a list. It reports whether it is the first one, and whether to
// list again.
func (x *listing) take(msg listMsg) (first, again bool) {
	first, again = !x.done, x.again
	x.running, x.again, x.done = false, false, true
	x.last = msg
	return first, again
}

// current returns the last list with the contents of the opened archives.
func (x *listing) current() listMsg {
	msg := x.withArchives(x.last)
	x.byPath = msg.byPath
	return msg
}

// member returns a file as of its last change.
func (x *listing) member(path string) (reader.Member, bool) { return x.live.Member(path) }

// look checks all files now.
func (x *listing) look() {
	if x.live != nil {
		x.live.Look()
	}
}

// handleListed handles a new list of logs.
func (m *model) handleListed(msg listMsg) tea.Cmd {
	first, again := m.listing.take(msg)
	list := m.listing.current()
	m.logs.Set(list.logs, list.bad, list.errs)
	var cmd tea.Cmd
	if first {
		cmd = m.openFirst(list.logs)
	} else {
		cmd = m.relist()
	}
	cmd = tea.Batch(cmd, m.lookInto())
	if again {
		cmd = tea.Batch(cmd, m.listing.list(m.life))
	}
	return cmd
}

// relist updates the members of the log that is shown.
func (m *model) relist() tea.Cmd {
	name := m.pager.Name()
	if m.pager.Doc() == nil {
		return nil
	}
	l, ok := m.logs.Find(name)
	if ok {
		if m.opening.vanished {
			m.opening.vanished = false
			m.sayf("%s is there again", filepath.Base(name))
		}
		m.pager.SetGone(false)
		return m.pager.UpdateMembers(l)
	}
	if !m.opening.vanished {
		m.opening.vanished = true
		m.pager.SetGone(true)
		m.say(pager.Said{Text: name + " is gone; what was read of it stays", Error: true})
	}
	return nil
}

// openFirst opens the log named on the command line, or the only log.
func (m *model) openFirst(list []files.Log) tea.Cmd {
	if s := m.opt.At; s != nil {
		if l, ok := m.logs.Find(m.listing.byPath[s.Path]); ok {
			m.panes.showLogs = false
			if n := len(l.Members); s.Line < 0 && n > 0 && l.Members[n-1].Path != s.Path {
				s = &Start{Path: s.Path} // the start of the file, which is not the newest of its log
			}
			if s.Line < 0 {
				s = nil
			}
			return m.open(l, s, true)
		}
		if l, ok := m.archiveOf(s.Path); ok {
			return m.open(l, s, true)
		}
		m.sayf("%s is gone", s.Path)
	}
	if len(list) == 1 {
		m.panes.showLogs = false
		return m.open(list[0], nil, true)
	}
	return nil
}

// handleChanges handles changes of files.
func (m *model) handleChanges(msg feedMsg) tea.Cmd {
	cmds := []tea.Cmd{m.listing.wait(m.life)}
	grow, names := msg.c.All || msg.c.Sweep, msg.c.Names
	if len(msg.c.Files) > 0 || msg.c.Names {
		m.results.MarkStale()
	}
	for path := range msg.c.Files {
		if name, ok := m.listing.byPath[path]; ok {
			if now, ok := m.listing.member(path); ok {
				m.logs.SetGrown(name, now)
			}
			grow = grow || name == m.pager.Name()
		} else {
			names = true // it was a copy of another file so far
		}
	}
	if names {
		cmds = append(cmds, m.listing.list(m.life))
	}
	if grow {
		cmds = append(cmds, m.pager.Grow())
	}
	return tea.Batch(cmds...)
}
