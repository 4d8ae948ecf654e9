package index

import (
	"encoding/binary"
	"fmt"
	"math/bits"

	bleve "github.com/blevesearch/bleve_index_api"
	segment "github.com/blevesearch/scorch_segment_api/v2"

	"logview/index/token"
	"logview/reader/line"
)

// This file says which parts of Bleve are used, which are not, and why.
//
// The blocks of the files below a root are the documents of a Bleve index of
// type scorch. These parts are used:
//
//   - writing: batches of documents become segments, which Bleve persists,
//     merges, and purges of deleted documents (store.go);
//   - snapshots: a generation is a copy that Bleve makes of the index at one
//     moment, in a directory that scorch can open (generation.go). bleve.Open
//     can open it, too: there is an index_meta.json and a mapping, so that
//     Bleve's own programs can inspect it;
//   - segments: a search reads the dictionaries and postings of a snapshot's
//     segments (segment.go).
//
// These are not used:
//
//   - the package bleve itself, with mappings, analyzers and queries. Package
//     token makes the terms, because it knows what lines of logs contain. A
//     query for a term took Bleve 7 ms, and one for a part of a word 90 ms,
//     while the bitmaps of the segments are read in microseconds. The package
//     would make the program 5 MB larger;
//   - stored fields, term vectors, doc values, frequencies and norms, because a
//     search for blocks does not need them;
//   - Bleve's lock. An index that is open for writing excludes all readers.
//     Here each Builder writes into a directory of its own, and searches open
//     only generations, which are never written to.
//
// Our own files next to the segments contain the filters of identifiers (as
// terms they made the index 17 times larger), a list of terms for finding parts
// of words (an automaton over a dictionary took 20 to 70 ms), and checksums,
// because scorch has none for its files.
//
// Importing scorch adds about 4 ms to each start of the program, for two
// Levenshtein tables that fuzzy queries need. Scorch could avoid that by making
// them in getLevAutomaton, guarded by a sync.Once, instead of in the init
// function of snapshot_index.go; nothing can be done about it here.

const (
	// termField is the name of the field that contains the terms of a
	// document.
	termField = "t"
	// storeName is the name of scorch's directory within a Bleve directory.
	storeName = "store"

	// bleveMeta is the contents of the file metaName, which Bleve needs to
	// open a directory: here, read-only.
	metaName  = "index_meta.json"
	bleveMeta = `{"storage":"","index_type":"scorch","config":{"read_only":true}}`

	// bleveMapping, stored under mappingKey, describes the field to Bleve's
	// queries. They use terms as they are; the terms of the index are in
	// lower case.
	mappingKey   = "_mapping"
	bleveMapping = `{"default_mapping":{"enabled":true,"dynamic":false,"properties":{"` + termField + `":{"enabled":true,"dynamic":false,` +
		`"fields":[{"name":"` + termField + `","type":"text","analyzer":"keyword","index":true}]}}},` +
		`"type_field":"_type","default_type":"_default","default_analyzer":"keyword","default_datetime_parser":"dateTimeOptional",` +
		`"default_field":"` + termField + `","store_dynamic":false,"index_dynamic":false,"docvalues_dynamic":false}`
)

// A document presents a block's terms to Bleve. It bypasses Bleve's analysis:
// the terms are known, and each counts once. Its ID is the block's serial
// number, since Bleve's document numbers change when segments are merged.
type document struct {
	id    idField
	terms terms
}

func newDocument(serial uint32, of bleve.TokenFrequencies) *document {
	id := docID(serial)
	return &document{
		id:    idField{terms{bleve.TokenFrequencies{id: once}}, []byte(id)},
		terms: terms{of},
	}
}

// docID returns the ID of the document with a serial number.
func docID(serial uint32) string { return string(binary.BigEndian.AppendUint32(nil, serial)) }

// serialOf returns the serial number of a document of a segment.
func serialOf(seg segment.Segment, doc uint32) (uint32, error) {
	id, err := seg.DocID(uint64(doc))
	if err == nil && len(id) != 4 {
		err = fmt.Errorf("%w: document %d has an ID of %d bytes", errDamaged, doc, len(id))
	}
	if err != nil {
		return 0, err
	}
	return binary.BigEndian.Uint32(id), nil
}

// once is the frequency of every term: only its presence is recorded.
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

