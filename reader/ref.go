package reader

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// A Ref is a place that a person can paste: app.log.2.gz:1234.
type Ref struct {
	Path string
	Line Line
}

func (r Ref) String() string { return r.Path + ":" + strconv.FormatInt(r.Line.Number(), 10) }

// ParseRefs reads the Refs that s may be, the likeliest first, none if it is
// none. There is more than one where the path itself holds :NUMBER, and
// where more follows, as in what grep -n prints.
func ParseRefs(s string) []Ref {
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
			out = append(out, Ref{s[:i], LineNumber(n)})
		}
		end = i
	}
	return out
}

// A path moves on when logs rotate, so the cache keeps, in the file refs,
// which text a path had when a ref of it was printed:
//
//	HEX-LEN PATH      the ID, a blank, the absolute path quoted as Go does;
//	                  one a line, the newest last
//
// Lines are appended in one write each, so that several programs can. When
// the file has grown to refsMax, its older half is dropped.
const refsMax = 1 << 20

func (c *Cache) refs() string { return filepath.Join(c.dir, "refs") }

// NoteRef remembers that refs to path were printed while it had the text
// that begins as id says. Without a cache, or with a full disk, it forgets.
func (c *Cache) NoteRef(path string, id ID) {
	if c == nil || path == Stdin {
		return
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return
	}
	line := fmt.Appendf(nil, "%s %s\n", id, strconv.Quote(abs))
	if info, err := os.Stat(c.refs()); err == nil && info.Size() > refsMax {
		c.halveRefs()
	}
	if os.MkdirAll(c.dir, 0o700) != nil {
		return
	}
	f, err := os.OpenFile(c.refs(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return
	}
	defer f.Close()
	_, _ = f.Write(line)
}

func (c *Cache) halveRefs() {
	data, err := os.ReadFile(c.refs())
	if err != nil {
		return
	}
	half := data[len(data)/2:]
	half = half[bytes.IndexByte(half, '\n')+1:]
	tmp, err := os.CreateTemp(c.dir, "refs-")
	if err != nil {
		return
	}
	_, err = tmp.Write(half)
	if cerr := tmp.Close(); err != nil || cerr != nil || os.Rename(tmp.Name(), c.refs()) != nil {
		os.Remove(tmp.Name())
	}
}

// noted is the text that path last had when a ref of it was printed.
func (c *Cache) noted(path string) (id ID, ok bool) {
	if c == nil {
		return id, false
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return id, false
	}
	f, err := os.Open(c.refs())
	if err != nil {
		return id, false
	}
	defer f.Close()
	quoted := strconv.Quote(abs)
	r := bufio.NewReader(f)
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return id, ok
		}
		text, p, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if p != quoted {
			continue
		}
		if x, err := ParseID(text); err == nil {
			id, ok = x, true
		}
	}
}

// ParseID is the ID that String made s of.
func ParseID(s string) (ID, error) {
	var id ID
	sum, n, _ := strings.Cut(s, "-")
	b, err := hex.DecodeString(sum)
	if err != nil || len(b) != len(id.Sum) {
		return id, errors.New("not an identity")
	}
	copy(id.Sum[:], b)
	id.Len, err = strconv.Atoi(n)
	if err != nil || id.Len < 0 || id.Len > idSize {
		return id, errors.New("not an identity")
	}
	return id, nil
}

// Noted reports whether a ref to the path was printed, as far as is known.
func (c *Cache) Noted(path string) bool {
	_, ok := c.noted(path)
	return ok
}

// Resolve finds the file that a ref means today: the one at its path, or if
// that has another text than when the ref was printed, the file of the same
// log that has that text now. The error wraps ErrGone if there is none.
func Resolve(ctx context.Context, r Ref, opt Options) (Source, Member, error) {
	id, noted := opt.Cache.noted(r.Path)
	m := Member{Path: r.Path, Named: true}
	info, err := os.Stat(r.Path)
	if err == nil {
		m.Size, m.ModTime = info.Size(), info.ModTime()
	}
	if err == nil && noted {
		if same, err := hasID(ctx, m, id); err == nil && !same {
			noted = true
		} else {
			noted = false // it is what it was
		}
	}
	if !noted {
		if err != nil {
			return nil, m, &FileError{Path: r.Path, Offset: -1, Err: cause(err)}
		}
		return NewSource(Log{Name: r.Path, Members: []Member{m}}, opt), m, nil
	}
	dir, base := filepath.Split(r.Path)
	f := newFinder()
	f.list(dir, parseName(base).stem)
	for _, l := range f.group() {
		src := NewSource(l, opt)
		if m, err := src.Locate(ctx, Pos{Member: id}); err == nil {
			return src, m, nil
		}
	}
	return nil, m, &FileError{Path: r.Path, Offset: -1, Err: fmt.Errorf("%w: it rotated since the ref was printed", ErrGone)}
}
