package pattern

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
	"time"

	"logview/reader/line"
)

// MaxKeys is the number of keys that a Sketch keeps. Each takes some 500 bytes, and
// several times that while they are merged.
const MaxKeys = 8000

// A Sketch counts messages by their keys, in bounded memory. Several sketches, of
// parts of a log, of several logs or machines, can be joined. It belongs to one
// goroutine at a time.
type Sketch struct {
	counts  map[string]*Count
	other   Count // messages whose keys were dropped
	waiting int   // new keys to drop before the next attempt to make room

	// varying contains the places, as hashes of what is around them, that turned out
	// to vary when room was made. New keys do not tell them apart any more. It is nil
	// while all keys are kept as they are.
	varying map[uint64]bool
	reduced map[string]*Count // the counts of some keys that varying joins with others
}

// A Count is what is known of the messages with one key or pattern.
type Count struct {
	N           int64
	First, Last time.Time // zero if no message has a time
	Levels      [line.Fatal + 1]int64
	Example     Example
}

// An Example is one of the messages: the least.
type Example struct {
	Rank int32 // of its file
	Line int64
	Text string
	Ref  string // a reference to it, if the caller of Add has set one
}

func (a Example) less(b Example) bool {
	return b.Text == "" || cmp.Or(cmp.Compare(a.Rank, b.Rank), cmp.Compare(a.Line, b.Line)) < 0
}

// add adds the messages that x counts to c.
func (c *Count) add(x *Count) {
	c.N += x.N
	if c.First.IsZero() || !x.First.IsZero() && x.First.Before(c.First) {
		c.First = x.First
	}
	if x.Last.After(c.Last) {
		c.Last = x.Last
	}
	for i, n := range x.Levels {
		c.Levels[i] += n
	}
	if x.Example.Text != "" && x.Example.less(c.Example) {
		c.Example = x.Example
	}
}

// longestExample is the length of the longest example that is kept.
const longestExample = 200

// Add counts a message by its key. at is its time, zero if it is unknown; text is its
// line, number n of the file with a rank. If it has become the example of its key, Add
// returns that.
func (s *Sketch) Add(key []byte, at time.Time, level line.Level, rank int32, n int64, text []byte) *Example {
	c := s.of(key)
	c.N++
	c.Levels[level]++
	if !at.IsZero() {
		if c.First.IsZero() || at.Before(c.First) {
			c.First = at
		}
		if at.After(c.Last) {
			c.Last = at
		}
	}
	if e := (Example{Rank: rank, Line: n}); e.less(c.Example) {
		e.Text = string(text[:min(len(text), longestExample)])
		c.Example = e
		return &c.Example
	}
	return nil
}

// of returns the count of a key.
func (s *Sketch) of(key []byte) *Count {
	if c := s.counts[string(key)]; c != nil {
		return c
	}
	if s.counts == nil {
		s.counts = map[string]*Count{}
	}
	if s.varying != nil {
		return s.ofReduced(string(key))
	}
	return s.ofNew(string(key))
}

// ofReduced returns the count of a key that varying may join with others.
func (s *Sketch) ofReduced(key string) *Count {
	if c := s.reduced[key]; c != nil {
		return c
	}
	form := reduce(key, s.varying)
	c := s.counts[form]
	if c == nil {
		c = s.ofNew(form)
	}
	if form != key && c != &s.other {
		if s.reduced == nil || len(s.reduced) >= MaxKeys {
			s.reduced = map[string]*Count{}
		}
		s.reduced[key] = c
	}
	return c
}

// ofNew returns the count of a key that has none.
func (s *Sketch) ofNew(key string) *Count {
	if len(s.counts) >= MaxKeys {
		if s.waiting > 0 {
			s.waiting--
			return &s.other
		}
		s.makeRoom()
		return s.ofReduced(key)
	}
	c := new(Count)
	s.counts[key] = c
	return c
}

// makeRoom joins keys of one pattern. If more than half of MaxKeys are left, it drops
// the rarest; if nearly all are, the messages have no patterns, and it waits longer
// before the next attempt.
func (s *Sketch) makeRoom() {
	if s.varying == nil || len(s.varying) > mostVarying {
		s.varying = map[uint64]bool{}
	}
	s.counts, s.reduced = s.merged(s.varying), nil
	left := len(s.counts)
	if left > MaxKeys*3/4 {
		s.waiting = 4 * MaxKeys
	}
	if left <= MaxKeys/2 {
		return
	}
	keys := slices.SortedFunc(maps.Keys(s.counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(s.counts[b].N, s.counts[a].N), strings.Compare(a, b))
	})
	for _, k := range keys[MaxKeys/2:] {
		s.other.add(s.counts[k])
		delete(s.counts, k)
	}
}

