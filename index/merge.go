package index

import (
	"crypto/rand"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"
)

// mergeSome begins to make one shard of small ones, if there are enough.
// b.mu is held.
func (b *builder) mergeSome() {
	var small []*shardInfo
	for _, s := range b.shards {
		if s.text < smallText && !b.merging[s] {
			small = append(small, s)
		}
	}
	if len(small) < mergeAt {
		return
	}
	for _, s := range small {
		b.merging[s] = true
	}
	b.working.Add(1)
	go func() {
		defer b.working.Done()
		b.Workers <- struct{}{}
		defer b.Workers.Release()
		b.merge(small)
	}()
}

// mergeRest makes one shard of the small ones and of those of which little
// is in use, if that is worth it.
func (b *builder) mergeRest() error {
	b.mu.Lock()
	live := b.live()
	var some []*shardInfo
	wasteful := false
	for _, s := range b.shards {
		n := int(live[s].GetCardinality())
		waste := n*2 < s.docs
		wasteful = wasteful || waste
		if s.text < smallText || waste {
			some = append(some, s)
		}
	}
	b.mu.Unlock()
	if len(some) >= mergeFew || wasteful {
		b.merge(some)
	}
	return b.failed()
}

// live is which documents of each shard are in use. b.mu is held.
func (b *builder) live() map[*shardInfo]*roaring.Bitmap {
	live := map[*shardInfo]*roaring.Bitmap{}
	for _, s := range b.shards {
		live[s] = roaring.New()
	}
	b.extents(func(x *extent) {
		if l := live[x.shard]; l != nil {
			l.AddRange(uint64(x.doc), uint64(x.doc+x.n))
		}
	})
	return live
}

// extents calls f for every extent there is. b.mu is held.
func (b *builder) extents(f func(x *extent)) {
	each := func(list []extent) {
		for i := range list {
			f(&list[i])
		}
	}
	for _, e := range b.entries {
		each(e.extents)
	}
	for e := range b.old {
		each(e.extents)
	}
	if b.current != nil {
		each(b.current.extents)
	}
}

// merge makes one shard of some, without what is in use no more.
func (b *builder) merge(some []*shardInfo) {
	b.mu.Lock()
	live := b.live()
	b.mu.Unlock()
	err := b.mergeInto(some, live)
	if err != nil {
		b.mu.Lock()
		b.broken(err)
		b.mu.Unlock()
	}
}

func (b *builder) mergeInto(some []*shardInfo, live map[*shardInfo]*roaring.Bitmap) error {
	var open []*shard
	defer func() {
		for _, s := range open {
			s.close()
		}
	}()
	var drop []*roaring.Bitmap
	left := false
	for _, info := range some {
		s, err := openShard(b.dir, info)
		if err != nil {
			return err
		}
		open = append(open, s)
		dead := s.all()
		dead.AndNot(live[info])
		left = left || !live[info].IsEmpty()
		if dead.IsEmpty() {
			dead = nil
		}
		drop = append(drop, dead)
	}
	into := &shardInfo{}
	var moved [][]uint64
	if left {
		var err error
		if into, moved, err = mergeShards(b.dir, rand.Text(), open, drop); err != nil {
			return err
		}
		b.Cache.Grew(into.zap.size + into.aux.size)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	number := map[*shardInfo]int{}
	for i, s := range some {
		number[s] = i
		delete(b.merging, s)
		b.shards = slices.DeleteFunc(b.shards, func(x *shardInfo) bool { return x == s })
	}
	if left {
		b.shards = append(b.shards, into)
		b.written[into] = true
	}
	b.extents(func(x *extent) {
		if i, ok := number[x.shard]; ok {
			x.shard, x.doc = into, int(moved[i][x.doc])
		}
	})
	return nil
}
