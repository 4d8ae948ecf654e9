// Package decode turns the bytes of a file into text: it detects compression
// and encoding, continues after damage, and cuts the text into blocks of whole
// lines.
package decode

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/klauspost/compress/zlib"
	"golang.org/x/text/encoding/unicode/utf32"
	"golang.org/x/text/transform"

	"logview/reader"
	"logview/reader/gunzip"
	"logview/reader/lazyregexp"
)

// A Format is how a file is compressed. It is detected from the file's first
// bytes, not from its name: tinylog calls gzip .Z, and svlogd gives it no
// ending at all. The exceptions are in FormatNamed.
type Format string

const (
	Plain    Format = "plain"
	Gzip     Format = "gzip"
	Bzip2    Format = "bzip2"
	Xz       Format = "xz"
	Zstd     Format = "zstd"
	Lz4      Format = "lz4"
	Compress Format = "compress"
	Lzma     Format = "lzma"
	Brotli   Format = "brotli"
	Zlib     Format = "zlib"
	Zip      Format = "zip"
	UTF32    Format = "utf-32" // a charset, handled like a compression because its characters are not at their text offsets in the file
)

// MagicLen is the number of first bytes of a file that FormatOf needs.
const MagicLen = len("age-encryption.org/v1\n")

// pgp is the format of files encrypted by gpg. It has no magic number.
const pgp Format = "OpenPGP"

// Unreadable lists compressed formats that logview recognizes and cannot read.
// Their Format is their common name.
var Unreadable = []struct {
	Magic  string
	Format Format
}{
	{"7z\xbc\xaf\x27\x1c", "7-Zip"},
	{"Rar!\x1a\x07", "RAR"},
	{"LZIP\x01", "lzip"},
	{"LZIP\x00", "lzip"},
	{"MSCF\x00\x00\x00\x00", "cabinet"},
	{"\x89LZO\x00\r\n\x1a\n", "lzop"},
	{"LRZI\x00", "lrzip"},
	{"\xff\x06\x00\x00sNaPpY", "snappy"},
	{"RZIP\x02", "rzip"},
	{"!<arch>\n", "ar"}, // also the format of Debian packages
	{"age-encryption.org/v1\n", "age"},
	{"7kSt\xa0\x31\x83\xd3", "zpaq"},
	{"\x1f\x1e", "pack"},
	{"\x1f\xa0", "LZH"},
}

// CannotRead reports whether a format is one that logview cannot read.
func CannotRead(f Format) bool {
	for _, x := range Unreadable {
		if x.Format == f {
			return true
		}
	}
	return f == pgp
}

// FormatOf returns the format of a file by its first bytes, head. head is
// shorter than MagicLen only if the file is.
func FormatOf(head []byte) Format {
	has := func(magic string) bool { return bytes.HasPrefix(head, []byte(magic)) }
	switch {
	case has("\x1f\x8b"):
		return Gzip
	case has("BZh") && len(head) > 3 && head[3] >= '1' && head[3] <= '9' && len(head) > 5 &&
		(head[4] == 0x31 && head[5] == 0x41 || head[4] == 0x17 && head[5] == 0x72):
		return Bzip2 // the magic of a block or of the end of an empty stream follows; a line of text may start with BZh1
	case has("\xfd7zXZ\x00"):
		return Xz
	case has("\x28\xb5\x2f\xfd"), beginsSkippable(head):
		return Zstd // if it starts with skippable frames, what follows them decides: see formatAfterSkippable
	case has("\x04\x22\x4d\x18"), has("\x02\x21\x4c\x18"):
		return Lz4
	case has("\x1f\x9d"):
		return Compress
	case has("PK\x03\x04"), has("PK\x07\x08PK\x03\x04"), has("PK00PK\x03\x04"), has("PK\x05\x06") && len(head) > 6 && head[6] == 0:
		return Zip // a member follows, after a mark if the zip was or could be split, or the end of an empty zip
	case beginsUTF32(head):
		return UTF32
	case beginsLzma(head):
		return Lzma
	}
	for _, u := range Unreadable {
		if has(u.Magic) {
			return u.Format
		}
	}
	return Plain
}

