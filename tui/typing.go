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

// typing is the state of the prompt, and the state to return to when the user
// gives up.
type typing struct {
	prompt   *prompt.Model
	from     pane           // the pane that had the focus
	start    document.Place // place in the log
	searched pager.Pattern  // pattern of the previous search
	followed bool           // the end was followed
	wanted   taking         // the lines to write or pipe
}

// askSearch opens the prompt for a search in the log.
func (t *typing) askSearch(p *pager.Model, backward bool) {
	t.searchFrom(p)
	kind := prompt.Search
	if backward {
		kind = prompt.SearchBack
	}
	t.prompt.Ask(kind, "", "")
}

// askFilter opens the prompt for a new filter or, if edit is set, for the one
// that was added or switched last.
func (t *typing) askFilter(p *pager.Model, edit bool) {
	const label = "show lines with (! without, / regexp, level>=warn): "
	if !edit {
		t.prompt.Ask(prompt.Filter, label, "")
		return
	}
	list, _ := p.Filters()
	t.prompt.Ask(prompt.FilterEdit, label, list[p.Last()].Text)
}

// askLines opens the prompt for where to write or pipe lines.
func (t *typing) askLines(lines taking, pipe bool) {
	t.wanted = lines
	if pipe {
		t.prompt.Ask(prompt.Pipe, "pipe to command, "+lines.describeAll()+": ", "")
	} else {
		t.prompt.Ask(prompt.Write, "write to file, "+lines.describeAll()+": ", "")
	}
}

// open reports whether the prompt is open.
func (t *typing) open() bool { return t.prompt.Kind != prompt.None }

// searching reports whether a search in the log is being typed.
func (t *typing) searching() bool {
	return t.prompt.Kind == prompt.Search || t.prompt.Kind == prompt.SearchBack
}

// label shows the direction and the case mode of the search that is typed.
func (t *typing) label(c pager.Case, width int) {
	if !t.searching() {
		return
	}
	sign := "/"
	if t.prompt.Kind == prompt.SearchBack {
		sign = "?"
	}
	label := fmt.Sprintf("search (%s, Alt-C) %s", c, sign)
	if width < 60 {
		label = fmt.Sprintf("(%s) %s", c, sign)
	}
	t.prompt.SetLabel(label)
}

// filter adds or changes a filter. If the text is not a valid pattern, it shows
// the error and returns false.
func (t *typing) filter(p *pager.Model) (tea.Cmd, bool) {
	list, off := p.Filters()
	list = slices.Clone(list)
	x, i := pager.Pattern{Text: t.prompt.Value()}, p.Last()
	switch {
	case t.prompt.Kind == prompt.FilterEdit && i >= 0 && x.Empty():
		list = slices.Delete(list, i, i+1)
	case t.prompt.Kind == prompt.FilterEdit && i >= 0:
		list, off = p.InForce(), false
		list[i] = x
	case !x.Empty():
		list, off = p.Including(x), false
	case t.prompt.Kind == prompt.Filter:
		off = true // & without text, as in less
	}
	cmd, err := p.SetFilters(list, off)
	if err != nil {
		t.prompt.SetError(err)
	}
	return cmd, err == nil
}

// ask opens the prompt for the text that an action needs.
func (m *model) ask(a keys.Action) {
	switch {
	case a == keys.SearchAll:
		m.typing.prompt.Ask(prompt.SearchAll, "search all logs (F1 helps): ", m.results.Query())
		return
	case m.focus == paneLogs && (a == keys.Search || a == keys.SearchBack):
		m.typing.prompt.Ask(prompt.Logs, "logs like: ", m.logs.Filter())
		return
	case a == keys.Write || a == keys.Pipe:
		if t, ok := m.taking(); ok {
			m.typing.askLines(t, a == keys.Pipe)
		}
		return
	case m.pager.Doc() == nil:
		m.sayf("no log is open")
		return
	case m.focus == paneLogs:
		m.showElsewhere(a)
		return
	}
	list, _ := m.pager.Filters()
	if a == keys.FilterEdit && len(list) == 0 {
		m.sayf("there are no filters; & makes one")
		return
	}
	m.typing.from = m.focus
	m.setFocus(panePager) // the prompt applies to it
	switch a {
	case keys.Search, keys.SearchBack:
		m.typing.askSearch(m.pager, a == keys.SearchBack)
	case keys.GoTime:
		m.typing.prompt.Ask(prompt.Time, "go to time, such as 14:05 or -2h: ", "")
	case keys.FilterIn, keys.FilterEdit:
		m.typing.askFilter(m.pager, a == keys.FilterEdit)
	}
}

