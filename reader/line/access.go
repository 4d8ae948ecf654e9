package line

import "bytes"

// This file reads access logs. Those of Apache and nginx, and the many that look like
// them, have a request in quotes after a time in brackets: see requestAt. HAProxy's are
// in syslog. Others consist of words at known places: see requestForm.

// haproxyTimes is the number of slashes between the times of a request in HAProxy's log;
// those of a connection have fewer.
const haproxyTimes = 4

// emitHAProxy emits the fields of a request in HAProxy's log, at i: CLIENT:PORT [TIME]
// FRONTEND BACKEND/SERVER TIMES STATUS BYTES … "REQUEST". Source: HAProxy's
// configuration manual, section 8.2.3.
func (x *Fields) emitHAProxy(l []byte, i int) (int, bool) {
	var words [7][2]int // their bounds
	n := 0
	for at := i; n < len(words) && at < len(l); n++ {
		end := bytes.IndexByte(l[at:], ' ')
		if end < 0 {
			break
		}
		words[n] = [2]int{at, at + end}
		at += end + 1
	}
	if i = min(i, len(l)); n < len(words) {
		return i, true
	}
	word := func(k int) []byte { return l[words[k][0]:words[k][1]] }
	total := bytes.LastIndexByte(word(4), '/') + 1
	http := bytes.Count(word(4), []byte{'/'}) == haproxyTimes
	port := bytes.LastIndexByte(word(0), ':')
	if byteAt(word(1), 0) != '[' || total == 0 || !allDigits(word(5)) || http && len(word(5)) != 3 || port < 0 {
		return i, true
	}
	slash := bytes.IndexByte(word(3), '/')
	if slash < 0 {
		slash = len(word(3))
	}
	x.format = "access"
	part := func(name []byte, k, from, to int) bool {
		return x.emit(name, l[words[k][0]+from:words[k][0]+to], words[k][0]+from)
	}
	if !part(nameClient, 0, 0, port) || !part(nameFrontend, 2, 0, len(word(2))) || !part(nameBackend, 3, 0, slash) ||
		slash < len(word(3)) && !part(nameServer, 3, slash+1, len(word(3))) ||
		!x.emitMilliseconds(word(4)[total:], words[4][0]+total) {
		return 0, false
	}
	if !http { // of a connection: BYTES is in the place of STATUS
		return i, part(nameBytes, 5, 0, len(word(5)))
	}
	if !part(nameStatus, 5, 0, 3) || !part(nameBytes, 6, 0, len(word(6))) {
		return 0, false
	}
	if k := bytes.IndexByte(l[i:], '"'); k >= 0 {
		if end := quoteEnd(l, i+k); end > 0 {
			return end, x.emitRequest(l[i+k+1:end-1], i+k+1)
		}
	}
	return i, true
}

// requestAt returns the position of the request in an access log, after its quote;
// false if the line is none. Source: "Common Log Format" and "Combined Log Format" of
// Apache's mod_log_config.
func requestAt(l []byte) (int, bool) {
	head := l[:min(len(l), 4*searched)]
	if bytes.IndexByte(head, '"') < 0 {
		return 0, false // most logs
	}
	k := bytes.Index(head, []byte(requestMark))
	if k < 0 || bytes.IndexByte(head[:k], '[') < 0 {
		return 0, false
	}
	i := k + 3
	if byteAt(l, i) == '-' && byteAt(l, i+1) == '"' {
		return i, true
	}
	end := quoteEnd(l, i-1)
	if end == 0 || byteAt(l, end) != ' ' {
		return 0, false
	}
	_, n := number(l, end+1, 3)
	return i, n == end+4 && (n == len(l) || l[n] == ' ')
}

