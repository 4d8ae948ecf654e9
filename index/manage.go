package index

import (
	"time"

	"logview/reader/blockstore"
)

// Root is the directory whose index covers dir or would: that of the nearest
// directory above that has one, or its own. It is absolute and without links.
func Root(c *blockstore.Cache, dir string) (string, error) {
	real, err := realDir(dir)
	if err != nil {
		return "", err
	}
	return rootOf(c, real), nil
}

// Clear deletes the index of a directory, of which root is the real path.
func Clear(c *blockstore.Cache, root string) error { return c.RemoveIndex(indexName(root)) }

// Info says what an index covers.
type Info struct {
	Root     string
	Dir      string // where it lies
	Err      error  // why it cannot be used; then the rest is unknown but for Size
	Members  int
	Lines    int64
	Text     int64 // bytes
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
