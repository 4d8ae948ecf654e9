package tui

import (
	tea "charm.land/bubbletea/v2"

	"logview/tui/pager"
	"logview/tui/prompt"
)

// This file searches the opened log while a pattern is being typed.

// search searches for a text from where typing began. If the text is not a
// valid pattern, it shows the error and returns false.
func (t *typing) search(p *pager.Model, text string) (tea.Cmd, bool) {
	cmd, err := p.Search(pager.Pattern{Text: text, Case: p.Case()}, t.start, t.prompt.Kind == prompt.SearchBack)
	if err != nil {
		t.prompt.SetError(err)
	}
	return cmd, err == nil
}

// searchIncrementally searches for the text typed so far.
func (t *typing) searchIncrementally(p *pager.Model) tea.Cmd {
	cmd, _ := t.search(p, t.prompt.Value())
	return cmd
}

// searchFrom records the state before a search.
func (t *typing) searchFrom(p *pager.Model) {
	t.start, _ = p.Place()
	t.searched, t.followed = p.Pattern(), p.Following()
}

// giveUpSearch returns to the state before the search.
func (t *typing) giveUpSearch(p *pager.Model) tea.Cmd {
	cmd := p.Restore(t.searched)
	if t.followed {
		return tea.Batch(cmd, p.End())
	}
	return tea.Batch(cmd, p.GoTo(t.start))
}
