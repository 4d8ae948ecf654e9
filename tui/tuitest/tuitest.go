// Package tuitest drives a model without a terminal, and looks at its frames.
package tuitest

import (
	"bytes"
	"fmt"
	"image/color"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"
)

// A Driver gives a model messages, runs its commands, and gives it what they
// answer. Nothing in it waits but for an event.
type Driver struct {
	t             *testing.T
	model         tea.Model
	msgs          chan tea.Msg
	width, height int
	quit          bool
	Clipboard     string // what was copied last
}

// Start starts a model in a terminal of a size. create is given what sends it
// messages from elsewhere.
func Start(t *testing.T, create func(send func(tea.Msg)) tea.Model, width, height int) *Driver {
	d := &Driver{t: t, msgs: make(chan tea.Msg, 1000)}
	d.model = create(func(msg tea.Msg) { d.msgs <- msg })
	d.run(d.model.Init())
	d.Resize(width, height)
	return d
}

// run runs a command in a goroutine, as the program does.
func (d *Driver) run(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	go func() {
		if msg := cmd(); msg != nil {
			d.msgs <- msg
		}
	}()
}

// take gives the model a message.
func (d *Driver) take(msg tea.Msg) {
	switch msg := msg.(type) {
	case tea.BatchMsg:
		for _, c := range msg {
			d.run(c)
		}
		return
	case tea.QuitMsg:
		d.quit = true
		return
	}
	switch reflect.TypeOf(msg).String() {
	case "tea.setClipboardMsg":
		d.Clipboard = fmt.Sprint(msg)
		return
	case "tea.backgroundColorMsg":
		return // the terminal does not answer
	}
	var cmd tea.Cmd
	d.model, cmd = d.model.Update(msg)
	d.run(cmd)
	d.check()
}

// check fails unless the frame has the size of the terminal, and nothing in
// it but styles and characters.
func (d *Driver) check() {
	d.t.Helper()
	if d.width == 0 || d.quit {
		return
	}
	frame := d.model.View().Content
	if strings.ContainsAny(ansi.Strip(frame), "\x1b\x00\x07\x08\r\t\x7f") || !utf8.ValidString(frame) {
		d.t.Fatalf("what must not reach the terminal does: %q", frame)
	}
	lines := strings.Split(frame, "\n")
	if len(lines) != d.height && d.height >= 5 {
		d.t.Fatalf("%d lines in a terminal of %d:\n%s", len(lines), d.height, ansi.Strip(frame))
	}
	for i, l := range lines {
		if w := ansi.StringWidthWc(l); w > d.width {
			d.t.Fatalf("line %d is %d columns wide in a terminal of %d: %q", i, w, d.width, ansi.Strip(l))
		}
	}
}

// Resize changes the terminal's size.
func (d *Driver) Resize(width, height int) {
	d.width, d.height = width, height
	d.take(tea.WindowSizeMsg{Width: width, Height: height})
}

// Background tells the model of a dark or a light background.
func (d *Driver) Background(dark bool) {
	c := color.RGBA{255, 255, 255, 255}
	if dark {
		c = color.RGBA{0, 0, 0, 255}
	}
	d.take(tea.BackgroundColorMsg{Color: c})
}

// Keys presses keys, each by its name: "j", "enter", "ctrl+c", "pgdown".
func (d *Driver) Keys(names ...string) {
	d.t.Helper()
	for _, n := range names {
		d.take(Key(n))
	}
}

// Type presses the keys of a text.
func (d *Driver) Type(text string) {
	d.t.Helper()
	for _, r := range text {
		d.take(tea.KeyPressMsg{Code: r, Text: string(r)})
	}
}

// Send gives the model a message.
func (d *Driver) Send(msg tea.Msg) {
	d.t.Helper()
	d.take(msg)
}

// Mouse does something with the mouse.
func (d *Driver) Mouse(msg tea.MouseMsg) {
	d.t.Helper()
	d.take(msg)
}

// Key is the message of a key.
func Key(name string) tea.KeyPressMsg {
	k := tea.KeyPressMsg{}
	rest := name
	for {
		switch {
		case strings.HasPrefix(rest, "ctrl+") && len(rest) > 5:
			k.Mod |= tea.ModCtrl
			rest = rest[5:]
			continue
		case strings.HasPrefix(rest, "alt+") && len(rest) > 4:
			k.Mod |= tea.ModAlt
			rest = rest[4:]
			continue
		}
		break
	}
	special := map[string]rune{"enter": tea.KeyEnter, "esc": tea.KeyEscape, "tab": tea.KeyTab, "up": tea.KeyUp, "down": tea.KeyDown, "left": tea.KeyLeft, "right": tea.KeyRight,
		"pgdown": tea.KeyPgDown, "pgup": tea.KeyPgUp, "home": tea.KeyHome, "end": tea.KeyEnd, "backspace": tea.KeyBackspace, "f1": tea.KeyF1, "f2": tea.KeyF2}
	if c, ok := special[rest]; ok {
		k.Code = c
		return k
	}
	if rest == "space" {
		rest = " "
	}
	k.Code, _ = utf8.DecodeRuneInString(rest)
	if k.Mod == 0 {
		k.Text = rest
	}
	return k
}

// Wait runs until the frame holds all of the texts.
func (d *Driver) Wait(texts ...string) {
	d.t.Helper()
	d.runUntil(func(frame string) bool {
		for _, s := range texts {
			if !strings.Contains(frame, s) {
				return false
			}
		}
		return true
	}, fmt.Sprintf("%q", texts))
}

// WaitNot runs until the frame does not hold a text.
func (d *Driver) WaitNot(text string) {
	d.t.Helper()
	d.runUntil(func(frame string) bool { return !strings.Contains(frame, text) }, "no "+text)
}

// WaitQuit runs until the program ends.
func (d *Driver) WaitQuit() {
	d.t.Helper()
	d.runUntil(func(string) bool { return d.quit }, "the end")
}

// Until runs until something is so.
func (d *Driver) Until(ok func() bool, what string) {
	d.t.Helper()
	d.runUntil(func(string) bool { return ok() }, what)
}

func (d *Driver) runUntil(ok func(frame string) bool, what string) {
	d.t.Helper()
	timeout := time.After(time.Minute)
	for !ok(d.Frame()) {
		select {
		case msg := <-d.msgs:
			d.take(msg)
		case <-timeout:
			d.t.Fatalf("waiting for %s; the frame is\n%s", what, d.Frame())
		}
	}
}

// Frame returns the contents of the screen, without styles.
func (d *Driver) Frame() string { return ansi.Strip(d.Styled()) }

// Styled returns the contents of the screen.
func (d *Driver) Styled() string { return d.model.View().Content }

// NoColor returns the contents of a screen without colours.
func (d *Driver) NoColor() string {
	var b bytes.Buffer
	w := colorprofile.Writer{Forward: &b, Profile: colorprofile.Ascii}
	_, _ = w.WriteString(d.Styled())
	return b.String()
}
