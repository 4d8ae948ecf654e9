package tui

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"logview/reader"
	"logview/reader/files"
	"logview/tui/pager"
)

// An archive is listed as a log until the user opens it. Then it is unpacked, and
// the logs in it are listed instead, as if it were a directory.

// An unpacked is the contents of an archive.
type unpacked struct {
	stamp reader.Stamp // of the archive at that time
	logs  []files.Log
}

// unpackedMsg says that an archive was unpacked to be opened.
type unpackedMsg struct {
	opening int
	path    string
	unpacked
	errs  []error
	start *Start // where to start in it
	focus bool
}

// unpack unpacks l if it is an archive; otherwise it returns false.
func unpack(ctx context.Context, l files.Log, opt files.Options, say func(tea.Msg)) (msg unpackedMsg, ok bool) {
	for _, a := range l.Members {
		// Checking each of a thousand rotated files would take long.
		if !files.MayBeArchive(a) && len(l.Members) > 1 || !files.IsArchive(a) {
			continue
		}
		say(pager.Said{Text: "unpacking " + a.Path})
		msg.path = a.Path
		msg.stamp, _ = files.ListedStamp(a)
		msg.logs, msg.errs = files.Unpack(ctx, a, opt, nil, nil)
		return msg, true
	}
	return msg, false
}

// showUnpacked lists the logs in an archive, and goes to where the user wanted.
func (m *model) showUnpacked(msg unpackedMsg) tea.Cmd {
	if msg.opening != m.opening.seq || m.life.Err() != nil {
		return nil
	}
	m.opening.name = ""
	m.listing.addArchive(msg.path, msg.unpacked)
	m.notice.clear()
	switch n := len(msg.errs); {
	case n > 1:
		m.say(pager.Said{Text: fmt.Sprintf("%v (and %d more)", msg.errs[0], n-1), Error: true})
	case n == 1:
		m.say(pager.Said{Text: msg.errs[0].Error(), Error: true})
	case len(msg.logs) == 0:
		m.sayf("%s contains no logs", msg.path)
	}
	list := m.listing.current()
	m.logs.Set(list.logs, list.bad, list.errs)

	wanted := ""
	switch {
	case msg.start != nil:
		wanted = msg.start.Path
	case m.opening.pending != nil:
		wanted = m.opening.pending.Member.Path
	}
	if wanted != "" {
		if l, ok := m.logs.Find(m.listing.byPath[wanted]); ok {
			start := msg.start
			if start != nil && start.Line < 0 {
				start = nil
			}
			if m.opening.pending != nil {
				m.opening.pending.Log = l.Name
			}
			return m.open(l, start, msg.focus)
		}
		if l, ok := m.archiveOf(wanted); ok {
			return m.open(l, msg.start, msg.focus) // in an archive in this one
		}
		m.opening.pending = nil
		m.say(pager.Said{Text: wanted + " is gone", Error: true})
		return nil
	}
	if len(msg.logs) == 1 {
		return m.open(msg.logs[0], nil, msg.focus)
	}
	m.panes.showLogs = true
	m.setFocus(paneLogs)
	if len(msg.logs) > 0 {
		m.logs.Show(msg.logs[0].Name)
	}
	return nil
}

// archiveOf returns the log for the archive that contains a path.
func (m *model) archiveOf(path string) (files.Log, bool) {
	for _, l := range m.logs.Logs() {
		for _, a := range l.Members {
			if strings.HasPrefix(path, a.Path+string(filepath.Separator)) {
				return l, true
			}
		}
	}
	return files.Log{}, false
}

// addArchive lists the logs in an archive from now on.
func (x *listing) addArchive(path string, in unpacked) {
	all := maps.Clone(x.archives)
	if all == nil {
		all = map[string]unpacked{}
	}
	all[path] = in
	x.archives = all
}

// withArchives returns msg with the opened archives replaced by their contents.
// An archive that has changed since is listed as an archive again.
func (x *listing) withArchives(msg listMsg) listMsg {
	if len(x.archives) == 0 {
		return msg
	}
	msg.byPath = maps.Clone(msg.byPath)
	var out []files.Log
	var add func(l files.Log)
	add = func(l files.Log) {
		var rest []reader.Member
		for _, a := range l.Members {
			in, ok := x.archives[a.Path]
			if stamp, _ := files.ListedStamp(a); !ok || stamp != in.stamp {
				msg.byPath[a.Path] = l.Name
				rest = append(rest, a)
				continue
			}
			delete(msg.byPath, a.Path)
			for _, inner := range in.logs {
				add(inner)
			}
		}
		if len(rest) > 0 {
			l.Members = rest
			out = append(out, l)
		}
	}
	for _, l := range msg.logs {
		add(l)
	}
	slices.SortStableFunc(out, func(a, b files.Log) int { return cmp.Compare(a.Name, b.Name) })
	msg.logs = out
	return msg
}
