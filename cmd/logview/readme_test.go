package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"logview/reader/readertest"

	"github.com/spf13/pflag"
)

// searchFlags returns the flags of search.
func searchFlags() *pflag.FlagSet {
	cmd := newSearch(&globals{streams: streams{os.Stdin, os.Stdout, os.Stderr}})
	return cmd.Flags()
}

// flagTable returns the README's table of the flags of search.
func flagTable() string {
	var b strings.Builder
	spell := func(f *pflag.Flag) string {
		name, _ := pflag.UnquoteUsage(f)
		if name != "" {
			name = " " + name
		}
		s := "`--" + f.Name + name + "`"
		if f.Shorthand != "" {
			s = "`-" + f.Shorthand + name + "` " + s
		}
		return s
	}
	b.WriteString("| Flag | What it does |\n|---|---|\n")
	flags := searchFlags()
	flags.SortFlags = false
	flags.VisitAll(func(f *pflag.Flag) {
		if !f.Hidden && f.Name != "help" {
			_, usage := pflag.UnquoteUsage(f)
			fmt.Fprintf(&b, "| %s | %s |\n", spell(f), strings.ReplaceAll(usage, "|", "\\|"))
		}
	})
	b.WriteString("\nThese ask for the default behaviour and are accepted:")
	for i, x := range accepted {
		sep := ", "
		if i == 0 {
			sep = " "
		}
		b.WriteString(sep)
		if x.short != "" {
			fmt.Fprintf(&b, "`-%s` ", x.short)
		}
		fmt.Fprintf(&b, "`--%s`", x.name)
	}
	for _, x := range limited {
		for _, v := range x.values {
			if v != "" {
				fmt.Fprintf(&b, ", `--%s=%s`", x.name, v)
			}
		}
	}
	b.WriteString(", `-u` `--unrestricted` (a second one asks for `--hidden`, a third for `--text`), and `-U` `--multiline` " +
		"if no match could span lines.\n")
	b.WriteString("\nThese are rejected with a message that says what to do instead:")
	for i, x := range refusals {
		sep := ", "
		if i == 0 {
			sep = " "
		}
		b.WriteString(sep)
		if x.short != "" {
			fmt.Fprintf(&b, "`-%s` ", x.short)
		}
		fmt.Fprintf(&b, "`--%s`", x.name)
	}
	b.WriteString(", and other values of")
	for i, x := range limited {
		sep := ", "
		if i == 0 {
			sep = " "
		}
		fmt.Fprintf(&b, "%s`--%s`", sep, x.name)
	}
	b.WriteString(".\n")
	return b.String()
}

