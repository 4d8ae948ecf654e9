// Package theme defines all styles of the terminal interface.
package theme

import (
	"charm.land/lipgloss/v2"
)

// A Theme is a set of styles. It uses only the terminal's own sixteen colors,
// which suit what the user has chosen. Whatever a color means is also shown by
// a letter, a sign or the weight of the text, for users who cannot distinguish
// colors and for NO_COLOR.
type Theme struct {
	Text, Dim, Bold     lipgloss.Style
	Number              lipgloss.Style // line numbers
	Special             lipgloss.Style // spelled out characters of a log's text
	Match, Here         lipgloss.Style // matches of a search, and the current match
	Cursor              lipgloss.Style // the line with the cursor
	Border              lipgloss.Style // border between members
	Title, TitleOff     lipgloss.Style // the title of a pane with and without the focus
	Bar                 lipgloss.Style // the status line
	Key                 lipgloss.Style // keys in help
	Chip, ChipOff       lipgloss.Style // filters that are on and off
	Selected            lipgloss.Style // the current row of a list
	Error, Warn, Info   lipgloss.Style
	Debug               lipgloss.Style
	Live, Paused        lipgloss.Style
	Thumb, Track, Marks lipgloss.Style // the scroll bar
	Frame               lipgloss.Style // around an overlay
}

// New returns the theme for a dark or a light background.
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

// NewPlain returns a theme that does not depend on colors, for terminals that
// must not show any (NO_COLOR).
func NewPlain() *Theme {
	t := New(true)
	plain := lipgloss.NewStyle()
	t.Match, t.Here = plain.Underline(true), plain.Underline(true).Reverse(true)
	t.Chip = plain.Reverse(true)
	return t
}

// Level returns the style of a severity level, given by its letter.
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
