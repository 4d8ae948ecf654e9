package decode

import (
	"archive/zip"
	"bufio"
	"bytes"
	"compress/bzip2"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/flate"
	"github.com/ulikunitz/xz/lzma"

	"logview/reader"
)

// A zip file (APPNOTE.TXT of PKWARE) consists of members, each with a header,
// and a directory of them at its end. log4j, logback and NLog write one member
// per file, which is treated as a compressed file. A file with more members is
// an archive; see archive.go.
//
// The directory is read by archive/zip. In a truncated file, and in a pipe, there
// is only the header before each member, which says less (see zipHeader).

const (
	zipMethodStore   = 0
	zipMethodDeflate = 8
	zipMethodBzip2   = 12
	zipMethodLzma    = 14
	ZipMethodZstd    = 93
	zipMethodXz      = 95

	zipEndLen = 22 // length of the end of the directory, without its comment

	// maxZipDirectory limits the size of a directory: one of 100,000 members
	// has some 10 MiB and takes five times as much memory.
	maxZipDirectory = 16 << 20
)

// A zipEntry describes a member of a zip file.
type zipEntry struct {
	Name      string
	Modified  time.Time
	method    uint16
	encrypted bool
	Off       int64  // offset of its data
	Packed    int64  // length of its data; -1 if unknown
	Size      int64  // of the text; -1 if unknown
	crc       uint32 // of the text, if size is known
	eos       bool   // LZMA data ends with a mark
	trailer   bool   // lengths and checksum follow the data
	cut       bool   // the file has no directory
}

var errZipPart = errors.New("zip: damaged directory, or the last part of a split file; join its parts with zip -s 0")

var errZipCut = errors.New("zip: truncated: the directory at its end is missing")

// ZipEntries lists the members of the zip file f that are files. With an error,
// it also returns the members before the damage.
func ZipEntries(f io.ReaderAt, size int64) ([]*zipEntry, error) {
	z, err := ReadZipDirectory(f, size)
	if errors.Is(err, errZipDirectory) {
		return nil, err
	}
	if err != nil {
		out, err := zipWithoutDirectory(f, size)
		if len(out) == 0 && endsZip(f, size) {
			err = errZipPart
		}
		return out, err
	}
	var out []*zipEntry
	var bad error
	for _, e := range z.File {
		if !e.Mode().IsRegular() {
			continue
		}
		off, err := e.DataOffset()
		if err != nil || e.CompressedSize64 > uint64(size-off) || e.UncompressedSize64 > math.MaxInt64 {
			bad = fmt.Errorf("zip: member %q: damaged header", e.Name)
			continue
		}
		out = append(out, &zipEntry{
			Name: e.Name, Modified: e.Modified, method: e.Method, encrypted: e.Flags&1 != 0, eos: e.Flags&2 != 0,
			Off: off, Packed: int64(e.CompressedSize64), Size: int64(e.UncompressedSize64), crc: e.CRC32,
		})
	}
	// If members could share data, a small file could unpack to any size.
	byOffset := slices.Clone(out)
	slices.SortStableFunc(byOffset, func(a, b *zipEntry) int {
		return int(min(1, max(-1, a.Off-b.Off)))
	})
	end, last := int64(0), ""
	shared := map[*zipEntry]bool{}
	for _, e := range byOffset {
		if e.Off < end {
			shared[e] = true
			bad = fmt.Errorf("zip: member %q overlaps %q", e.Name, last)
			continue
		}
		end, last = e.Off+e.Packed, e.Name
	}
	if len(shared) > 0 {
		out = slices.DeleteFunc(out, func(e *zipEntry) bool { return shared[e] })
	}
	return out, bad
}

