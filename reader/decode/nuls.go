package decode

import (
	"bytes"
	"io"

	"golang.org/x/text/transform"

	"logview/reader"
)

// This file skips long runs of NULs in the text of a file, such as holes and
// padding.

// LongRun returns the bounds of the first run of at least reader.NulRun NULs in
// p, or of any NULs at the end of p; both are len(p) if there are none. It
// reads one byte in reader.NulRun.
func LongRun(p []byte) (from, to int) {
	for i := reader.NulRun - 1; i < len(p); i += reader.NulRun {
		if p[i] != 0 {
			continue
		}
		from, to = i-TrailingZeros(p[:i]), i+LeadingZeros(p[i:])
		if to-from >= reader.NulRun || to == len(p) {
			return from, to
		}
	}
	return len(p) - TrailingZeros(p), len(p)
}

// A Skipper reads text without the parts that a Block leaves out: long runs of
// NULs, and byte order marks at the starts of lines. It converts text to UTF-8
// with T.
type Skipper struct {
	R    io.Reader
	Hole func() int64 // skips a hole at the position of R and returns its length; nil if that is impossible

	Inside bool   // the next text does not start a line
	left   []byte // read but not processed yet
	err    error  // returned after left
	run    int64  // number of NULs read before left; the run may be longer
	short  int64  // number of NULs to return: too few to be left out
	look   []byte // buffer for left

	T        transform.Transformer // decodes the text; nil if it is UTF-8
	Unmarked bool                  // do not look for byte order marks of UTF-8
	rest     []byte                // not decoded yet
	out      []byte                // decoded but not returned yet
	skip     reader.Skip           // returned after out
	outErr   error                 // returned after out and skip
	srcs     []byte                // buffer for rest
	dsts     []byte                // buffer for out
}

// Read fills p. If something is left out, it returns only the Skip, and no
// bytes.
func (s *Skipper) Read(p []byte) (n int, skip reader.Skip, err error) {
	if s.T == nil {
		return s.raw(p)
	}
	if s.srcs == nil {
		s.srcs, s.dsts = make([]byte, 16<<10), make([]byte, 64<<10)
	}
	for empty := 0; len(s.out) == 0; {
		skip, s.skip = s.skip, reader.Skip{}
		if skip.Bytes > 0 {
			return 0, skip, nil
		}
		if err, s.outErr = s.outErr, nil; err != nil {
			return 0, skip, err
		}
		kept := copy(s.srcs, s.rest)
		n, s.skip, s.outErr = s.raw(s.srcs[kept:])
		if n == 0 && s.skip.Bytes == 0 && s.outErr == nil {
			if empty++; empty == 100 {
				return 0, skip, ErrNoProgress
			}
			continue
		}
		// A character cannot continue after NULs.
		_, bytewise := s.T.(latin1Decoder)
		nd, ns, _ := s.T.Transform(s.dsts, s.srcs[:kept+n], s.skip.Bytes > 0 || bytewise && s.outErr != nil)
		s.out, s.rest = s.dsts[:nd], s.srcs[ns:kept+n]
	}
	n = copy(p, s.out)
	s.out = s.out[n:]
	return n, skip, nil
}

// raw is like Read but does not decode.
func (s *Skipper) raw(p []byte) (n int, skip reader.Skip, err error) {
	if s.run > 0 {
		s.resolve()
		if s.run >= reader.NulRun {
			skip = reader.Skip{Bytes: s.run, Len: len(reader.NulMarker(s.run))}
			s.Inside = true
		} else {
			s.short = s.run
		}
		if s.run = 0; skip.Bytes > 0 {
			return 0, skip, nil
		}
	}
	if s.short > 0 {
		n = int(min(int64(len(p)), s.short))
		clear(p[:n])
		s.short -= int64(n)
		s.Inside = true
		return n, skip, nil
	}
	kept := len(s.left) > 0
	text := s.left
	if !kept {
		if err, s.err = s.err, nil; err != nil {
			return 0, skip, err
		}
		if n, err = s.R.Read(p); n == 0 {
			return 0, skip, err
		}
		text = p[:n]
	}
	text = text[:min(len(text), len(p))]
	if k := min(len(text), len(reader.ByteOrderMark)); !s.Unmarked && !s.Inside && bytes.Equal(text[:k], reader.ByteOrderMark[:k]) {
		if !kept {
			s.left, s.err = bytes.Clone(text), err
		}
		for len(s.left) < len(reader.ByteOrderMark) && s.err == nil && bytes.HasPrefix(reader.ByteOrderMark, s.left) {
			var more [2]byte // a mark may be split
			k, err := s.R.Read(more[:len(reader.ByteOrderMark)-len(s.left)])
			s.left, s.err = append(s.left, more[:k]...), err
		}
		if bytes.HasPrefix(s.left, reader.ByteOrderMark) {
			s.left = s.left[len(reader.ByteOrderMark):]
			return 0, reader.Skip{Bytes: int64(len(reader.ByteOrderMark))}, nil
		}
		s.Inside = true // it is not a mark
		return s.raw(p)
	}
	end, rest := LongRun(text) // end of the bytes to return, and start of the rest
	s.run = int64(rest - end)
	if at := markAt(text[:end]); at >= 0 && !s.Unmarked {
		end, rest, s.run = at, at, 0
	}
	if kept {
		copy(p, text[:end])
		s.left = s.left[rest:]
	} else if end < len(text) {
		s.left, s.err, err = bytes.Clone(text[rest:]), err, nil
	}
	if end == 0 {
		return s.raw(p)
	}
	s.Inside = text[end-1] != '\n'
	return end, skip, err
}

// markAt returns the index in p of a byte order mark, or of the start of one at
// the end of p, at the start of a line other than the first; -1 if there is
// none.
func markAt(p []byte) int {
	for at := 1; at < len(p); at++ {
		i := bytes.IndexByte(p[at:], reader.ByteOrderMark[0])
		if i < 0 {
			return -1
		}
		at += i
		if k := min(len(p)-at, len(reader.ByteOrderMark)); p[at-1] == '\n' && bytes.Equal(p[at:at+k], reader.ByteOrderMark[:k]) {
			return at
		}
	}
	return -1
}

// resolve reads to the end of the run of NULs.
func (s *Skipper) resolve() {
	for empty := 0; ; {
		z := LeadingZeros(s.left)
		s.run += int64(z)
		if s.left = s.left[z:]; len(s.left) > 0 || s.err != nil {
			return
		}
		if s.Hole != nil && s.run >= reader.NulRun {
			s.run += s.Hole()
		}
		if s.look == nil {
			s.look = make([]byte, reader.NulRun)
		}
		n, err := s.R.Read(s.look)
		if n > 0 {
			empty = 0
		} else if empty++; err == nil && empty == 100 {
			err = ErrNoProgress
		}
		s.left, s.err = s.look[:n], err
	}
}
