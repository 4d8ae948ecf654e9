package decode

import (
	"bytes"
	"encoding/binary"
	"io"
	"slices"
	"sync"
	"unicode/utf8"

	"logview/reader"
)

// How text is distinguished from binary data. A file's name does not matter,
// and a NUL is an ordinary byte: crashes, preallocation and binary payloads put
// some, or megabytes of them, into logs. What counts is:
//
//   - a known magic number: executables, pictures, databases, …
//   - the share of bytes that do not occur in text, see LooksBinary, in
//     samples of the file: its beginning after any NULs and, if it is not
//     compressed, further places and its end.
//
// A file that looks binary counts as text if another file of its log is text,
// see LogSource.countsAsText.

// magics are the first bytes of files that are not text.
var magics = []string{
	"\x7fELF", "MZ\x90\x00", "\xca\xfe\xba\xbe", "\xcf\xfa\xed\xfe", "\xce\xfa\xed\xfe", "\xfe\xed\xfa\xcf", "\xfe\xed\xfa\xce", "\x00asm", // programs
	"\x89PNG\r\n\x1a\n", "\xff\xd8\xff", "II*\x00", "MM\x00*", "8BPS\x00\x01", // pictures
	"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "wOFF\x00\x01", "wOF2\x00\x01", // documents and fonts
	"SQLite format 3\x00", "LPKSHHRH", "ElfFile\x00", // SQLite, and the journals of systemd and Windows
	"\xd4\xc3\xb2\xa1", "\xa1\xb2\xc3\xd4", "\x4d\x3c\xb2\xa1", "\xa1\xb2\x3c\x4d", // pcap
	"PK\x03\x04", "PK\x05\x06", "Rar!\x1a\x07", "7z\xbc\xaf\x27\x1c", "LZIP\x01", "!<arch>\n", "\xed\xab\xee\xdb", // archives
	"OggS\x00", "fLaC\x00", "ID3\x03", "ID3\x04", "\x1aE\xdf\xa3", // sound and film
	"\xde\x12\x04\x95", "\x1a\x01", "\x1e\x02", // message catalogs, terminals
}

// printableMagics are first bytes that a log may have, too: of pictures, documents, heap
// dumps, time zones, sound and film.
var printableMagics = []string{"GIF87a", "GIF89a", "%PDF-", "JAVA PROFILE 1.0", "TZif", "RIFF"}

// HasMagic reports whether a file that begins with head has a known binary
// format.
func HasMagic(head []byte) bool {
	for _, m := range magics {
		if len(head) >= len(m) && string(head[:len(m)]) == m {
			return true
		}
	}
	for _, m := range printableMagics {
		if bytes.HasPrefix(head, []byte(m)) {
			return !isPlainText(head)
		}
	}
	if len(head) < 12 {
		return false
	}
	pcapng := string(head[:4]) == "\n\r\r\n" && (string(head[8:12]) == "\x1a\x2b\x3c\x4d" || string(head[8:12]) == "\x4d\x3c\x2b\x1a")
	python := string(head[1:4]) == "\r\r\n" && string(head[5:8]) == "\x00\x00\x00"
	return pcapng || python || string(head[4:8]) == "ftyp" && head[0] == 0
}

// textControl are the control codes that occur in text: NUL, which is counted
// separately, BEL, backspace, tab, the line and page breaks, and escape.
var textControl = [0x20]bool{0: true, 7: true, '\b': true, '\t': true, '\n': true, '\v': true, '\f': true, '\r': true, 0x1b: true}

// LooksBinary reports whether samples of a file look binary. The first sample
// is the beginning of the file.
//
// They do if there are more than a few control codes that do not occur in text,
// and runs of several NULs between other bytes, as in records with fixed
// fields, and if these are more than a twentieth of the bytes other than NUL.
// In compressed or encrypted data one byte in eleven is such a control code, in
// records like those of wtmp one in three or more. Bytes outside ASCII do not
// count, because text in most charsets consists of them. In lines, these do not
// count either:
//
//   - control codes of one or two kinds that separate fields, as in FIX messages,
//     or of six that frame them, as in ASTM's, if everything is UTF-8
//   - runs of NULs that pad lines, and any more than four runs between fields for
//     each control code: numbers in records have such bytes in them
func LooksBinary(samples ...[]byte) bool {
	if len(samples) > 0 && (HasMagic(samples[0]) || isEBCDIC(samples[0])) {
		return true
	}
	var n [0x20]int              // number of occurrences of each control code
	size, total, runs := 0, 0, 0 // bytes of the samples, bytes other than NUL, and runs of NULs between those
	deleted := 0                 // number of DELs, 0x7f
	broken := false              // not valid UTF-8
	for _, p := range samples {
		size += len(p)
		deleted += countControls(p, &n)
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
			if z > 1 && z < reader.NulRun && p[at-1] != '\n' && !lineEnd(p[at+z:]) {
				runs++
			}
			at += z
		}
	}
	if total == 0 {
		return false
	}
	lines := n['\n'] + n['\r']
	most := make([]int, 0, len(n)) // counts of the control codes that do not occur in text
	for c, k := range n {
		if !textControl[c] {
			most = append(most, k)
		}
	}
	most = append(most, deleted)
	slices.SortFunc(most, func(a, b int) int { return b - a })
	sum := func(counts []int) (n int) {
		for _, k := range counts {
			n += k
		}
		return n
	}
	control := sum(most)
	if lines == 0 {
		// Text without a single line end is rare. A few text-like bytes between
		// many NULs are the sparse file of a database, such as lastlog. But
		// records that contain only text are text.
		if control == 0 && !broken && runs >= 8 {
			return false
		}
		if 2*n[0] > size && (control > 0 || runs > 0 || broken) {
			return true
		}
	} else {
		if runs <= 8*n['\n'] {
			runs = min(runs, 4*control)
		}
		few := sum(most[:2])
		if frames := sum(most[:6]); !broken && 3*frames <= total {
			few = frames
		}
		if few >= 4 && 10*few >= 9*control {
			control -= few
		}
	}
	odd := control + runs
	return odd >= 8 && 20*odd >= total || lines == 0 && 3*odd >= total
}