// emitAccess emits the fields of an access log, whose request begins at i.
func (x *Fields) emitAccess(l []byte, i int) (int, bool) {
	open := bytes.LastIndexByte(l[:i-3], '[')
	// The name of a virtual host may come before the client.
	from, to := lastWord(l, open)
	user, userAt := l[from:to], from
	identity, _ := lastWord(l, from)
	from, to = lastWord(l, identity)
	// The name of a user may have blanks: CLIENT - a user [
	if first, rest, ok := bytes.Cut(l[:max(open, 0)], []byte(" - ")); ok && bytes.IndexByte(first, ' ') < 0 && bytes.IndexByte(bytes.TrimSpace(rest), ' ') > 0 {
		from, to = 0, len(first)
		userAt = to + len(" - ")
		user = bytes.TrimSpace(rest)
	}
	if to > from {
		if !x.emit(nameClient, l[from:to], from) || string(user) != "-" && !x.emit(nameUser, user, userAt) {
			return 0, false
		}
	}
	end := quoteEnd(l, i-1)
	if end == 0 {
		return 0, true
	}
	if !x.emitRequest(l[i:end-1], i) {
		return 0, false
	}
	for n := 0; end < len(l); n++ {
		if l[end] != ' ' {
			break
		}
		from := end + 1
		var v []byte
		if byteAt(l, from) == '"' {
			if end = quoteEnd(l, from); end == 0 {
				break
			}
			v, from = l[from+1:end-1], from+1
		} else {
			for end = from; end < len(l) && l[end] != ' '; end++ {
			}
			v = l[from:end]
		}
		var name []byte
		switch {
		case n == 0:
			name = nameStatus
		case n == 1 && (allDigits(v) || string(v) == "-"):
			name = nameBytes
		case n == 2 && l[from-1] == '"':
			name = nameReferer
		case n == 3 && l[from-1] == '"':
			name = nameAgent
		case isDuration(v):
			name = nameTook
		}
		if n > 3 && name == nil && l[from-1] != '"' && bytes.IndexByte(v, '=') > 0 {
			return from, true // pairs follow
		}
		if name != nil && string(v) != "-" && !x.emit(name, v, from) {
			return 0, false
		}
		if end == 0 {
			break
		}
	}
	return len(l), true
}

// lastWord returns the bounds of the last word in l[:end].
func lastWord(l []byte, end int) (from, to int) {
	for end > 0 && l[end-1] == ' ' {
		end--
	}
	return bytes.LastIndexByte(l[:end], ' ') + 1, end
}

// emitRequest emits the fields of a request, such as GET /x HTTP/1.1, which is at at in its
// line.
func (x *Fields) emitRequest(r []byte, at int) bool {
	a := bytes.IndexByte(r, ' ')
	if a <= 0 {
		return true
	}
	path := r[a+1:]
	if b := bytes.LastIndexByte(path, ' '); b >= 0 {
		if !x.emit(nameProtocol, path[b+1:], at+a+1+b+1) {
			return false
		}
		path = path[:b]
	}
	return x.emit(nameMethod, r[:a], at) && x.emit(namePath, path, at+a+1)
}

// Took is the name of the field with the time that a request took. Its unit is in the value
// even if the line does not have it.
const Took = "took"

// emitMilliseconds emits the time that a request took, as took_ms and with its unit as
// took, which so has a unit or is in seconds in every access log.
func (x *Fields) emitMilliseconds(v []byte, at int) bool {
	if !x.emit(nameTookMS, v, at) {
		return false
	}
	if whole, fraction, _ := bytes.Cut(v, []byte{'.'}); !allDigits(whole) || !allDigits(fraction) {
		return true // -1 if it is not known
	}
	x.text = append(append(x.text[:0], v...), "ms"...)
	return x.emit(nameTook, x.text, -1)
}

// isDuration reports whether v is a number of seconds with a fraction, or has a unit
// of time.
func isDuration(v []byte) bool {
	q, ok := ParseQuantity(v)
	return ok && (q.Unit == Seconds || q.Unit == NoUnit && bytes.IndexByte(v, '.') > 0)
}

// A requestForm is a form of the lines of an access log whose words have known places.
type requestForm struct {
	names [][]byte // of the fields, in the order of the words; nil for words that are none
	level bool     // the lines name a level, which counts instead of the status
	check func(w *requestWords) bool
}

