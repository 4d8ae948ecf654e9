package index

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/blevesearch/bleve/v2/index/scorch"
	segment "github.com/blevesearch/scorch_segment_api/v2"
	"github.com/blevesearch/zapx/v17"

	"logview/index/token"
	"logview/reader"
	"logview/reader/blockstore"
)

// A segmentReader reads a segment of a generation. A segment has two files,
// which never change once they are written. ID.zap is Bleve's. ID.aux is ours,
// for data that does not fit into Bleve's:
//
//	"LVA2"                    magic and version
//	newline, then each term   in the segment's order, ended by a newline; shapes come first
//	filters                   of each document's identifiers, see filter.go, and then
//	                          those that documents share
//	counts                    of each document's frequent words, see counts.go
//	footer                    varints: length of the terms, length of the shapes among them,
//	                          number of documents, for each of them the number of buckets of
//	                          its filter, the number of the one that it shares, from one
//	                          on (0 if none), and the length of its counts, number of the
//	                          filters that are shared, and of buckets of each
//	length                    4 bytes, length of the footer
//	"LVA2"
//
// The terms are stored a second time because most queries are for parts of
// words: to find the words that contain a text, bytes.Index searches a list of
// them at many gigabytes a second, while an automaton over Bleve's dictionary
// took 40 ms for a gigabyte of logs. The filters could be stored fields of the
// documents, but reading one took 1.2 µs then instead of 0.3 µs, since Bleve
// compresses them: half a second more for 400,000 blocks.
type segmentReader struct {
	info  *segmentInfo
	seg   segment.Segment
	live  *roaring.Bitmap // documents that are not deleted
	dict  segment.TermDictionary
	aux   *os.File
	terms int64          // length of the terms in bytes, starting at auxTerms
	shape int64          // length of the shapes among them
	sums  []int64        // where the counts of each document begin in the .aux file, and the end of the last
	at    []int          // first bucket of each document's filter, and the end of the last filter
	group []*groupFilter // of each document
}

const (
	auxMagic = "LVA2"
	auxTerms = int64(len(auxMagic) + 1) // offset of the terms
)

// A segmentInfo describes a segment in the catalog.
type segmentInfo struct {
	id          uint64 // Bleve's number of the segment
	docs        int    // number of documents, including deleted ones
	first, last uint32 // least and greatest serial number of a document
	zap, aux    fileInfo
}

// zapPath and auxPath return the paths of the segment's files in a generation.
func (i *segmentInfo) zapPath(generation string) string {
	return filepath.Join(generation, storeName, zapName(i.id))
}

func (i *segmentInfo) auxPath(generation string) string {
	return filepath.Join(generation, fmt.Sprintf("%012x.aux", i.id))
}

// zapName returns Bleve's name for the file of a segment.
func zapName(id uint64) string { return fmt.Sprintf("%012x.zap", id) }