// isPlainText reports whether p has no control codes that do not occur in text, and is UTF-8
// or has few bytes outside ASCII, not four in a row as in the second line of a PDF.
func isPlainText(p []byte) bool {
	high, run, longest := 0, 0, 0
	for _, c := range p {
		if c == 0 || c == 0x7f || c < ' ' && !textControl[c] {
			return false
		}
		if run++; c >= 0x80 {
			high++
		} else {
			run = 0
		}
		longest = max(longest, run)
	}
	return 16*high < len(p) && longest < 4 || validInside(p)
}

// lineEnd reports whether p starts with a line end.
func lineEnd(p []byte) bool { return p[0] == '\n' || p[0] == '\r' && len(p) > 1 && p[1] == '\n' }

// isEBCDIC reports whether a file that starts with head is text in EBCDIC, in
// which nothing could be found: blanks are 0x40, letters and digits are above
// 0x80, and no line ends in a line feed of ASCII.
func isEBCDIC(head []byte) bool {
	if len(head) < 16 || bytes.ContainsAny(head, " \n") {
		return false
	}
	blanks, alnums, others := 0, 0, 0
	for _, c := range head {
		switch digit := c & 0xf; {
		case c == 0x40:
			blanks++
		case c >= 0x81 && c <= 0xa9 && digit >= 1 && digit <= 9, c >= 0xc1 && c <= 0xe9 && digit >= 1 && digit <= 9, c >= 0xf0 && c <= 0xf9:
			alnums++
		case c == 0x05, c == 0x0d, c == 0x15, c == 0x25, c > 0x40 && c < 0x80:
		default:
			others++
		}
	}
	n := len(head)
	return 20*blanks >= n && 2*alnums >= n && 20*others <= n
}

// countControls adds the number of occurrences of each control code below 0x20
// in p to n, and returns the number of occurrences of 0x7f. It skips eight
// bytes at a time that contain none.
func countControls(p []byte, n *[0x20]int) (deleted int) {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	for len(p) > 0 {
		k := min(len(p), 8)
		if k == 8 {
			// Hacker's Delight, 6-1, and Bit Twiddling Hacks: a byte below a
			// limit, and a byte that is zero. Others may be reported; none is missed.
			w := binary.LittleEndian.Uint64(p)
			d := w ^ 0x7f*ones
			if (w-0x20*ones)&^w&tops == 0 && (d-ones)&^d&tops == 0 {
				p = p[8:]
				continue
			}
		}
		for _, c := range p[:k] {
			if c < 0x20 {
				n[c]++
			} else if c == 0x7f {
				deleted++
			}
		}
		p = p[k:]
	}
	return deleted
}

// validInside reports whether p is valid UTF-8, except that a character may be
// cut at either end.
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
	// mostZeros is the maximum number of NULs at the beginning of a file that
	// are read. Holes do not count.
	mostZeros = 16 << 20
)

// samplePool has memory for the samples of one file, as *[samplesSize]byte.
// Samples that do not fit are allocated.
var samplePool = sync.Pool{New: func() any { return new([samplesSize]byte) }}

// samplesSize is what the samples of a file of 64 GiB take.
const samplesSize = HeadSize + 22*sampleSize

// samples returns samples of a plain file of more than HeadSize bytes, of which
// head are the first: the data after the NULs at its beginning, data at offsets that
// double, so that they stay the same as the file grows, and its end. Each
// sample starts at an even offset. The samples use the memory at mem.
func samples(f io.ReaderAt, head []byte, size int64, mem []byte) [][]byte {
	var out [][]byte
	read := func(off, n int64) []byte {
		if n > int64(len(mem)) {
			mem = make([]byte, n)
		}
		p := mem[:n:n]
		mem = mem[n:]
		k, err := f.ReadAt(p, off)
		if err != nil && err != io.EOF || k == 0 {
			return nil
		}
		out = append(out, p[:k])
		return p[:k]
	}
	if LeadingZeros(head) == len(head) {
		buf := make([]byte, HeadSize)
		for at, zeros := int64(len(head)), 0; at < size && zeros < mostZeros; {
			at = NextData(f, at, size)
			k, err := f.ReadAt(buf, at)
			if z := LeadingZeros(buf[:k]); z < k {
				read((at+int64(z))&^1, sampleSize)
				break
			}
			if err != nil {
				break
			}
			at, zeros = at+int64(k), zeros+k
		}
	}
	end := (size - min(size-int64(len(head)), HeadSize)) &^ 1
	for at := int64(HeadSize); at < end; at *= 2 {
		read(at, min(sampleSize, end-at))
	}
	if last := read(end, size-end); last != nil && LeadingZeros(last) == len(last) {
		// Preallocated: take the end of its text.
		if from := ZerosBefore(f, end, max(end-mostZeros, 0)); from > HeadSize {
			read((from-min(from, sampleSize))&^1, sampleSize)
		}
	}
	return out
}
