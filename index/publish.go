package index

import (
	"time"

	"github.com/RoaringBitmap/roaring/v2"
)

// publish makes a generation of what is indexed, and writes the catalog of all
// that is whole.
func (b *buildRun) publish() error {
	begun := time.Now()
	// What is indexed now will be in the generation.
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
	added := map[*entry]bool{} // which a file with two names may be twice
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
		if begun := soFar(b.current, indexed); begun != nil {
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
		b.sweep(b.published.name)
	}
	b.published, b.publishedBlocks = generation, indexed.GetCardinality()
	b.last = time.Now()
	b.pause = publishShare * time.Since(begun)
	return nil
}

// firstMissing returns the first of so many blocks that has a serial number
// which is not indexed.
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

// soFar is an entry of as much of the current member as is written. A plain
// file is covered that far, and looks as if it had grown since. The
// beginning of a compressed one is of use only to who goes on.
func soFar(eb *entryBuilder, indexed *roaring.Bitmap) *entry {
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
