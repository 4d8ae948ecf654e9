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

// A listing is which logs there are. It is told when files change, lists the
// logs again, and has in place of archives that were opened the logs in them.
type listing struct {
	live *follow.Live // nil if standard input is shown
	feed *follow.Feed

	done    bool // logs were listed
	running bool // they are being listed
	again   bool // and that is not going to be all

	last     listMsg             // the last list, as the logs lie there
	byPath   map[string]string   // the logs of files, with those in archives
	archives map[string]unpacked // that were opened, by their paths

	looking bool            // files are looked into
	kinds   map[string]kind // what was found in them, by their paths
}

type (
	// listMsg is the logs there are.
	listMsg struct {
		logs   []files.Log
		byPath map[string]string
		bad    map[string][]string // files that may not be read, of a log
		errs   []error
	}
	// feedMsg is what happened to files.
	feedMsg struct{ c follow.Changes }
)

// open begins to watch paths. An error of that is given to failed.
func (x *listing) open(paths []string, failed func(error)) {
	x.live = follow.NewLive(paths, failed)
	x.feed = x.live.Feed()
}

// close ends that.
func (x *listing) close() {
	if x.live != nil {
		x.feed.Close()
		x.live.Close()
	}
}

// list asks which logs there are.
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

// wait waits until something happens to the files, and a little longer: a
// program that writes line by line makes hundreds of events a second.
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

// take takes over a list of logs. It reports whether it is the first, and
// whether logs are to be listed again.
func (x *listing) take(msg listMsg) (first, again bool) {
	first, again = !x.done, x.again
	x.running, x.again, x.done = false, false, true
	x.last = msg
	return first, again
}

// current is the last list, with what is in the archives that were opened.
func (x *listing) current() listMsg {
	msg := x.withArchives(x.last)
	x.byPath = msg.byPath
	return msg
}

// member is a file as it was when something was last heard of it.
func (x *listing) member(path string) (reader.Member, bool) { return x.live.Member(path) }

// look has the files looked at at once.
func (x *listing) look() {
	if x.live != nil {
		x.live.Look()
	}
}

// listed shows the logs there are.
func (m *model) listed(msg listMsg) tea.Cmd {
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

// relist takes over which files the log that is shown consists of now.
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
		return m.pager.Rotated(l)
	}
	if !m.opening.vanished {
		m.opening.vanished = true
		m.pager.SetGone(true)
		m.say(pager.Said{Text: name + " is gone; what was read of it stays", Error: true})
	}
	return nil
}

// openFirst opens the log that the explorer was started for, or the only one.
func (m *model) openFirst(list []files.Log) tea.Cmd {
	if s := m.opt.At; s != nil {
		if l, ok := m.logs.Find(m.listing.byPath[s.Path]); ok {
			m.panes.showLogs = false
			if n := len(l.Members); s.Line < 0 && n > 0 && l.Members[n-1].Path != s.Path {
				s = &Start{Path: s.Path} // of a file that is not the newest, its beginning
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

// changed looks at the files that were written to, came or went.
func (m *model) changed(msg feedMsg) tea.Cmd {
	cmds := []tea.Cmd{m.listing.wait(m.life)}
	grow, names := msg.c.All || msg.c.Sweep, msg.c.Names
	if len(msg.c.Files) > 0 || msg.c.Names {
		m.results.Stale()
	}
	for path := range msg.c.Files {
		if name, ok := m.listing.byPath[path]; ok {
			if now, ok := m.listing.member(path); ok {
				m.logs.Grown(name, now)
			}
			grow = grow || name == m.pager.Name()
		} else {
			names = true // another file had all of its text so far
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
