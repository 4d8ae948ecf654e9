package files

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"logview/reader"
	"logview/reader/decode"
	"logview/reader/lazyregexp"
	"logview/reader/line"
)

// A Ref is a reference to a line that can be pasted. Without an ID, as a user
// types it, it is literal:
//
//	app.log.2.gz:1234                    line 1234 of that file, whatever it contains
//
// With an ID, as logview prints it, it refers to a text:
//
//	/var/log/app.log:1234@3f9c1a5b7d     that line, in whichever file it is now
//
// The path of such a Ref is written so that it is part of a single word for a
// shell: a byte that is neither a letter, a digit nor one of /._-+,=:@~ becomes
// % and two hexadecimal digits, as in a URL. The path need not be UTF-8, and
// may contain line ends.
type Ref struct {
	Path string
	Line reader.Line
	ID   string // result of [Identify]; empty for a literal Ref
}

// String returns the ref in the form that ParseRefs reads.
func (r Ref) String() string {
	number := strconv.FormatInt(r.Line.Number(), 10)
	if r.ID == "" {
		return r.Path + ":" + number
	}
	return escapePath(r.Path) + ":" + number + "@" + r.ID
}

// Absolute returns the Ref with an absolute path.
func (r Ref) Absolute() Ref {
	if abs, err := filepath.Abs(r.Path); err == nil {
		r.Path = abs
	}
	return r
}

// Identified is the number of first bytes of a line that its identity covers.
const Identified = 1 << 20

// Identify returns the identity of a line, without its newline, at an offset of
// the text of the member with an ID. Only the first 1 MiB of a longer line is
// needed. open says that the line is not terminated yet; then the identity
// covers the existing part, and remains valid when the line is completed.
//
// The identity depends only on the text, so that it stays the same when the
// file is renamed, copied or compressed, or grows:
//
//	4 digits    of the ID: how the member's text starts
//	6 digits    of a SHA-256 of the ID, the offset, and the line
//	+LENGTH     for an unterminated line, its length in bytes so far
//
// IdentifyRest inserts ~OFFSET before +LENGTH.
//
// The first digits exclude most files that do not contain the line, based on
// their beginnings alone. By chance, all ten digits are the same for one line
// in 10^12.
func Identify(id reader.ID, at reader.Offset, line []byte, open bool) string {
	line = line[:min(len(line), Identified)]
	b := make([]byte, 0, 64)
	b = append(b, id.Sum[:]...)
	b = binary.AppendVarint(b, int64(id.Len))
	b = binary.AppendVarint(b, int64(at))
	h := sha256.New()
	h.Write(b)
	h.Write(line)
	s := startDigits(id) + hex.EncodeToString(h.Sum(b[:0])[:3])
	if open && len(line) < Identified {
		s += "+" + strconv.Itoa(len(line))
	}
	return s
}

// IdentifyRest returns the identity of the rest of a line: of the text after a
// part that was returned before it was terminated.
func IdentifyRest(id reader.ID, at reader.Offset, rest []byte, open bool) string {
	s := Identify(id, at, rest, open)
	return s[:idDigits] + "~" + strconv.FormatInt(int64(at), 10) + s[idDigits:]
}

const idDigits = 10

func startDigits(id reader.ID) string { return hex.EncodeToString(id.Sum[:2]) }

var identifiedRef = lazyregexp.New(`^(?s)(.+):([1-9][0-9]{0,17})@([0-9a-f]{10}(?:~[0-9]{1,18})?(?:\+[0-9]{1,7})?)$`)

// ParseRefs returns the Refs that s may be, most likely first, or nil if it is
// not a Ref. There are several if the path of a literal Ref contains :NUMBER,
// or if other text follows, as in the output of grep -n.
func ParseRefs(s string) []Ref {
	if m := identifiedRef.FindStringSubmatch(s); m != nil {
		n, _ := strconv.ParseInt(m[2], 10, 64)
		return []Ref{{unescapePath(m[1]), reader.LineNumber(n), m[3]}}
	}
	var out []Ref
	for end := len(s); end > 0; {
		i := strings.LastIndexByte(s[:end], ':')
		if i <= 0 {
			break
		}
		num := s[i+1:]
		if j := strings.IndexByte(num, ':'); j >= 0 {
			num = num[:j]
		}
		if n, err := strconv.ParseInt(num, 10, 64); err == nil && n > 0 && num[0] != '+' {
			out = append(out, Ref{Path: s[:i], Line: reader.LineNumber(n)})
		}
		end = i
	}
	return out
}

