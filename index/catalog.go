package index

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"os"
	"path/filepath"
	"time"

	"logview/reader"
	"logview/reader/blockstore"
	"logview/reader/decode"
)

// A catalog lists the files that an index covers, the generation that contains
// their blocks, and the blocks' serial numbers. It is the only file of an index
// that is replaced: a search reads one catalog and the generation that it
// names, and is not affected by concurrent builds. Its format, with numbers as
// varints unless noted:
//
//	"LVX7"                    magic and version
//	root                      length and bytes: the directory
//	built                     nanoseconds since 1970
//	next                      the serial number of the next block
//	generation                its directory (length and bytes; empty if there is none, and then
//	                          nothing else); size of root.bolt, modification time in
//	                          nanoseconds since 1970 and CRC-32C (4 bytes)
//	count segments:           Bleve's number, documents, least and greatest serial number, and
//	                          the same for ID.zap and ID.aux as for root.bolt
//	count members:            path below root (length and bytes), device, inode, size,
//	                          modification time and change time,
//	                          flags (1 direct, 2 binary, 4 partial), length of the byte order mark,
//	                          the encoding that was set (length and bytes; empty if it was detected),
//	                          and, unless binary: length and 16 bytes of the ID, CRC-32 of
//	                          the text's end and of all but its last block (4 bytes each), size
//	                          and lines of the text, blocks, table (length and bytes, in the
//	                          format of reader.Table), count extents: first block, blocks,
//	                          serial number of the first
//	crc                       4 bytes, CRC-32C of everything before
//
// Versions:
//
//  1. 2026-11: the first.
//  2. 2026-11: encodings, and tables of version 2.
//  3. 2026-11: one Bleve index, with a directory for each generation, and
//     documents with serial numbers; before that, shards, each a segment of
//     Bleve's in the directory of the index.
//  4. 2026-11: the terms of what is shown of a text, in addition to its own.
//  5. 2026-11: the names of a file's columns are terms of its blocks.
//  6. 2026-11: tables of version 5; later also those of versions 6 and 7; a build brings older ones up to date.
//  7. 2026-11: numbers of four digits are identifiers, the runs inside UUIDs are none, and
//     documents share filters.
//
// If a catalog is damaged, or of another version or directory, the index is
// built anew.
type catalog struct {
	root       string
	built      time.Time
	next       uint32
	generation *generationInfo // nil if no block is indexed
	members    []*entry
}

// An entry describes a file in a catalog.
type entry struct {
	path   string // relative to the root, with slashes
	stamp  reader.Stamp
	direct bool // the file's bytes, after the first bom, are the text
	bom    int
	// encoding is the encoding that the user gave for the file; empty if it was
	// detected. With another encoding, the entry cannot be used.
	encoding decode.Charset
	binary   bool // the file is not text; the fields below are not set
	partial  bool // the text continues, but indexing was interrupted
	id       reader.ID
	tail     uint32 // CRC-32 of the last tailSize bytes of the text
	lead     uint32 // CRC-32 of the text before the line in which the last block begins
	size     reader.Offset
	lines    int64
	blocks   int
	packed   []byte        // the encoded table
	table    *reader.Table // the decoded table; nil if not decoded yet
	extents  []extent
}

// tailSize is how many bytes at the end of the old text are compared to check that
// a file has only grown.
const tailSize = 4 << 10

// An extent is a sequence of blocks of a member that are documents with
// consecutive serial numbers.
type extent struct {
	block  int // the first block
	n      int
	serial uint32 // serial number of the first block
}

const (
	catalogMagic = "LVX7"
	catalogName  = "catalog"

	flagDirect  = 1
	flagBinary  = 2
	flagPartial = 4
)

// blockTable returns the entry's block table.
func (e *entry) blockTable() (*reader.Table, error) {
	if e.table == nil {
		t, err := reader.DecodeTable(e.packed)
		if err != nil {
			return nil, err
		}
		if len(t.Blocks) != e.blocks || t.Size != e.size {
			return nil, errDamaged
		}
		e.table = t
	}
	return e.table, nil
}

// isOutdated reports whether the times and levels in the entry's table are not known
// because they were found by other rules.
func (e *entry) isOutdated() bool {
	if e.table != nil {
		return e.table.Outdated
	}
	return !e.binary && reader.IsOutdated(e.packed)
}

// covers reports whether a block is indexed.
func (e *entry) covers(block int) bool {
	for _, x := range e.extents {
		if block >= x.block && block < x.block+x.n {
			return true
		}
	}
	return false
}

