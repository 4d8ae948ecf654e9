package line

import "bytes"

// emitHeader emits the fields of a line's header, if it has a known form, and returns
// where pairs may begin, and false if no more fields are wanted.
func (x *Fields) emitHeader(l []byte) (at int, more bool) {
	if ok, more := x.emitForm(l, 0); ok {
		return len(l), more
	}
	if at, ok := requestAt(l); ok && x.Formats.allows("access") && !isWrappedEnvoy(l) {
		x.format = "access"
		return x.emitAccess(l, at)
	}
	var s stamp
	from := 0
	if byteAt(l, 0) == '<' && x.Formats.allows("syslog") { // <PRI> of syslog
		if _, n := number(l, 1, 3); n > 1 && byteAt(l, n) == '>' {
			from = n + 1
			if v, n := number(l, from, 2); v > 0 && byteAt(l, n) == ' ' {
				x.format = "syslog"
				return x.emitSyslog5424(l, n+1)
			}
		}
	}
	label := labelOf(l)
	if label.end > 0 && x.Formats.allows("text") && !x.emit(nameContainer, label.name, bytes.Index(l, label.name)) {
		return 0, false
	}
	if label.end > 0 {
		if ok, more := x.emitForm(l, label.end); ok {
			return len(l), more
		}
	}
	if end := klogTime(l[label.end:]); end > 0 && x.Formats.allows("klog") {
		x.format = "klog"
		return x.emitKlog(l, label.end+end)
	}
	end := s.parse(l, from)
	if end > 0 && s.kind != epoch && s.kind != clockOnly {
		switch rest := l[end:]; {
		case x.Formats.allows("cri") && (bytes.HasPrefix(rest, []byte(" stdout ")) || bytes.HasPrefix(rest, []byte(" stderr "))):
			if c := byteAt(rest, 8); (c == 'F' || c == 'P') && byteAt(rest, 9) == ' ' {
				x.format = "cri"
				if !x.emit(nameStream, rest[1:7], end+1) {
					return 0, false
				}
				if ok, more := x.emitForm(l, end+10); ok {
					return len(l), more
				}
				return end + 10, true
			}
		case x.Formats.allows("nginx-error") && bytes.HasPrefix(rest, []byte(" [")):
			if n := bytes.Index(rest, []byte("] ")); n > 0 {
				if at, more = x.emitNginxError(l, end+n+2); at > 0 || !more {
					return at, more
				}
			}
		}
		// HAProxy writes its access log to syslog.
		if (s.zoned || s.year == 0) && (x.Formats.allows("syslog") || x.Formats.allows("access") && bytes.Contains(l, []byte(haproxyMark))) {
			if at, more = x.emitSyslog(l, end); at > 0 || !more {
				return at, more
			}
		}
	}
	if x.Formats.allows("text") && byteAt(l, 0) != '{' {
		return 0, x.emitHeaderColumns(l)
	}
	return 0, true
}

var (
	nameHost, nameApp, namePID, nameStream = []byte("host"), []byte("app"), []byte("pid"), []byte("stream")
	nameSource, nameTID                    = []byte("source"), []byte("tid")
	nameThread, nameLogger                 = []byte("thread"), []byte("logger")
	nameContainer                          = []byte("container")

	nameClient, nameUser, nameMethod, namePath, nameProtocol = []byte("client"), []byte("user"), []byte("method"), []byte("path"), []byte("protocol")
	nameStatus, nameBytes, nameReferer, nameAgent, nameTook  = []byte("status"), []byte("bytes"), []byte("referer"), []byte("agent"), []byte("took")
	nameServer, nameRequest, nameUpstream                    = []byte("server"), []byte("request"), []byte("upstream")
	nameFrontend, nameBackend, nameTookMS                    = []byte("frontend"), []byte("backend"), []byte("took_ms")
)

// emitSyslog emits the fields of "TIME HOST APP[PID]: ", where TIME ends at i. Source:
// RFC 3164, section 4.1.
func (x *Fields) emitSyslog(l []byte, i int) (int, bool) {
	if byteAt(l, i) != ' ' {
		return 0, true
	}
	host := skip(l, i, ' ')
	end := host
	for end < len(l) && (nameByte(l[end]) || l[end] == ':') {
		end++
	}
	if _, n := number(l, end+1, 10); end > host && byteAt(l, end) == '[' && n > end+1 && byteAt(l, n) == ']' && byteAt(l, n+1) == ':' { // dnsmasq[7]: without a host
		x.format = "syslog"
		return n + 2, x.emit(nameApp, l[host:end], host) && x.emit(namePID, l[end+1:n], end+1)
	}
	priority := isPriority(l[host:end]) // there is no host
	if end == host || byteAt(l, end) != ' ' || l[end-1] == ':' || capitals(l[host:end]) && levelOfWord(l[host:end], false) != ' ' {
		return 0, true
	}
	app := end + 1
	if i = app; !priority {
		for i < len(l) && nameByte(l[i]) {
			i++
		}
		if (isPriority(l[app:i]) || isLower(l[app:i]) && levelNamed(l[app:i]) != 0) && byteAt(l, i) == ' ' { // err of F5
			app = i + 1
		}
		i = app
	}
	for i < len(l) && (nameByte(l[i]) || l[i] == '(' || l[i] == ')') {
		i++
	}
	if i == app || allDigits(l[app:i]) || l[app] == '(' && levelOfWord(l[app:i], false) != ' ' { // (err) is a level
		return 0, true
	}
	pid, after := -1, i
	if byteAt(l, i) == '[' {
		if _, n := number(l, i+1, 10); n > i+1 && byteAt(l, n) == ']' {
			pid, after = i+1, n+1
		}
		if rest := l[min(after, len(l)):]; len(rest) > 2 && rest[0] == ' ' && (rest[1] == '(' || rest[1] == '<') { // launchd[1] (com.apple.x[2]): of macOS
			if k := bytes.IndexByte(rest, ':'); k > 0 && (rest[k-1] == ')' || rest[k-1] == '>') && bytes.IndexByte(rest[1:k], ' ') < 0 {
				after += k
			}
		}
	}
	if byteAt(l, after) != ':' || after+1 < len(l) && l[after+1] != ' ' {
		return 0, true
	}
	x.format = "syslog"
	if !priority && !x.emit(nameHost, l[host:end], host) || !x.emit(nameApp, l[app:i], app) {
		return 0, false
	}
	if pid >= 0 && !x.emit(namePID, l[pid:after-1], pid) {
		return 0, false
	}
	if pid >= 0 && string(l[app:i]) == "haproxy" {
		return x.emitHAProxy(l, after+2)
	}
	return after + 1, true
}

