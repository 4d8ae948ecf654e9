package reader

import (
	"bytes"
	"io"
	"unicode/utf8"
)

// What is text and what is not. A file's name says nothing, and a NUL is an
// ordinary byte: crashes, preallocation and binary payloads put some, or
// megabytes of them, into logs. What tells is:
//
//   - a known magic number: executables, pictures, databases, …
//   - the share of bytes that text has none of, see looksBinary, in samples
//     of the file: its beginning, behind any NULs, and, of one that lies on
//     disk as it is, further places and its end.
//
// A file that looks binary is text all the same if another file of its log
// is, see LogSource.text.

// magics are the first bytes of files that are no text, whatever follows.
var magics = []string{
	"\x7fELF", "MZ\x90\x00", "\xca\xfe\xba\xbe", "\xcf\xfa\xed\xfe", "\xce\xfa\xed\xfe", "\xfe\xed\xfa\xcf", "\xfe\xed\xfa\xce", "\x00asm", // programs
	"\x89PNG\r\n\x1a\n", "\xff\xd8\xff", "GIF87a", "GIF89a", "II*\x00", "MM\x00*", "8BPS\x00\x01", // pictures
	"%PDF-", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "wOFF\x00\x01", "wOF2\x00\x01", // documents and fonts
	"SQLite format 3\x00", "LPKSHHRH", "ElfFile\x00", // SQLite, and the journals of systemd and Windows
	"\xd4\xc3\xb2\xa1", "\xa1\xb2\xc3\xd4", "\x4d\x3c\xb2\xa1", "\xa1\xb2\x3c\x4d", // pcap
	"PK\x03\x04", "PK\x05\x06", "Rar!\x1a\x07", "7z\xbc\xaf\x27\x1c", "LZIP\x01", "!<arch>\n", "\xed\xab\xee\xdb", // archives
	"OggS\x00", "fLaC\x00", "ID3\x03", "ID3\x04", "\x1aE\xdf\xa3", // sound and film
	"\xde\x12\x04\x95", "JAVA PROFILE 1.0", "TZif", // message catalogs, heap dumps, time zones
}

// hasMagic reports whether a file that begins with head is known to be no
// text.
func hasMagic(head []byte) bool {
	for _, m := range magics {
		if len(head) >= len(m) && string(head[:len(m)]) == m {
			return true
		}
	}
	if len(head) < 12 {
		return false
	}
	pcapng := string(head[:4]) == "\n\r\r\n" && (string(head[8:12]) == "\x1a\x2b\x3c\x4d" || string(head[8:12]) == "\x4d\x3c\x2b\x1a")
	return pcapng || string(head[4:8]) == "ftyp" && head[0] == 0 || string(head[:4]) == "RIFF" && (string(head[8:12]) == "WAVE" || string(head[8:12]) == "AVI " || string(head[8:12]) == "WEBP")
}

// textControl are the control codes that text has: NUL, which is judged
// apart, BEL, backspace, tab, the line and page breaks, and escape.
var textControl = [256]bool{0: true, 7: true, '\b': true, '\t': true, '\n': true, '\v': true, '\f': true, '\r': true, 0x1b: true}

