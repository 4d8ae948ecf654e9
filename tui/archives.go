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
		msg.logs, msg.errs = files.Unpack(ctx, a, opt, nil)
		return msg, true
	}
	return msg, false
}

// unpacked1 lists the logs in an archive, and goes to where the user wanted.
func (m *model) unpacked1(msg unpackedMsg) tea.Cmd {
	if msg.opening != m.opening || m.life.Err() != nil {
		return nil
	}
	m.coming = ""
	m.inside = maps.Clone(m.inside)
	if m.inside == nil {
		m.inside = map[string]unpacked{}
	}
	m.inside[msg.path] = msg.unpacked
	m.said = pager.Said{}
	switch n := len(msg.errs); {
	case n > 1:
		m.say(pager.Said{Text: fmt.Sprintf("%v (and %d more)", msg.errs[0], n-1), Error: true})
	case n == 1:
		m.say(pager.Said{Text: msg.errs[0].Error(), Error: true})
	case len(msg.logs) == 0:
		m.sayf("%s contains no logs", msg.path)
	}
	list := m.withArchives(m.last)
	m.logs.Set(list.logs, list.bad, list.errs)
	m.byPath = list.byPath

	wanted := ""
	switch {
	case msg.start != nil:
		wanted = msg.start.Path
	case m.pending != nil:
		wanted = m.pending.Member.Path
	}
	if wanted != "" {
		if l, ok := m.logs.Find(m.byPath[wanted]); ok {
			start := msg.start
			if start != nil && start.Line < 0 {
				start = nil
			}
			if m.pending != nil {
				m.pending.Log = l.Name
			}
			return m.open(l, start, msg.focus)
		}
		if l, ok := m.archiveOf(wanted); ok {
			return m.open(l, msg.start, msg.focus) // in an archive in this one
		}
		m.pending = nil
		m.say(pager.Said{Text: wanted + " is gone", Error: true})
		return nil
	}
	if len(msg.logs) == 1 {
		return m.open(msg.logs[0], nil, msg.focus)
	}
	m.showLogs = true
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

// withArchives returns msg with the opened archives replaced by their contents.
// An archive that has changed since is listed as an archive again.
func (m *model) withArchives(msg listMsg) listMsg {
	if len(m.inside) == 0 {
		return msg
	}
	msg.byPath = maps.Clone(msg.byPath)
	var out []files.Log
	var add func(l files.Log)
	add = func(l files.Log) {
		var rest []reader.Member
		for _, a := range l.Members {
			x, ok := m.inside[a.Path]
			if stamp, _ := files.ListedStamp(a); !ok || stamp != x.stamp {
				msg.byPath[a.Path] = l.Name
				rest = append(rest, a)
				continue
			}
			delete(msg.byPath, a.Path)
			for _, inner := range x.logs {
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
