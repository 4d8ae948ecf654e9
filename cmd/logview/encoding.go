package main

import (
	"logview/reader"
	"logview/tui"
)

// An encodingFlag is --encoding.
type encodingFlag struct {
	charset reader.Charset
	given   bool
}

func (f *encodingFlag) Set(s string) error {
	c, err := reader.ParseCharset(s)
	if err != nil {
		return err
	}
	*f = encodingFlag{c, true}
	return nil
}

func (f *encodingFlag) String() string { return string(f.charset) }
func (f *encodingFlag) Type() string   { return "name" }

// charset returns the encoding that the flag or, without it, the settings give
// for files without a byte order mark; empty if it is to be detected. Only the
// explorer reports settings that cannot be read.
func (g *globals) charset() reader.Charset {
	if g.encoding.given {
		return g.encoding.charset
	}
	s, err := tui.ReadSettings(settingsPath())
	if err != nil {
		return ""
	}
	c, _ := reader.ParseCharset(s.Encoding)
	return c
}

// textUsage is the help text of --text.
const textUsage = "read files that do not look like text, too"
