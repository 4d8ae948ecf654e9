package gunzip

import (
	"testing"

	"logview/reader/readertest"
)

// FuzzReader compares the results for any input with those of the reference,
// see compare. With raw, the input is deflate data, so that the fuzzer need not
// guess a header.
func FuzzReader(f *testing.F) {
	text := logText(3000)
	for _, level := range []int{-2, 0, 1, 6, 9} {
		in := readertest.GzipLevel(text, level)
		f.Add(in, false)
		f.Add(in[10:], true)
		f.Add(append(in, readertest.GzipLevel(text[:30], level)...), false)
		f.Add(append(in, "\x00\x00garbage"...), false)
		f.Add(compressK(f, randomBytes(300), level), false)
		f.Add(readertest.GzipLevel(text[:60], level)[10:], true)
		f.Add(readertest.GzipLevel(make([]byte, 3000), level)[10:], true)
	}
	f.Add([]byte{}, false)
	f.Add([]byte("\x1f\x8b\x08\x1f0123456"), false)
	f.Fuzz(func(t *testing.T, in []byte, raw bool) {
		if raw {
			in = append([]byte(plainHeader), in...)
		}
		compare(t, in)
	})
}