// promptMsg handles a key or pasted text for the prompt.
func (m *model) promptMsg(msg tea.Msg) tea.Cmd {
	if m.overlay == paletteOverlay {
		return m.paletteKey(msg)
	}
	if k, ok := msg.(tea.KeyPressMsg); ok {
		if m.overlay == helpOverlay { // the help of the query language
			switch a := m.keys.Match(k); {
			case a == keys.Down, a == keys.Up, k.Text == "" && (a == keys.PageDown || a == keys.PageUp):
				return m.boxKey(a)
			case k.Text == "": // any other key closes the help
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
			if !m.typing.prompt.Seeking() {
				return m.endPrompt(false)
			}
		case key.Matches(k, keys.Accept):
			return m.submit()
		case key.Matches(k, keys.NextCase):
			if m.typing.searching() {
				m.pager.NextCase()
				return m.typing.searchIncrementally(m.pager)
			}
		case key.Matches(k, keys.LeaveEmpty):
			if m.typing.prompt.Value() == "" && !m.typing.prompt.Seeking() {
				return m.endPrompt(false)
			}
		}
	}
	cmd, changed := m.typing.prompt.Update(msg)
	if changed {
		m.typing.prompt.SetError(nil)
		switch m.typing.prompt.Kind {
		case prompt.Search, prompt.SearchBack:
			return tea.Batch(cmd, m.typing.searchIncrementally(m.pager))
		case prompt.Logs:
			m.logs.SetFilter(m.typing.prompt.Value())
		}
	}
	return cmd
}

// endPrompt closes the prompt.
func (m *model) endPrompt(taken bool) tea.Cmd {
	kind := m.typing.prompt.Kind
	m.typing.prompt.End(taken)
	if taken {
		return nil
	}
	switch kind {
	case prompt.Filter, prompt.FilterEdit, prompt.Time:
		m.setFocus(m.typing.from)
	case prompt.Search, prompt.SearchBack:
		m.setFocus(m.typing.from)
		return m.typing.giveUpSearch(m.pager)
	case prompt.Logs:
		m.logs.SetFilter("")
	}
	return nil
}

// submit performs the action for which the prompt was opened.
func (m *model) submit() tea.Cmd {
	value := m.typing.prompt.Value()
	switch m.typing.prompt.Kind {
	case prompt.Search, prompt.SearchBack:
		if value == "" { // repeat the last search, as in less
			if value = m.typing.prompt.Last(prompt.Search); value == "" {
				return m.endPrompt(false)
			}
		}
		cmd, ok := m.typing.search(m.pager, value)
		if !ok {
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
			m.typing.prompt.SetError(err)
			return nil
		}
		m.endPrompt(true)
		m.results.SetBase(m.logs.Base())
		m.pager.HighlightAlso(m.results.Matcher())
		m.setFocus(paneResults)
		return cmd
	case prompt.Filter, prompt.FilterEdit:
		cmd, ok := m.typing.filter(m.pager)
		if !ok {
			return nil
		}
		m.endPrompt(true)
		return cmd
	case prompt.Time:
		if strings.TrimSpace(value) == "" {
			return m.endPrompt(false)
		}
		t, err := m.goalTime(value)
		if err != nil {
			m.typing.prompt.SetError(err)
			return nil
		}
		m.endPrompt(true)
		return m.pager.GoToTime(t)
	case prompt.Logs:
		m.endPrompt(true)
		cmd, _ := m.logs.Do(keys.Enter)
		m.logs.SetFilter("")
		return cmd
	case prompt.Write:
		path, err := writePath(value)
		if err != nil && value != "" {
			m.typing.prompt.SetError(err)
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
