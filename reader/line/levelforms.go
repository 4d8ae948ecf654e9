package line

import (
	"bytes"
	"strings"
)

// This file finds the level in lines that are written in a form of their own.

// levelOfForm returns the level of a line that is written in a form of its own, after its
// time l[at:end]; a blank if it has none of them:
//
//   - %LINK-3-UPDOWN: of Cisco, also behind what a collector writes;
//   - ERROR:  with two blanks, of PostgreSQL, after any prefix (log_line_prefix);
//   - daemon.err, the facility and the severity that BusyBox and OpenWrt write;
//   - Er(163), the severity and the priority of VMware's ESXi;
//   - security: error: of BIND, and 123: error : of libvirt;
//   - critical/Api: of Icinga;
//   - LEVEL: Error of Db2, and %%01IFNET/4/ of Huawei's routers.
func levelOfForm(l []byte, at, end int) byte {
	rest := l[end:min(len(l), end+searched)]
	for from := 0; ; {
		k := bytes.IndexByte(rest[from:], '%')
		if k < 0 {
			break
		}
		from += k + 1
		if word := rest[from-1 : from-1+wordEnd(rest[from-1:])]; len(word) > 2 && word[1] == '%' {
			if k := bytes.IndexByte(word, '/'); k > 0 && byteAt(word, k+1) >= '0' && byteAt(word, k+1) <= '7' && byteAt(word, k+2) == '/' {
				return levelOfNumber(int(word[k+1] - '0'))
			}
			from++
			continue
		}
		if word := rest[from-1:]; isLetter(byteAt(word, 1)) {
			if level := levelOfLetter(word[:wordEnd(word)], nil, false, 0, 0); level != ' ' {
				return level
			}
		}
	}
	if k := indexPadded(rest); k > 0 {
		from := k
		for from > 0 && (isLetter(rest[from-1]) || isDigit(rest[from-1])) {
			from--
		}
		if word := rest[from:k]; from > 0 && (rest[from-1] == ' ' || rest[from-1] == ',') && len(word) > 2 && capitals(word) && isLetter(word[0]) {
			if level := levelNamed(word); level != 0 {
				return level
			}
		}
	}
	if byteAt(l, at+len("2006-01-02")) == '-' {
		if k := bytes.Index(rest, []byte(" LEVEL: ")); k > 0 {
			word := rest[k+len(" LEVEL: "):]
			return max(levelNamed(word[:letters(word, 0)]), ' ')
		}
	}
	return levelOfFirstWords(l, at, end, rest)
}

// levelOfFirstWords is levelOfForm for those of the forms that have a mark among the first words
// of rest, which follows the time.
func levelOfFirstWords(l []byte, at, end int, rest []byte) byte {
	// Most lines have no such mark, and need no search for it.
	const near = 48
	head := rest[:min(len(rest), near)]
	dot := bytes.IndexByte(head, '.')
	if isLetter(byteAt(l, at)) && dot < 0 || dot < 0 && bytes.IndexByte(head, '(') < 0 && bytes.IndexByte(head, '/') < 0 && bytes.Count(head, []byte{':'}) < 2 {
		return ' '
	}
	var words [3][]byte
	spaced := false // a colon between blanks follows the second word
	for i := range words {
		spaced = spaced || i == 2 && bytes.HasPrefix(rest, []byte(" : "))
		for len(rest) > 0 && (rest[0] == ' ' || rest[0] == ':' || rest[0] == ']') {
			rest = rest[1:]
		}
		words[i] = rest[:wordEnd(rest)]
		rest = rest[len(words[i]):]
	}
	for _, word := range words[:2] {
		if bytes.IndexByte(word, '.') < 0 {
			continue
		}
		if word = bytes.Trim(word, "<>"); isPriority(word) {
			return levelNamed(word[bytes.IndexByte(word, '.')+1:])
		}
	}
	if k := len(words[0]) - 1; k > 3 && words[0][2] == '(' && words[0][k] == ')' && allDigits(words[0][3:k]) {
		for i, name := range []string{"Em", "Al", "Cr", "Er", "Wa", "No", "In", "Db"} {
			if string(words[0][:2]) == name {
				return levelOfNumber(i)
			}
		}
	}
	if string(words[1]) == "debug" && len(words[2]) > 1 && allDigits(words[2][:len(words[2])-1]) && words[2][len(words[2])-1] == ':' && words[0][len(words[0])-1] == ':' {
		return 'D' // of BIND
	}
	if word, ok := bytes.CutSuffix(words[1], []byte{':'}); ok && len(words[0]) > 2 && words[0][len(words[0])-1] == ':' && letters(words[0], 0) == len(words[0])-1 && l[end] == ' ' && isDigit(l[max(0, end-1)]) && bytes.IndexByte(l[:end], '-') > 0 {
		if level := levelNamed(word); level != 0 {
			return level
		}
	}
	if spaced || len(rest) > 1 && rest[0] == ' ' && rest[1] == ':' {
		if level := levelNamed(words[1]); level != 0 && allDigits(bytes.TrimSuffix(words[0], []byte{':'})) {
			return level
		}
	}
	if name, object, ok := bytes.Cut(words[0], []byte{'/'}); ok && len(object) > 1 && object[len(object)-1] == ':' && object[0] >= 'A' && object[0] <= 'Z' {
		if level := levelNamed(name); level != 0 {
			return level
		}
	}
	return ' '
}