func (c *catalog) encode() []byte {
	b := []byte(catalogMagic)
	num := func(list ...int64) {
		for _, v := range list {
			b = binary.AppendVarint(b, v)
		}
	}
	str := func(s string) {
		num(int64(len(s)))
		b = append(b, s...)
	}
	word := func(v uint32) { b = binary.LittleEndian.AppendUint32(b, v) }
	str(c.root)
	file := func(f fileInfo) {
		num(f.size, f.stamp)
		word(f.crc)
	}
	num(c.built.UnixNano(), int64(c.next))
	if g := c.generation; g == nil {
		str("")
	} else {
		str(g.name)
		file(g.bolt)
		num(int64(len(g.segments)))
		for _, s := range g.segments {
			num(int64(s.id), int64(s.docs), int64(s.first), int64(s.last))
			file(s.zap)
			file(s.aux)
		}
	}
	num(int64(len(c.members)))
	for _, e := range c.members {
		flags := int64(0)
		for i, set := range []bool{e.direct, e.binary, e.partial} {
			if set {
				flags |= 1 << i
			}
		}
		str(e.path)
		num(int64(e.stamp.Dev), int64(e.stamp.Ino), e.stamp.Size, e.stamp.ModTime, e.stamp.Changed, flags, int64(e.bom))
		str(string(e.encoding))
		if e.binary {
			continue
		}
		num(int64(e.id.Len))
		b = append(b, e.id.Sum[:]...)
		word(e.tail)
		word(e.lead)
		if e.packed == nil {
			e.packed = e.table.Encode()
		}
		num(int64(e.size), e.lines, int64(e.blocks))
		str(string(e.packed))
		num(int64(len(e.extents)))
		for _, x := range e.extents {
			num(int64(x.block), int64(x.n), int64(x.serial))
		}
	}
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

var errCatalog = errors.New("damaged catalog")

// decodeCatalog decodes a catalog that encode wrote. It checks all numbers, so
// that the catalog can be used without further checks, whatever the bytes are.
func decodeCatalog(b []byte) (*catalog, error) {
	if len(b) < len(catalogMagic)+4 || string(b[:3]) != catalogMagic[:3] {
		return nil, errCatalog
	}
	if string(b[:len(catalogMagic)]) != catalogMagic {
		return nil, fmt.Errorf("written by another version of logview (%q, not %q)", b[:len(catalogMagic)], catalogMagic)
	}
	body, sum := b[:len(b)-4], b[len(b)-4:]
	if crc32.Checksum(body, castagnoli) != binary.LittleEndian.Uint32(sum) {
		return nil, errCatalog
	}
	d := decoder{b: body[len(catalogMagic):]}
	c := &catalog{root: d.str(), built: time.Unix(0, d.num()), next: d.serial()}
	if name := d.str(); name != "" {
		g := &generationInfo{name: name, bolt: d.file()}
		if name != filepath.Base(name) {
			d.bad = true
		}
		for range d.count() {
			s := &segmentInfo{id: uint64(d.num()), docs: int(d.num()), first: d.serial(), last: d.serial(), zap: d.file(), aux: d.file()}
			if s.docs < 1 || s.first > s.last {
				d.bad = true
			}
			g.segments = append(g.segments, s)
		}
		c.generation = g
	}
	n := d.count()
	c.members = make([]*entry, 0, n)
	entries := make([]entry, n) // one allocation for all entries
	for i := range n {
		e := &entries[i]
		e.path = d.str()
		e.stamp = reader.Stamp{Dev: uint64(d.num()), Ino: uint64(d.num()), Size: d.num(), ModTime: d.num(), Changed: d.num()}
		flags := d.num()
		e.direct, e.binary, e.partial = flags&flagDirect != 0, flags&flagBinary != 0, flags&flagPartial != 0
		e.bom = int(d.num())
		e.encoding = decode.Charset(d.str())
		c.members = append(c.members, e)
		if e.binary {
			continue
		}
		e.id.Len = int(d.num())
		copy(e.id.Sum[:], d.bytes(len(e.id.Sum)))
		e.tail, e.lead = d.word(), d.word()
		e.size, e.lines, e.blocks = reader.Offset(d.num()), d.num(), int(d.num())
		e.packed = d.bytes(int(d.num()))
		at := 0
		for range d.count() {
			x := extent{block: int(d.num()), n: int(d.num()), serial: d.serial()}
			if x.block < at || x.n < 1 || x.n > e.blocks-x.block || int64(x.serial)+int64(x.n) > int64(c.next) || c.generation == nil {
				return nil, errCatalog
			}
			at = x.block + x.n
			e.extents = append(e.extents, x)
		}
	}
	if d.bad || len(d.b) > 0 {
		return nil, errCatalog
	}
	return c, nil
}

// A decoder reads numbers and strings from b. At the end of b, it returns zero
// values and sets bad.
type decoder struct {
	b   []byte
	bad bool
}

func (d *decoder) num() int64 {
	v, n := binary.Varint(d.b)
	if n <= 0 {
		d.bad, d.b = true, nil
		return 0
	}
	d.b = d.b[n:]
	return v
}

// count reads the number of items in a list. An item takes at least a byte.
func (d *decoder) count() int {
	n := d.num()
	if n < 0 || n > int64(len(d.b)) {
		d.bad = true
		return 0
	}
	return int(n)
}

func (d *decoder) bytes(n int) []byte {
	if n < 0 || n > len(d.b) {
		d.bad, d.b = true, nil
		return nil
	}
	b := d.b[:n:n]
	d.b = d.b[n:]
	return b
}

func (d *decoder) str() string { return string(d.bytes(int(d.num()))) }

func (d *decoder) word() uint32 {
	if b := d.bytes(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

// serial reads a serial number.
func (d *decoder) serial() uint32 {
	n := d.num()
	if n < 0 || n > math.MaxUint32 {
		d.bad = true
		return 0
	}
	return uint32(n)
}

func (d *decoder) file() fileInfo { return fileInfo{size: d.num(), stamp: d.num(), crc: d.word()} }

// readCatalog reads the catalog in dir. The error wraps fs.ErrNotExist if there
// is none.
func readCatalog(dir string) (*catalog, error) {
	f, err := blockstore.OpenKept(filepath.Join(dir, catalogName))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	// The size is that of the whole catalog, which is replaced as a file.
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	b := make([]byte, info.Size())
	if _, err := io.ReadFull(f, b); err != nil {
		return nil, err
	}
	return decodeCatalog(b)
}

// write replaces the catalog in dir atomically.
func (c *catalog) write(dir string) error {
	f, err := os.CreateTemp(dir, tmpPrefix)
	if err != nil {
		return err
	}
	_, err = f.Write(c.encode())
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	path := filepath.Join(dir, catalogName)
	if there, serr := os.Lstat(path); err == nil && serr == nil && !there.Mode().IsRegular() {
		err = errors.New(catalogName + " is not a regular file; delete it")
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

const tmpPrefix = "tmp-"
