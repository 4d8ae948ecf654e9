package tui

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"logview/reader"
	"logview/reader/decode"
	"logview/reader/files"
)

// A kind says whether a file looked like text when it was last inspected.
type kind struct {
	stamp  reader.Stamp
	binary bool
}

// kindsMsg has the kinds of files by path.
type kindsMsg map[string]kind

// mostKinds is the maximum number of files to inspect, as in ls.
const mostKinds = 2000

// settled is the size at which a growing file is no longer inspected again.
const settled = 64 << 10

// lookInto marks the logs that are not text, and inspects new files.
func (m *model) lookInto() tea.Cmd {
	m.logs.SetNotText(m.listing.notText())
	return m.listing.lookInto(m.life, m.opt.Encoding)
}

// lookInto inspects new files in the background.
func (x *listing) lookInto(ctx context.Context, encoding decode.Charset) tea.Cmd {
	if x.looking {
		return nil
	}
	type part struct {
		src    *files.LogSource
		member reader.Member
		stamp  reader.Stamp
	}
	var parts []part
	n := 0
	for _, l := range x.last.logs {
		if n += len(l.Members); n > mostKinds {
			return nil
		}
		var src *files.LogSource
		for _, f := range l.Members {
			stamp, ok := files.ListedStamp(f)
			old, known := x.kinds[f.Path]
			if !ok || known && old.stamp.SameFile(stamp) && (old.stamp.Size >= settled || old.stamp.Size == stamp.Size) {
				continue
			}
			if src == nil {
				src = files.NewSource(l, files.Options{Encoding: encoding})
			}
			parts = append(parts, part{src, f, stamp})
		}
	}
	if len(parts) == 0 {
		return nil
	}
	x.looking = true
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

// handleKinds handles the results, and inspects files that were added meanwhile.
func (m *model) handleKinds(found kindsMsg) tea.Cmd {
	m.listing.storeKinds(found)
	return m.lookInto()
}

func (x *listing) storeKinds(found kindsMsg) {
	x.looking = false
	all := map[string]kind{}
	for _, l := range x.last.logs {
		for _, f := range l.Members {
			if k, ok := found[f.Path]; ok {
				all[f.Path] = k
			} else if k, ok := x.kinds[f.Path]; ok {
				all[f.Path] = k
			}
		}
	}
	x.kinds = all
}

// notText returns the logs without any text file.
func (x *listing) notText() map[string]bool {
	marked := map[string]bool{}
	for _, l := range x.last.logs {
		binary := 0
		for _, f := range l.Members {
			if x.kinds[f.Path].binary {
				binary++
			}
		}
		if binary > 0 && binary == len(l.Members) {
			marked[l.Name] = true
		}
	}
	return marked
}
