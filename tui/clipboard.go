package tui

import (
	"context"
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/atotto/clipboard"

	"logview/reader/document"
	"logview/reader/files"
	"logview/tui/pager"
)

// This file copies lines, refs and names to the clipboard.

// copyToClipboard copies text to the clipboard, through the terminal and through the system.
func copyToClipboard(text, what string) tea.Msg {
	return tea.BatchMsg{tea.SetClipboard(text), func() tea.Msg {
		if !clipboard.Unsupported {
			_ = clipboard.WriteAll(text) // the terminal may have succeeded
		}
		return doneMsg{pager.Said{Text: "copied " + what}}
	}}
}

// copy copies the current line, or the selection.
func (m *model) copy() tea.Cmd {
	switch {
	case m.overlay == detailsOverlay:
		text, whole := string(m.box.details.text), m.box.details.whole
		what := m.oneLine(whole)
		return func() tea.Msg { return copyToClipboard(text, what) }
	case m.focus == paneLogs:
		return m.copyName()
	case m.focus == paneResults && m.results.Selecting(), m.focus == panePager && m.pager.Selecting():
		t, ok := m.taking()
		if !ok {
			return nil
		}
		t.begin()
		ctx := m.life
		return func() tea.Msg {
			var b clip
			x := t.run(ctx, &b, func(took) {})
			if x.err != nil {
				return failed(x.err)
			}
			return copyToClipboard(strings.TrimSuffix(b.String(), "\n"), t.describe(x.lines))
		}
	case m.focus == paneResults:
		what := taking{kind: "result", of: m.queryText()}.describe(1)
		cmd, _ := m.atLine(func(ctx context.Context, d pager.Log, p document.Place) tea.Msg {
			var b clip
			if err := writeLine(ctx, d, p, &b); err != nil {
				return failed(err)
			}
			return copyToClipboard(strings.TrimSuffix(b.String(), "\n"), what)
		})
		return cmd
	case m.pager.Doc() == nil:
		m.sayf("no log is open")
		return nil
	}
	text, what := m.pager.Line(), m.oneLine(!m.pager.InPieces())
	return func() tea.Msg { return copyToClipboard(text, what) }
}

// copyRef copies a reference to the current line.
func (m *model) copyRef() tea.Cmd {
	if m.focus == paneLogs {
		return m.copyName()
	}
	cmd, _ := m.atLine(func(ctx context.Context, d pager.Log, p document.Place) tea.Msg {
		r, err := d.Ref(ctx, p)
		if err != nil {
			return failed(err)
		}
		return copyToClipboard(r.Absolute().String(), files.Ref{Path: r.Path, Line: r.Line}.String())
	})
	return cmd
}

// copyName copies the name of the log that is selected in the list.
func (m *model) copyName() tea.Cmd {
	l, ok := m.logs.Current()
	if !ok {
		m.sayf("no log is selected")
		return nil
	}
	return func() tea.Msg { return copyToClipboard(l.Name, "the name of the log "+l.Name) }
}

// A clip is text for the clipboard.
type clip struct{ strings.Builder }

// mostCopied is the maximum size of text that is copied to the clipboard, in
// bytes.
const mostCopied = 16 << 20

func (c *clip) Write(p []byte) (int, error) {
	if c.Len()+len(p) > mostCopied {
		return 0, fmt.Errorf("this is more than %d MiB; select it with v and write it to a file with ^W", mostCopied>>20)
	}
	return c.Builder.Write(p)
}
