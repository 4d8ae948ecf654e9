package files

import (
	"io"
	"io/fs"
	"strings"

	"logview/reader"
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

func (a *archive) zipMembers(size int64) ([]namedEntry, error) {
	members, err := decode.ZipEntries(a, size)
	var out []namedEntry
	var c census
	for _, e := range members {
		if cerr := c.add(e.Name, max(e.Size, 0)); cerr == errLongName {
			err = cerr
			continue
		} else if cerr != nil {
			return out, cerr
		}
		name := e.Name
		if !strings.Contains(name, "/") {
			name = strings.ReplaceAll(name, "\\", "/") // written by a program on Windows
		}
		out = append(out, namedEntry{name, &entry{in: a, off: e.Off, end: e.Off + e.Packed, size: e.Packed, modified: e.Modified, coding: e}})
	}
	return out, err
}

// zipByChance reports whether the archive m is a zip file that was not named
// and is not called one: programs, documents and packages are zip files, too.
func zipByChance(m reader.Member) bool {
	if m.Named || MayBeArchive(m) {
		return false
	}
	f, _, err := OpenMember(m)
	if err != nil {
		return false
	}
	defer f.Close()
	var b [decode.MagicLen]byte
	n, _ := f.ReadAt(b[:], 0)
	return decode.FormatOf(b[:n]) == decode.Zip
}
