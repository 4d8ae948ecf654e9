package tui

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"logview/reader/decode"
	"logview/reader/line"
)

// Settings are the contents of config.toml.
type Settings struct {
	Theme    string           `toml:"theme" comment:"auto (by the terminal's background), dark or light"`
	Wrap     bool             `toml:"wrap" comment:"wrap long lines; false cuts them (key S)"`
	Mouse    bool             `toml:"mouse" comment:"take the mouse for clicks and dragging; false leaves it to the terminal's own selection, and the wheel to its arrow keys (key F2)"`
	Encoding string           `toml:"encoding" comment:"read files without a byte order mark as this: windows-1251, shift_jis, gb18030, utf-16le, …; auto detects the encoding of each file (for all commands, like --encoding)"`
	Index    bool             `toml:"index" comment:"index the explored directories in the background (key I)"`
	Keys     KeySettings      `toml:"keys"`
	Formats  []FormatSettings `toml:"format,omitempty" comment:"forms of lines whose fields searches know: see logview formats --help"`
}

// FormatSettings describe a form of lines; see [line.Format].
type FormatSettings struct {
	Name    string   `toml:"name"`
	Pattern string   `toml:"pattern"`
	Samples []string `toml:"samples"`
}

// LineFormats returns the formats that the settings describe.
func (s Settings) LineFormats() ([]*line.Format, error) {
	var out []*line.Format
	for _, f := range s.Formats {
		if slices.ContainsFunc(out, func(x *line.Format) bool { return x.Name == f.Name }) {
			return nil, fmt.Errorf("format %s is there twice", f.Name)
		}
		x, err := line.NewFormat(f.Name, f.Pattern, f.Samples)
		if err != nil {
			return nil, err
		}
		out = append(out, x)
	}
	return out, nil
}

// KeySettings are the settings for keys.
type KeySettings struct {
	Preset string              `toml:"preset" comment:"default, or less: ? searches backwards, h helps, e and w move, 1234G goes to a line, q quits at once"`
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
	if info, err := os.Stat(path); err == nil && info.Mode()&(os.ModeNamedPipe|os.ModeSocket) != 0 {
		return s, fmt.Errorf("%s is not a file", path) // reading it would wait
	}
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
			return s, unknownSetting(path, strict)
		case errors.As(err, &bad):
			return s, wrongSetting(path, bad)
		}
		return s, fmt.Errorf("%s: %w", path, err)
	}
	if err := s.Check(); err != nil {
		return s, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

// unknownSetting returns the error for settings that do not exist.
func unknownSetting(path string, err *toml.StrictMissingError) error {
	key := err.Errors[0].Key()
	line, _ := err.Errors[0].Position()
	hint := "logview config print prints all"
	if len(key) == 1 && (key[0] == "preset" || key[0] == "bind") {
		hint = "it belongs below a line [keys]"
	}
	return fmt.Errorf("%s:%d: there is no setting %s; %s", path, line, strings.Join(key, "."), hint)
}

// wrongSetting returns the error for a file that is not TOML, or a value of the wrong
// type.
func wrongSetting(path string, err *toml.DecodeError) error {
	line, _ := err.Position()
	text := strings.TrimPrefix(err.Error(), "toml: ")
	if strings.HasPrefix(text, "cannot decode") { // it goes on with names of Go
		text = strings.Join(err.Key(), ".") + " is of the wrong type"
		switch {
		case strings.HasSuffix(err.Error(), "of type bool"):
			text += "; it is true or false"
		case strings.HasSuffix(err.Error(), "of type string"):
			text += "; it is a text in quotes"
		default:
			text += "; logview config print shows its form"
		}
	}
	return fmt.Errorf("%s:%d: %s\n%s", path, line, text, firstLines(err.String()))
}

// firstLines returns the lines of a message that show the place of an error, without
// the explanation below it.
func firstLines(s string) string {
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		if k := strings.LastIndex(l, "~"); k >= 0 {
			lines[i] = l[:k+1]
		}
	}
	return strings.Join(lines, "\n")
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
	if _, err := s.LineFormats(); err != nil {
		return err
	}
	_, err := s.keyMap()
	return err
}

// TOML returns the settings in the format of config.toml.
func (s Settings) TOML() ([]byte, error) { return toml.Marshal(s) }
