package main

import (
	"github.com/spf13/pflag"
)

// addRipgrep adds the flags of ripgrep 15 that search does not list in its
// help: those that ask for what happens anyway, which are accepted, and those
// that ask for something else, which fail with what to do instead.
func addRipgrep(f *pflag.FlagSet, o *searchOptions) {
	addAccepted(f)
	addHidden(f, "no-encoding", func() { _ = o.encoding.Set("auto") })
	deeper := 0
	addWord(f, "unrestricted", "u", "", func() {
		// Ignore files are not read anyway; the second asks for hidden files,
		// the third for files that are not text.
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

// addAccepted adds the flags that ask for what happens anyway.
func addAccepted(f *pflag.FlagSet) {
	for _, x := range accepted {
		addWord(f, x.name, x.short, "", func() {}).Hidden = true
	}
}

// accepted are the flags that ask for what happens anyway.
var accepted = []struct{ name, short string }{
	{"recursive", "r"}, // grep's; ripgrep's -r is --replace
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

// limited are the flags of which some values ask for what happens anyway.
var limited = []struct {
	name   string
	values []string
	reason string
}{
	{"sort", []string{"none", "path"}, "files come in order of their paths, and the rotated files of a log oldest first; sort what comes out, or name the files in the order you want"},
	{"sortr", []string{"none"}, "files come in order of their paths, and the rotated files of a log oldest first; reverse what comes out, with tac for example"},
	{"engine", []string{"default"}, "regular expressions are RE2's, which takes the same time whatever they are: without look-around and backreferences"},
	{"hyperlink-format", []string{"none"}, "paths are never links"},
	{"path-separator", []string{"", "/"}, "paths are printed with the separator of the system"},
	{"pre", []string{""}, "pipe the output of the command into logview search QUERY -"},
}

// refusals are the flags that ask for what logview does not do.
var refusals = []struct {
	name, short string
	value       bool
	reason      string
}{
	{"replace", "", true, "lines are printed as they are; pipe them into sed"},
	{"pcre2", "P", false, "regular expressions are RE2's, without look-around and backreferences; -v and a second search in a pipe often do instead"},
	{"auto-hybrid-regex", "", false, "regular expressions are RE2's, without look-around and backreferences"},
	{"no-unicode", "", false, "(?-u) at the beginning of a regular expression makes \\w, \\d, \\s and \\b ASCII's"},
	{"no-pcre2-unicode", "", false, "there is no PCRE2; (?-u) at the beginning of a regular expression makes \\w, \\d, \\s and \\b ASCII's"},
	{"multiline-dotall", "", false, "lines are searched one by one"},
	{"null-data", "", false, "lines end at line feeds; tr '\\0' '\\n' <FILE | logview search QUERY - reads other ones"},
	{"no-crlf", "", false, "a carriage return before a line feed is always the line's end; look for \\r where you want it"},
	{"stop-on-nonmatch", "", false, "a file is searched to its end; -m N stops after N lines"},
	{"mmap", "", false, "files are never mapped, for a log may be cut off while it is read"},
	{"dfa-size-limit", "", true, "there is no such limit"},
	{"regex-size-limit", "", true, "the limit is RE2's"},
	{"no-search-zip", "", false, "compressed files are always read as what they hold; -g '!*.gz' leaves them out"},
	{"binary", "", false, "-a searches files that are not text, too"},
	{"follow", "L", false, "links to files are followed, and links to directories where they are named"},
	{"ignore-file", "", true, "ignore files are not read; -g '!GLOB' leaves files out"},
	{"ignore-file-case-insensitive", "", false, "ignore files are not read; --iglob '!GLOB' leaves files out"},
	{"no-ignore-file-case-insensitive", "", false, "ignore files are not read"},
	{"ignore", "", false, "ignore files are not read, for logs are what they leave out; -g '!GLOB' leaves files out"},
	{"ignore-dot", "", false, "ignore files are not read; -g '!GLOB' leaves files out"},
	{"ignore-exclude", "", false, "ignore files are not read; -g '!GLOB' leaves files out"},
	{"ignore-files", "", false, "ignore files are not read; -g '!GLOB' leaves files out"},
	{"ignore-global", "", false, "ignore files are not read; -g '!GLOB' leaves files out"},
	{"ignore-parent", "", false, "ignore files are not read; -g '!GLOB' leaves files out"},
	{"ignore-vcs", "", false, "ignore files are not read; -g '!GLOB' leaves files out"},
	{"no-require-git", "", false, "ignore files are not read; -g '!GLOB' leaves files out"},
	{"one-file-system", "", false, "directories are searched across file systems; -g '!DIR/' leaves one out"},
	{"type", "t", true, "there are no types of files; -g '*.log' takes files by their names"},
	{"type-not", "T", true, "there are no types of files; -g '!*.log' leaves files out by their names"},
	{"type-add", "", true, "there are no types of files; -g '*.log' takes files by their names"},
	{"type-clear", "", true, "there are no types of files; -g '*.log' takes files by their names"},
	{"type-list", "", false, "there are no types of files; -g '*.log' takes files by their names"},
	{"pre-glob", "", true, "there is no --pre; pipe the output of the command into logview search QUERY -"},
	{"colors", "", true, "the colours are fixed; --color never turns them off"},
	{"hostname-bin", "", true, "paths are never links"},
	{"files", "", false, "logview ls lists the files, and -l '' those that a search would read"},
	{"debug", "", false, "logview debug query QUERY PATH shows what a search does"},
	{"trace", "", false, "logview debug query QUERY PATH shows what a search does"},
	{"generate", "", true, "logview completion SHELL and logview man DIR do that"},
	{"pcre2-version", "", false, "there is no PCRE2"},
	{"version", "V", false, "logview --version prints it"},
}
