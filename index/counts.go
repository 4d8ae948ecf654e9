package index

import (
	"bytes"
	"errors"
	"path/filepath"
	"strconv"

	"github.com/RoaringBitmap/roaring/v2"

	"logview/index/match"
	"logview/index/query"
	"logview/index/token"
)

// This file counts lines without reading them. The index has, for each block, in how many of
// its lines the words are that several of them contain. If one word of a block contains the
// text of a query, and no identifier may, these are the lines that match. Words that are not
// shown, but are terms because of escape sequences, are in no lines.

// leastLines is how many lines of a block a word must be in to be counted.
const leastLines = 4

// appendCounts appends the counts of a block to dst: a line feed, then for
// each word it and the number of lines, after a blank, ended by a line feed.
func appendCounts(dst []byte, t *blockTerms) []byte {
	t.Counts(leastLines, func(word []byte, n int) {
		if !hasLetter(word) {
			return
		}
		if len(dst) == 0 {
			dst = append(dst, '\n')
		}
		dst = append(append(dst, word...), ' ')
		dst = append(strconv.AppendInt(dst, int64(n), 10), '\n')
	})
	return dst
}

// countOf returns the number of lines that contain a word, according to the counts of a block;
// false if it is not among them.
func countOf(counts, word []byte) (n int64, ok bool) {
	key := append(append([]byte{'\n'}, word...), ' ')
	i := bytes.Index(counts, key)
	if i < 0 {
		return 0, false
	}
	rest := counts[i+len(key):]
	n, err := strconv.ParseInt(string(rest[:max(0, bytes.IndexByte(rest, '\n'))]), 10, 64)
	return n, err == nil
}

func hasLetter(word []byte) bool {
	for _, c := range word {
		if c < '0' || c > '9' {
			return true
		}
	}
	return false
}

// countedRun returns the run of a query whose matching lines can be counted by words: a text
// that is a part of a word, in any case; nil for any other query.
func countedRun(q query.Node, opt match.Options) *token.Run {
	text, ok := q.(query.Text)
	if !ok || opt.CaseSensitive || opt.WholeWord || opt.WholeLine || opt.Raw {
		return nil
	}
	runs, ok := token.Runs(text.S)
	if !ok || len(runs) != 1 || !runs[0].Left || !runs[0].Right || runs[0].IsID() || runs[0].IsLong() {
		return nil
	}
	return &runs[0]
}

// counts adds the numbers of lines that contain the plan's counted run to out, by the serial
// numbers of the documents of which they are known.
func (a *answers) counts(out map[uint32]int64) error {
	s := a.segment
	hidden := roaring.New() // it may be in an identifier
	err := s.shapes(func(term []byte, shape token.Shape) error {
		if a.counted.MayHide(shape) {
			return s.addTerm(term, hidden)
		}
		return nil
	})
	if err != nil {
		return err
	}
	var words [][]byte
	containing := map[uint32][]int{} // by document: the words that contain it
	err = s.words([]byte(a.counted.Text), func(word []byte) (bool, error) {
		if len(words) == maxCounted {
			return false, errTooMany
		}
		docs := roaring.New()
		if err := s.addTerm(word, docs); err != nil {
			return false, err
		}
		docs.AndNot(hidden)
		docs.And(s.live)
		for it := docs.Iterator(); it.HasNext(); {
			doc := it.Next()
			containing[doc] = append(containing[doc], len(words))
		}
		words = append(words, bytes.Clone(word))
		return true, nil
	})
	if err == errTooMany {
		return nil
	} else if err != nil {
		return err
	}
	for doc, list := range containing {
		counts, err := s.countsOf(int(doc))
		if err != nil {
			return err
		}
		lines, shown, known := int64(0), 0, true
		for _, i := range list {
			n, ok := countOf(counts, words[i])
			if known = known && ok; n > 0 || !ok {
				shown++
				lines = n
			}
		}
		if !known || shown > 1 {
			continue // lines may contain several of the words
		}
		serial, err := s.serial(doc)
		if err != nil {
			return err
		}
		out[serial] = lines
	}
	return nil
}

// maxCounted is how many words may contain the text of a query whose lines are counted.
const maxCounted = 256

var errTooMany = errors.New("too many words")

// countsOnly reports whether only the number of matching lines is asked for.
func (r *Request) countsOnly() bool {
	return r.CountOnly && r.Max == 0 && r.Where == nil && r.Summary == nil && r.Limit == nil && !r.Times && !r.Window.limited()
}

// count sets the counts of the blocks of a member that are to be read, as far as they are
// known. A block that begins or ends inside a line, or omits bytes, is read.
func (a *admitter) count(x *covering, ad *admission) {
	if a.plan.counted == nil || x.open == nil {
		return
	}
	if x.counts == nil {
		x.counts = map[uint32]int64{}
		for _, s := range x.answers {
			if err := guard(func() error { return s.counts(x.counts) }); err != nil {
				a.reportDamage(filepath.Join(x.dir, x.cat.generation.name), err)
				clear(x.counts)
				break
			}
		}
	}
	ad.counts = make([]int64, len(ad.blocks))
	for i := range ad.counts {
		ad.counts[i] = -1
	}
	for _, ext := range ad.entry.extents {
		for i := range ext.n {
			n, ok := x.counts[ext.serial+uint32(i)]
			if k := ext.block + i; ok && k < len(ad.counts) {
				if b := &ad.table.Blocks[k]; !b.Continues && !b.Unfinished && len(b.Skips) == 0 {
					ad.counts[k] = n
				}
			}
		}
	}
}

// countOf returns the number of matching lines of block i; -1 if it is not known. ad may be
// nil.
func (ad *admission) countOf(i int) int64 {
	if ad == nil || ad.counts == nil || !ad.blocks[i] {
		return -1
	}
	return ad.counts[i]
}

// countAll counts the matching lines of a file that has certainly not changed, and reports
// whether all of them are known, so that it need not be opened.
func (p *producer) countAll(ad *admission) bool {
	if ad.counts == nil {
		return false
	}
	total := int64(0)
	for i, admitted := range ad.blocks {
		n := ad.countOf(i)
		if admitted && n < 0 {
			return false
		}
		total += max(n, 0)
	}
	p.addWhole(ad, total)
	return true
}