// TestReadmeFlags tests that the README's table of flags is up to date. With
// UPDATE_README=1, it writes the table.
func TestReadmeFlags(t *testing.T) {
	const path = "../../README.md"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), "<!-- flags -->\n")
	have, after, ok2 := strings.Cut(rest, "<!-- /flags -->")
	if !ok || !ok2 {
		t.Fatal("the README has no place for the flags")
	}
	want := flagTable()
	if have == want {
		return
	}
	if os.Getenv("UPDATE_README") == "" {
		t.Fatal("the README's table of flags is stale: UPDATE_README=1 go test ./cmd/logview -run Readme")
	}
	if err := os.WriteFile(path, []byte(before+"<!-- flags -->\n"+want+"<!-- /flags -->"+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

// A claim is a statement of the README about a flag, as a command and its
// result.
type claim struct {
	value string // value of the flag
	args  string // arguments; FLAG is replaced by the flag with its value
	want  string // expected standard output
	code  int
	err   string // regular expression for standard error
}

// claimFiles are the files that claims are tested on.
var claimFiles = map[string]string{
	"a":            "alpha\nbeta\nalpha beta\n  gamma\ndelta\n",
	"b":            "BETA beta\n",
	"long":         "a beta that goes on\n",
	"crlf":         "beta\r\n",
	"times":        "2026-11-26 10:00:00 beta\n2026-11-26T11:00:00Z \x1b[1mgamma\x1b[m\n",
	"fields":       "{\"y\":1} x=1\n",
	"queries":      "alpha\ndelta\n",
	"d/x.log":      "beta\n",
	"d/e/y.txt":    "beta\n",
	"d/.hidden":    "beta\n",
	"d/large.text": "beta and more than twenty bytes\n",
	"bin":          "\x7fELF\x01\x01\x01" + strings.Repeat("\x00\x01\x02\x03\xff\xfe", 100) + "\nbeta\n",
}

var claims = map[string][]claim{
	"query":           {{"delta", "FLAG a", "delta\n", 0, ""}, {"-delta", "FLAG a", "", 1, ""}, {"delta", "FLAG -e gamma a", "  gamma\ndelta\n", 0, ""}},
	"regexp":          {{"^d.l", "FLAG a", "delta\n", 0, ""}},
	"file":            {{"queries", "FLAG a", "alpha\nalpha beta\ndelta\n", 0, ""}, {"-", "FLAG a <queries", "alpha\nalpha beta\ndelta\n", 0, ""}},
	"fixed-strings":   {{"", "FLAG alpha\\_beta a", "alpha beta\n", 0, ""}},
	"extended-regexp": {{"", "FLAG ^..lta a", "delta\n", 0, ""}},
	"invert-match":    {{"", "FLAG ta a", "alpha\n  gamma\n", 0, ""}},
	"word-regexp":     {{"", "FLAG bet a", "", 1, ""}, {"", "-x FLAG beta a", "beta\nalpha beta\n", 0, ""}},
	"line-regexp":     {{"", "FLAG beta a", "beta\n", 0, ""}, {"", "FLAG beta crlf", "beta\r\n", 0, ""}, {"", "-w FLAG beta a", "beta\n", 0, ""}},
	"case-sensitive":  {{"", "FLAG Alpha a", "", 1, ""}, {"", "-i FLAG -E ALPHA a", "", 1, ""}},
	"ignore-case":     {{"", "FLAG -E ^ALPHA$ a", "alpha\n", 0, ""}},
	"smart-case":      {{"", "FLAG -E ^alph b", "", 1, ""}, {"", "FLAG BETA a", "", 1, ""}, {"", "FLAG -E ^beta b", "BETA beta\n", 0, ""}},
	"raw":             {{"", "FLAG -c 1m times", "1\n", 0, ""}},
	"since":           {{"2026-11-26T10:30:00Z", "-c beta --tz=UTC FLAG times", "", 1, ""}, {"2026-11-26", "FLAG -c beta times", "1\n", 0, ""}},
	"until":           {{"2026-11-26T10:30:00Z", "-c beta --tz=UTC FLAG times", "1\n", 0, ""}, {"2026-11-25", "FLAG beta times", "", 1, ""}},
	"tz":              {{"UTC", "--until 2026-11-26T10:30:00Z -c beta FLAG times", "1\n", 0, ""}, {"America/New_York", "--until 2026-11-26T10:30:00Z -c beta FLAG times", "", 1, ""}},
	"select":          {{"time,line,none", "FLAG --tz=UTC beta times", "2026-11-26T10:00:00Z\t1\t\n", 0, ""}},
	"output":          {{"csv", "FLAG --select line,text gamma a", "line,text\n4,\"  gamma\"\n", 0, ""}, {"json", "FLAG --select line gamma a", "{\"line\":4}\n", 0, ""}},
	"utc":             {{"", "FLAG --tz=America/New_York --select time beta times", "2026-11-26T15:00:00Z\n", 0, ""}},
	"sort":            {{"time", "FLAG --tz=America/New_York --select time a times", "2026-11-26T06:00:00-05:00\n2026-11-26T10:00:00-05:00\n", 0, ""}, {"size", "FLAG a a", "", 2, "sorted by time"}},
	"pattern":         {{"7ac83d00", "FLAG a", "", 2, "no such pattern"}, {"f44e64e7", "FLAG beta a", "beta\n", 0, ""}},
	"record":          {{"", "FLAG gamma a", "alpha beta\n  gamma\n", 0, ""}, {"", "FLAG -c -e gamma -e alpha a", "2\n", 0, ""}},
	"reverse":         {{"", "FLAG -m 1 a a", "delta\n", 0, ""}},
	"line-number":     {{"", "FLAG delta a", "5:delta\n", 0, ""}, {"", "-N FLAG delta a", "5:delta\n", 0, ""}},
	"no-line-number":  {{"", "-n FLAG delta a", "delta\n", 0, ""}},
	"with-filename":   {{"", "FLAG delta a", "a:delta\n", 0, ""}, {"", "-I FLAG delta a", "a:delta\n", 0, ""}},
	"no-filename":     {{"", "FLAG delta a b", "delta\n", 0, ""}},

	"count":                   {{"", "FLAG beta a b", "a:2\nb:1\n", 0, ""}},
	"files-with-matches":      {{"", "FLAG delta a b", "a\n", 0, ""}},
	"only-matching":           {{"", "FLAG beta b", "BETA\nbeta\n", 0, ""}},
	"max-count":               {{"1", "FLAG beta a b", "a:beta\nb:BETA beta\n", 0, ""}},
	"after-context":           {{"1", "FLAG gamma a", "  gamma\ndelta\n", 0, ""}, {"0", "-C1 FLAG -n gamma a", "3-alpha beta\n4:  gamma\n", 0, ""}},
	"before-context":          {{"1", "FLAG -n gamma a", "3-alpha beta\n4:  gamma\n", 0, ""}, {"0", "FLAG -C1 -n gamma a", "4:  gamma\n5-delta\n", 0, ""}},
	"context":                 {{"1", "FLAG -n gamma a", "3-alpha beta\n4:  gamma\n5-delta\n", 0, ""}},
	"passthru":                {{"", "FLAG -H beta b crlf d/.hidden", "b:BETA beta\ncrlf:beta\r\nd/.hidden:beta\n", 0, ""}, {"", "FLAG -n -w beta a", "1-alpha\n2:beta\n3:alpha beta\n4-  gamma\n5-delta\n", 0, ""}},
	"context-separator":       {{"==", "FLAG -A1 -x -e alpha -e delta a", "alpha\nbeta\n==\ndelta\n", 0, ""}},
	"no-context-separator":    {{"", "FLAG -A1 -x -e alpha -e delta a", "alpha\nbeta\ndelta\n", 0, ""}},
	"field-match-separator":   {{"=", "FLAG -nH delta a", "a=5=delta\n", 0, ""}},
	"field-context-separator": {{"=", "FLAG -nH -B1 delta a", "a=4=  gamma\na:5:delta\n", 0, ""}},
	"column":                  {{"", "FLAG gamma a", "4:3:  gamma\n", 0, ""}},
	"vimgrep":                 {{"", "FLAG beta b", "b:1:1:BETA beta\nb:1:6:BETA beta\n", 0, ""}},
	"byte-offset":             {{"", "FLAG beta a", "6:beta\n11:alpha beta\n", 0, ""}, {"", "FLAG -o beta b", "0:BETA\n5:beta\n", 0, ""}},
	"trim":                    {{"", "FLAG gamma a", "gamma\n", 0, ""}},
	"null":                    {{"", "FLAG -l delta a b", "a\x00", 0, ""}, {"", "FLAG -H delta a", "a\x00delta\n", 0, ""}},
	"max-columns":             {{"6", "FLAG beta a", "beta\n[Omitted long matching line]\n", 0, ""}},
	"max-columns-preview":     {{"", "FLAG -M6 beta a", "beta\nalpha  [... omitted end of long line]\n", 0, ""}},
	"json":                    {{"", "FLAG -c delta a", "{\"path\":\"a\",\"count\":1}\n", 0, ""}},

	"count-matches":         {{"", "FLAG beta a b", "a:2\nb:2\n", 0, ""}},
	"include-zero":          {{"", "FLAG -c delta a b", "a:1\nb:0\n", 0, ""}, {"", "FLAG --count-matches nothing a b", "a:0\nb:0\n", 1, ""}},
	"files-without-match":   {{"", "FLAG delta a b", "b\n", 0, ""}, {"", "FLAG beta a b", "", 1, ""}},
	"heading":               {{"", "FLAG -H delta a", "a\ndelta\n", 0, ""}},
	"no-heading":            {{"", "--heading FLAG -H delta a", "a:delta\n", 0, ""}},
	"pretty":                {{"", "FLAG --color=never -H delta a", "a\n5:delta\n", 0, ""}, {"", "FLAG delta a", "\x1b[32m5\x1b[0m:\x1b[1;31mdelta\x1b[0m\n", 0, ""}},
	"quiet":                 {{"", "FLAG delta a nowhere", "", 0, ""}, {"", "FLAG nothing a", "", 1, ""}},
	"glob":                  {{"*.log", "FLAG -l beta d", "d/x.log\n", 0, ""}, {"!*.te*", "-g !*.txt FLAG -l beta d", "d/x.log\n", 0, ""}, {"*.txt", "-g !e FLAG -l beta d b", "b\n", 0, ""}},
	"iglob":                 {{"*.LOG", "FLAG -l beta d", "d/x.log\n", 0, ""}},
	"glob-case-insensitive": {{"", "FLAG -g *.LOG -l beta d", "d/x.log\n", 0, ""}},
	"hidden":                {{"", "FLAG -l -d1 -g .h* beta d", "d/.hidden\n", 0, ""}, {"", "FLAG -l -d1 beta d", "d/.hidden\nd/large.text\nd/x.log\n", 0, ""}},
	"max-depth":             {{"1", "FLAG -l beta d", "d/large.text\nd/x.log\n", 0, ""}, {"0", "FLAG -l beta d b", "b\n", 0, ""}},
	"max-filesize":          {{"20", "FLAG -l beta d", "d/e/y.txt\nd/x.log\n", 0, ""}, {"1K", "FLAG -l -d1 beta d", "d/large.text\nd/x.log\n", 0, ""}},
	"text":                  {{"", "FLAG -o beta bin", "beta\n", 0, ""}},
	"threads":               {{"1", "FLAG delta a", "delta\n", 0, ""}, {"0", "FLAG delta a", "delta\n", 0, ""}},
	"stats":                 {{"", "FLAG delta a", "delta\n", 0, "^1 matching line\n"}},
	"no-messages":           {{"", "FLAG delta a nowhere", "a:delta\n", 2, "^$"}},
	"no-hint":               {{"", "FLAG delta a", "delta\n", 0, "^$"}},
	"format":                {{"logfmt", "FLAG x:1 fields", "{\"y\":1} x=1\n", 0, ""}, {"json", "FLAG x:1 fields", "", 1, "no line has a field"}},
	"no-index":              {{"", "FLAG delta a", "delta\n", 0, "^$"}},
}

// TestReadmeClaims tests that the statements of the README's table about each
// flag are true for all of its spellings.
func TestReadmeClaims(t *testing.T) {
	if testing.Short() {
		t.Skip("the full tests do this")
	}
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "<!-- flags -->\n")
	table, _, _ := strings.Cut(rest, "<!-- /flags -->")
	supported, rest, ok := strings.Cut(table, "\nThese ask")
	anyway, not, ok2 := strings.Cut(rest, "\nThese are rejected")
	if !ok || !ok2 {
		t.Fatal("the README's table of flags has another form")
	}

	dir, cache := t.TempDir(), t.TempDir()
	for name, text := range claimFiles {
		readertest.WriteFile(t, filepath.Join(dir, name), text)
	}
	search := func(args []string, stdin string) (out, errs string, code int) {
		cmd := exec.CommandContext(t.Context(), os.Args[0], append([]string{"search"}, args...)...)
		cmd.Args[0] = "logview" // makes the test binary run logview
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "LOGVIEW_CACHE_DIR="+cache)
		var o, e bytes.Buffer
		cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(claimFiles[stdin]), &o, &e
		_ = cmd.Run()
		return o.String(), e.String(), cmd.ProcessState.ExitCode()
	}
	spelling := regexp.MustCompile("`(--?[^`= ]+)(?:[= ]([^`]+))?`")

	seen := map[string]bool{}
	for _, row := range strings.Split(supported, "\n")[2:] {
		spellings := spelling.FindAllStringSubmatch(strings.SplitN(row+"||", "|", 3)[1], -1)
		if len(spellings) == 0 {
			continue
		}
		name := strings.TrimPrefix(spellings[len(spellings)-1][1], "--")
		seen[name] = true
		if claims[name] == nil {
			t.Errorf("nothing proves what the README says of --%s", name)
		}
		for _, s := range spellings {
			for _, c := range claims[name] {
				forms := [][]string{{s[1]}}
				if s[2] != "" {
					forms = [][]string{{s[1], c.value}, {s[1] + "=" + c.value}}
					if !strings.HasPrefix(s[1], "--") {
						forms[1] = []string{s[1] + c.value}
					}
				}
				for _, form := range forms {
					var args []string
					stdin := ""
					for _, a := range strings.Fields(c.args) {
						switch {
						case a == "FLAG":
							args = append(args, form...)
						case a[0] == '<':
							stdin = a[1:]
						default:
							args = append(args, strings.ReplaceAll(a, `\_`, " "))
						}
					}
					out, errs, code := search(args, stdin)
					if out != c.want || code != c.code || !regexp.MustCompile(c.err).MatchString(errs) {
						t.Errorf("search %q: %q, %q, exit code %d; want %q, %s, %d", args, out, errs, code, c.want, c.err, c.code)
					}
				}
			}
		}
	}
	for name := range claims {
		if !seen[name] {
			t.Errorf("the README does not tell --%s", name)
		}
	}
	for _, s := range spelling.FindAllStringSubmatch(anyway, -1) {
		flag := s[1]
		if s[2] != "" {
			flag += "=" + s[2]
		}
		if out, errs, code := search([]string{flag, "delta", "a"}, ""); out != "delta\n" || code != 0 {
			t.Errorf("search %s: %q, %q, exit code %d", flag, out, errs, code)
		}
	}
	for _, s := range spelling.FindAllStringSubmatch(not, -1) {
		args := []string{s[1], "x", "delta", "a"}
		if out, errs, code := search(args, ""); out != "" || code != 2 || !strings.Contains(errs, s[1]) || strings.Contains(errs, "unknown") {
			t.Errorf("search %q: %q, %q, exit code %d", args, out, errs, code)
		}
	}
}

