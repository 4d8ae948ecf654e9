package index

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"
	bleve "github.com/blevesearch/bleve_index_api"
	segment "github.com/blevesearch/scorch_segment_api/v2"
	"github.com/blevesearch/zapx/v17"

	"logview/index/token"
	"logview/reader"
)

// A shard is what the index knows of some blocks, never changed once it is
// written. It is two files. NAME.zap is a segment of a Bleve index with a
// document a block, in the order in which the blocks were read, and one
// field, of the terms that are words and shapes. NAME.aux, ours, holds what
// Bleve has no place for:
//
//	"LVA1"                    magic and version
//	newline, then each term   in the segment's order, ended by a newline; shapes come first
//	filters                   of each document's identifiers, see filter.go
//	footer                    varints: length of the terms, of those the shapes'; number of documents,
//	                          the buckets of each one's filter
//	length                    4 bytes, of the footer
//	"LVA1"
//
// The terms are there a second time because most questions are for parts of
// words: to find the words that hold a text, bytes.Index runs over a list of
// them at many gigabytes a second, where an automaton over Bleve's dictionary
// took 40 ms for a gigabyte of logs.
//
// The segment is used without the root database that Bleve's own index keeps
// beside its segments: that one locks, so that a reader keeps writers out
// and a writer all readers, and which segments there are is for the catalog
// to say, together with what they are of.
type shard struct {
	info  *shardInfo
	seg   segment.Segment
	dict  segment.TermDictionary
	aux   *os.File
	terms int64 // bytes of them, from auxTerms on
	shape int64 // of those the shapes'
	at    []int // bucket at which each document's filter begins, and where the last one's ends
}

const (
	auxMagic = "LVA1"
	auxTerms = int64(len(auxMagic) + 1) // where the terms begin
	field    = "t"
)

// A shardInfo is what the catalog says of a shard.
type shardInfo struct {
	name     string // of its files, without their endings
	docs     int
	text     int64 // bytes of the blocks
	zap, aux fileInfo
	live     int // documents that are in use; worked out, not stored
}