// terms is the field that contains a document's terms.
type terms struct{ of bleve.TokenFrequencies }

func (f *terms) Name() string             { return termField }
func (f *terms) Value() []byte            { return nil }
func (f *terms) ArrayPositions() []uint64 { return nil }
func (f *terms) EncodedFieldType() byte   { return 't' }
func (f *terms) Analyze()                 {}
func (f *terms) Options() bleve.FieldIndexingOptions {
	return bleve.IndexField | bleve.SkipFreqNorm
}
func (f *terms) AnalyzedLength() int                              { return 0 }
func (f *terms) AnalyzedTokenFrequencies() bleve.TokenFrequencies { return f.of }
func (f *terms) NumPlainTextBytes() uint64                        { return 0 }

// An idField is the ID field, which every segment requires of its documents.
type idField struct {
	terms
	id []byte
}

func (f *idField) Name() string  { return "_id" }
func (f *idField) Value() []byte { return f.id }
func (f *idField) Options() bleve.FieldIndexingOptions {
	return bleve.IndexField | bleve.StoreField | bleve.SkipFreqNorm
}

// A blockBatch contains the documents of some blocks that are written together.
type blockBatch struct {
	docs    []*document
	serials []uint32
	filters [][]byte          // filter of the identifiers of each document
	counts  [][]byte          // in how many lines of each document its frequent words are; see appendCounts
	ids     []uint64          // the identifiers of all
	intern  map[string]string // one string for each distinct term of the batch
	t       blockTerms
}

// blockTerms collects the terms of a block: those of its text, which a search for
// bytes needs, those of what is shown of it, which other searches need, and those of
// the names of its file's columns, which its lines do not contain.
type blockTerms struct {
	token.Terms
	shown line.Shown
}

// collect replaces the contents of t with the terms of a block's text, and of the names
// of its file's columns. The words of what is shown are counted.
func (t *blockTerms) collect(text, names []byte) {
	if t.shown.Set(text) {
		t.Block(t.shown.Text)
		t.Add(text)
	} else {
		t.Block(text)
	}
	t.Add(names)
}

func newBlockBatch() *blockBatch { return &blockBatch{intern: map[string]string{}} }

// add adds the document of a block, whose file has columns with names. It does not
// retain text.
func (b *blockBatch) add(serial uint32, text, names []byte) {
	b.t.collect(text, names)
	of := bleve.TokenFrequencies{}
	b.t.Words(func(word []byte) {
		s, ok := b.intern[string(word)]
		if !ok {
			s = string(word)
			b.intern[s] = s
		}
		of[s] = once
	})
	b.t.Shapes(func(s token.Shape) { of[s.String()] = once })
	b.docs = append(b.docs, newDocument(serial, of))
	b.serials = append(b.serials, serial)
	b.filters = append(b.filters, appendFilter(nil, b.t.IDs()))
	b.ids = append(b.ids, b.t.IDs()...)
	b.counts = append(b.counts, appendCounts(nil, &b.t))
}

// docFilters returns the filters of the documents, with the one that they share.
func (b *blockBatch) docFilters() []docFilter {
	out := make([]docFilter, len(b.filters))
	var group *groupFilter
	if len(b.filters) >= groupDocs && len(b.ids) > 0 {
		group = &groupFilter{bits: appendFilter(nil, distinct(b.ids))}
	}
	for i, f := range b.filters {
		out[i] = docFilter{own: f, group: group, counts: b.counts[i], bytes: len(f) + len(b.counts[i])}
		if group != nil {
			out[i].bytes += len(group.bits) / len(out)
		}
	}
	return out
}

// distinct returns the distinct hashes of list, in its memory.
func distinct(list []uint64) []uint64 {
	size := 1 << bits.Len(uint(2*len(list)))
	table := make([]uint64, size) // a hash table with open addressing; 0 is empty
	kept, zero := list[:0], false
	for _, h := range list {
		if h == 0 {
			if !zero {
				kept, zero = append(kept, 0), true
			}
			continue
		}
		p := h & uint64(size-1)
		for table[p] != 0 && table[p] != h {
			p = (p + 1) & uint64(size-1)
		}
		if table[p] == 0 {
			table[p] = h
			kept = append(kept, h)
		}
	}
	return kept
}