func escapePath(path string) string {
	var b strings.Builder
	for len(path) > 0 {
		r, n := utf8.DecodeRuneInString(path)
		if plainInRef(r, n) {
			b.WriteString(path[:n])
		} else {
			for _, c := range []byte(path[:n]) {
				fmt.Fprintf(&b, "%%%02X", c)
			}
		}
		path = path[n:]
	}
	return b.String()
}

func plainInRef(r rune, n int) bool {
	switch {
	case r == utf8.RuneError:
		return false
	case r < utf8.RuneSelf:
		return line.IsAlnum(byte(r)) || strings.ContainsRune("/._-+,=:@~", r) || r == filepath.Separator
	}
	return unicode.IsPrint(r) && !unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

func unescapePath(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if c, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				b.WriteByte(byte(c))
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// Resolve finds the member and the line that a Ref refers to. For a literal
// Ref, the member is the file at its path, and the Pos is zero. The line of a
// Ref with an ID is searched for in that file, then in the other files of its
// log, and then in the other files in the same directory and some levels
// below it, in archives last; if the path is a link, also around its target. If the path is a directory or an archive,
// the line is searched for in everything below it, in archives last. The line of a
// member of an archive is also searched for where the member is after unpacking the
// archive, and around the archive. If no file contains the line, the error wraps
// ErrGone.
//
// The identity is that of the decoded text, so the files of the log are also
// read in other encodings than that of opt; the Source then has that encoding.
//
// The Pos is the start of the line of a Ref with an ID.
func Resolve(ctx context.Context, r Ref, opt Options) (reader.Source, reader.Member, reader.Pos, error) {
	f := NewFinder()
	f.Add(r.Path)
	logs, errs := UnpackAll(ctx, f.Group(), opt, InsideArchive)
	f.Errs = append(f.Errs, errs...)
	if r.ID == "" {
		src, m, err := r.literal(logs, f.Errs, opt)
		return src, m, reader.Pos{}, err
	}
	s := refSearch{ref: r, opt: opt, looked: map[string]bool{}}
	if s.look(ctx, logs) || s.lookInside(ctx, logs) || s.look(ctx, unpacked(r.Path)) || s.lookAround(ctx, logs) {
		return s.src, s.member, s.at, nil
	}
	if err := ctx.Err(); err != nil {
		return nil, reader.Member{}, reader.Pos{}, err
	}
	return nil, reader.Member{}, reader.Pos{}, s.notFound()
}

// literal returns the member at the path of a literal Ref. logs are those at
// the path, and errs the errors of listing them.
func (r Ref) literal(logs []Log, errs []error, opt Options) (reader.Source, reader.Member, error) {
	for _, l := range logs {
		for _, m := range l.Members {
			inArchive := HandleOf(m).In != nil && m.Named && !IsPattern(r.Path) // perhaps through a link
			if m.Path == r.Path || inArchive {
				l.Members = []reader.Member{withoutPair(m)}
				return NewSource(l, opt), m, nil
			}
		}
	}
	if len(errs) > 0 {
		return nil, reader.Member{}, errs[0]
	}
	return nil, reader.Member{}, &reader.FileError{Path: r.Path, Offset: -1, Err: errors.New("not a file with lines")}
}

// A refSearch searches for the line of a Ref with an ID.
type refSearch struct {
	ref    Ref
	opt    Options
	looked map[string]bool // the paths that were searched, each with an encoding

	// Set when the line is found:
	src    reader.Source
	member reader.Member
	at     reader.Pos

	changed bool  // the file at the path does not start as it did
	failed  error // error of a file that may contain the line
}

// look searches in the files of logs that were not searched in the encoding of
// s.opt, and reports whether one has the line.
func (s *refSearch) look(ctx context.Context, logs []Log) bool {
	for _, l := range logs {
		src := NewSource(l, s.opt)
		for _, m := range slices.Backward(l.Members) {
			key := m.Path + "\x00" + string(s.opt.Encoding)
			if s.looked[key] || ctx.Err() != nil {
				continue
			}
			s.looked[key] = true
			m = withoutPair(m) // either file of a pair will do
			m.Named = true     // a file in a Ref counts as named
			at, ok, err := s.ref.locate(ctx, src, m, s.opt.Encoding)
			if ok {
				s.src, s.member, s.at = src, m, at
				return true
			}
			if err == errOtherBeginning {
				s.changed = s.changed || m.Path == s.ref.Path
				continue
			}
			if err != nil && s.failed == nil && !errors.Is(err, reader.ErrGone) {
				s.failed = err
			}
		}
	}
	return false
}

// lookInside searches in the archives among logs.
func (s *refSearch) lookInside(ctx context.Context, logs []Log) bool {
	inside, errs := UnpackAll(ctx, logs, s.opt, nil)
	if s.look(ctx, inside) {
		return true
	}
	if s.failed == nil && len(errs) > 0 {
		s.failed = errs[0]
	}
	return false
}

// lookAround searches in the other files of the log at the path, in those in
// the same directory and below it, and in the files of the log in
// other encodings. If the path is a link, it does so where its target is, too. logs are
// those at the path. If that is a directory, lookAround returns false.
func (s *refSearch) lookAround(ctx context.Context, logs []Log) bool {
	if info, err := os.Stat(s.ref.Path); err == nil && info.IsDir() {
		return false
	}
	paths := []string{archivePart(s.ref.Path)}
	if target, err := filepath.EvalSymlinks(paths[0]); err == nil && target != paths[0] {
		paths = append(paths, target)
	}
	f := NewFinder()
	for _, path := range paths {
		f.AddLog(filepath.Split(path))
	}
	siblings := f.Group()
	if s.look(ctx, siblings) {
		return true
	}
	for _, path := range paths {
		f = NewFinder()
		f.addNearby(filepath.Dir(path))
		if nearby := f.Group(); s.look(ctx, nearby) || s.lookInside(ctx, nearby) {
			return true
		}
	}
	for _, c := range append([]string{""}, decode.CharsetNames...) {
		s.opt.Encoding, _ = decode.ParseCharset(c)
		if s.look(ctx, append(logs, siblings...)) {
			return true
		}
	}
	return false
}

// notFound returns the error if no file has the line.
func (s *refSearch) notFound() error {
	if s.failed != nil {
		return fmt.Errorf("%s: %w; it may be in a file that could not be read: %w", s.ref, reader.ErrGone, s.failed)
	}
	where := Ref{Path: "DIR", Line: s.ref.Line, ID: s.ref.ID}
	if s.changed {
		return &changedError{s.ref, where}
	}
	return fmt.Errorf("%s: %w, neither that one nor those around it; if the files were moved to DIR, try %s", s.ref, reader.ErrGone, where)
}

// errOtherBeginning says that a member does not start like the member of a Ref.
var errOtherBeginning = errors.New("begins otherwise")

// A changedError says that the line of a Ref may still be in its file but
// cannot be identified, because the file starts differently.
type changedError struct{ ref, elsewhere Ref }

func (e *changedError) Error() string {
	return fmt.Sprintf("%s: the file has another beginning now; if it was rotated and moved to DIR, try %s; if its beginning was changed, look for the line by its text: logview search TEXT %s",
		e.ref, e.elsewhere, e.ref.Path)
}

func (e *changedError) Unwrap() error { return reader.ErrGone }

// archivePart returns the part of a path up to the archive that it is inside of; all of a
// path that is not inside one.
func archivePart(path string) string {
	for i := range path {
		if os.IsPathSeparator(path[i]) && decode.ArchiveEnding.MatchString(path[:i]) {
			if info, err := os.Stat(path[:i]); err != nil || !info.IsDir() {
				return path[:i]
			}
		}
	}
	return path
}

// unpacked lists the files to which a path in an archive refers if the archive
// was unpacked in its directory, with or without a directory of its own.
func unpacked(path string) []Log {
	f := NewFinder()
	for i := range path {
		if !os.IsPathSeparator(path[i]) || !decode.ArchiveEnding.MatchString(path[:i]) {
			continue
		}
		dir, base := filepath.Split(path[:i])
		own := strings.TrimSuffix(base, decode.ArchiveEnding.FindString(base))
		for _, to := range []string{filepath.Join(dir, path[i:]), filepath.Join(dir, own, path[i:])} {
			if info, err := os.Stat(to); err == nil && info.Mode().IsRegular() {
				f.AddFile(reader.Member{Path: to, Size: info.Size(), ModTime: info.ModTime(), Handle: Handle{Info: info}})
			}
		}
	}
	return f.Group()
}

const (
	nearbyLevels = 3     // below the directory of a file, where it may have been moved to
	nearbyFiles  = 10000 // after so many, no further directory is read
)

// addNearby adds the files in a directory and some levels below it, the nearest first,
// whatever their names are.
func (f *Finder) addNearby(dir string) {
	abs, err := filepath.Abs(dir)
	root := err == nil && abs == filepath.Dir(abs) // everything is below the root
	level := []string{filepath.Clean(dir)}
	files := 0
	for depth := 0; depth <= nearbyLevels && len(level) > 0; depth++ {
		var below []string
		for _, dir := range level {
			if files >= nearbyFiles {
				return
			}
			entries, err := snapshot(dir)
			if err != nil {
				f.fail(dir, err)
			}
			for _, e := range entries {
				path := filepath.Join(dir, e.Name())
				switch {
				case strings.HasPrefix(e.Name(), "."):
				case e.Mode().IsRegular():
					f.AddFile(reader.Member{Path: path, Size: e.Size(), ModTime: e.ModTime(), Handle: Handle{Info: e}})
					files++
				case e.IsDir() && !root:
					below = append(below, path)
				}
			}
		}
		level = below
	}
}

// locate returns the position of the line of a Ref with an ID in a member, and
// whether the member has it.
func (r Ref) locate(ctx context.Context, src reader.Source, m reader.Member, given decode.Charset) (reader.Pos, bool, error) {
	if m.Path == reader.Stdin {
		return reader.Pos{}, false, nil
	}
	ids, err := r.possibleIDs(ctx, m, given)
	if err != nil {
		return reader.Pos{}, false, err
	}
	if len(ids) == 0 {
		return reader.Pos{}, false, errOtherBeginning
	}
	at, _, err := LinePos(ctx, src, m, r.Line)
	if err != nil || at.Line != r.Line {
		return at, false, err
	}
	line, open, err := ReadLine(ctx, src, m, at)
	if err != nil {
		return at, false, err
	}
	begin, identify := at.Offset, Identify
	digits, length, short := strings.Cut(r.ID, "+")
	if _, offset, ok := strings.Cut(digits, "~"); ok {
		n, err := strconv.ParseInt(offset, 10, 64)
		if err != nil || n < int64(at.Offset) || n-int64(at.Offset) > int64(len(line)) {
			return at, false, nil
		}
		begin, line, identify = reader.Offset(n), line[n-int64(at.Offset):], IdentifyRest
	}
	// An incomplete line was identified by the part that existed.
	if short {
		n, err := strconv.Atoi(length)
		if err != nil || n > len(line) {
			return at, false, nil
		}
		line, open = line[:n], true
	}
	for _, id := range ids {
		if identify(id, begin, line, open) == r.ID {
			return at, true, nil
		}
	}
	return at, false, nil
}

// possibleIDs returns the IDs that a member may have had when the Ref was made,
// when it may have been shorter; nil if it cannot be the member.
func (r Ref) possibleIDs(ctx context.Context, m reader.Member, given decode.Charset) ([]reader.ID, error) {
	f, path, err := OpenMember(m)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	t, err := decode.OpenIn(ctx, f, false, given, nil)
	if err != nil {
		return nil, &reader.FileError{Path: path, Offset: 0, Err: reader.Cause(err)}
	}
	defer t.Release()
	var start [reader.IDSize]byte
	n, _ := io.ReadFull(t, start[:]) // damage is reported when the line is read
	h := sha256.New()
	var ids []reader.ID
	for i := 0; ; i++ {
		id := reader.ID{Len: i}
		copy(id.Sum[:], h.Sum(nil))
		if startDigits(id) == r.ID[:4] {
			ids = append(ids, id)
		}
		if i == n {
			return ids, nil
		}
		h.Write(start[i : i+1])
	}
}

// ReadLine reads the line at a position, at most Identified bytes of it. open
// reports whether the text ends in the line.
func ReadLine(ctx context.Context, src reader.Source, m reader.Member, at reader.Pos) (line []byte, open bool, err error) {
	b, err := src.Open(ctx, m, at)
	if err != nil {
		return nil, false, err
	}
	defer b.Close()
	blk := reader.GetBlock()
	defer reader.PutBlock(blk)
	for len(line) < Identified {
		err := b.Next(blk)
		if err == io.EOF {
			return line, true, nil
		}
		if err != nil {
			return nil, false, err
		}
		if len(line) > 0 && !blk.Continues {
			return line, true, nil // the text has grown meanwhile, and the line would be returned again
		}
		text := blk.Text
		if i := bytes.IndexByte(text, '\n'); i >= 0 {
			return append(line, text[:i]...), false, nil
		}
		line = append(line, text...)
	}
	return line, false, nil
}

// ParseID parses the result of ID.String.
func ParseID(s string) (reader.ID, error) {
	var id reader.ID
	sum, n, _ := strings.Cut(s, "-")
	b, err := hex.DecodeString(sum)
	if err != nil || len(b) != len(id.Sum) {
		return id, errors.New("not an identity")
	}
	copy(id.Sum[:], b)
	id.Len, err = strconv.Atoi(n)
	if err != nil || id.Len < 0 || id.Len > reader.IDSize {
		return id, errors.New("not an identity")
	}
	return id, nil
}