// A fileInfo tells whether a file is still what was written: as long as its
// size and times are, it is, and otherwise its checksum decides.
type fileInfo struct {
	size  int64
	stamp int64 // when it was changed last, as far as the system tells
	crc   uint32
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// statFile is what a file's fileInfo says now, reading it if sum is set.
func statFile(path string, sum bool) (fileInfo, error) {
	f, err := reader.OpenKept(path)
	if err != nil {
		return fileInfo{}, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return fileInfo{}, err
	}
	i := fileInfo{size: st.Size(), stamp: max(reader.Ctime(st), st.ModTime().UnixNano())}
	if sum {
		h := crc32.New(castagnoli)
		if _, err := io.Copy(h, f); err != nil {
			return i, err
		}
		i.crc = h.Sum32()
	}
	return i, nil
}

// check reports whether the file at path is what i says. With all, it is
// read in any case.
func (i fileInfo) check(path string, all bool) error {
	now, err := statFile(path, all)
	if err == nil && !all && (now.size != i.size || now.stamp != i.stamp) {
		// Touched, or copied with all of the cache from somewhere else.
		now, err = statFile(path, true)
		all = true
	}
	switch {
	case err != nil:
		return err
	case now.size != i.size, all && now.crc != i.crc:
		return fmt.Errorf("%s: %w", path, errDamaged)
	}
	return nil
}

var errDamaged = errors.New("damaged")

func shardPaths(dir, name string) (zapPath, auxPath string) {
	return filepath.Join(dir, name+".zap"), filepath.Join(dir, name+".aux")
}

// A document is a block's terms in the form that Bleve takes them in. It
// does without Bleve's analysis: the terms are known, and each counts once.
type document struct {
	id    idField
	terms termField
}

func newDocument(n int, terms bleve.TokenFrequencies) *document {
	id := binary.BigEndian.AppendUint32(nil, uint32(n))
	return &document{
		id:    idField{termField{terms: bleve.TokenFrequencies{string(id): once}}, id},
		terms: termField{terms: terms},
	}
}

// once is what is known of each term: that it is there.
var once = &bleve.TokenFreq{}

func (d *document) ID() string                                 { return string(d.id.id) }
func (d *document) Size() int                                  { return 0 }
func (d *document) VisitFields(f bleve.FieldVisitor)           { f(&d.id); f(&d.terms) }
func (d *document) VisitComposite(bleve.CompositeFieldVisitor) {}
func (d *document) HasComposite() bool                         { return false }
func (d *document) NumPlainTextBytes() uint64                  { return 0 }
func (d *document) AddIDField()                                {}
func (d *document) StoredFieldsBytes() uint64                  { return 0 }
func (d *document) Indexed() bool                              { return true }

type termField struct{ terms bleve.TokenFrequencies }

func (f *termField) Name() string             { return field }
func (f *termField) Value() []byte            { return nil }
func (f *termField) ArrayPositions() []uint64 { return nil }
func (f *termField) EncodedFieldType() byte   { return 't' }
func (f *termField) Analyze()                 {}
func (f *termField) Options() bleve.FieldIndexingOptions {
	return bleve.IndexField | bleve.SkipFreqNorm
}
func (f *termField) AnalyzedLength() int                              { return 0 }
func (f *termField) AnalyzedTokenFrequencies() bleve.TokenFrequencies { return f.terms }
func (f *termField) NumPlainTextBytes() uint64                        { return 0 }

// An idField is the field that every segment wants its documents to have.
type idField struct {
	termField
	id []byte
}

func (f *idField) Name() string  { return "_id" }
func (f *idField) Value() []byte { return f.id }
func (f *idField) Options() bleve.FieldIndexingOptions {
	return bleve.IndexField | bleve.StoreField | bleve.SkipFreqNorm
}

// A shardWriter collects the blocks of a new shard.
type shardWriter struct {
	docs    []bleve.Document
	intern  map[string]string // one string for each term, whatever blocks it is in
	filters []byte
	buckets []int // of each document
	text    int64
	t       token.Terms
}

func newShardWriter() *shardWriter { return &shardWriter{intern: map[string]string{}} }

// add takes in a block. It keeps nothing of text.
func (w *shardWriter) add(text []byte) {
	w.t.Block(text)
	terms := bleve.TokenFrequencies{}
	w.t.Words(func(word []byte) {
		s, ok := w.intern[string(word)]
		if !ok {
			s = string(word)
			w.intern[s] = s
		}
		terms[s] = once
	})
	w.t.Shapes(func(s token.Shape) { terms[s.String()] = once })
	before := len(w.filters)
	w.filters = appendFilter(w.filters, w.t.IDs())
	w.buckets = append(w.buckets, (len(w.filters)-before)/bucketSize)
	w.docs = append(w.docs, newDocument(len(w.docs), terms))
	w.text += int64(len(text))
}

// write writes the shard's files.
func (w *shardWriter) write(dir, name string) (*shardInfo, error) {
	zapPath, _ := shardPaths(dir, name)
	var plugin zap.ZapPlugin
	seg, _, err := plugin.New(w.docs)
	if err != nil {
		return nil, err
	}
	defer seg.Close()
	if err := seg.(segment.UnpersistedSegment).Persist(zapPath); err != nil {
		return nil, err
	}
	return finishShard(dir, name, seg, w.buckets, w.text, func(out io.Writer) error {
		_, err := out.Write(w.filters)
		return err
	})
}

// finishShard writes what belongs beside a segment, and says what both are.
func finishShard(dir, name string, seg segment.Segment, buckets []int, text int64, filters func(io.Writer) error) (*shardInfo, error) {
	zapPath, auxPath := shardPaths(dir, name)
	dict, err := seg.Dictionary(field)
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(auxPath, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	buf := append(make([]byte, 0, 64<<10), auxMagic+"\n"...)
	var terms, shapes int64
	flush := func(least int) error {
		if len(buf) < least {
			return nil
		}
		_, err := f.Write(buf)
		buf = buf[:0]
		return err
	}
	for it := dict.AutomatonIterator(nil, nil, nil); ; {
		e, err := it.Next()
		if err != nil {
			return nil, err
		}
		if e == nil {
			break
		}
		buf = append(append(buf, e.Term...), '\n')
		terms += int64(len(e.Term)) + 1
		if e.Term != "" && e.Term[0] == token.Marks {
			shapes = terms
		}
		if err := flush(60 << 10); err != nil {
			return nil, err
		}
	}
	if err := flush(0); err != nil {
		return nil, err
	}
	if err := filters(f); err != nil {
		return nil, err
	}
	for _, v := range append([]int{int(terms), int(shapes), len(buckets)}, buckets...) {
		buf = binary.AppendUvarint(buf, uint64(v))
	}
	buf = binary.LittleEndian.AppendUint32(buf, uint32(len(buf)))
	buf = append(buf, auxMagic...)
	if err := flush(0); err != nil {
		return nil, err
	}
	if err := f.Sync(); err != nil {
		return nil, err
	}
	info := &shardInfo{name: name, docs: len(buckets), text: text}
	if info.zap, err = statFile(zapPath, true); err != nil {
		return nil, err
	}
	info.aux, err = statFile(auxPath, true)
	return info, err
}

// openShard opens a shard that the catalog names.
func openShard(dir string, info *shardInfo) (s *shard, err error) {
	zapPath, auxPath := shardPaths(dir, info.name)
	if err := info.zap.check(zapPath, false); err != nil {
		return nil, err
	}
	if err := info.aux.check(auxPath, false); err != nil {
		return nil, err
	}
	s = &shard{info: info}
	defer func() {
		if err != nil {
			s.close()
			s = nil
		}
	}()
	return s, guard(func() error { return s.open(zapPath, auxPath) })
}

func (s *shard) open(zapPath, auxPath string) (err error) {
	var plugin zap.ZapPlugin
	if s.seg, err = plugin.Open(zapPath); err != nil {
		return err
	}
	if s.dict, err = s.seg.Dictionary(field); err != nil {
		return err
	}
	if s.aux, err = os.Open(auxPath); err != nil {
		return err
	}
	var end [8]byte
	if _, err := s.aux.ReadAt(end[:], s.info.aux.size-8); err != nil {
		return err
	}
	n := int64(binary.LittleEndian.Uint32(end[:]))
	if string(end[4:]) != auxMagic || n > s.info.aux.size-8 {
		return errDamaged
	}
	footer := make([]byte, n)
	if _, err := s.aux.ReadAt(footer, s.info.aux.size-8-n); err != nil {
		return err
	}
	next := func() int {
		v, k := binary.Uvarint(footer)
		if k <= 0 {
			err = errDamaged
			return 0
		}
		footer = footer[k:]
		return int(v)
	}
	s.terms, s.shape = int64(next()), int64(next())
	docs := next()
	if docs != s.info.docs || s.seg.Count() != uint64(docs) {
		return errDamaged
	}
	s.at = make([]int, docs+1)
	for i := range docs {
		s.at[i+1] = s.at[i] + next()
	}
	if auxTerms+s.terms+int64(s.at[docs])*bucketSize+n+8 != s.info.aux.size {
		return errDamaged
	}
	return err
}

func (s *shard) close() {
	if s.seg != nil {
		s.seg.Close()
	}
	if s.aux != nil {
		s.aux.Close()
	}
}

// guard runs what reads a shard. Bleve trusts a segment's bytes, and reads
// them from memory that stands for the file: where they are not what they
// were when it was written, it panics.
func guard(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", errDamaged, r)
		}
	}()
	return f()
}

