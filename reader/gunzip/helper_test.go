package gunzip

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"testing"

	kgzip "github.com/klauspost/compress/gzip"
)

// logText returns n bytes of lines like those of servers: the same words,
// similar times, and a few numbers that differ. They compress to about a ninth.
func logText(n int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	paths := []string{"/", "/index.html", "/api/v1/users", "/api/v1/orders/list", "/static/app.js", "/login"}
	agents := []string{
		"Mozilla/5.0 (X11; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/115.0",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36",
		"curl/8.5.0",
	}
	var b bytes.Buffer
	for t := 0; b.Len() < n; t += r.IntN(2) {
		clock := fmt.Sprintf("%02d:%02d:%02d", 6+t/3600%18, t/60%60, t%60)
		if r.IntN(4) == 0 {
			fmt.Fprintf(&b, "2024-03-11 %s,%03d INFO dfs.DataNode$PacketResponder: PacketResponder %d for block blk_388650490641%06d terminating\n",
				clock, r.IntN(1000), r.IntN(3), r.IntN(1000000))
			continue
		}
		fmt.Fprintf(&b, "192.168.0.%d - - [11/Mar/2024:%s +0000] \"GET %s HTTP/1.1\" %d %d \"-\" \"%s\" 0.%03d %04x\n",
			r.IntN(256), clock, paths[r.IntN(len(paths))], 200+100*r.IntN(3), r.IntN(30000), agents[r.IntN(len(agents))], r.IntN(1000), r.IntN(1<<16))
	}
	return b.Bytes()[:n]
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{1})
	r.Read(b)
	return b
}

// compressK returns data as one gzip member written by klauspost/compress.
func compressK(t testing.TB, data []byte, level int) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := kgzip.NewWriterLevel(&b, level)
	if err != nil {
		t.Fatal(err)
	}
	w.Write(data)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// plainHeader is the shortest header of a member.
const plainHeader = "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"

// member returns a gzip member of deflate data that decodes to data.
func member(deflate, data []byte) []byte {
	b := append([]byte(plainHeader), deflate...)
	b = binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(data))
	return binary.LittleEndian.AppendUint32(b, uint32(len(data)))
}

// A bitWriter writes deflate data bit by bit.
type bitWriter struct {
	b []byte
	n int // number of bits in b
}

// bits writes the n lowest bits of v, lowest first.
func (w *bitWriter) bits(v, n int) {
	for i := range n {
		if w.n%8 == 0 {
			w.b = append(w.b, 0)
		}
		w.b[w.n/8] |= byte(v>>i&1) << (w.n % 8)
		w.n++
	}
}

// code writes a prefix code of n bits, highest first.
func (w *bitWriter) code(v, n int) {
	for n--; n >= 0; n-- {
		w.bits(v>>n, 1)
	}
}

// fixed writes a literal/length symbol in the fixed code.
func (w *bitWriter) fixed(s int) {
	switch {
	case s < 144:
		w.code(0x30+s, 8)
	case s < 256:
		w.code(0x190+s-144, 9)
	case s < 280:
		w.code(s-256, 7)
	default:
		w.code(0xc0+s-280, 8)
	}
}

// match writes a match in the fixed code.
func (w *bitWriter) match(length, dist int) {
	s := 285
	for ; s > 257; s-- {
		if lengthOf(s) <= length {
			break
		}
	}
	w.fixed(s)
	w.bits(length-lengthOf(s), lengthExtra(s))
	d := 29
	for ; d > 0; d-- {
		if distOf(d) <= dist {
			break
		}
	}
	w.code(d, 5)
	w.bits(dist-distOf(d), max(0, d/2-1))
}

// stored writes a stored block of at most 65535 bytes.
func (w *bitWriter) stored(data []byte, final int) {
	w.bits(final, 1)
	w.bits(0, 2)
	w.n = (w.n + 7) &^ 7
	w.b = binary.LittleEndian.AppendUint16(w.b, uint16(len(data)))
	w.b = binary.LittleEndian.AppendUint16(w.b, ^uint16(len(data)))
	w.b = append(w.b, data...)
	w.n = 8 * len(w.b)
}

// The tables of section 3.2.5.
var (
	lengths = [...]int{3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59,
		67, 83, 99, 115, 131, 163, 195, 227, 258}
	lengthBits = [...]int{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3,
		4, 4, 4, 4, 5, 5, 5, 5, 0}
	dists = [...]int{1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769,
		1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577}
)

func lengthOf(s int) int    { return lengths[s-257] }
func lengthExtra(s int) int { return lengthBits[s-257] }
func distOf(d int) int      { return dists[d] }

// reference decodes in with compress/gzip, member by member, and handles
// padding and garbage as this package does. It returns nil for io.EOF.
func reference(in []byte) (data []byte, trailing int64, err error) {
	if len(in) == 0 {
		return nil, 0, nil
	}
	src := bytes.NewReader(in)
	br := bufio.NewReader(src)
	var z gzip.Reader
	for first := true; ; first = false {
		if !first {
			for {
				c, err := br.ReadByte()
				if err != nil {
					return data, 0, nil
				}
				if c != 0 {
					br.UnreadByte()
					break
				}
			}
			h, _ := br.Peek(2)
			if h[0] != 0x1f || len(h) == 2 && h[1] != 0x8b {
				return data, int64(src.Len() + br.Buffered()), nil
			}
		}
		if err := z.Reset(br); err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return data, 0, err
		}
		z.Multistream(false)
		part, err := io.ReadAll(&z)
		data = append(data, part...)
		if err != nil {
			return data, 0, err
		}
	}
}

// emptyReader returns 0, nil before every read of its source.
type emptyReader struct {
	r     io.Reader
	ready bool
}

func (e *emptyReader) Read(p []byte) (int, error) {
	if e.ready = !e.ready; e.ready {
		return 0, nil
	}
	return e.r.Read(p[:min(len(p), 3)])
}

// commonPrefix returns the length of the common prefix of a and b.
func commonPrefix(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}
