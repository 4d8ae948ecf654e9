package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"logview/index/query"
	"logview/reader/lazyregexp"
	"logview/tui/visible"
)

// fieldLike matches a text that was perhaps meant as a condition on a field.
var fieldLike = lazyregexp.New(`^([A-Za-z_@][\w.@/-]*)(!=|==|=|>=|<=|>|<|:)(.*)$`)

// minusCondition matches a condition with - before it, which looks like flags.
var minusCondition = lazyregexp.New(`^-((level|log|file|time|status|msg|message|user|host|app|path)(:|[<>]=?).+)$`)

// asQuery precedes an argument that is a query and begins with -. No argument from outside can
// contain it.
const asQuery = "\x00"

// markQueries marks the arguments of a command that begin with - and are queries rather than
// flags: a condition such as -level:error, or more than one word, as in '-health level>=warn',
// unless the first letter is a flag whose value follows.
func markQueries(root *cobra.Command, args []string) []string {
	cmd, _, err := root.Find(args)
	if err != nil || cmd.Flags().ShorthandLookup("e") == nil {
		return args // it takes no query
	}
	args = slices.Clone(args)
	for i, a := range args {
		if a == "--" {
			break
		}
		if len(a) < 2 || a[0] != '-' || a[1] == '-' || i > 0 && awaitsValue(cmd, args[i-1]) {
			continue
		}
		if minusCondition.MatchString(a) || strings.IndexByte(`/="(`, a[1]) >= 0 || strings.ContainsAny(a, " \t") && !hasValue(cmd, a[1:]) {
			args[i] = asQuery + a
		}
	}
	return args
}

// hasValue reports whether letters are those of flags, of which one takes what follows it as its
// value.
func hasValue(cmd *cobra.Command, letters string) bool {
	for i := range len(letters) {
		flag := cmd.Flags().ShorthandLookup(letters[i : i+1])
		if flag == nil || flag.Hidden || flag.Name == "help" {
			return false
		}
		if flag.NoOptDefVal == "" {
			return true
		}
	}
	return false
}

// checkPaths returns an error if one of the paths of a command was marked as a query: there is
// one already.
func checkPaths(paths []string) error {
	for _, p := range paths {
		if q, ok := strings.CutPrefix(p, asQuery); ok {
			return fmt.Errorf("%s would be read as flags or a path, since there is a query; write one query, such as 'QUERY %[1]s' or 'QUERY NOT %s'", q, q[1:])
		}
	}
	return nil
}

// awaitsValue reports whether the argument after a may be the value of the flag a.
func awaitsValue(cmd *cobra.Command, a string) bool {
	var flag *pflag.Flag
	if name, ok := strings.CutPrefix(a, "--"); ok {
		flag = cmd.Flags().Lookup(name)
	} else if len(a) > 1 && a[0] == '-' {
		flag = cmd.Flags().ShorthandLookup(a[len(a)-1:]) // the last of several
	}
	return flag != nil && flag.NoOptDefVal == ""
}

// hintOf returns a hint about a condition of a query that no line matches, if it was
// perhaps meant as another one; empty for none.
func hintOf(leaf query.Node) string {
	switch n := leaf.(type) {
	case query.File:
		return "file:… is a condition on the paths of files; without / it is for a name, as in file:*nginx*"
	case query.Log:
		return "log:… is a condition on the names of logs; logview ls prints them"
	case query.Field:
		if n.Name == "level" && !n.IsLevel() && !strings.Contains(n.Value, ",") {
			return fmt.Sprintf("there is no level %s; there are trace, debug, info, warn, error and fatal", visible.String(n.Value))
		}
		if n.Op == query.Is {
			return hintOfValue(visible.String(n.Name), visible.String(n.Value))
		}
	case query.Text:
		return hintOfText(n.S)
	}
	return ""
}

// classOfStatus and rangeOfNumbers match values that are no single one.
var (
	classOfStatus  = lazyregexp.New(`^([1-5])[xX]{2}$`)
	rangeOfNumbers = lazyregexp.New(`^(\d+)-(\d+)$`)
)

// hintOfValue returns a hint about a field that should have a value; empty for none.
func hintOfValue(name, value string) string {
	if m := classOfStatus.FindStringSubmatch(value); m != nil {
		return fmt.Sprintf("no line has this value; for those from %[2]s00 to %[2]s99, write '%[1]s>=%[2]s00 %[1]s<=%[2]s99'", name, m[1])
	}
	if m := rangeOfNumbers.FindStringSubmatch(value); m != nil {
		return fmt.Sprintf("no line has this value; for those from %[2]s to %[3]s, write '%[1]s>=%[2]s %[1]s<=%[3]s'", name, m[1], m[2])
	}
	if values := strings.Split(value, ","); len(values) > 1 && !strings.Contains(value, " ") {
		return fmt.Sprintf("no line has this value; for any of several, write '%s:(%s)'", name, strings.Join(values, " OR "))
	}
	return ""
}

func hintOfText(s string) string {
	switch s {
	case "&&", "AND,", "&", "and", "And":
		return fmt.Sprintf("%s is searched for as text; leave it out: a line must match all terms anyway", s)
	case "||", "|", "or", "Or":
		return fmt.Sprintf("%s is searched for as text; write OR", s)
	case "not", "Not":
		return fmt.Sprintf("%s is searched for as text; write NOT", s)
	case ">=", "<=", ">", "<", "=", "!=":
		return fmt.Sprintf("%s is searched for as text; write a condition without blanks, such as status>=500", s)
	}
	m := fieldLike.FindStringSubmatch(strings.TrimPrefix(s, "-"))
	if m == nil {
		return ""
	}
	if s[0] == '-' && m[3] != "" { // -e '-status:200'
		return fmt.Sprintf("%s is searched for as text; for lines with another value, write NOT %s%s%s", visible.String(s), visible.String(m[1]), m[2], visible.String(m[3]))
	}
	name, op, value := visible.String(m[1]), m[2], visible.String(m[3])
	text := fmt.Sprintf("%s is searched for as text; ", visible.String(s))
	switch {
	case op == "!=" && value != "":
		return fmt.Sprintf("%sfor lines with another value, write NOT %s:%s", text, name, value)
	case (op == "==" || op == "=") && value != "" && name == query.Time:
		return text + "time is compared, as in 'time>=14:00 time<14:10'"
	case (op == "==" || op == "=") && value != "":
		return fmt.Sprintf("%sfor lines whose field %s has that value, write %s:%s", text, name, name, value)
	case op == ":" && value == "":
		return fmt.Sprintf("%sfor lines that have a field %s, write %s:*", text, name, name)
	case op[0] == '>' || op[0] == '<':
		if name == "level" {
			return text + "a level is trace, debug, info, warn, error or fatal"
		}
		return text + "a field is compared with a number, a duration such as 1.5s or a size such as 2MB"
	}
	return ""
}