// FormatNamed returns the format of a file that FormatOf does not recognize, by
// its name and its first bytes.
func FormatNamed(name string, head []byte) Format {
	if len(head) == 0 {
		return Plain
	}
	switch strings.ToLower(filepath.Ext(name)) {
	case ".br":
		if isBrotli(head) {
			return Brotli
		}
	case ".zz", ".zlib":
		if len(head) > 1 && head[0]&0xf == 8 && head[0]>>4 <= 7 && binary.BigEndian.Uint16(head)%31 == 0 {
			return Zlib
		}
	case ".gpg", ".pgp":
		// The tag of the first packet, in the old and in the new format.
		tag := head[0] & 0x3f
		if head[0]&0x40 == 0 {
			tag >>= 2
		}
		if head[0]&0x80 != 0 && strings.IndexByte("\x01\x02\x03\x04\x08\x09\x0b\x12\x14", tag) >= 0 {
			return pgp
		}
	}
	return Plain
}

// firstBytes are the first bytes of formats. A file with fewer bytes than these
// is not recognized by FormatOf.
var firstBytes = []struct {
	bytes  string
	format Format
}{
	{"\x1f\x8b", Gzip},
	{"BZh91AY", Bzip2},
	{xzMagic, Xz},
	{"\x28\xb5\x2f\xfd", Zstd},
	{"\x04\x22\x4d\x18", Lz4},
	{"\x02\x21\x4c\x18", Lz4},
	{"\x1f\x9d", Compress},
	{"PK\x03\x04", Zip},
	{"\x5d\x00\x00", Lzma},
	{"\x78\x9c", Zlib},
}

// partialFormat returns the format of a file whose name ends like that of a
// compressed file and that contains only the beginning of a magic number; Plain
// for other files. Such a file is being written, or was not written completely.
func partialFormat(path string, head []byte) Format {
	if len(head) == 0 || !ParseName(filepath.Base(path)).Compressed() && !ArchiveEnding.MatchString(path) {
		return Plain
	}
	for _, m := range firstBytes {
		if strings.HasPrefix(m.bytes, string(head)) {
			return m.format
		}
	}
	return Plain
}

// beginsUTF32 reports whether head starts with the byte order mark of UTF-32.
// The little-endian mark is that of UTF-16 followed by a NUL; the first
// character distinguishes them.
func beginsUTF32(head []byte) bool {
	return bytes.HasPrefix(head, []byte("\x00\x00\xfe\xff")) ||
		bytes.HasPrefix(head, []byte("\xff\xfe\x00\x00")) && len(head) >= 8 && head[4]|head[5] != 0 && head[6] <= 0x10 && head[7] == 0
}

// beginsSkippable reports whether head starts with a skippable frame, which
// both zstd and lz4 files may contain.
func beginsSkippable(head []byte) bool {
	return len(head) >= 4 && skippable(binary.LittleEndian.Uint32(head))
}

// formatAfterSkippable returns the format of a file that has skippable frames
// at offset at, by the first frame after them. It reads at most maxSkipped
// frame headers.
func formatAfterSkippable(f io.ReaderAt, at int64) Format {
	const maxSkipped = 1000
	var b [8]byte
	for range maxSkipped {
		n, _ := f.ReadAt(b[:], at)
		if n < len(b) || !beginsSkippable(b[:]) {
			if FormatOf(b[:n]) == Lz4 {
				return Lz4
			}
			break
		}
		at += 8 + int64(binary.LittleEndian.Uint32(b[4:]))
	}
	return Zstd
}

// A decoder decompresses a file. It returns everything that can be decoded
// before damage, and then the error.
type decoder interface {
	io.Reader
	// Offset returns the current offset in the file; after an error, the offset
	// of the error.
	Offset() int64
	// Release releases the decoder's memory. The decoder must not be used
	// afterwards.
	Release()
}

