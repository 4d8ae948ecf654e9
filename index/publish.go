package index

import (
	"slices"
	"time"

	"logview/reader"
)

// publish writes the catalog of all that is whole.
func (b *builder) publish() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := &catalog{root: b.root, built: time.Now()}
	used := map[*shardInfo]bool{}
	whole := func(e *entry) bool {
		return !slices.ContainsFunc(e.extents, func(x extent) bool { return !b.written[x.shard] })
	}
	added := map[*entry]bool{} // which a file with two names may be twice
	add := func(e *entry) {
		if added[e] {
			return
		}
		added[e] = true
		c.members = append(c.members, e)
		for _, x := range e.extents {
			used[x.shard] = true
		}
	}
	for _, e := range b.entries {
		if whole(e) {
			add(e)
		}
	}
	var was *entry
	if b.current != nil {
		if begun := b.soFar(b.current); begun != nil {
			was = b.current.was
			add(begun)
		}
	}
	for e := range b.old {
		if e != was {
			add(e)
		}
	}
	for _, s := range b.shards {
		if used[s] {
			c.shards = append(c.shards, s)
		}
	}
	b.last = time.Now()
	if !b.owns() {
		return &reader.FileError{Path: b.dir, Offset: -1, Err: errDeleted}
	}
	if err := c.write(b.dir); err != nil {
		return &reader.FileError{Path: b.dir, Offset: -1, Err: pathCause(err)}
	}
	return nil
}

// soFar is an entry of as much of the current member as is written. A plain
// file is covered that far, and looks as if it had grown since. The
// beginning of a compressed one is of use only to who goes on.
func (b *builder) soFar(eb *entryBuilder) *entry {
	n := len(eb.crcs)
	for _, x := range eb.extents {
		if !b.written[x.shard] {
			n = min(n, x.block)
		}
	}
	if n < eb.taken+batchBlocks || len(eb.extents) == 0 {
		return nil
	}
	e := eb.upTo(n)
	if e.direct {
		e.stamp.Size, e.stamp.ModTime = int64(e.size)+int64(e.bom), 0
	} else {
		e.partial = true
	}
	return e
}
