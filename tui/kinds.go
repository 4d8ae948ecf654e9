package tui

import (
	tea "charm.land/bubbletea/v2"

	"logview/reader"
	"logview/reader/files"
)

// A kind is whether a file looked like text when it was last looked into.
type kind struct {
	stamp  reader.Stamp
	binary bool
}

// kindsMsg says what was found in files, by their paths.
type kindsMsg map[string]kind

// mostKinds bounds the files that are looked into to mark those that are not
// text, as ls bounds them.
const mostKinds = 2000

// settled is the size from which on a file that grows is not looked into
// again.
const settled = 64 << 10

// lookInto looks into the listed files that are new, without delaying the list.
func (m *model) lookInto() tea.Cmd {
	if m.looking {
		return nil
	}
	type part struct {
		src    *files.LogSource
		member reader.Member
		stamp  reader.Stamp
	}
	var parts []part
	n := 0
	for _, l := range m.last.logs {
		if n += len(l.Members); n > mostKinds {
			return nil
		}
		var src *files.LogSource
		for _, x := range l.Members {
			stamp, ok := files.ListedStamp(x)
			old, known := m.kinds[x.Path]
			if !ok || known && old.stamp.SameFile(stamp) && (old.stamp.Size >= settled || old.stamp.Size == stamp.Size) {
				continue
			}
			if src == nil {
				src = files.NewSource(l, files.Options{Encoding: m.opt.Encoding})
			}
			parts = append(parts, part{src, x, stamp})
		}
	}
	if len(parts) == 0 {
		m.markKinds()
		return nil
	}
	m.looking = true
	ctx := m.life
	return func() tea.Msg {
		found := kindsMsg{}
		for _, p := range parts {
			if ctx.Err() != nil {
				return nil
			}
			found[p.member.Path] = kind{p.stamp, p.src.Binary(ctx, p.member)}
		}
		return found
	}
}

// lookedInto takes over what was found, and looks into what came meanwhile.
func (m *model) lookedInto(found kindsMsg) tea.Cmd {
	m.looking = false
	all := map[string]kind{}
	for _, l := range m.last.logs {
		for _, x := range l.Members {
			if k, ok := found[x.Path]; ok {
				all[x.Path] = k
			} else if k, ok := m.kinds[x.Path]; ok {
				all[x.Path] = k
			}
		}
	}
	m.kinds = all
	m.markKinds()
	return m.lookInto()
}

// markKinds marks the logs of which no file is text.
func (m *model) markKinds() {
	marked := map[string]bool{}
	for _, l := range m.last.logs {
		binary := 0
		for _, x := range l.Members {
			if m.kinds[x.Path].binary {
				binary++
			}
		}
		if binary > 0 && binary == len(l.Members) {
			marked[l.Name] = true
		}
	}
	m.logs.SetNotText(marked)
}
