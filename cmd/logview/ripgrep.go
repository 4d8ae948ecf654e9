package main

import (
	"github.com/spf13/pflag"
)

// addRipgrep adds the flags of ripgrep 15 that the help of search does not
// list: those that ask for the default behaviour, which are accepted, and those
// that ask for something else, which fail with a message that tells what to do
// instead.
func addRipgrep(f *pflag.FlagSet, o *searchOptions) {
	addAccepted(f)
	addHidden(f, "no-encoding", func() { _ = o.encoding.Set("auto") })
	deeper := 0
	addWord(f, "unrestricted", "u", "", func() {
		// Ignore files are never read. The second -u asks for hidden
		// files, the third for files that are not text.
		switch deeper++; deeper {
		case 2:
			o.filter.Hidden = true
		case 3:
			o.text = true
		}
	}).Hidden = true
	for _, x := range limited {
		addText(f, x.name, "", "", func(s string) error {
			for _, v := range x.values {
				if s == v {
					return nil
				}
			}
			return refused{"--" + x.name + " " + s, x.reason}
		}).Hidden = true
	}
	for _, x := range refusals {
		addRefused(f, x.name, x.short, x.value, x.reason)
	}
}

// addAccepted adds the flags in accepted.
func addAccepted(f *pflag.FlagSet) {
	for _, x := range accepted {
		addWord(f, x.name, x.short, "", func() {}).Hidden = true
	}
}

// accepted are the flags that ask for the default behaviour.
var accepted = []struct{ name, short string }{
	{"recursive", "r"}, // as in grep; -r is --replace in ripgrep
	{"search-zip", "z"},
	{"crlf", ""},
	{"no-mmap", ""},
	{"no-multiline-dotall", ""},
	{"no-pcre2", ""},
	{"unicode", ""},
	{"pcre2-unicode", ""},
	{"no-auto-hybrid-regex", ""},
	{"no-binary", ""},
	{"no-follow", ""},
	{"no-ignore", ""},
	{"no-ignore-dot", ""},
	{"no-ignore-exclude", ""},
	{"no-ignore-files", ""},
	{"no-ignore-global", ""},
	{"no-ignore-messages", ""},
	{"ignore-messages", ""},
	{"no-ignore-parent", ""},
	{"no-ignore-vcs", ""},
	{"no-one-file-system", ""},
	{"no-pre", ""},
	{"no-sort-files", ""},
	{"no-stop-on-nonmatch", ""},
	{"require-git", ""},
	{"sort-files", ""},
	{"block-buffered", ""},
	{"no-block-buffered", ""},
	{"line-buffered", ""},
	{"no-line-buffered", ""},
	{"no-config", ""},
}

// limited are the flags that are accepted only with values that ask for the
// default behaviour.
var limited = []struct {
	name   string
	values []string
	reason string
}{
	{"sortr", []string{"none"}, "--reverse prints lines by time, the newest first"},
	{"engine", []string{"default"}, "regular expressions are RE2's, which run in linear time but have no look-around or backreferences"},
	{"hyperlink-format", []string{"none"}, "paths are never links"},
	{"path-separator", []string{"", "/"}, "paths are printed with the separator of the system"},
	{"pre", []string{""}, "pipe the output of the command into logview search QUERY -"},
}

// refusals are the flags that ask for something that logview does not do.
var refusals = []struct {
	name, short string
	value       bool
	reason      string
}{
	{"replace", "", true, "lines are printed as they are; pipe them into sed"},
	{"pcre2", "P", false, "regular expressions are RE2's, without look-around and backreferences; often -v, or a pipe into a second search, does the same"},
	{"auto-hybrid-regex", "", false, "regular expressions are RE2's, without look-around and backreferences"},
	{"no-unicode", "", false, "(?-u) at the beginning of a regular expression restricts \\w, \\d, \\s and \\b to ASCII"},
	{"no-pcre2-unicode", "", false, "there is no PCRE2; (?-u) at the beginning of a regular expression restricts \\w, \\d, \\s and \\b to ASCII"},
	{"multiline-dotall", "", false, "lines are searched one by one"},
	{"null-data", "", false, "lines end at line feeds; use tr '\\0' '\\n' <FILE | logview search QUERY -"},
	{"no-crlf", "", false, "a carriage return before a line feed always belongs to the line ending; search for \\r explicitly"},
	{"stop-on-nonmatch", "", false, "a file is searched to its end; -m N stops after N lines"},
	{"mmap", "", false, "files are never mapped, because a log may be truncated while it is read"},
	{"dfa-size-limit", "", true, "there is no such limit"},
	{"regex-size-limit", "", true, "the limit is RE2's"},
	{"no-search-zip", "", false, "compressed files are always decompressed; -g '!*.gz' skips them"},
	{"binary", "", false, "-a searches files that are not text, too"},
	{"follow", "L", false, "links to files are always followed, links to directories only if they are named"},
	{"ignore-file", "", true, "ignore files are not read; -g '!GLOB' skips files"},
	{"ignore-file-case-insensitive", "", false, "ignore files are not read; --iglob '!GLOB' skips files"},
	{"no-ignore-file-case-insensitive", "", false, "ignore files are not read"},
	{"ignore", "", false, "ignore files are not read, because they usually list logs; -g '!GLOB' skips files"},
	{"ignore-dot", "", false, "ignore files are not read; -g '!GLOB' skips files"},
	{"ignore-exclude", "", false, "ignore files are not read; -g '!GLOB' skips files"},
	{"ignore-files", "", false, "ignore files are not read; -g '!GLOB' skips files"},
	{"ignore-global", "", false, "ignore files are not read; -g '!GLOB' skips files"},
	{"ignore-parent", "", false, "ignore files are not read; -g '!GLOB' skips files"},
	{"ignore-vcs", "", false, "ignore files are not read; -g '!GLOB' skips files"},
	{"no-require-git", "", false, "ignore files are not read; -g '!GLOB' skips files"},
	{"one-file-system", "", false, "directories are searched across file systems; -g '!DIR/' skips one"},
	{"type", "t", true, "there are no file types; -g '*.log' selects files by name"},
	{"type-not", "T", true, "there are no file types; -g '!*.log' skips files by name"},
	{"type-add", "", true, "there are no file types; -g '*.log' selects files by name"},
	{"type-clear", "", true, "there are no file types; -g '*.log' selects files by name"},
	{"type-list", "", false, "there are no file types; -g '*.log' selects files by name"},
	{"pre-glob", "", true, "there is no --pre; pipe the output of the command into logview search QUERY -"},
	{"colors", "", true, "the colours are fixed; --color never turns them off"},
	{"hostname-bin", "", true, "paths are never links"},
	{"files", "", false, "logview ls lists the files, and logview search -l -e '' those that are not empty"},
	{"debug", "", false, "logview debug query QUERY PATH shows what a search does"},
	{"trace", "", false, "logview debug query QUERY PATH shows what a search does"},
	{"generate", "", true, "logview completion SHELL and logview man DIR do that"},
	{"pcre2-version", "", false, "there is no PCRE2"},
	{"version", "V", false, "logview --version prints it"},
}