// looksBinary judges samples of a file, of which the first is its beginning.
//
// What counts against text is control codes that it has none of, and runs of
// several NULs between other bytes, as the fixed fields of records leave
// them: a twentieth of the bytes that are no NULs, if they are more than a
// few. One in eleven bytes of what is compressed or encrypted is such a
// control code, and one in three or more of records like wtmp's. Control codes
// of one or two kinds that separate fields, as in FIX messages, do not count.
// Neither do bytes outside ASCII: they are what the text of most charsets
// consists of.
func looksBinary(samples ...[]byte) bool {
	if len(samples) > 0 && hasMagic(samples[0]) {
		return true
	}
	var n [256]int
	size, total, runs := 0, 0, 0 // of the samples, of what is no NUL in them, and of NULs in that
	broken := false              // not UTF-8
	for _, p := range samples {
		size += len(p)
		for _, c := range p {
			n[c]++
		}
		p = bytes.Trim(p, "\x00")
		total += len(p)
		for at := 0; ; {
			i := bytes.IndexByte(p[at:], 0)
			if i < 0 {
				broken = broken || !validInside(p[at:])
				break
			}
			broken = broken || !validInside(p[at:at+i])
			at += i
			z := 0
			for p[at+z] == 0 {
				z++
			}
			total -= z
			if z > 1 && z < nulRun {
				runs++
			}
			at += z
		}
	}
	if total == 0 {
		return false
	}
	control, first, second := 0, 0, 0
	for c, k := range n[:0x80] {
		if (c >= 0x20 && c != 0x7f) || textControl[c] {
			continue
		}
		control += k
		switch {
		case k > first:
			first, second = k, first
		case k > second:
			second = k
		}
	}
	lines := n['\n'] + n['\r']
	if lines == 0 {
		// Text without a single line end is rare: a little that is not quite
		// text between many NULs is the sparse file of a database, such as
		// lastlog.
		if 2*n[0] > size && (control > 0 || runs > 0 || broken) {
			return true
		}
	} else if first+second >= 4 && 10*(first+second) >= 9*control {
		control -= first + second
	}
	odd := control + runs
	return odd >= 8 && 20*odd >= total || lines == 0 && 3*odd >= total
}

// validInside reports whether p is UTF-8, but perhaps for a character cut at
// either end.
func validInside(p []byte) bool {
	for i := 0; i < utf8.UTFMax-1 && len(p) > 0 && !utf8.RuneStart(p[0]); i++ {
		p = p[1:]
	}
	for i := 1; i < utf8.UTFMax && i <= len(p); i++ {
		if c := p[len(p)-i]; utf8.RuneStart(c) {
			if c >= utf8.RuneSelf && !utf8.FullRune(p[len(p)-i:]) {
				p = p[:len(p)-i]
			}
			break
		}
	}
	return utf8.Valid(p)
}

const (
	sampleSize = 16 << 10
	// mostZeros is how many NULs are read at most to come to a file's first
	// bytes; holes do not count.
	mostZeros = 16 << 20
)

// samples are places of a plain file beyond its first headSize bytes, which
// are head: what follows the NULs that it begins with, places twice as far
// each, which stay where they are as the file grows, and its end. Each begins
// at an even offset.
func samples(f io.ReaderAt, head []byte, size int64) [][]byte {
	if size <= int64(len(head)) || len(head) < headSize {
		return nil
	}
	var out [][]byte
	read := func(off, n int64) []byte {
		p := make([]byte, n)
		k, err := f.ReadAt(p, off)
		if err != nil && err != io.EOF || k == 0 {
			return nil
		}
		out = append(out, p[:k])
		return p[:k]
	}
	if leadingZeros(head) == len(head) {
		buf := make([]byte, headSize)
		for at, zeros := int64(len(head)), 0; at < size && zeros < mostZeros; {
			at = nextData(f, at, size)
			k, err := f.ReadAt(buf, at)
			if z := leadingZeros(buf[:k]); z < k {
				read((at+int64(z))&^1, sampleSize)
				break
			}
			if err != nil {
				break
			}
			at, zeros = at+int64(k), zeros+k
		}
	}
	end := (size - min(size-int64(len(head)), headSize)) &^ 1
	for at := int64(headSize); at < end; at *= 2 {
		read(at, min(sampleSize, end-at))
	}
	if last := read(end, size-end); last != nil && leadingZeros(last) == len(last) {
		// Preallocated: where its text ends is what is known last.
		if from := zerosBefore(f, end, max(end-mostZeros, 0)); from > headSize {
			read((from-min(from, sampleSize))&^1, sampleSize)
		}
	}
	return out
}
