package gunzip

import (
	"bytes"
	"io"
	"testing"

	"logview/reader/readertest"

	kgzip "github.com/klauspost/compress/gzip"
)

// BenchmarkReader decodes log text compressed like gzip -6.
func BenchmarkReader(b *testing.B) {
	data := logText(16 << 20)
	in := readertest.GzipLevel(data, 6)
	p := make([]byte, 256<<10)
	run := func(b *testing.B, open func() io.Reader) {
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			r, n := open(), 0
			for {
				m, err := r.Read(p)
				n += m
				if err == io.EOF {
					break
				}
				if err != nil {
					b.Fatal(err)
				}
			}
			if n != len(data) {
				b.Fatal(n)
			}
		}
	}
	b.Run("own", func(b *testing.B) {
		z := NewReader(nil)
		run(b, func() io.Reader {
			z.Reset(bytes.NewReader(in))
			return z
		})
	})
	b.Run("klauspost", func(b *testing.B) {
		z := new(kgzip.Reader)
		run(b, func() io.Reader {
			if err := z.Reset(bytes.NewReader(in)); err != nil {
				b.Fatal(err)
			}
			return z
		})
	})
}
