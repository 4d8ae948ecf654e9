// Package theme makes every style that the terminal shows.
package theme

import (
	"charm.land/lipgloss/v2"
)

// A Theme is how things look. Its colours are the terminal's own sixteen, so
// that they fit what the person has chosen, and what they say is also said by
// a letter, a sign or weight: for those who see no colours, and NO_COLOR.
type Theme struct {
	Text, Dim, Bold     lipgloss.Style
	Number              lipgloss.Style // of a line
	Special             lipgloss.Style // what was spelled out in a log's text
	Match, Here         lipgloss.Style // what was searched for; and where the person is
	Cursor              lipgloss.Style // the line they are on
	Border              lipgloss.Style // between members
	Title, TitleOff     lipgloss.Style // of a pane with and without the focus
	Bar                 lipgloss.Style // the status line
	Key                 lipgloss.Style // a key in help
	Chip, ChipOff       lipgloss.Style // a filter
	Selected            lipgloss.Style // the row of a list
	Error, Warn, Info   lipgloss.Style
	Debug               lipgloss.Style
	Live, Paused        lipgloss.Style
	Thumb, Track, Marks lipgloss.Style // of the scroll bar
	Frame               lipgloss.Style // around an overlay
}

// New makes the theme for a dark or a light background.
func New(dark bool) *Theme {
	color := func(onDark, onLight string) lipgloss.Style {
		c := onLight
		if dark {
			c = onDark
		}
		return lipgloss.NewStyle().Foreground(lipgloss.Color(c))
	}
	plain := lipgloss.NewStyle()
	grey := color("8", "8")
	t := &Theme{
		Text: plain, Dim: grey, Bold: plain.Bold(true),
		Number: grey, Special: color("13", "5").Reverse(true),
		Match: plain.Foreground(lipgloss.Color("0")).Background(lipgloss.Color("3")), Here: plain.Foreground(lipgloss.Color("0")).Background(lipgloss.Color("6")).Bold(true),
		Cursor: plain.Bold(true), Border: color("14", "6"),
		Title: plain.Bold(true).Reverse(true), TitleOff: plain.Bold(true),
		Bar: plain.Reverse(true), Key: color("14", "4").Bold(true),
		Chip: plain.Foreground(lipgloss.Color("0")).Background(lipgloss.Color("6")), ChipOff: grey,
		Selected: plain.Reverse(true),
		Error:    color("9", "1").Bold(true), Warn: color("11", "3"), Info: color("12", "4"), Debug: grey,
		Live: color("10", "2").Bold(true), Paused: color("11", "3").Bold(true),
		Thumb: plain, Track: grey, Marks: color("11", "3").Bold(true),
	}
	t.Frame = plain.Border(lipgloss.RoundedBorder()).BorderForeground(lipgloss.Color("6")).Padding(0, 1)
	return t
}

// NewPlain makes a theme that says all without colours: the terminal is not to
// show any (NO_COLOR).
func NewPlain() *Theme {
	t := New(true)
	plain := lipgloss.NewStyle()
	t.Match, t.Here = plain.Underline(true), plain.Underline(true).Reverse(true)
	t.Chip = plain.Reverse(true)
	return t
}

// Level is the style of a level of severity, by the letter that says it.
func (t *Theme) Level(letter byte) lipgloss.Style {
	switch letter {
	case 'E', 'F':
		return t.Error
	case 'W':
		return t.Warn
	case 'I':
		return t.Info
	}
	return t.Debug
}
