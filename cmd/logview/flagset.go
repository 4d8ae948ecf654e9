package main

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// A number is the value of a numeric flag. An explicit 0 differs from a missing
// flag.
type number struct {
	n     int64
	given bool
}

// A numberFlag sets a non-negative number.
type numberFlag struct {
	*number
	set func() // called after the number was set; may be nil
}

func (f numberFlag) Set(s string) error {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		return errors.New("not a whole number of 0 or more")
	}
	*f.number = number{n, true}
	if f.set != nil {
		f.set()
	}
	return nil
}

func (f numberFlag) String() string { return "" } // there is no default to show
func (f numberFlag) Type() string   { return "int" }

// A textFlag calls a function with the value of a flag each time it is given.
type textFlag func(string) error

func (f textFlag) Set(s string) error { return f(s) }
func (f textFlag) String() string     { return "" }
func (f textFlag) Type() string       { return "string" }

// A wordFlag is a flag without a value. It calls a function each time it is
// given, so that the last one wins if flags contradict each other.
type wordFlag func()

func (f wordFlag) Set(s string) error {
	if s != "true" { // pflag passes it if no value is given
		return errors.New("it takes no value")
	}
	f()
	return nil
}

func (f wordFlag) String() string { return "" }
func (f wordFlag) Type() string   { return "bool" }

// addWord adds a flag without a value.
func addWord(fs *pflag.FlagSet, name, short, usage string, do func()) *pflag.Flag {
	f := fs.VarPF(wordFlag(do), name, short, usage)
	f.NoOptDefVal = "true"
	return f
}

// addHidden is like addWord for a flag that help does not list, such as one
// that undoes another in ripgrep.
func addHidden(fs *pflag.FlagSet, name string, do func()) {
	addWord(fs, name, "", "", do).Hidden = true
}

// addBool adds a flag that sets *on.
func addBool(fs *pflag.FlagSet, on *bool, name, short, usage string) {
	addWord(fs, name, short, usage, func() { *on = true })
}

// addSwitch adds a flag that sets *on, and a hidden flag --no-name that resets
// it.
func addSwitch(fs *pflag.FlagSet, on *bool, name, short, usage string) {
	addBool(fs, on, name, short, usage)
	addHidden(fs, "no-"+name, func() { *on = false })
}

// addNumber adds a flag with a number. set, if not nil, is called after n was
// set.
func addNumber(fs *pflag.FlagSet, n *number, name, short, usage string, set func()) {
	fs.VarP(numberFlag{n, set}, name, short, usage)
}

// addText adds a flag with a value. do is called with each value given.
func addText(fs *pflag.FlagSet, name, short, usage string, do func(string) error) *pflag.Flag {
	return fs.VarPF(textFlag(do), name, short, usage)
}

// refused is the error for a flag of ripgrep that logview does not have.
type refused struct{ flag, reason string }

func (r refused) Error() string { return r.flag + ": " + r.reason }

// flagError returns the error to print for a flag. pflag would put the value of
// a refused flag before the reason, which does not help.
func flagError(_ *cobra.Command, err error) error {
	var r refused
	if errors.As(err, &r) {
		return r
	}
	return err
}

// addRefused adds a hidden flag that fails with a reason, which tells what to
// do instead. value says whether the flag has a value.
func addRefused(fs *pflag.FlagSet, name, short string, value bool, reason string) {
	spelled := "--" + name
	if short != "" {
		spelled = "-" + short + ", " + spelled
	}
	f := addText(fs, name, short, "", func(string) error { return refused{spelled, reason} })
	f.Hidden = true
	if !value {
		f.NoOptDefVal = "true"
	}
}

// unescape replaces the escape sequences that ripgrep supports in separators:
// \n, \r, \t, \\, \0 and \x7F.
func unescape(s string) (string, error) {
	var out []byte
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			out = append(out, s[i])
			continue
		}
		i++
		switch s[i] {
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case '0':
			out = append(out, 0)
		case '\\':
			out = append(out, '\\')
		case 'x':
			if i+2 >= len(s) {
				return "", fmt.Errorf("\\x must be followed by two hexadecimal digits, as in \\x7F")
			}
			b, err := strconv.ParseUint(s[i+1:i+3], 16, 8)
			if err != nil {
				return "", fmt.Errorf("\\x must be followed by two hexadecimal digits, as in \\x7F")
			}
			out = append(out, byte(b))
			i += 2
		default:
			out = append(out, '\\', s[i])
		}
	}
	return string(out), nil
}
