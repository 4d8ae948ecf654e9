package line

import "bytes"

// This file finds the lines of programs in those of others that collect them: container
// runtimes, which write each line with a time and a stream, and commands that print the
// lines of several containers, each after its name.

// longestWrapped is how much of a line in another counts for its level and record.
const longestWrapped = 1 << 10

// criStart returns the position of the program's line in a line of Kubernetes, whose time
// ends at i; 0 if it is none.
func criStart(l []byte, i int) int {
	const stream = len(" stdout ")
	rest := l[min(i, len(l)):]
	if len(rest) < stream+2 || rest[stream+1] != ' ' || rest[stream] != 'F' && rest[stream] != 'P' {
		return 0
	}
	if head := string(rest[:stream]); head != " stdout " && head != " stderr " {
		return 0
	}
	return i + stream + 2
}

// dockerStart is what lines of Docker's json-file begin with.
var dockerStart = []byte(`{"log":"`)

// dockerLine returns the program's line in one of Docker, without its newline, which is
// appended to buf; nil if it is none. At most most bytes of it, as they are written, count.
func dockerLine(buf, l []byte, most int) []byte {
	if !bytes.HasPrefix(l, dockerStart) {
		return nil
	}
	end := stringEnd(l, len(dockerStart)-1)
	if end == 0 || !bytes.HasPrefix(l[end:], []byte(`,"stream":"`)) && !bytes.HasPrefix(l[end:], []byte(`,"attrs":`)) && !bytes.HasPrefix(l[end:], []byte(`,"time":"`)) {
		return nil
	}
	v := l[len(dockerStart) : end-1]
	return bytes.TrimRight(appendUnescaped(buf, v[:min(len(v), most)]), "\r\n")
}

// wrapped returns the line of a program that is in l, a line of a container runtime, or
// the beginning of it; nil if there is none. It uses buf.
func wrapped(buf, l []byte) []byte {
	if inner := dockerLine(buf, l, longestWrapped); inner != nil {
		return inner
	}
	if k := bytes.Index(l[:min(len(l), 64)], []byte(" std")); k > 0 {
		var s stamp
		if i := criStart(l, k); i > 0 && s.parse(l, 0) == k {
			return l[i:min(len(l), i+longestWrapped)]
		}
	}
	return nil
}

// A label is what a command prints before the line of a container. Its zero value is none.
type label struct {
	name []byte // of the container
	end  int    // where the line of the program begins
}

// podLabel is what the labels of kubectl logs --prefix begin with.
var podLabel = []byte("[pod/")

// labelOf returns the label of a line: "NAME  | " of docker compose, or "[pod/POD/NAME] "
// of kubectl logs --prefix.
func labelOf(l []byte) label {
	const longest = 160 // the names of pods and containers have at most 63 bytes
	head := l[:min(len(l), longest)]
	if bytes.HasPrefix(head, podLabel) {
		end := bytes.Index(head, []byte("] "))
		if end < 0 || bytes.IndexByte(head[:end], ' ') >= 0 {
			return label{}
		}
		return label{head[bytes.LastIndexByte(head[:end], '/')+1 : end], end + len("] ")}
	}
	n := 0
	for n < len(head) && nameByte(head[n]) {
		n++
	}
	i := skip(head, n, ' ')
	if n == 0 || i == n || !isLetter(l[0]) || byteAt(head, i) != '|' || i+1 < len(l) && byteAt(l, i+1) != ' ' || levelNamed(head[:n]) != 0 {
		return label{}
	}
	return label{head[:n], min(i+len("| "), len(l))}
}
