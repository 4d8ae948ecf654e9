package tui

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"logview/reader/document"
	"logview/tui/keys"
	"logview/tui/pager"
	"logview/tui/prompt"
)

// Text that the user types: searches, filters, names of files.

// typing is what the prompt is for, and the state to return to when the user
// gives up.
type typing struct {
	from     pane           // the pane that had the focus
	start    document.Place // place in the log
	searched pager.Pattern  // pattern of the previous search
	followed bool           // the end was followed
	wanted   taking         // the lines to write or pipe
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

// ask opens the prompt for what an action needs.
func (m *model) ask(a keys.Action) {
	switch {
	case a == keys.SearchAll:
		m.prompt.Ask(prompt.SearchAll, "search all logs (F1 helps): ", m.results.Query())
		return
	case m.focus == paneLogs && (a == keys.Search || a == keys.SearchBack):
		m.prompt.Ask(prompt.Logs, "logs like: ", m.logs.Filter())
		return
	case a == keys.Write || a == keys.Pipe:
		t, ok := m.taking()
		switch {
		case !ok:
		case a == keys.Write:
			m.prompt.Ask(prompt.Write, "write to file, "+t.all()+": ", "")
		default:
			m.prompt.Ask(prompt.Pipe, "pipe to command, "+t.all()+": ", "")
		}
		m.typing.wanted = t
		return
	case m.pager.Doc() == nil:
		m.sayf("no log is open")
		return
	case m.focus == paneLogs:
		m.elsewhere(a)
		return
	}
	list, _ := m.pager.Filters()
	if a == keys.FilterEdit && len(list) == 0 {
		m.sayf("there are no filters; & makes one")
		return
	}
	m.typing.from = m.focus
	m.setFocus(panePager) // which it is for
	const filter = "show lines with (! without, / regexp): "
	switch a {
	case keys.Search, keys.SearchBack:
		m.typing.searchFrom(m.pager)
		kind := prompt.Search
		if a == keys.SearchBack {
			kind = prompt.SearchBack
		}
		m.prompt.Ask(kind, "", "")
	case keys.FilterIn:
		m.prompt.Ask(prompt.Filter, filter, "")
	case keys.FilterEdit:
		m.prompt.Ask(prompt.FilterEdit, filter, list[m.pager.Last()].Text)
	}
}

// promptMsg handles a key or pasted text for the prompt.
func (m *model) promptMsg(msg tea.Msg) tea.Cmd {
	if m.overlay == paletteOverlay {
		return m.paletteKey(msg)
	}
	if k, ok := msg.(tea.KeyPressMsg); ok {
		if m.overlay == helpOverlay { // of the query language
			switch a := m.keys.Match(k); {
			case a == keys.Down, a == keys.Up, k.Text == "" && (a == keys.PageDown || a == keys.PageUp):
				return m.boxKey(a)
			case k.Text == "": // it closes
				m.overlay = noOverlay
				return nil
			}
			m.overlay = noOverlay
		}
		switch {
		case key.Matches(k, keys.TypingHelp):
			m.box, m.overlay = textBox{}, helpOverlay
			return nil
		case key.Matches(k, keys.GiveUp):
			if !m.prompt.Seeking() {
				return m.endPrompt(false)
			}
		case key.Matches(k, keys.Accept):
			return m.submit()
		case key.Matches(k, keys.NextCase):
			if m.searchTyped() {
				m.pager.NextCase()
				return m.incremental()
			}
		case key.Matches(k, keys.LeaveEmpty):
			if m.prompt.Value() == "" && !m.prompt.Seeking() {
				return m.endPrompt(false)
			}
		}
	}
	cmd, changed := m.prompt.Update(msg)
	if changed {
		m.prompt.SetError(nil)
		switch m.prompt.Kind {
		case prompt.Search, prompt.SearchBack:
			return tea.Batch(cmd, m.incremental())
		case prompt.Logs:
			m.logs.SetFilter(m.prompt.Value())
		}
	}
	return cmd
}

// searchTyped reports whether a search in the log is being typed.
func (m *model) searchTyped() bool {
	return m.prompt.Kind == prompt.Search || m.prompt.Kind == prompt.SearchBack
}

// searchLabel shows the direction and the case mode of the search.
func (m *model) searchLabel() {
	sign := "/"
	if m.prompt.Kind == prompt.SearchBack {
		sign = "?"
	}
	label := fmt.Sprintf("search (%s, Alt-C) %s", m.pager.Case(), sign)
	if m.width < 60 {
		label = fmt.Sprintf("(%s) %s", m.pager.Case(), sign)
	}
	m.prompt.SetLabel(label)
}

// incremental searches for the text typed so far.
func (m *model) incremental() tea.Cmd {
	cmd, err := m.pager.Search(pager.Pattern{Text: m.prompt.Value(), Case: m.pager.Case()}, m.typing.start, m.prompt.Kind == prompt.SearchBack)
	if err != nil {
		m.prompt.SetError(err)
	}
	return cmd
}

// endPrompt closes the prompt.
func (m *model) endPrompt(taken bool) tea.Cmd {
	kind := m.prompt.Kind
	m.prompt.End(taken)
	if taken {
		return nil
	}
	switch kind {
	case prompt.Filter, prompt.FilterEdit:
		m.setFocus(m.typing.from)
	case prompt.Search, prompt.SearchBack:
		m.setFocus(m.typing.from)
		return m.typing.giveUpSearch(m.pager)
	case prompt.Logs:
		m.logs.SetFilter("")
	}
	return nil
}

// submit performs what the prompt was opened for.
func (m *model) submit() tea.Cmd {
	value := m.prompt.Value()
	switch m.prompt.Kind {
	case prompt.Search, prompt.SearchBack:
		if value == "" { // repeat the last search, as in less
			if value = m.prompt.Last(prompt.Search); value == "" {
				return m.endPrompt(false)
			}
		}
		cmd, err := m.pager.Search(pager.Pattern{Text: value, Case: m.pager.Case()}, m.typing.start, m.prompt.Kind == prompt.SearchBack)
		if err != nil {
			m.prompt.SetError(err)
			return nil
		}
		m.endPrompt(true)
		return cmd
	case prompt.SearchAll:
		if strings.TrimSpace(value) == "" {
			m.closeResults()
			return m.endPrompt(false)
		}
		cmd, err := m.results.Search(value, m.opt.Searcher, m.sources())
		if err != nil {
			m.prompt.SetError(err)
			return nil
		}
		m.endPrompt(true)
		m.results.SetBase(m.logs.Base())
		m.pager.Also(m.results.Matcher())
		m.setFocus(paneResults)
		return cmd
	case prompt.Filter, prompt.FilterEdit:
		list, off := m.pager.Filters()
		list = slices.Clone(list)
		p, i := pager.Pattern{Text: value}, m.pager.Last()
		switch {
		case m.prompt.Kind == prompt.FilterEdit && i >= 0 && p.Empty():
			list = slices.Delete(list, i, i+1)
		case m.prompt.Kind == prompt.FilterEdit && i >= 0:
			list, off = m.pager.InForce(), false
			list[i] = p
		case !p.Empty():
			list, off = m.pager.Including(p), false
		case m.prompt.Kind == prompt.Filter:
			off = true // & and no text, as in less
		}
		cmd, err := m.pager.SetFilters(list, off)
		if err != nil {
			m.prompt.SetError(err)
			return nil
		}
		m.endPrompt(true)
		return cmd
	case prompt.Logs:
		m.endPrompt(true)
		cmd, _ := m.logs.Do(keys.Enter)
		m.logs.SetFilter("")
		return cmd
	case prompt.Write:
		path, err := writePath(value)
		if err != nil && value != "" {
			m.prompt.SetError(err)
			return nil
		}
		m.endPrompt(true)
		return m.write(m.typing.wanted, path)
	case prompt.Pipe:
		m.endPrompt(true)
		return m.pipe(m.typing.wanted, value)
	}
	m.endPrompt(false)
	return nil
}

// isPlace reports whether s is a line number or a percentage.
func isPlace(s string) bool {
	if share, ok := strings.CutSuffix(s, "%"); ok {
		x, err := strconv.ParseFloat(share, 64)
		return err == nil && !math.IsInf(x, 0) && !math.IsNaN(x)
	}
	_, err := strconv.ParseInt(s, 10, 64)
	return err == nil
}