// indexPadded returns the index of the first colon before two blanks in l; -1 if there is none.
func indexPadded(l []byte) int {
	// Two blanks are rarer than a colon, and looked for from one of every two bytes.
	for i := 2; i < len(l); i += 2 {
		if l[i] != ' ' {
			continue
		}
		switch {
		case l[i-1] == ' ' && l[i-2] == ':':
			return i - 2
		case l[i-1] == ':' && i+1 < len(l) && l[i+1] == ' ':
			return i - 1
		}
	}
	return -1
}

// isFacility reports whether a word is the name of a facility of syslog.
func isFacility(word []byte) bool {
	switch string(word) {
	case "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "ntp":
		return true
	}
	return len(word) == 6 && bytes.HasPrefix(word, []byte("local")) && isDigit(word[5])
}

// levelOfRareForm is like levelOfForm, for forms of few programs:
//
//   - warn  2026-11-21 and Zigbee2MQTT:info  2026-11-21, before the time;
//   - W 11/21/26 of switches of HP, %Nov 21 … SHELL/5/LOGIN: of H3C, i Basis of SAP HANA, and
//     [app:1] error @2026-11-21 of Dancer;
//   - PID[1] Error of Azure's App Service, | vmx| W003: of VMware, - ! [1] of SQL Server's
//     Agent, P01 DETAIL: of pgBackRest, N | of etcd, | SUCCESS of Loguru, corosync warning
//     [MAIN ] of Corosync, <1> <ERRS> of Aruba's controllers, and url: / ERROR of Jira.
func levelOfRareForm(l []byte, at, end int) byte {
	rest := l[end:min(len(l), end+searched/2)]
	if at > 0 {
		return levelBeforeTime(l, at, rest)
	}
	var next byte // the first byte but blanks
	for _, next = range rest {
		if next != ' ' {
			break
		}
	}
	word := func(after string) []byte {
		i := bytes.Index(rest, []byte(after))
		if i < 0 {
			return nil
		}
		w := bytes.TrimLeft(rest[i+len(after):], " ")
		return w[:wordEnd(w)]
	}
	switch next {
	case '\t':
		if cells := bytes.SplitN(l[end:min(len(l), end+searched)], []byte{'\t'}, 8); len(cells) == 8 && bytes.Contains(cells[1], []byte(" (0x")) {
			return levelOfULS(bytes.TrimSpace(cells[6]))
		}
	case 'P':
		if k := bytes.IndexByte(rest, ']'); bytes.HasPrefix(rest, []byte("  PID[")) && k > 0 {
			return max(levelNamed(word("] ")), ' ')
		}
		if bytes.HasPrefix(rest, []byte(" P")) && len(rest) > 4 && allDigits(rest[2:4]) && string(word(string(rest[2:4])+" ")) == "DETAIL:" {
			return 'D'
		}
	case 'N':
		if bytes.HasPrefix(rest, []byte(" N | ")) {
			return 'I'
		}
	case '-':
		if bytes.HasPrefix(rest, []byte(" - ")) && len(rest) > 5 && string(rest[4:6]) == " [" {
			if k := strings.IndexByte("!+?", rest[3]); k >= 0 {
				return "EWI"[k]
			}
		}
	case '|':
		if string(word("| ")) == "SUCCESS" && bytes.Contains(rest, []byte("SUCCESS  |")) {
			return 'I'
		}
		// of VMware: | THREAD| W003:
		if k := bytes.IndexByte(rest[1:], '|') + 1; k > 1 && len(rest) > k+6 && rest[k+1] == ' ' && rest[k+6] == ':' && allDigits(rest[k+3:k+6]) && strings.IndexByte("IWEF", rest[k+2]) >= 0 {
			return rest[k+2]
		}
	}
	// Most lines need no search for these.
	if next == '[' && len(rest) > 2 && isDigit(rest[2]) {
		if w := word(" corosync "); isLower(w) {
			return max(levelNamed(w), ' ')
		}
	}
	if bytes.IndexByte(rest, '<') > 0 {
		if w := word("> <"); len(w) > 4 && bytes.Contains(rest, []byte("]: <")) && w[4] == '>' {
			switch string(w[:4]) {
			case "ERRS", "CRIT", "EMRG", "ALRT":
				return 'E'
			case "WARN":
				return 'W'
			case "NOTI", "INFO":
				return 'I'
			case "DBUG":
				return 'D'
			}
		}
	}
	if isDigit(byteAt(l, 0)) {
		if w := word(" url: "); len(w) > 0 && w[0] == '/' {
			if level := word(" url: " + string(w) + " "); capitals(level) {
				return max(levelNamed(level), ' ')
			}
		}
	}
	return ' '
}