// The forms. Sources: "Access logs for your Application Load Balancer" and "… Classic Load
// Balancer" of Amazon's Elastic Load Balancing, "Server access log format" of Amazon S3,
// "Envoy Access Logs" of Istio, "Default native format" of Squid's logformat, "Default format string" of Envoy's access
// logging, uWSGI's default log format, defaultLogFormatter of Gin, AccessFormatter of
// Uvicorn, and the format dev of Morgan.
var (
	ginForm = &requestForm{[][]byte{nil, nil, nil, nil, nil, nameStatus, nil, nameTook, nil, nameClient, nil, nameMethod, namePath}, false,
		func(w *requestWords) bool {
			return w.n > 12 && w.isStatus(5) && string(w.word(4)) == "|" && string(w.word(10)) == "|"
		}}
	uvicornForm = &requestForm{[][]byte{nil, nameClient, nil, nameRequest, nameStatus}, true,
		func(w *requestWords) bool { return w.n > 4 && w.isHTTP(3) && w.isStatus(4) }}
	albForm = &requestForm{[][]byte{nil, nil, nameServer, nameClient, nameUpstream, nil, nameTook, nil, nameStatus, nil, nil, nameBytes, nameRequest, nameAgent, nil, nil, nil, nil, nameHost}, false,
		func(w *requestWords) bool { return w.n > 13 && w.isStatus(8) && w.isHTTP(12) }}
	elbForm = &requestForm{albForm.names[1:14], false,
		func(w *requestWords) bool { return w.n > 11 && w.isStatus(7) && w.isHTTP(11) }}
	s3Form = &requestForm{[][]byte{nil, nameServer, nil, nameClient, nil, nil, nil, nil, nameRequest, nameStatus, nil, nameBytes, nil, nameTookMS, nil, nameReferer, nameAgent}, false,
		func(w *requestWords) bool { return w.n > 13 && w.isStatus(9) && w.isHTTP(8) }}
	squidForm = &requestForm{[][]byte{nil, nameTookMS, nameClient, nameStatus, nameBytes, nameMethod, namePath, nameUser, nameUpstream}, false,
		func(w *requestWords) bool { return w.n > 8 && w.isStatus(3) && w.isDigits(1) && w.isDigits(4) }}
	envoyForm = &requestForm{[][]byte{nil, nameRequest, nameStatus, nil, nil, nameBytes, nameTookMS, nil, nameClient, nameAgent, nil, nameHost, nameUpstream}, false,
		func(w *requestWords) bool {
			return w.n > 9 && w.isHTTP(1) && w.isStatus(2) && w.isDigits(4) && w.isDigits(5) && w.isDigits(6)
		}}
	istioForm = &requestForm{[][]byte{nil, nameRequest, nameStatus, nil, nil, nil, nil, nil, nameBytes, nameTookMS, nil, nameClient, nameAgent, nil, nameHost, nameUpstream}, false,
		func(w *requestWords) bool {
			return w.n > 12 && w.isHTTP(1) && w.isStatus(2) && w.isDigits(7) && w.isDigits(8) && w.isDigits(9)
		}}
	uwsgiForm = &requestForm{[][]byte{namePID, nameClient, nameUser, nil, nil, nameMethod, namePath, nil, nil, nameBytes, nil, nil, nameTookMS, nil, nameStatus}, false,
		func(w *requestWords) bool {
			return w.n > 14 && w.isDigits(9) && string(w.word(13)) == "msecs" && w.isHTTP(14) && w.isStatus(14)
		}}
	morganForm = &requestForm{[][]byte{nameMethod, namePath, nameStatus, nameTookMS, nil, nil, nameBytes}, false,
		func(w *requestWords) bool {
			return w.n == 7 && w.isStatus(2) && string(w.word(4)) == "ms" && string(w.word(5)) == "-" && byteAt(w.word(1), 0) == '/'
		}}
)