// mostVarying is how many varying places are remembered, some 20 bytes each.
const mostVarying = 100_000

// merged returns the counts by form, and adds the places that vary to varying.
func (s *Sketch) merged(varying map[uint64]bool) map[string]*Count {
	form := mergeInto(slices.Collect(maps.Keys(s.counts)), varying)
	out := map[string]*Count{}
	for k, c := range s.counts {
		f := form[k]
		if out[f] == nil {
			out[f] = new(Count)
		}
		out[f].add(c)
	}
	return out
}

// Join adds what t counts to s.
func (s *Sketch) Join(t *Sketch) {
	s.other.add(&t.other)
	if t.varying != nil && s.varying == nil {
		s.varying = map[uint64]bool{}
	}
	maps.Copy(s.varying, t.varying)
	for _, k := range slices.Sorted(maps.Keys(t.counts)) { // too many keys are reduced in their order
		s.of([]byte(k)).add(t.counts[k])
	}
}

// A Pattern is a group of messages.
type Pattern struct {
	Count
	Text string // the words that stay, and a Star for values, separated by blanks
}

// ID identifies the pattern, by its text.
func (p *Pattern) ID() string { return id(p.Text) }

func id(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:4])
}

// Patterns returns the patterns of the messages counted, the most frequent first, and
// the count of those that belong to none because there were too many keys.
func (s *Sketch) Patterns() (list []Pattern, other Count) {
	for f, c := range s.merged(map[uint64]bool{}) {
		list = append(list, Pattern{*c, joinPath(strings.TrimSuffix(f, " "))})
	}
	slices.SortFunc(list, func(a, b Pattern) int {
		return cmp.Or(cmp.Compare(b.N, a.N), strings.Compare(a.Text, b.Text))
	})
	return list, s.other
}

// Belongs returns a function that reports whether a message with a key belongs to the
// pattern with an ID, and false if there is no such pattern. It may be used by several
// goroutines at once. Unless the sketch is complete, a message belongs to the pattern
// that has most of its words, as far as it fits; then a few may belong to another one
// than they were counted for.
func (s *Sketch) Belongs(wanted string) (belongs func(key []byte) bool, ok bool) {
	if s.Complete() {
		keys, ok := s.members(wanted)
		return func(key []byte) bool { return keys[string(key)] }, ok
	}
	var form []string
	var others [][]string
	for f := range s.merged(map[uint64]bool{}) {
		if id(joinPath(strings.TrimSuffix(f, " "))) == wanted {
			form = strings.Fields(f)
		} else {
			others = append(others, strings.Fields(f))
		}
	}
	others = slices.DeleteFunc(others, func(o []string) bool {
		return cmp.Or(cmp.Compare(fixedWords(o), fixedWords(form)), slices.Compare(form, o)) < 0
	})
	return func(key []byte) bool {
		words := strings.Fields(string(key))
		return fits(form, words) && !slices.ContainsFunc(others, func(o []string) bool { return fits(o, words) })
	}, form != nil
}

// fixedWords returns the number of words of a form that stand for themselves.
func fixedWords(form []string) (n int) {
	for _, w := range form {
		if w != starFor(w) {
			n++
		}
	}
	return n
}

// fits reports whether the words of a key have a form: a Star stands for one or more of
// them.
func fits(form, words []string) bool {
	star, at := -1, 0 // the last Star, and how many words it and those before stand for
	i, k := 0, 0
	for k < len(words) {
		switch {
		case i < len(form) && form[i] == Star:
			star, at = i, k+1
			i, k = i+1, k+1
		case i < len(form) && (form[i] == words[k] || form[i] == AnySegment && words[k][0] == '/'):
			i, k = i+1, k+1
		case star >= 0:
			at++
			i, k = star+1, at
		default:
			return false
		}
	}
	return i == len(form)
}

// members returns the keys of the pattern with an ID, and false if there is none.
func (s *Sketch) members(wanted string) (keys map[string]bool, ok bool) {
	for k, f := range Merge(slices.Collect(maps.Keys(s.counts))) {
		if id(joinPath(strings.TrimSuffix(f, " "))) == wanted {
			if keys == nil {
				keys = map[string]bool{}
			}
			keys[k] = true
		}
	}
	return keys, keys != nil
}

// Complete reports whether the keys of all messages were kept as they are.
func (s *Sketch) Complete() bool { return s.other.N == 0 && s.varying == nil }
