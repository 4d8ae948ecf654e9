package index

import (
	"encoding/binary"
	"fmt"

	bleve "github.com/blevesearch/bleve_index_api"
	segment "github.com/blevesearch/scorch_segment_api/v2"

	"logview/index/token"
)

// The parts of Bleve that are used, those that are not, and why.
//
// The blocks of the files below a root are the documents of one index of
// Bleve's, of its type scorch. Used are
//
//   - writing: batches of documents become segments, which Bleve persists,
//     merges, and rids of deleted documents (store.go);
//   - snapshots: a generation is a copy that Bleve makes of the index at one
//     moment, in a directory that scorch can open (generation.go). So can
//     bleve.Open: there is an index_meta.json and a mapping, so that Bleve's own
//     programs can inspect it;
//   - segments: a search reads the dictionaries and postings of a snapshot's
//     segments (segment.go).
//
// Not used are
//
//   - the package bleve itself, with mappings, analyzers and queries. Terms are
//     made by package token, which knows what lines of logs hold. A query for a
//     term took Bleve 7 ms, one for a part of a word 90 ms, where the bitmaps
//     of the segments are read in microseconds. The package would make the
//     program 5 MB larger;
//   - stored fields, term vectors, doc values, frequencies and norms, which a
//     search for blocks has no use for;
//   - Bleve's lock. An index that is open for writing excludes all readers.
//     Here each Builder writes into a directory of its own, and searches open
//     nothing but generations, which nobody writes to.
//
// Ours are, beside the segments: the filters of identifiers (as terms they made
// the index 17 times larger), a list of terms to find parts of words in (an
// automaton over a dictionary took 20 to 70 ms), and checksums, because scorch
// has none of its files.
//
// Importing scorch costs each start of the program about 4 ms, for two
// Levenshtein tables that fuzzy queries want. If the init function of scorch's
// snapshot_index.go left making them to getLevAutomaton, behind a sync.Once,
// this would be gone; nothing here could do it.

const (
	// termField is the field of the documents' terms.
	termField = "t"
	// storeName is the directory of scorch's files in Bleve's directory.
	storeName = "store"

	// bleveMeta is what Bleve wants in metaName to open a directory: here, to
	// read it.
	metaName  = "index_meta.json"
	bleveMeta = `{"storage":"","index_type":"scorch","config":{"read_only":true}}`

	// mappingKey and bleveMapping tell Bleve's queries about the field. Terms
	// are taken as they are; those of the index are in small letters.
	mappingKey   = "_mapping"
	bleveMapping = `{"default_mapping":{"enabled":true,"dynamic":false,"properties":{"` + termField + `":{"enabled":true,"dynamic":false,` +
		`"fields":[{"name":"` + termField + `","type":"text","analyzer":"keyword","index":true}]}}},` +
		`"type_field":"_type","default_type":"_default","default_analyzer":"keyword","default_datetime_parser":"dateTimeOptional",` +
		`"default_field":"` + termField + `","store_dynamic":false,"index_dynamic":false,"docvalues_dynamic":false}`
)

// A document is a block's terms in the form that Bleve takes them in. It
// does without Bleve's analysis: the terms are known, and each counts once.
// Its ID is the block's serial number, since Bleve's numbers of documents
// change when segments are merged.
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

// docID is the ID of the document with a serial number.
func docID(serial uint32) string { return string(binary.BigEndian.AppendUint32(nil, serial)) }

// serialOf is the serial number of a segment's document.
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

// terms is the field of a document's terms.
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

// An idField is the field that every segment wants its documents to have.
type idField struct {
	terms
	id []byte
}

func (f *idField) Name() string  { return "_id" }
func (f *idField) Value() []byte { return f.id }
func (f *idField) Options() bleve.FieldIndexingOptions {
	return bleve.IndexField | bleve.StoreField | bleve.SkipFreqNorm
}

// A blockBatch is the documents of some blocks, to be written together.
type blockBatch struct {
	docs    []*document
	serials []uint32
	filters [][]byte          // of each document's identifiers
	intern  map[string]string // one string for each term, whatever blocks it is in
	t       token.Terms
}

func newBlockBatch() *blockBatch { return &blockBatch{intern: map[string]string{}} }

// add makes a document of a block. It keeps nothing of text.
func (b *blockBatch) add(serial uint32, text []byte) {
	b.t.Block(text)
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
}