// formByStart returns the form that a line may have by its first words; nil if it has none.
func formByStart(l []byte) *requestForm {
	switch c := byteAt(l, 0); {
	case c == '[' && bytes.HasPrefix(l, []byte("[pid: ")):
		return uwsgiForm
	case c == '[' && bytes.HasPrefix(l, []byte(ginMark)):
		return ginForm
	case c == 'I' && bytes.HasPrefix(l, []byte("INFO:     ")):
		return uvicornForm
	case c >= 'A' && c <= 'Z' && bytes.HasPrefix(l[min(wordEnd(l), len(l)):], []byte(" /")) && bytes.Contains(l, []byte(morganMark)):
		return morganForm
	case c == '[' && byteAt(l, 5) == '-' && byteAt(l, 11) == 'T':
		// After REQUEST STATUS FLAGS, Envoy has numbers, and Istio texts.
		if i := bytes.IndexByte(l, '"') + 1; i > 0 {
			if words := bytes.Fields(l[min(quoteEnd(l, i-1), len(l)):min(len(l), 4*searched)]); len(words) > 2 && !allDigits(words[2]) {
				return istioForm
			}
		}
		return envoyForm
	case isDigit(c) && byteAt(l, 10) == '.':
		i := bytes.IndexByte(l[:min(len(l), searched)], '/')
		if i > 0 && isSquidResult(l[bytes.LastIndexByte(l[:i], ' ')+1:i]) {
			return squidForm
		}
	case isDigit(c) && byteAt(l, 4) == '-' && byteAt(l, 10) == 'T':
		// After TIME and NAME is an address.
		i := bytes.IndexByte(l, ' ') + 1
		i += bytes.IndexByte(l[i:], ' ') + 1
		if i > 1 && isDigit(byteAt(l, i)) && IsAlnum(l[i-2]) {
			return elbForm
		}
	case c == 'h' || c == 'w' || c == 'g':
		i := bytes.IndexByte(l[:min(len(l), len("grpcs "))], ' ')
		if i > 0 && byteAt(l, i+5) == '-' && byteAt(l, i+11) == 'T' && isDigit(l[i+1]) {
			return albForm
		}
	case byteAt(l, ownerLen) == ' ' && isHex(l[:ownerLen]):
		return s3Form
	}
	return nil
}

// parseForm splits a line into words and reports whether it has a form.
func (w *requestWords) parseForm(f *requestForm, l []byte) bool {
	w.split(l)
	return f.check(w)
}

// ginMark is what lines of Gin begin with.
const ginMark = "[GIN] "

// morganMark precedes the number of bytes in lines of Morgan.
const morganMark = " ms - "

// ownerLen is the length of the name of an owner in Amazon S3.
const ownerLen = 64

// isWrappedEnvoy reports whether a line, which has a request in quotes, is one of Envoy
// behind a label or in one of a container runtime.
func isWrappedEnvoy(l []byte) bool {
	from := labelOf(l).end
	if from == 0 {
		from = criStart(l, max(bytes.IndexByte(l, ' '), 0))
	}
	if from == 0 {
		return false
	}
	f := formByStart(l[from:])
	return f == envoyForm || f == istioForm
}

// isSquidResult reports whether a word is a result code of Squid.
func isSquidResult(word []byte) bool {
	for _, mark := range squidMarks {
		if bytes.HasPrefix(word, []byte(mark)) {
			return true
		}
	}
	return false
}

// squidMarks are the beginnings of Squid's result codes.
var squidMarks = []string{"TCP_", "NONE", "UDP_"}

// requestWords are the words of a line: what blanks separate. Text in quotes, brackets,
// braces or parentheses is one word, of which the bounds are those of the text inside.
type requestWords struct {
	l    []byte
	at   [20][2]int
	n    int
	from int // where l begins in its line
}

func (w *requestWords) split(l []byte) {
	w.l, w.n, w.from = l, 0, 0
	for i := skip(l, 0, ' '); i < len(l) && w.n < len(w.at); i = skip(l, i, ' ') {
		from, end := i, -1
		switch l[i] {
		case '"':
			if end = quoteEnd(l, i) - 1; end > i {
				from++
			}
		case '[', '(', '{':
			if k := bytes.IndexByte(l[i:], closing(l[i])); k > 0 && (i+k+1 == len(l) || l[i+k+1] == ' ') {
				from, end = i+1, i+k
			}
		}
		i = end + 1
		if end < 0 {
			if end = len(l); bytes.IndexByte(l[from:], ' ') >= 0 {
				end = from + bytes.IndexByte(l[from:], ' ')
			}
			i = end
		}
		w.at[w.n] = [2]int{from, end}
		w.n++
	}
}

// closing returns the bracket that closes an opening one.
func closing(open byte) byte {
	switch open {
	case '[':
		return ']'
	case '{':
		return '}'
	}
	return ')'
}

func (w *requestWords) word(k int) []byte { return w.l[w.at[k][0]:w.at[k][1]] }