// endsZip reports whether a file of size bytes ends with the end of a zip
// directory. Anything may precede the members, such as a program that unpacks
// them.
func endsZip(f io.ReaderAt, size int64) bool {
	b := make([]byte, min(size, zipEndLen+math.MaxUint16)) // there may be a comment at the end
	n, _ := f.ReadAt(b, size-int64(len(b)))
	for b = b[:n]; ; {
		i := bytes.LastIndex(b, []byte("PK\x05\x06"))
		if i < 0 {
			return false
		}
		if n-i >= zipEndLen && int(binary.LittleEndian.Uint16(b[i:n:n][20:]))+zipEndLen <= n-i {
			return true
		}
		b = b[:i]
	}
}

// ReadZipDirectory reads the directory of a zip file, up to maxZipDirectory
// bytes.
func ReadZipDirectory(f io.ReaderAt, size int64) (z *zip.Reader, err error) {
	defer Recover(&err)
	return zip.NewReader(&boundedReaderAt{f, maxZipDirectory}, size)
}

var errZipDirectory = fmt.Errorf("zip: its directory is larger than %d MiB", maxZipDirectory>>20)

// A boundedReaderAt reads at most left bytes in total.
type boundedReaderAt struct {
	r    io.ReaderAt
	left int
}

func (b *boundedReaderAt) ReadAt(p []byte, off int64) (int, error) {
	if b.left -= len(p); b.left < 0 {
		return 0, errZipDirectory
	}
	return b.r.ReadAt(p, off)
}

// zipWithoutDirectory lists members by the headers before them. It always
// returns an error.
func zipWithoutDirectory(f io.ReaderAt, size int64) ([]*zipEntry, error) {
	var out []*zipEntry
	for at := int64(0); len(out) < MaxEntries; {
		src := &countingReader{r: io.NewSectionReader(f, at, size-at)}
		in := bufio.NewReader(src)
		e, err := zipHeader(in)
		if err != nil {
			break
		}
		e.Off, e.cut = at+src.n-int64(in.Buffered()), true
		next := size
		if e.Packed >= 0 && e.Packed <= size-e.Off {
			next = e.Off + e.Packed
		} else if e.Packed < 0 && e.method != zipMethodStore {
			// Only its data shows where it ends.
			data := &countingReader{r: io.NewSectionReader(f, e.Off, size-e.Off)}
			d := e.decoder(context.Background(), data, nil)
			_, err := io.Copy(io.Discard, d)
			if next = e.Off + d.Offset(); err != errZipCut {
				next = size
			}
			d.Release()
		}
		next = min(next, size)
		if e.Packed < 0 || e.Packed > next-e.Off {
			e.Packed = next - e.Off
		}
		if n := len(e.Name); n > 0 && e.Name[n-1] != '/' {
			out = append(out, e)
		}
		if at = next; at >= size {
			break
		}
	}
	return out, errZipCut
}

// zipHeader reads the header before a member.
func zipHeader(in *bufio.Reader) (*zipEntry, error) {
	if mark, _ := in.Peek(8); string(mark) == "PK\x07\x08PK\x03\x04" || string(mark) == "PK00PK\x03\x04" {
		_, _ = in.Discard(4)
	}
	h, err := in.Peek(30)
	if err != nil {
		return nil, io.ErrUnexpectedEOF
	}
	if string(h[:4]) != "PK\x03\x04" {
		return nil, zip.ErrFormat
	}
	u16 := func(at int) uint16 { return binary.LittleEndian.Uint16(h[at:]) }
	u32 := func(at int) int64 { return int64(binary.LittleEndian.Uint32(h[at:])) }
	flags := u16(6)
	e := &zipEntry{
		method: u16(8), encrypted: flags&1 != 0, eos: flags&2 != 0, trailer: flags&8 != 0,
		crc: uint32(u32(14)), Packed: u32(18), Size: u32(22),
	}
	d, t := u16(12), u16(10)
	e.Modified = time.Date(int(d>>9)+1980, time.Month(d>>5&15), int(d&31), int(t>>11), int(t>>5&63), int(t&31)*2, 0, time.UTC)
	names, extras := int(u16(26)), int(u16(28))
	_, _ = in.Discard(30)
	rest := make([]byte, names+extras)
	if _, err := io.ReadFull(in, rest); err != nil {
		return nil, io.ErrUnexpectedEOF
	}
	e.Name = string(rest[:names])
	for x := rest[names:]; len(x) >= 4; {
		id, n := binary.LittleEndian.Uint16(x), int(binary.LittleEndian.Uint16(x[2:]))
		x = x[4:]
		if n > len(x) {
			break
		}
		if id == 1 && n >= 16 { // zip64
			e.Size, e.Packed = int64(binary.LittleEndian.Uint64(x)), int64(binary.LittleEndian.Uint64(x[8:]))
		}
		x = x[n:]
	}
	if e.trailer && e.Packed == 0 {
		e.Packed, e.Size = -1, -1
	}
	if e.Packed < -1 || e.Size < -1 {
		return nil, zip.ErrFormat
	}
	return e, nil
}