// all is the set of all documents.
func (s *shard) all() *roaring.Bitmap {
	b := roaring.New()
	b.AddRange(0, uint64(s.info.docs))
	return b
}

// term adds the documents that have a term to out.
func (s *shard) term(term []byte, out *roaring.Bitmap) error {
	list, err := s.dict.PostingsList(term, nil, nil)
	if err != nil {
		return err
	}
	switch list := list.(type) {
	case *zap.PostingsList:
		list.OrInto(out)
	default:
		return fmt.Errorf("%w: postings of type %T", errDamaged, list)
	}
	return nil
}

// shapes calls f for each shape that identifiers in the shard have.
func (s *shard) shapes(f func(term []byte, shape token.Shape) error) error {
	list := make([]byte, s.shape)
	if _, err := s.aux.ReadAt(list, auxTerms); err != nil {
		return err
	}
	for term := range bytes.SplitSeq(bytes.TrimSuffix(list, newline), newline) {
		if len(term) == 0 {
			continue
		}
		shape, err := token.ParseShape(string(term))
		if err != nil {
			return fmt.Errorf("%w: %v", errDamaged, err)
		}
		if err := f(term, shape); err != nil {
			return err
		}
	}
	return nil
}

// wordChunk is how much of the list of terms is looked through at a time.
const wordChunk = 256 << 10