// levelOfULS returns the level that a cell of SharePoint's Unified Logging Service names.
func levelOfULS(cell []byte) byte {
	switch string(cell) {
	case "Unexpected", "Assert", "Unassigned":
		return 'E'
	case "Monitorable":
		return 'W'
	case "High", "Medium":
		return 'I'
	case "VerboseEx":
		return 'T'
	}
	return max(levelNamed(cell), ' ')
}

// levelBeforeTime is levelOfRareForm for a line whose time is at at, before rest.
func levelBeforeTime(l []byte, at int, rest []byte) byte {
	before := l[:at]
	switch {
	case at == 2 && before[1] == ' ' && byteAt(l, at+2) == '/':
		if k := strings.IndexByte("IWEMD", before[0]); k >= 0 {
			return "IWEED"[k]
		}
	case at == 1 && before[0] == '%':
		if k := bytes.IndexByte(rest, '/'); k > 1 && byteAt(rest, k+2) == '/' && isDigit(rest[k+1]) && rest[k+1] < '8' && capitals(rest[bytes.LastIndexByte(rest[:k], ' ')+1:k]) {
			return levelOfNumber(int(rest[k+1] - '0'))
		}
	case before[0] == '[' && bytes.Contains(before, []byte("]{")):
		if len(rest) > 2 && rest[0] == ' ' && rest[2] == ' ' {
			if k := strings.IndexByte("diewf", rest[1]); k >= 0 {
				return "DIEWF"[k]
			}
		}
	case before[at-1] == '@':
		from, to := lastWord(l, at-1)
		return max(levelNamed(l[from:to]), ' ')
	case before[at-1] == ' ':
		word := bytes.TrimRight(before, " ")
		if k := bytes.IndexByte(word, ':'); k > 0 {
			word = word[k+1:]
		}
		if isLower(word) {
			switch string(word) {
			case "error", "warn", "warning", "info", "debug", "verbose", "notice", "fatal", "crit":
				return levelNamed(word)
			}
		}
	}
	return ' '
}