// format implements Coding.
func (e *zipEntry) format() Format { return Zip }

// decoder implements Coding. The member's data starts at the position of src.
func (e *zipEntry) decoder(ctx context.Context, src *countingReader, turn *reader.Turn) decoder {
	w := &window{ctx: ctx, turn: turn}
	return &guarded{decoder: newZip(w, src, e), window: w}
}

// newZip returns a decoder of the member e, or, if that is nil, of the first
// member of a zip file, by the header before it. There are more members only
// if the file comes from a pipe.
func newZip(w *window, src *countingReader, e *zipEntry) decoder {
	return &zipDecoder{window: w, src: src, in: bufio.NewReader(src), entry: e}
}

// A zipDecoder decodes a member and checks its length and checksum.
type zipDecoder struct {
	window *window
	src    *countingReader
	in     *bufio.Reader
	entry  *zipEntry // nil until its header was read
	stream bool      // src has a header before the member, and may have data after it
	codec  io.Reader
	parts  decoder // the codec, if it is a decoder of this package
	flate  io.ReadCloser

	n   int64 // bytes of text so far
	crc uint32
	err error
}

var flatePool = sync.Pool{New: func() any { return flate.NewReader(EmptyReader{}) }}

// Read implements io.Reader.
func (d *zipDecoder) Read(p []byte) (int, error) {
	if d.err == nil && d.codec == nil {
		d.err = d.begin()
	}
	if d.err != nil || len(p) == 0 {
		return 0, d.err
	}
	size := d.entry.Size
	n, err := d.codec.Read(p)
	if size >= 0 && d.n+int64(n) > size {
		n, err = int(size-d.n), errors.New("the text is longer than its header says")
	}
	d.n += int64(n)
	d.crc = crc32.Update(d.crc, crc32.IEEETable, p[:n])
	if err == io.EOF {
		err = d.checkSum()
	}
	d.err = err
	return n, err
}

func (d *zipDecoder) begin() error {
	if d.entry == nil {
		if end, err := d.in.Peek(4); err == nil && string(end) == "PK\x05\x06" {
			return io.EOF // no members
		}
		e, err := zipHeader(d.in)
		for err == nil && strings.HasSuffix(e.Name, "/") && e.Packed <= 0 {
			if e.trailer && e.Packed < 0 {
				_, _, err = d.readTrailer()
			}
			if err == nil {
				e, err = zipHeader(d.in)
			}
		}
		if err != nil {
			return err
		}
		d.entry, d.stream = e, true
	}
	e := d.entry
	if e.encrypted {
		return errors.New("encrypted")
	}
	// The buffer is an io.ByteReader, so no codec reads beyond its data.
	var data io.Reader = d.in
	if e.Packed >= 0 && !(e.cut && e.trailer) {
		data = bufio.NewReader(io.LimitReader(d.in, e.Packed))
	}
	switch e.method {
	case zipMethodStore:
		if e.Packed < 0 {
			return errors.New("stored without a length")
		}
		d.codec = data
	case zipMethodDeflate:
		d.flate = flatePool.Get().(io.ReadCloser)
		if err := d.flate.(flate.Resetter).Reset(data, nil); err != nil {
			return err
		}
		d.codec = d.flate
	case zipMethodBzip2:
		d.codec = bzip2.NewReader(data)
	case ZipMethodZstd:
		d.parts = newPartDecoder(d.window, partFormats[Zstd], &countingReader{r: data})
		d.codec = d.parts
	case zipMethodXz:
		d.parts = newPartDecoder(d.window, partFormats[Xz], &countingReader{r: data})
		d.codec = d.parts
	case zipMethodLzma:
		return d.beginLzma(data)
	default:
		return fmt.Errorf("unknown compression method %d", e.method)
	}
	return nil
}

