package line

import (
	"bytes"
	"slices"
)

// Records tells where the records of a text begin: a line and those that continue it,
// such as a stack trace. The zero value is ready for the lines of a text, in order.
type Records struct {
	timed     bool // the record has a time
	lines     int  // of the record
	exception bool // the record begins with the name of an exception
	goTrace   bool // the record is a trace of Go
	panicked  bool // the line before says where a program of Rust panicked; the message follows
	traceback bool // the record ends with a trace of Python, up to a line that is not indented
	begun     bool
	exported  bool    // the record is an entry in journald's export format, up to an empty line
	partial   partial // what the last line is
	writer    []byte  // of the record, if its lines say who wrote them
	buf       []byte
}

// continuations are the beginnings of lines that continue the one before although they
// are not indented.
var continuations = [][]byte{
	[]byte("at "), []byte("Caused by:"), []byte("Suppressed:"), []byte("... "), []byte("}"), []byte("]"), []byte(")"), // Java and .NET, and JSON
	[]byte("goroutine "), []byte("created by "), []byte("[signal SIG"), []byte("--- End of "), []byte("stack backtrace:"), []byte("note: run with"),
	[]byte("During handling of the above exception,"), []byte("The above exception was the direct cause"),
}

var pythonTrace = []byte("Traceback (most recent call last):")

// Add takes the next line of the text, and reports whether a record begins with it. own
// says that the line has a time of its own. A line belongs to the record before it
//
//   - if it is indented and has no time of its own;
//   - if that has a time and the line does not;
//   - if it begins as a line of a stack trace does;
//   - if that is a part of a line that a container runtime cut, and it goes on here;
//   - if both are of one entry in journald's export format.
//
// What a container runtime, docker compose, kubectl or syslog writes before the line of a
// program does not count, and the lines of one program do not continue those of another.
func (r *Records) Add(l []byte, own bool) (begins bool) {
	l = bytes.TrimRight(l, "\r\n")
	before := r.partial
	r.partial = partialOf(l)
	if before.goesOn && before.stream == r.partial.stream {
		return false
	}
	// A container runtime gives each line a time. That of the program is what matters.
	timed := own
	if r.partial.stream != 0 {
		if inner := wrapped(r.buf[:0], l); inner != nil {
			var s stamp
			at, ok := findStamp(&s, inner)
			timed = ok && !isProse(inner[:at]) && !isIndented(inner)
			l, own = inner, jsonStart(inner) == 0 || timed
		}
	}
	writer, inner := writerOf(l)
	if inner > 0 {
		l = l[inner:]
		var s stamp
		at, ok := findStamp(&s, l)
		timed = ok && (at <= 1 || jsonStart(l) == 0)
		own = jsonStart(l) == 0 || timed
	}
	if !bytes.Equal(writer, r.writer) {
		*r = Records{partial: r.partial, buf: r.buf, writer: append(r.writer[:0], writer...)}
	}
	begins = r.update(l, own)
	if begins {
		r.timed, r.begun, r.lines, r.goTrace = timed, true, 0, bytes.HasPrefix(l, []byte("panic: ")) || bytes.HasPrefix(l, []byte("fatal error: "))
		r.exception = isExceptionLine(l)
	}
	r.lines++
	r.goTrace = r.goTrace || bytes.HasPrefix(l, []byte("goroutine "))
	r.panicked = bytes.HasPrefix(l, []byte("thread '")) && bytes.Contains(l, []byte("' panicked at ")) && l[len(l)-1] == ':'
	return begins
}

// isExceptionLine reports whether a line begins with the name of an exception of Java, as
// java.lang.IllegalStateException: x.
func isExceptionLine(l []byte) bool {
	name := l[:wordEnd(l)]
	name = bytes.TrimSuffix(name, []byte{':'})
	if k := bytes.LastIndexByte(name, '.'); k < 1 || !isName(name) || !isLetter(name[0]) {
		return false
	}
	return isException(name)
}

// isGoFrame reports whether a line names a function of Go with its arguments.
func isGoFrame(l []byte) bool {
	k := bytes.LastIndexByte(l, '(')
	return k > 0 && l[len(l)-1] == ')' && bytes.IndexByte(l[:k], ' ') < 0 && bytes.IndexByte(l[:k], '.') > 0 || bytes.HasPrefix(l, []byte("exit status "))
}

// writerOf returns what a line says of who wrote it, and where that ends; 0 if it says
// nothing.
func writerOf(l []byte) (writer []byte, end int) {
	if label := labelOf(l); label.end > 0 {
		return label.name, label.end
	}
	var s stamp
	if start := s.parse(l, 0); start > 0 && s.kind == fullDate {
		if end := syslogEnd(l, start); end > 0 {
			return l[start:end], min(end+1, len(l))
		}
	}
	return nil, 0
}

// update notes a line, and reports whether a record begins with it as far as its text and
// own tell.
func (r *Records) update(l []byte, own bool) bool {
	switch {
	case bytes.HasPrefix(l, journalEntry):
		r.exported = true
		return true
	case r.exported:
		r.exported = len(l) > 0
		return false
	}
	inTrace := r.traceback
	r.traceback = bytes.HasPrefix(l, pythonTrace)
	switch {
	case !r.begun, own:
		return true
	case r.timed, len(l) == 0, r.traceback:
		return false
	case isIndented(l):
		r.traceback = inTrace
		return false
	case inTrace:
		return false // the last line of a trace, with the error
	case r.panicked, r.goTrace && isGoFrame(l), r.lines == 1 && !r.exception && isExceptionLine(l):
		return false
	}
	return !slices.ContainsFunc(continuations, func(c []byte) bool { return bytes.HasPrefix(l, c) })
}

// journalEntry is what the entries in journald's export format begin with. Source:
// "Journal Export Formats" of systemd.
var journalEntry = []byte("__CURSOR=")

// A partial says of a line of a container runtime which stream it was written to; 0 for
// any other line. If goesOn is set, the line is a part of one that the runtime cut, which
// goes on with the next line if that is of the same stream.
type partial struct {
	stream byte // o or e
	goesOn bool
}

// partialOf returns what a line is: those of Kubernetes say it after the stream, with P
// or F, and in those of Docker a part has no newline at its end. Sources: "CRI logging
// format" of Kubernetes, and Docker's json-file.
func partialOf(l []byte) partial {
	const name = len("stdout")
	head := l[:min(len(l), 64)]
	if i := bytes.Index(head, []byte(" std")) + 1; i > 0 && i+name+3 <= len(head) && head[i+name] == ' ' && head[i+name+2] == ' ' {
		var s stamp
		if c := head[i+name+1]; (c == 'P' || c == 'F') && s.parse(l, 0) == i-1 {
			return partialTo(head[i:i+name], c == 'P')
		}
	}
	if bytes.HasPrefix(l, []byte(`{"log":"`)) {
		end := stringEnd(l, len(`{"log":`))
		if rest, ok := bytes.CutPrefix(l[end:], []byte(`,"stream":"`)); ok && end > 0 && len(rest) > name {
			return partialTo(rest[:name], !bytes.HasSuffix(l[:end], []byte(`\n"`)))
		}
	}
	return partial{}
}

func partialTo(stream []byte, goesOn bool) partial {
	switch string(stream) {
	case "stdout":
		return partial{'o', goesOn}
	case "stderr":
		return partial{'e', goesOn}
	}
	return partial{}
}
