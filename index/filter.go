package index

import "encoding/binary"

// A filter tells which identifiers a block may contain, by their hashes. It is
// a split block Bloom filter: buckets of 32 bytes, of which one is read for a
// hash. Source: "Cache-, Hash- and Space-Efficient Bloom Filters" (Putze,
// Sanders, Singler), in the form given by the specification of Parquet.
//
// Measured on generated logs, which have 5,000 identifiers per block: as terms
// of the index, by 16 bits of hash, they took 8% of the text's size, halved the
// speed of building, and admitted 7% of the blocks for an identifier. As
// filters, they take 1.3% and admit less than 1%.
const (
	bucketSize = 32
	filterBits = 12 // bits per identifier
	groupDocs  = 8  // the least number of documents that share a filter
)

// A docFilter is the filter of a document's identifiers, and the one that it shares. It also
// has the counts of its words.
type docFilter struct {
	own   []byte
	group *groupFilter // nil if it shares none
	bytes int          // its part of the memory for all

	counts []byte // of its frequent words; see appendCounts
}

// A groupFilter is a filter that several documents share. It is in memory, or in a segment.
type groupFilter struct {
	bits    []byte
	segment *segmentReader // if it is not nil, it has the filter at off, of some buckets
	off     int64
	buckets int
}

// read returns the filter.
func (g *groupFilter) read() ([]byte, error) {
	if g.segment == nil {
		return g.bits, nil
	}
	b := make([]byte, g.buckets*bucketSize)
	_, err := g.segment.aux.ReadAt(b, g.off)
	return b, err
}

var salts = [8]uint32{
	0x47b6137b, 0x44974d91, 0x8824ad5b, 0xa2b7289d,
	0x705495c7, 0x2df1424b, 0x9efc4947, 0x5c6bfb31,
}

// appendFilter appends the filter for hashes to dst; nothing if there are none.
func appendFilter(dst []byte, hashes []uint64) []byte {
	if len(hashes) == 0 {
		return dst
	}
	n := (len(hashes)*filterBits + bucketSize*8 - 1) / (bucketSize * 8)
	at := len(dst)
	dst = append(dst, make([]byte, n*bucketSize)...)
	for _, h := range hashes {
		b := dst[at+bucket(h, n)*bucketSize:][:bucketSize]
		for i, salt := range salts {
			word := b[4*i:]
			binary.LittleEndian.PutUint32(word, binary.LittleEndian.Uint32(word)|1<<(uint32(h)*salt>>27))
		}
	}
	return dst
}

// bucket returns the index of the bucket, of n, that contains the hash h.
func bucket(h uint64, n int) int { return int(h >> 32 * uint64(n) >> 32) }

// holds reports whether the bucket b may contain the hash h.
func holds(b []byte, h uint64) bool {
	for i, salt := range salts {
		if binary.LittleEndian.Uint32(b[4*i:])&(1<<(uint32(h)*salt>>27)) == 0 {
			return false
		}
	}
	return true
}