// beginLzma reads the version and the length of the properties, two bytes each,
// and the properties. A .lzma file starts with the same properties, followed by
// its size.
func (d *zipDecoder) beginLzma(data io.Reader) error {
	var h [9]byte
	if _, err := io.ReadFull(data, h[:]); err != nil {
		return io.ErrUnexpectedEOF
	}
	if h[2] != 5 || h[3] != 0 {
		return errors.New("damaged LZMA header")
	}
	size := uint64(math.MaxUint64)
	if !d.entry.eos && d.entry.Size >= 0 {
		size = uint64(d.entry.Size)
	}
	head := binary.LittleEndian.AppendUint64(h[4:9:9], size)
	if err := d.window.grow(int64(binary.LittleEndian.Uint32(h[5:]))); err != nil {
		return err
	}
	z, err := lzma.ReaderConfig{DictCap: maxWindow}.NewReader(io.MultiReader(bytes.NewReader(head), data))
	d.codec = z
	return err
}

// checkSum returns io.EOF if the member is complete and correct.
func (d *zipDecoder) checkSum() error {
	e := d.entry
	size, crc := e.Size, e.crc
	if e.trailer && d.stream || e.Size < 0 {
		var err error
		if size, crc, err = d.readTrailer(); err != nil {
			return err
		}
	}
	switch {
	case size >= 0 && d.n < size:
		return io.ErrUnexpectedEOF
	case size >= 0 && d.n > size:
		return errors.New("the text is longer than its header says")
	case d.crc != crc:
		return errors.New("wrong checksum")
	}
	if e.cut {
		return errZipCut
	}
	if !d.stream {
		return io.EOF
	}
	switch next, _ := d.in.Peek(4); {
	case len(next) < 4:
		return errZipCut
	case string(next) == "PK\x03\x04":
		return errors.New("several members, of which only the first can be read from a pipe; give the path of the file")
	}
	return io.EOF
}

// readTrailer reads the trailer of a member whose header has no lengths: an
// optional magic number, the checksum, and two lengths of 4 or 8 bytes.
func (d *zipDecoder) readTrailer() (size int64, crc uint32, err error) {
	if magic, _ := d.in.Peek(4); string(magic) == "PK\x07\x08" {
		_, _ = d.in.Discard(4)
	}
	b, err := d.in.Peek(12)
	if err != nil {
		return 0, 0, io.ErrUnexpectedEOF
	}
	crc = binary.LittleEndian.Uint32(b)
	size = int64(binary.LittleEndian.Uint32(b[8:]))
	n := 12
	// If the lengths have 8 bytes, another header follows them.
	if long, _ := d.in.Peek(24); len(long) == 24 && string(long[20:22]) == "PK" && string(long[12:14]) != "PK" {
		size, n = int64(binary.LittleEndian.Uint64(long[12:])), 20
	}
	_, _ = d.in.Discard(n)
	return size, crc, nil
}

func (d *zipDecoder) Offset() int64 { return d.src.n - int64(d.in.Buffered()) }

func (d *zipDecoder) Release() {
	if d.parts != nil {
		d.parts.Release()
	}
	if d.flate != nil {
		_ = d.flate.(flate.Resetter).Reset(EmptyReader{}, nil) // so that the file can be collected
		flatePool.Put(d.flate)
	}
	d.parts, d.flate, d.codec, d.err = nil, nil, nil, io.EOF
}
