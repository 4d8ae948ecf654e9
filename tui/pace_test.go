package tui

import (
	"io"
	"testing"

	tea "charm.land/bubbletea/v2"
)

type waiting struct{ p func() *tea.Program }

func (w waiting) Init() tea.Cmd { return func() tea.Msg { return tickMsg{} } }
func (w waiting) Update(tea.Msg) (tea.Model, tea.Cmd) {
	if x := newPacer(w.p()); x != nil {
		return w, tea.Quit
	}
	return w, tea.Interrupt
}
func (w waiting) View() tea.View { return tea.NewView("") }

// newPacer finds the ticker. If this test fails after an update of Bubble Tea,
// check whether there is an option now that replaces pacer.
func TestPacer(t *testing.T) {
	var p *tea.Program
	p = tea.NewProgram(waiting{func() *tea.Program { return p }}, tea.WithInput(nil), tea.WithOutput(io.Discard), tea.WithoutSignals())
	if _, err := p.Run(); err != nil {
		t.Fatalf("no ticker is found: %v", err)
	}
}
