package pager

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"logview/reader"
	"logview/reader/document"
	"logview/reader/line"
	"logview/tui/screen"
	"logview/tui/theme"
	"logview/tui/visible"
)

// A painter draws the rows of a view.
type painter struct {
	view      *view
	bookmarks *bookmarks
	th        *theme.Theme
	focused   bool // the pane has the focus
}

// setTheme sets the theme.
func (p *painter) setTheme(th *theme.Theme) { p.th = th }

// setFocus sets whether the pane has the focus.
func (p *painter) setFocus(on bool) { p.focused = on }

// draw returns the screen rows of the text, each with its cell of the scroll
// bar.
func (p *painter) draw(bar []string) []string {
	var out []string
	body := p.view.body()
	for i := p.view.top; i < len(p.view.win.rows) && len(out) < body; i++ {
		from := 0
		if i == p.view.top {
			from = p.view.sub
		}
		for k := from; k < p.view.rowHeight(i) && len(out) < body; k++ {
			out = append(out, p.drawRow(i, k, bar[min(len(out), len(bar)-1)]))
		}
	}
	return out
}

// drawRow returns screen row k of row i.
func (p *painter) drawRow(i, k int, bar string) string {
	var b strings.Builder
	r := &p.view.win.rows[i]
	width := p.view.textWidth()
	if p.view.hasBorder(i) {
		if k == 0 {
			return p.th.Border.Render(screen.Fit(p.borderText(r.Member), p.view.width-1)) + p.side(bar)
		}
		k--
	}
	starts := p.view.wrapped(i)
	from, to := starts[k], len(r.Text)
	if k+1 < len(starts) {
		to = starts[k+1]
	}
	if !p.view.plain {
		p.drawGutter(&b, i, k)
	}
	text := r.Text[from:to]
	skip := 0
	if !p.view.wrap {
		skip = p.view.left
		// Text far to the right need not be measured.
		text = text[:min(len(text), 4*(skip+width)+64)]
	}
	styles := screen.Styles{Text: p.th.Text, Match: p.th.Match, Here: p.th.Here, Special: p.th.Special}
	switch {
	case i == p.view.cur && p.focused && !p.view.plain:
		styles.Text = p.th.Cursor
	case p.view.win.isGone(r.Member):
		styles.Text = p.th.Dim
	}
	if p.view.selected(i) {
		styles.Text = p.th.Selected
	} else if !p.view.win.isGone(r.Member) {
		styles.Parts = p.parts(r, from, i == p.view.cur && p.focused)
	}
	spans, here := p.view.marks.spans(i, from, to)
	goes := !p.view.wrap && width > 1 && screen.Columns(text, skip+width+1) > skip+width
	if goes {
		width--
	}
	n := screen.Draw(&b, text, spans, here, skip, width, styles)
	if goes {
		b.WriteString(strings.Repeat(" ", max(0, width-n)) + p.th.Dim.Render("›"))
		width, n = width+1, width+1
	}
	fill := strings.Repeat(" ", max(0, width-n))
	if p.view.selected(i) {
		fill = styles.Text.Render(fill)
	}
	b.WriteString(fill)
	if !p.view.plain {
		b.WriteString(p.side(bar))
	}
	return b.String()
}

// parts returns the parts of a row's text from an offset on with their styles. bold says that
// the row is drawn bold.
func (p *painter) parts(r *row, from int, bold bool) []screen.Part {
	var out []screen.Part
	for _, x := range r.parts {
		style := p.th.Dim
		if x.Kind == line.LevelPart {
			style = p.th.Level(r.level)
		}
		if x.To > from {
			out = append(out, screen.Part{From: max(0, x.From-from), To: x.To - from, Style: style.Bold(style.GetBold() || bold)})
		}
	}
	return out
}

func (p *painter) side(bar string) string {
	if p.view.plain {
		return " "
	}
	return bar
}

func (p *painter) drawGutter(b *strings.Builder, i, k int) {
	r := &p.view.win.rows[i]
	level := p.th.Level(r.level)
	sign, number := " ", ""
	if k == 0 {
		sign = string(r.level)
		if r.line >= 0 && !r.Continues {
			number = strconv.FormatInt(r.line.Number(), 10)
		}
		if p.bookmarks.has(r.Place) {
			sign = "◆"
		}
		if i == p.view.cur && p.focused {
			level = p.th.Selected
		}
	}
	b.WriteString(level.Render(sign))
	width := p.view.gutter() - 2
	if width > 0 {
		b.WriteString(p.th.Number.Render(fmt.Sprintf("%*s", width, number)))
	}
	b.WriteString(" ")
}

// borderText returns the border above a member.
func (p *painter) borderText(key document.MemberKey) string {
	for i, x := range p.view.win.members.list {
		if x.Key == key {
			s := "── " + visible.String(filepath.Base(x.Path)) + " ──"
			if x.Path == reader.Stdin {
				s = "── standard input ──"
			}
			if x.Binary {
				s += " this does not look like text ──"
			}
			if x.Damage != nil {
				s += " " + visible.String(strings.ReplaceAll(x.Damage.Error(), "\n", " ")) + " ──"
			} else if !x.ModTime.IsZero() {
				s += " written until " + x.ModTime.Format("2006-01-02 15:04:05") + " ──"
			}
			// A member that cannot be read at all has no lines and no border.
			for i--; i >= 0 && p.view.win.members.list[i].Damage != nil && p.view.win.members.list[i].Text == 0; i-- {
				s += " not shown before it: " + visible.String(strings.ReplaceAll(p.view.win.members.list[i].Damage.Error(), "\n", " ")) + " ──"
			}
			return s
		}
	}
	return "── gone: deleted or cut off; what was read of it is not searched ──"
}
