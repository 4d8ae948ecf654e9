package index

import (
	"time"

	"github.com/RoaringBitmap/roaring/v2"
)

// publish publishes the documents indexed so far as a generation, and writes a
// catalog of the members that they cover completely.
func (b *buildRun) publish() error {
	begun := time.Now()
	// The generation will contain at least these documents.
	b.mu.Lock()
	indexed := b.indexed.Clone()
	b.mu.Unlock()
	if !b.ownsLock() {
		return b.storeError(errDeleted)
	}
	generation := b.published
	if b.store != nil {
		var err error
		if generation, err = b.store.publish(b.published); err != nil {
			return b.storeError(err)
		}
		b.count()
	}
	c := &catalog{root: b.root, built: time.Now(), next: b.next, generation: generation}
	added := map[*entry]bool{} // a file with two names may have its entry here twice
	add := func(e *entry) {
		if !added[e] {
			added[e] = true
			c.members = append(c.members, e)
		}
	}
	for _, e := range b.entries {
		if firstMissing(e.extents, indexed, e.blocks) == e.blocks {
			add(e)
		}
	}
	var was *entry
	if b.current != nil {
		if begun := indexedEntry(b.current, indexed); begun != nil {
			was = b.current.was
			add(begun)
		}
	}
	for e := range b.old {
		if e != was {
			add(e)
		}
	}
	if !b.ownsLock() {
		return b.storeError(errDeleted)
	}
	if err := c.write(b.dir); err != nil {
		return b.storeError(err)
	}
	if b.published != nil && b.published != generation {
		b.removeUnused(b.published.name)
	}
	b.published, b.publishedBlocks = generation, indexed.GetCardinality()
	b.last = time.Now()
	b.pause = publishShare * time.Since(begun)
	return nil
}

// firstMissing returns the number of the first block whose serial number is not
// in indexed, or blocks if there is none.
func firstMissing(list []extent, indexed *roaring.Bitmap, blocks int) int {
	for _, x := range list {
		for i := range x.n {
			if !indexed.Contains(x.serial + uint32(i)) {
				return min(blocks, x.block+i)
			}
		}
	}
	return blocks
}

// indexedEntry returns an entry for the indexed beginning of the current member, or
// nil if too little is indexed. For a plain file, the entry is that of a
// shorter file that has grown since. For a compressed one, it is partial: only
// a build that continues uses it.
func indexedEntry(eb *entryBuilder, indexed *roaring.Bitmap) *entry {
	n := firstMissing(eb.extents, indexed, len(eb.crcs))
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