// isPriority reports whether a word is a facility and a severity, as BusyBox and OpenWrt
// write them: daemon.err.
func isPriority(word []byte) bool {
	facility, severity, ok := bytes.Cut(word, []byte{'.'})
	return ok && isFacility(facility) && levelNamed(severity) != 0
}

// emitSyslog5424 emits the fields of "TIME HOST APP PID ID DATA", where TIME begins at
// i. Source: RFC 5424, section 6. The structured data are pairs.
func (x *Fields) emitSyslog5424(l []byte, i int) (int, bool) {
	for n := range 5 {
		end := bytes.IndexByte(l[min(i, len(l)):], ' ')
		if end < 0 {
			return 0, true
		}
		v := l[i : i+end]
		var name []byte
		switch n {
		case 1:
			name = nameHost
		case 2:
			name = nameApp
		case 3:
			name = namePID
		}
		if name != nil && string(v) != "-" && !x.emit(name, v, i) {
			return 0, false
		}
		i += end + 1
	}
	return i, true
}

// klogTime returns the position after the time of a line of klog; 0 if it is none.
func klogTime(l []byte) int {
	const short = len("E1121 08:00:00")
	if len(l) < short || l[0] != 'E' && l[0] != 'W' && l[0] != 'I' && l[0] != 'F' || !allDigits(l[1:5]) {
		return 0
	}
	at := len("E1121")
	if l[at] != ' ' { // with the year, of glog
		if at += 4; len(l) < short+4 || !allDigits(l[5:at]) || l[at] != ' ' {
			return 0
		}
	}
	if l = l[:min(len(l), 40)]; two(l, at+1) < 0 || l[at+3] != ':' || two(l, at+4) < 0 || l[at+6] != ':' || two(l, at+7) < 0 {
		return 0
	}
	end := at + len(" 08:00:00")
	if byteAt(l, end) == '.' {
		_, end = number(l, end+1, 9)
	}
	return end
}

// emitKlog emits the fields of "E1121 08:00:00.000000 PID SOURCE] ", where the time ends
// at i. Source: k8s.io/klog, "Header formats log lines".
func (x *Fields) emitKlog(l []byte, i int) (int, bool) {
	i = skip(l, i, ' ')
	_, end := number(l, i, 10)
	close := end + bytes.IndexByte(l[end:], ']')
	if end == i || close < end || byteAt(l, end) != ' ' {
		return 0, true
	}
	return close + 1, x.emit(namePID, l[i:end], i) && x.emit(nameSource, l[end+1:close], end+1)
}

// emitNginxError emits the fields of nginx's error log after its level, which ends at
// i: "PID#TID: *1 message, client: …, server: …, request: "…", upstream: "…", host: "…"".
func (x *Fields) emitNginxError(l []byte, i int) (int, bool) {
	_, end := number(l, i, 10)
	if end == i || byteAt(l, end) != '#' {
		return 0, true
	}
	_, tid := number(l, end+1, 10)
	if tid == end+1 || byteAt(l, tid) != ':' {
		return 0, true
	}
	x.format = "nginx-error"
	if !x.emit(namePID, l[i:end], i) || !x.emit(nameTID, l[end+1:tid], end+1) {
		return 0, false
	}
	for _, name := range [][]byte{nameClient, nameServer, nameRequest, nameUpstream, nameHost} {
		k := bytes.LastIndex(l[tid:], append(append([]byte(", "), name...), ": "...))
		if k < 0 {
			continue
		}
		from := tid + k + len(name) + 4
		to := from
		if byteAt(l, from) == '"' {
			if to = quoteEnd(l, from); to == 0 {
				continue
			}
			from, to = from+1, to-1
		} else if n := bytes.IndexByte(l[from:], ','); n >= 0 {
			to = from + n
		} else {
			to = len(l)
		}
		if !x.emit(name, l[from:to], from) {
			return 0, false
		}
	}
	return tid, true
}
