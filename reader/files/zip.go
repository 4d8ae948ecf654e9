package files

import (
	"io"
	"io/fs"

	"logview/reader/decode"
)

// zipLinks returns the targets of the symbolic links in a zip file, by their
// paths.
func zipLinks(f io.ReaderAt, size int64) map[string]string {
	z, err := decode.ReadZipDirectory(f, size)
	if err != nil {
		return nil
	}
	out := map[string]string{}
	for _, e := range z.File {
		if e.Mode()&fs.ModeSymlink == 0 || e.UncompressedSize64 > maxName {
			continue
		}
		r, err := e.Open()
		if err != nil {
			continue
		}
		if to, err := io.ReadAll(io.LimitReader(r, maxName)); err == nil {
			out[memberPath(e.Name)] = string(to)
		}
		r.Close()
	}
	return out
}
