package tui

import (
	"bytes"
	"errors"
	"fmt"
	"os"

	"github.com/pelletier/go-toml/v2"

	"logview/reader/decode"
)

// Settings are the contents of config.toml.
type Settings struct {
	Theme    string      `toml:"theme" comment:"auto (by the terminal's background), dark or light"`
	Wrap     bool        `toml:"wrap" comment:"wrap long lines; false cuts them (key S)"`
	Mouse    bool        `toml:"mouse" comment:"take the mouse for clicks and dragging; false leaves it to the terminal's own selection, and the wheel to its arrow keys (key F2)"`
	Encoding string      `toml:"encoding" comment:"read files without a byte order mark as this: windows-1251, shift_jis, gb18030, utf-16le, …; auto detects the encoding of each file (for all commands, like --encoding)"`
	Index    bool        `toml:"index" comment:"index what is explored in the background (key I)"`
	Keys     KeySettings `toml:"keys"`
}

// KeySettings are the settings for keys.
type KeySettings struct {
	Preset string              `toml:"preset" comment:"default, or less: ? searches backwards, h helps, e and w move"`
	Bind   map[string][]string `toml:"bind" comment:"other keys for actions, by their names in the README: down = [\"j\", \"down\"]"`
}

// DefaultSettings returns the settings that apply without a file.
func DefaultSettings() Settings {
	return Settings{Theme: "auto", Wrap: true, Encoding: "auto", Index: true, Keys: KeySettings{Preset: "default", Bind: map[string][]string{}}}
}

// ReadSettings reads the settings from a file. If it does not exist, it returns
// DefaultSettings. An error in the file names the line.
func ReadSettings(path string) (Settings, error) {
	s := DefaultSettings()
	b, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return s, err
	}
	d := toml.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&s); err != nil {
		var strict *toml.StrictMissingError
		var bad *toml.DecodeError
		switch {
		case errors.As(err, &strict):
			return s, fmt.Errorf("%s: there is no such setting\n%s", path, strict.String())
		case errors.As(err, &bad):
			return s, fmt.Errorf("%s: %w\n%s", path, err, bad.String())
		}
		return s, fmt.Errorf("%s: %w", path, err)
	}
	if err := s.Check(); err != nil {
		return s, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

// Check returns an error if a setting has an invalid value.
func (s Settings) Check() error {
	switch s.Theme {
	case "auto", "dark", "light":
	default:
		return fmt.Errorf("theme %q: it is auto, dark or light", s.Theme)
	}
	if _, err := decode.ParseCharset(s.Encoding); err != nil {
		return err
	}
	_, err := s.keyMap()
	return err
}

// TOML returns the settings in the format of config.toml.
func (s Settings) TOML() ([]byte, error) { return toml.Marshal(s) }