// words calls f for each word that holds part, which has a newline where the
// word is to begin or end, until it returns false.
func (s *shard) words(part []byte, f func(word []byte) (bool, error)) error {
	buf := make([]byte, min(wordChunk, s.terms-s.shape+1))
	at, end := auxTerms+s.shape-1, auxTerms+s.terms // the newline before the first word counts
	kept := 0
	for at < end {
		n := min(int64(len(buf)-kept), end-at)
		if _, err := s.aux.ReadAt(buf[kept:kept+int(n)], at); err != nil {
			return err
		}
		at += n
		text := buf[:kept+int(n)]
		whole := bytes.LastIndexByte(text, '\n') + 1
		if whole <= 1 && at < end { // a word longer than the buffer
			return errDamaged
		}
		for from := 0; from < whole; {
			i := bytes.Index(text[from:whole], part)
			if i < 0 {
				break
			}
			i += from
			start := i
			if part[0] == '\n' {
				start++
			} else {
				start = bytes.LastIndexByte(text[:i], '\n') + 1
			}
			stop := start + bytes.IndexByte(text[start:whole], '\n')
			ok, err := f(text[start:stop])
			if err != nil || !ok {
				return err
			}
			from = stop // the newline that the next word may want before it
		}
		if at == end {
			break
		}
		kept = copy(buf, text[whole-1:])
	}
	return nil
}

// id adds to out the documents of among that may hold an identifier.
func (s *shard) id(hash uint64, among *roaring.Bitmap, out *roaring.Bitmap) error {
	var b [bucketSize]byte
	base := auxTerms + s.terms
	for it := among.Iterator(); it.HasNext(); {
		doc := int(it.Next())
		n := s.at[doc+1] - s.at[doc]
		if n == 0 {
			continue
		}
		if _, err := s.aux.ReadAt(b[:], base+int64(s.at[doc]+bucket(hash, n))*bucketSize); err != nil {
			return err
		}
		if holds(b[:], hash) {
			out.Add(uint32(doc))
		}
	}
	return nil
}

// mergeShards makes one shard of several, without the documents in drop. It
// returns where each document went; ^uint64(0) for those dropped.
func mergeShards(dir, name string, shards []*shard, drop []*roaring.Bitmap) (info *shardInfo, moved [][]uint64, err error) {
	err = guard(func() error {
		info, moved, err = merge(dir, name, shards, drop)
		return err
	})
	return info, moved, err
}

func merge(dir, name string, shards []*shard, drop []*roaring.Bitmap) (*shardInfo, [][]uint64, error) {
	zapPath, _ := shardPaths(dir, name)
	segs := make([]segment.Segment, len(shards))
	for i, s := range shards {
		segs[i] = s.seg
	}
	var plugin zap.ZapPlugin
	moved, _, err := plugin.Merge(segs, slices.Clone(drop), zapPath, nil, nil)
	if err != nil {
		return nil, nil, err
	}
	seg, err := plugin.Open(zapPath)
	if err != nil {
		return nil, nil, err
	}
	defer seg.Close()
	var buckets []int
	text := int64(0)
	for i, s := range shards {
		text += s.info.text
		if dropped := drop[i]; dropped != nil && s.info.docs > 0 {
			text -= s.info.text / int64(s.info.docs) * int64(dropped.GetCardinality())
		}
		for doc := range s.info.docs {
			if drop[i] == nil || !drop[i].Contains(uint32(doc)) {
				buckets = append(buckets, s.at[doc+1]-s.at[doc])
			}
		}
	}
	info, err := finishShard(dir, name, seg, buckets, text, func(out io.Writer) error {
		for i, s := range shards {
			for doc := range s.info.docs {
				if drop[i] != nil && drop[i].Contains(uint32(doc)) {
					continue
				}
				part := io.NewSectionReader(s.aux, auxTerms+s.terms+int64(s.at[doc])*bucketSize, int64(s.at[doc+1]-s.at[doc])*bucketSize)
				if _, err := io.Copy(out, part); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return info, moved, err
}

// knows checks that a document has all of some terms.
func (s *shard) knows(t *token.Terms, doc int) error {
	return guard(func() error {
		docs, one := roaring.New(), roaring.BitmapOf(uint32(doc))
		var bad error
		has := func(term []byte) {
			docs.Clear()
			if err := s.term(term, docs); err != nil {
				bad = err
			} else if !docs.Contains(uint32(doc)) {
				bad = fmt.Errorf("%q is not indexed", term)
			}
		}
		t.Words(has)
		t.Shapes(func(shape token.Shape) { has([]byte(shape.String())) })
		for _, h := range t.IDs() {
			docs.Clear()
			if err := s.id(h, one, docs); err != nil {
				return err
			}
			if docs.IsEmpty() {
				bad = fmt.Errorf("an identifier is not indexed")
			}
		}
		return bad
	})
}