// TestRipgrepFlags tests that every flag of ripgrep 15 is supported, accepted,
// or rejected with a reason.
func TestRipgrepFlags(t *testing.T) {
	flags := searchFlags()
	root := newRoot(streams{os.Stdin, os.Stdout, os.Stderr})
	for _, name := range strings.Fields(ripgrepFlags) {
		if flags.Lookup(name) == nil && root.PersistentFlags().Lookup(name) == nil && !slices.Contains([]string{"help"}, name) {
			t.Errorf("--%s is not known", name)
		}
	}
	for _, x := range refusals {
		if len(x.reason) < 15 {
			t.Errorf("--%s is refused without a reason", x.name)
		}
	}
}

const ripgrepFlags = `regexp file pre pre-glob search-zip case-sensitive crlf dfa-size-limit encoding engine fixed-strings ignore-case
	invert-match line-regexp max-count mmap multiline multiline-dotall no-unicode null-data pcre2 regex-size-limit smart-case
	stop-on-nonmatch text threads word-regexp auto-hybrid-regex no-pcre2-unicode binary follow glob glob-case-insensitive hidden
	iglob ignore-file ignore-file-case-insensitive max-depth max-filesize no-ignore no-ignore-dot no-ignore-exclude
	no-ignore-files no-ignore-global no-ignore-parent no-ignore-vcs no-require-git one-file-system type type-not type-add
	type-clear unrestricted after-context before-context block-buffered byte-offset color colors column context
	context-separator field-context-separator field-match-separator heading help hostname-bin hyperlink-format include-zero
	line-buffered line-number no-line-number max-columns max-columns-preview null only-matching path-separator passthru
	pretty quiet replace sort sortr trim vimgrep with-filename no-filename sort-files count count-matches files-with-matches
	files-without-match json debug no-ignore-messages no-messages stats trace files generate no-config pcre2-version
	type-list version no-search-zip no-crlf no-encoding no-fixed-strings no-invert-match no-mmap no-multiline
	no-multiline-dotall unicode no-pcre2 no-text no-auto-hybrid-regex pcre2-unicode no-binary no-follow
	no-glob-case-insensitive no-hidden no-ignore-file-case-insensitive ignore ignore-dot ignore-exclude ignore-files
	ignore-global ignore-parent ignore-vcs require-git no-one-file-system no-block-buffered no-byte-offset no-column
	no-context-separator no-heading no-include-zero no-line-buffered no-max-columns-preview no-trim no-sort-files no-json
	no-stats messages ignore-messages no-pre no-stop-on-nonmatch`
