package index

import (
	"time"

	"logview/reader/blockstore"
)

// Root returns the directory whose index covers, or would cover, dir: the
// nearest directory at or above it that has an index, or else dir itself. The
// result is absolute and has no symbolic links.
func Root(c *blockstore.Cache, dir string) (string, error) {
	real, err := realDir(dir)
	if err != nil {
		return "", err
	}
	return rootOf(c, real), nil
}

// Clear deletes the index of a directory. root must be its real path.
func Clear(c *blockstore.Cache, root string) error { return c.RemoveIndex(indexName(root)) }

// Info describes an index.
type Info struct {
	Root     string
	Dir      string // directory of the index
	Err      error  // why the index cannot be used; if not nil, only Dir and Size are set
	Members  int
	Lines    int64
	Text     int64 // bytes of text
	Size     int64 // bytes on disk
	Segments int
	Built    time.Time
}

// List describes all indexes of a cache.
func List(c *blockstore.Cache) ([]Info, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	var out []Info
	for _, dir := range c.IndexDirs() {
		i := Info{Dir: dir}
		i.Size = c.IndexSize(dir)
		cat, err := readCatalog(i.Dir)
		if err != nil {
			i.Err = pathCause(err)
			out = append(out, i)
			continue
		}
		i.Root, i.Built = cat.root, cat.built
		if cat.generation != nil {
			i.Segments = len(cat.generation.segments)
		}
		for _, e := range cat.members {
			if !e.binary && !e.partial {
				i.Members++
				i.Lines += e.lines
				i.Text += int64(e.size)
			}
		}
		out = append(out, i)
	}
	return out, nil
}