// A resumer is a decoder that can continue after damage.
type resumer interface {
	Resume(src *countingReader) error
}

// NewDecoder returns a decoder of r, which has the format f. The caller must
// release it. turn, if not nil, decides when it may allocate memory for a large
// window.
func NewDecoder(ctx context.Context, f Format, r io.Reader, turn *reader.Turn) decoder {
	return newCountedDecoder(ctx, f, &countingReader{r: r}, turn)
}

func newCountedDecoder(ctx context.Context, f Format, src *countingReader, turn *reader.Turn) decoder {
	w := &window{ctx: ctx, turn: turn}
	return &guarded{decoder: newBareDecoder(w, f, src), window: w}
}

// newBareDecoder is like NewDecoder, for callers that recover from panics and
// release w themselves.
func newBareDecoder(w *window, f Format, src *countingReader) decoder {
	switch f {
	case Gzip:
		z := gunzipPool.Get().(*gunzip.Reader)
		z.Reset(src)
		return &gzipDecoder{Reader: z}
	case Compress:
		return plainDecoder{newUncompress(src), src}
	case UTF32:
		return plainDecoder{transform.NewReader(src, utf32.UTF32(utf32.BigEndian, utf32.ExpectBOM).NewDecoder()), src}
	case Lzma:
		return newLzma(w, src)
	case Brotli:
		return newBrotli(w, src)
	case Zlib:
		return &zlibDecoder{src: src, in: bufio.NewReader(src)}
	case Zip:
		return newZip(w, src, nil)
	}
	if p, ok := partFormats[f]; ok {
		return newPartDecoder(w, p, src)
	}
	return plainDecoder{unsupportedReader{}, src}
}

// ErrUnreadable says that a file is in a format that cannot be read.
var ErrUnreadable = errors.New("this format cannot be read; unpack it with its own program")

// An unsupportedReader returns ErrUnreadable. It stands for a format that
// cannot be read.
type unsupportedReader struct{}

func (unsupportedReader) Read([]byte) (int, error) { return 0, ErrUnreadable }

// detectFormat sets t.Format to the format of f. n bytes of f have been read
// into t.head, and then err was returned. It returns the new n and err, which
// differ if f is a pipe, because it drops the skippable frames at the start of
// a pipe.
func (t *Text) detectFormat(f io.Reader, n int, err error, live bool) (int, error) {
	head := t.head[:]
	r, seekable := f.(io.ReaderAt)
	seekable = seekable && !live
	for !seekable && n >= 8 && beginsSkippable(head[:n]) {
		size := 8 + int64(binary.LittleEndian.Uint32(head[4:]))
		kept := 0
		if int64(n) > size {
			kept = copy(head, head[size:n])
		} else if _, err := io.CopyN(io.Discard, t.src, size-int64(n)); err != nil && err != io.EOF {
			return 0, err
		}
		n, err = readHead(t.src, head[kept:], MagicLen-kept, live)
		n += kept
	}
	t.Format = FormatOf(head[:n])
	named, _ := f.(File)
	switch {
	case t.Format == Zstd && seekable && beginsSkippable(head[:n]):
		t.Format = formatAfterSkippable(r, 0)
	case t.Format == Plain && named != nil:
		t.Format = FormatNamed(named.Name(), head[:n])
		if t.Format == Plain && err == io.EOF {
			t.Format = partialFormat(named.Name(), head[:n])
		}
		if t.Format == Plain && seekable && zipEnding.MatchString(named.Name()) {
			if info, serr := f.(File).Stat(); serr == nil && info.Mode().IsRegular() && endsZip(r, info.Size()) {
				t.Format = Zip
			}
		}
	}
	return n, err
}

