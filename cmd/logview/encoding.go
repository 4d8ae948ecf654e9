package main

import (
	"fmt"

	"logview/reader/decode"
	"logview/tui"
)

// An encodingFlag is the value of --encoding.
type encodingFlag struct {
	charset decode.Charset
	given   bool
}

func (f *encodingFlag) Set(s string) error {
	c, err := decode.ParseCharset(s)
	if err != nil {
		return err
	}
	*f = encodingFlag{c, true}
	return nil
}

func (f *encodingFlag) String() string { return string(f.charset) }
func (f *encodingFlag) Type() string   { return "name" }

// charset returns the encoding for files without a byte order mark, from the
// flag or else the settings; empty to detect it. It reports settings that cannot
// be read, once.
func (g *globals) charset() decode.Charset {
	if g.encoding.given {
		return g.encoding.charset
	}
	s, err := g.settings()
	if err != nil {
		return ""
	}
	c, _ := decode.ParseCharset(s.Encoding)
	return c
}

// settings returns the user's settings. If they cannot be read, it reports the
// error once and returns it with the defaults.
func (g *globals) settings() (tui.Settings, error) {
	s, err := tui.ReadSettings(settingsPath())
	if err != nil && !g.unsettled {
		g.unsettled = true
		g.printError(fmt.Errorf("the settings are ignored: %w", err))
	}
	return s, err
}

// textUsage is the help text of --text.
const textUsage = "read files that do not look like text, too"
