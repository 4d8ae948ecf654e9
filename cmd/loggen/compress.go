package main

import (
	"fmt"
	"io"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

type compression uint8

const (
	compressNone compression = iota
	compressGzip
	compressZstd
	compressXz
)

func (c compression) String() string { return [...]string{"none", "gz", "zst", "xz"}[c] }

func parseCompression(s string) (compression, error) {
	for c := compressNone; c <= compressXz; c++ {
		if s == c.String() {
			return c, nil
		}
	}
	return 0, fmt.Errorf("-compress %q: not one of gz, zst, xz, none", s)
}

// A packer compresses members, one after the other. It reuses its encoders,
// whose tables take longer to make than a small member to compress. It must be
// used by one goroutine at a time.
type packer struct {
	gz *gzip.Writer
	zs *zstd.Encoder
}

// pack returns a writer that compresses to w. The gzip header contains mtime,
// the time of the plain file, as with gzip(1).
func (p *packer) pack(w io.Writer, c compression, mtime time.Time) (io.WriteCloser, error) {
	switch c {
	case compressGzip:
		if p.gz == nil {
			p.gz = gzip.NewWriter(w)
		} else {
			p.gz.Reset(w)
		}
		p.gz.ModTime = mtime
		return p.gz, nil
	case compressZstd:
		if p.zs == nil {
			// One thread: several members are compressed at the
			// same time, and the bytes must not depend on the
			// machine.
			e, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
			if err != nil {
				return nil, err
			}
			p.zs = e
		} else {
			p.zs.Reset(w)
		}
		return p.zs, nil
	case compressXz:
		return xz.NewWriter(w)
	}
	return nil, fmt.Errorf("no compression %q", c)
}