// begin sets t.dec to a decoder of t.src, which reads f.
func (t *Text) begin(ctx context.Context, f io.Reader, turn *reader.Turn) {
	if c := codingOf(f); c != nil {
		t.dec = c.decoder(ctx, t.src, turn)
		return
	}
	if t.Format == Zip {
		if r, ok := f.(File); ok {
			if info, err := r.Stat(); err == nil && info.Mode().IsRegular() {
				switch members, err := ZipEntries(r, info.Size()); {
				case len(members) == 1 && (err == nil || err == errZipCut):
					e := members[0]
					t.src = &countingReader{r: io.NewSectionReader(r, e.Off, e.Packed)}
					t.dec = e.decoder(ctx, t.src, turn)
					return
				case len(members) > 1 || err != nil:
					t.Archive, t.Raw = ZipArchive, true
					t.dec = plainDecoder{EmptyReader{}, t.src}
					return
				}
			}
		}
	}
	t.dec = newCountedDecoder(ctx, t.Format, t.src, turn)
}

// IsPacked reports whether the file f, which starts with head, must be decoded.
func IsPacked(f File, head []byte) bool {
	if codingOf(f) != nil || FormatOf(head) != Plain {
		return true
	}
	switch strings.ToLower(filepath.Ext(f.Name())) {
	case ".br", ".zz", ".zlib", ".zip":
		return true
	}
	return false
}

// A Coding is the encoding of a member of an archive.
type Coding interface {
	format() Format
	decoder(ctx context.Context, src *countingReader, turn *reader.Turn) decoder
}

// codingOf returns the coding of a file that is compressed in an archive; nil
// for other files, whose format is detected.
func codingOf(f any) Coding {
	if c, ok := f.(interface{ MemberCoding() Coding }); ok {
		return c.MemberCoding()
	}
	return nil
}

// A File is the file of a member: an *os.File, or a part of an archive.
type File interface {
	io.Reader
	io.ReaderAt
	io.Seeker
	io.Closer
	Name() string
	Stat() (os.FileInfo, error)
}

// An innerDecoder decodes text of another decoder that turned out to be
// compressed, too.
type innerDecoder struct {
	decoder
	outer decoder
}

// newInner returns a decoder of the text of outer, which has the format f. head
// has been read of it, and then err was returned.
func newInner(ctx context.Context, outer decoder, f Format, head []byte, err error, turn *reader.Turn) decoder {
	rest := io.Reader(outer)
	if err != nil {
		rest = &replay{err: err, r: EmptyReader{}}
	}
	src := &countingReader{r: io.MultiReader(bytes.NewReader(head), rest)}
	return &innerDecoder{newCountedDecoder(ctx, f, src, turn), outer}
}

func (d *innerDecoder) Offset() int64 { return d.outer.Offset() }

func (d *innerDecoder) Release() {
	d.decoder.Release()
	d.outer.Release()
}

type plainDecoder struct {
	io.Reader
	src *countingReader
}

func (d plainDecoder) Offset() int64 { return d.src.n }
func (plainDecoder) Release()        {}

// A zlibDecoder decodes zlib streams, one after the other.
type zlibDecoder struct {
	src *countingReader
	in  *bufio.Reader
	z   io.ReadCloser
}

func (d *zlibDecoder) Read(p []byte) (int, error) {
	var err error
	if d.z == nil {
		if d.z, err = zlib.NewReader(d.in); err != nil {
			return 0, err
		}
	}
	for {
		n, err := d.z.Read(p)
		if err != io.EOF || n > 0 {
			return n, err
		}
		if _, err := d.in.Peek(1); err != nil {
			return 0, err
		}
		if err := d.z.(zlib.Resetter).Reset(d.in, nil); err != nil {
			return 0, err
		}
	}
}

func (d *zlibDecoder) Offset() int64 { return d.src.n - int64(d.in.Buffered()) }
func (d *zlibDecoder) Release()      {}

var gunzipPool = sync.Pool{New: func() any { return gunzip.NewReader(EmptyReader{}) }}

type gzipDecoder struct {
	*gunzip.Reader
	base    int64 // offset in the file of the first byte that Reader reads
	scanned int64 // number of bytes that were read again
}

// Offset returns the current offset in the file.
func (d *gzipDecoder) Offset() int64 { return d.base + d.InputOffset() }