func (w *requestWords) isDigits(k int) bool { return allDigits(w.word(k)) }

// isHTTP reports whether a word names a version of HTTP, as requests do.
func (w *requestWords) isHTTP(k int) bool { return bytes.Contains(w.word(k), []byte(protocolMark)) }

// isStatus reports whether the status is in a word.
func (w *requestWords) isStatus(k int) bool { return len(w.status(k)) == 3 && allDigits(w.status(k)) }

// status returns the status in a word, such as 200, TCP_MISS/200 and (HTTP/1.1 200).
func (w *requestWords) status(k int) []byte {
	v := w.word(k)
	return v[bytes.LastIndexAny(v, " /")+1:]
}

// emitForm emits the fields of a line of one of the forms that begins at from. It reports
// whether there is one, and returns false for more if no more fields are wanted.
func (x *Fields) emitForm(l []byte, from int) (ok, more bool) {
	f := formByStart(l[from:])
	if f == nil || !x.Formats.allows("access") || !x.words.parseForm(f, l[from:]) {
		return false, true
	}
	x.format, x.words.from = "access", from
	return true, x.emitWords(f)
}

// emitWords emits the fields of a line of a form, which x.words has.
func (x *Fields) emitWords(f *requestForm) bool {
	w := &x.words
	for k, name := range f.names {
		if k >= w.n {
			break
		}
		v, at := w.word(k), w.from+w.at[k][0]
		switch {
		case name == nil || len(v) == 0 || string(v) == "-" || string(v) == "-1":
			continue
		case &name[0] == &nameRequest[0]:
			if !x.emitRequest(v, at) {
				return false
			}
			continue
		case &name[0] == &nameStatus[0]:
			status := w.status(k)
			at += len(v) - len(status)
			v = status
		case &name[0] == &nameClient[0]:
			if i := bytes.LastIndexByte(v, ':'); i > 0 && bytes.IndexByte(v[:i], '.') > 0 && allDigits(v[i+1:]) {
				v = v[:i] // without the port
			}
		case &name[0] == &namePID[0]:
			_, end := number(v, len("pid: "), 10)
			v, at = v[min(len("pid: "), end):end], at+len("pid: ")
		}
		emit := x.emit
		if &name[0] == &nameTookMS[0] {
			emit = func(_, v []byte, at int) bool { return x.emitMilliseconds(v, at) }
		}
		if !emit(name, v, at) {
			return false
		}
	}
	return true
}

// levelOfRequest returns the level that the status in a line of one of the forms stands
// for.
func levelOfRequest(l []byte) (Level, bool) {
	f := formByStart(l)
	if f == nil || f.level {
		return NoLevel, false
	}
	return f.levelOf(l)
}

func (f *requestForm) levelOf(l []byte) (Level, bool) {
	var w requestWords
	if !w.parseForm(f, l) {
		return NoLevel, false
	}
	for k, name := range f.names {
		if name != nil && &name[0] == &nameStatus[0] {
			return levelOfStatusCode(w.status(k)[0]), true
		}
	}
	return NoLevel, false
}

// requestText appends the request of a line of one of the forms and its status as other
// access logs have them, METHOD PATH" STATUS, with the path without its host.
func (x *Fields) requestText(dst, l []byte) []byte {
	f := formByStart(l)
	if f == nil || !x.words.parseForm(f, l) {
		return dst
	}
	var r request
	x.emit = r.collect
	x.emitWords(f)
	return r.append(dst)
}

// A request has the fields of a request that its text consists of.
type request struct{ method, path, status []byte }

// collect keeps a field if it is one of those.
func (r *request) collect(name, value []byte, _ int) bool {
	switch string(name) {
	case "method":
		r.method = value
	case "path":
		r.path = value
	case "status":
		r.status = value
	}
	return true
}

// append appends the text of the request to dst.
func (r *request) append(dst []byte) []byte {
	path := r.path
	if _, rest, ok := bytes.Cut(path, []byte("://")); ok {
		path = rest[max(bytes.IndexByte(rest, '/'), 0):]
	}
	dst = append(append(dst, r.method...), ' ')
	dst = append(append(dst, path...), '"', ' ')
	return append(dst, r.status...)
}