// A fileInfo tells whether a file is unchanged: if its size and time are the
// same, it is; otherwise its checksum decides. The time is the modification
// time: the change time changes whenever the file gets or loses a link in a
// generation.
type fileInfo struct {
	size  int64
	stamp int64
	crc   uint32
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// statFile returns the current fileInfo of a file. It reads the file for the
// checksum only if sum is set.
func statFile(path string, sum bool) (fileInfo, error) {
	f, err := blockstore.OpenKept(path)
	if err != nil {
		return fileInfo{}, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return fileInfo{}, err
	}
	i := fileInfo{size: st.Size(), stamp: st.ModTime().UnixNano()}
	if sum {
		h := crc32.New(castagnoli)
		if _, err := io.Copy(h, f); err != nil {
			return i, err
		}
		i.crc = h.Sum32()
	}
	return i, nil
}

// check returns an error unless the file at path is as i describes. If all is
// set, it reads the file even if its size and time are unchanged. The error
// wraps errDamaged if the file has changed.
func (i fileInfo) check(path string, all bool) error {
	now, err := statFile(path, all)
	if err == nil && !all && (now.size != i.size || now.stamp != i.stamp) {
		// It was touched, or the whole cache was copied.
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

// update sets i to describe the file at path. It reads the file unless size and
// time are unchanged.
func (i *fileInfo) update(path string) error {
	now, err := statFile(path, false)
	if err == nil && (now.size != i.size || now.stamp != i.stamp) {
		now, err = statFile(path, true)
		*i = now
	}
	return err
}

// writeAux writes the .aux file of a segment. filter returns the filter of a
// document.
func writeAux(path string, seg segment.Segment, filter func(doc int) (docFilter, error)) error {
	dict, err := seg.Dictionary(termField)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	out := bufio.NewWriterSize(f, 64<<10) // keeps its first error
	out.WriteString(auxMagic + "\n")
	var terms, shapes int64
	for it := dict.AutomatonIterator(nil, nil, nil); ; {
		e, err := it.Next()
		if err != nil {
			return err
		}
		if e == nil {
			break
		}
		out.WriteString(e.Term)
		out.WriteByte('\n')
		terms += int64(len(e.Term)) + 1
		if e.Term != "" && e.Term[0] == token.Marks {
			shapes = terms
		}
	}
	footer := binary.AppendUvarint(nil, uint64(terms))
	footer = binary.AppendUvarint(footer, uint64(shapes))
	footer = binary.AppendUvarint(footer, seg.Count())
	var groups []*groupFilter
	var counts bytes.Buffer
	number := map[*groupFilter]int{nil: 0}
	for doc := range int(seg.Count()) {
		d, err := filter(doc)
		if err != nil {
			return err
		}
		n, ok := number[d.group]
		if !ok {
			groups = append(groups, d.group)
			n = len(groups)
			number[d.group] = n
		}
		out.Write(d.own)
		footer = binary.AppendUvarint(footer, uint64(len(d.own)/bucketSize))
		footer = binary.AppendUvarint(footer, uint64(n))
		footer = binary.AppendUvarint(footer, uint64(len(d.counts)))
		counts.Write(d.counts)
	}
	footer = binary.AppendUvarint(footer, uint64(len(groups)))
	for _, g := range groups {
		b, err := g.read()
		if err != nil {
			return err
		}
		out.Write(b)
		footer = binary.AppendUvarint(footer, uint64(len(b)/bucketSize))
	}
	out.Write(counts.Bytes())
	footer = binary.LittleEndian.AppendUint32(footer, uint32(len(footer)))
	out.Write(footer)
	out.WriteString(auxMagic)
	if err := out.Flush(); err != nil {
		return err
	}
	return f.Sync()
}

// openSegment opens a segment of the generation in dir.
func openSegment(dir string, info *segmentInfo, snapshot *scorch.SegmentSnapshot) (*segmentReader, error) {
	s := &segmentReader{info: info, seg: snapshot.Segment(), live: snapshot.DocNumbersLive()}
	if err := s.open(info.auxPath(dir)); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *segmentReader) open(auxPath string) (err error) {
	if s.dict, err = s.seg.Dictionary(termField); err != nil {
		return err
	}
	if s.aux, err = os.Open(auxPath); err != nil {
		return err
	}
	st, err := s.aux.Stat()
	if err != nil {
		return err
	}
	var end [8]byte
	if _, err := s.aux.ReadAt(end[:], st.Size()-8); err != nil {
		return err
	}
	n := int64(binary.LittleEndian.Uint32(end[:]))
	if string(end[4:]) != auxMagic || n > st.Size()-8 {
		return errDamaged
	}
	footer := make([]byte, n)
	if _, err := s.aux.ReadAt(footer, st.Size()-8-n); err != nil {
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
	s.at, s.group = make([]int, docs+1), make([]*groupFilter, docs)
	numbers := make([]int, docs)
	s.sums = make([]int64, docs+1)
	for i := range docs {
		s.at[i+1] = s.at[i] + next()
		numbers[i] = next()
		s.sums[i+1] = s.sums[i] + int64(next())
	}
	buckets := s.at[docs]
	count := next()
	if count < 0 || count > docs {
		return errDamaged
	}
	groups := make([]*groupFilter, count+1) // the first is for none
	for i := range count {
		k := next()
		groups[i+1] = &groupFilter{segment: s, off: auxTerms + s.terms + int64(buckets)*bucketSize, buckets: k}
		buckets += k
	}
	for i, k := range numbers {
		if k < 0 || k > count {
			return errDamaged
		}
		s.group[i] = groups[k]
	}
	counts := auxTerms + s.terms + int64(buckets)*bucketSize
	if err == nil && counts+s.sums[docs]+n+8 != st.Size() {
		return errDamaged
	}
	for i := range s.sums {
		s.sums[i] += counts
	}
	return err
}

// close closes the .aux file. The snapshot owns Bleve's segment.
func (s *segmentReader) close() {
	if s.aux != nil {
		s.aux.Close()
	}
}

// serial returns the serial number of a document.
func (s *segmentReader) serial(doc uint32) (uint32, error) { return serialOf(s.seg, doc) }

// serials returns the serial numbers of documents.
func (s *segmentReader) serials(docs *roaring.Bitmap) (*roaring.Bitmap, error) {
	list := make([]uint32, 0, docs.GetCardinality())
	for it := docs.Iterator(); it.HasNext(); {
		n, err := s.serial(it.Next())
		if err != nil {
			return nil, err
		}
		list = append(list, n)
	}
	slices.Sort(list) // Bleve does not keep the order within a batch
	return roaring.BitmapOf(list...), nil
}

// filter returns the filter of a document.
func (s *segmentReader) filter(doc int) (docFilter, error) {
	b := make([]byte, (s.at[doc+1]-s.at[doc])*bucketSize)
	_, err := s.aux.ReadAt(b, auxTerms+s.terms+int64(s.at[doc])*bucketSize)
	if err != nil {
		return docFilter{}, err
	}
	counts, err := s.countsOf(doc)
	return docFilter{own: b, group: s.group[doc], counts: counts, bytes: len(b) + len(counts)}, err
}

// countsOf returns the counts of a document's frequent words.
func (s *segmentReader) countsOf(doc int) ([]byte, error) {
	n := s.sums[doc+1] - s.sums[doc]
	if n < 0 || n > reader.BlockSize {
		return nil, errDamaged
	}
	b := make([]byte, n)
	_, err := s.aux.ReadAt(b, s.sums[doc])
	return b, err
}

// addTerm adds the documents that contain a term to out.
func (s *segmentReader) addTerm(term []byte, out *roaring.Bitmap) error {
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

// shapes calls f for each shape of the identifiers in the segment, until f
// fails.
func (s *segmentReader) shapes(f func(term []byte, shape token.Shape) error) error {
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

// wordChunk is how many bytes of the list of terms are searched at a time.
const wordChunk = 64 << 10

// words calls f for each word that contains part, until f returns false or
// fails. A newline at the beginning or end of part stands for the beginning or
// end of the word.
func (s *segmentReader) words(part []byte, f func(word []byte) (bool, error)) error {
	buf := make([]byte, min(wordChunk, s.terms-s.shape+1))
	at, end := auxTerms+s.shape-1, auxTerms+s.terms // include the newline before the first word
	kept := 0
	for at < end {
		n := min(int64(len(buf)-kept), end-at)
		if _, err := s.aux.ReadAt(buf[kept:kept+int(n)], at); err != nil {
			return err
		}
		at += n
		text := buf[:kept+int(n)]
		whole := bytes.LastIndexByte(text, '\n') + 1
		if whole <= 1 && at < end { // a word is longer than the buffer
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
			from = stop // keep the newline, which a match in the next word may begin with
		}
		if at == end {
			break
		}
		kept = copy(buf, text[whole-1:])
	}
	return nil
}

// addIdentifier adds the documents in among that may contain an identifier to
// out.
func (s *segmentReader) addIdentifier(hash uint64, among *roaring.Bitmap, out *roaring.Bitmap) error {
	var b [bucketSize]byte
	may := func(off int64, buckets int) (bool, error) {
		_, err := s.aux.ReadAt(b[:], off+int64(bucket(hash, buckets))*bucketSize)
		return err == nil && holds(b[:], hash), err
	}
	looked := map[*groupFilter]bool{}
	base := auxTerms + s.terms
	for it := among.Iterator(); it.HasNext(); {
		doc := int(it.Next())
		n := s.at[doc+1] - s.at[doc]
		if n == 0 {
			continue
		}
		if g := s.group[doc]; g != nil {
			held, ok := looked[g]
			if !ok {
				var err error
				if held, err = may(g.off, g.buckets); err != nil {
					return err
				}
				looked[g] = held
			}
			if !held {
				continue
			}
		}
		held, err := may(base+int64(s.at[doc])*bucketSize, n)
		if err != nil {
			return err
		}
		if held {
			out.Add(uint32(doc))
		}
	}
	return nil
}

// sameLines reports whether two texts have the same lines, in any order.
func sameLines(a, b []byte) bool {
	x, y := bytes.Split(a, newline), bytes.Split(b, newline)
	slices.SortFunc(x, bytes.Compare)
	slices.SortFunc(y, bytes.Compare)
	return slices.EqualFunc(x, y, bytes.Equal)
}

// verifyDoc returns an error if a term or identifier in t is not indexed for a
// document.
func (s *segmentReader) verifyDoc(t *blockTerms, doc int) error {
	return guard(func() error {
		docs, one := roaring.New(), roaring.BitmapOf(uint32(doc))
		var bad error
		has := func(term []byte) {
			docs.Clear()
			if err := s.addTerm(term, docs); err != nil {
				bad = err
			} else if !docs.Contains(uint32(doc)) {
				bad = fmt.Errorf("%q is not indexed", term)
			}
		}
		t.Words(has)
		t.Shapes(func(shape token.Shape) { has([]byte(shape.String())) })
		if bad == nil {
			counts, err := s.countsOf(doc)
			if err != nil {
				return err
			}
			if !sameLines(counts, appendCounts(nil, t)) {
				bad = errors.New("the numbers of lines with its words are wrong")
			}
		}
		for _, h := range t.IDs() {
			docs.Clear()
			if err := s.addIdentifier(h, one, docs); err != nil {
				return err
			}
			if docs.IsEmpty() {
				bad = fmt.Errorf("an identifier is not indexed")
			}
		}
		return bad
	})
}