// Resume continues with the next member. If a member is truncated and another
// one follows it, the damage is noticed only well inside the second one. So if
// src can seek, Resume searches from the start of the damaged member. The work
// that a crafted file can cause is limited as in salvage.go.
func (d *gzipDecoder) Resume(src *countingReader) error {
	from, at := d.base+d.MemberOffset()+1, d.Offset()
	s, ok := src.r.(io.ReadSeeker)
	if ok && d.scanned+at-from <= salvageFree+2*at {
		if _, err := s.Seek(from, io.SeekStart); err == nil {
			d.scanned += max(0, at-from)
			d.base = from
			src.n = d.base
			d.Reset(src)
			// The rest of a header is not a member, and its error lets
			// NextMember continue. But after garbage a member may start right
			// there.
			var p [1]byte
			if n, _ := d.Read(p[:]); n > 0 {
				if _, err := s.Seek(from, io.SeekStart); err != nil {
					return err
				}
				src.n = from
				d.Reset(src)
				return nil
			}
		}
	}
	return d.NextMember()
}

func (d *gzipDecoder) Release() {
	d.Reset(EmptyReader{}) // the pool must not keep the file reachable
	gunzipPool.Put(d.Reader)
}

// An EmptyReader is a reader that is at its end.
type EmptyReader struct{}

// Read returns io.EOF.
func (EmptyReader) Read([]byte) (int, error) { return 0, io.EOF }

// A countingReader counts the bytes that are read through it.
type countingReader struct {
	r   io.Reader
	n   int64
	end int64 // offset at which reading ends if r does not end before; 0 for no limit
}

func (c *countingReader) Read(p []byte) (int, error) {
	if c.end > 0 {
		if c.n >= c.end {
			return 0, io.EOF
		}
		p = p[:min(int64(len(p)), c.end-c.n)]
	}
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// Describe explains a decoder's error to the user.
func Describe(f Format, err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return &decodeError{string(f) + ": cut off: the file ends before its data does", err}
	}
	if ce := (*gunzip.CorruptError)(nil); errors.As(err, &ce) {
		return &decodeError{string(f) + ": " + ce.What, err}
	}
	return &decodeError{string(f) + ": " + strings.TrimPrefix(err.Error(), string(f)+": "), err}
}

type decodeError struct {
	msg string
	err error
}

func (e *decodeError) Error() string { return e.msg }
func (e *decodeError) Unwrap() error { return e.err }

// MaxEntries is the maximum number of members of an archive that are read.
const MaxEntries = 100_000

// ArchiveEnding matches the names of archives.
var ArchiveEnding = lazyregexp.New(`(?i)\.(?:tar|tar\.(?:gz|bz2|xz|zst|zstd|lz4|z|lzma|br)|tgz|taz|tbz2?|txz|tzst|tlz|zip)$`)

// An ArchiveKind is the format of an archive; empty for other files.
type ArchiveKind string

const (
	TarArchive ArchiveKind = "tar"
	ZipArchive ArchiveKind = "zip"
)

// IsTar reports whether head is the beginning of a tar archive, based on the
// checksum of the first header.
func IsTar(head []byte) bool {
	const block = 512
	if len(head) < block || head[0] == 0 {
		return false
	}
	const from, to = 148, 156 // of the checksum in the header, which is in octal digits
	want, seen := int64(0), false
	for _, c := range head[from:to] {
		switch {
		case c >= '0' && c <= '7':
			want, seen = want*8+int64(c-'0'), true
		case c != ' ' && c != 0:
			return false
		}
	}
	if !seen {
		return false
	}
	// The checksum is the sum of all bytes of the header, with blanks in place
	// of the checksum.
	sum := int64((to - from) * ' ')
	for i, c := range head[:block] {
		if i < from || i >= to {
			sum += int64(c)
		}
	}
	return sum == want
}

// IsTarName reports whether a file is named like a tar archive.
func IsTarName(path string) bool {
	return ArchiveEnding.MatchString(path) && !zipEnding.MatchString(path)
}
