package files

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"sync"

	"logview/reader"
	"logview/reader/blockstore"
)

// This file remembers which pairs of a file and its compressed copy hold the same
// text, in memory and in the cache.

// A verdict is the relation of the text of a packed file to that of the plain
// one.
type verdict struct {
	Relation relation
	at       reader.Offset // the offset in packed of the line in which the common beginning ends
	line     reader.Line   // the number of that line

	passing bool // packed is being written, so the verdict is not remembered

	// If packed is damaged:
	has  *lineSet // the lines of plain from at on
	copy bool     // plain has most lines of packed, so the others are probably results of the damage

	// The state of plain for which the verdict was made.
	plain reader.Stamp // without Changed if plain may have been written to since without a new stamp
	ends  uint32       // CRC-32 of the first and the last bytes of plain
}

type relation byte

// durable reports whether a verdict of this relation is remembered.
func (r relation) durable() bool { return r >= Contained && r <= different }

// A pairKey is the key of a remembered verdict: the identity of plain, and the
// identity and state of packed.
type pairKey struct {
	Dev, Ino uint64
	Packed   reader.Stamp
}

// verdicts are the verdicts that this process remembers.
var verdicts struct {
	sync.Mutex
	known map[pairKey]verdict
}

const mostVerdicts = 10000

// keyOfPair returns the key for the verdict on two files; false if their stamps
// do not identify them.
func keyOfPair(plain, packed reader.Member) (key pairKey, was reader.Stamp, ok bool) {
	was, ok1 := ListedStamp(plain)
	z, ok2 := ListedStamp(packed)
	return pairKey{was.Dev, was.Ino, z}, was, ok1 && ok2 && was.Ino != 0 && z.Ino != 0 && was.Changed != 0 && z.Changed != 0
}

// holds reports whether a remembered verdict applies to the current state of
// plain. If plain has grown since, it compares the checksums of its beginning
// and of the bytes before its previous end, as an index does.
func (v verdict) holds(plain reader.Member) bool {
	now, ok := ListedStamp(plain)
	switch {
	case !ok || v.Relation == undecided:
		return false
	case now == v.plain:
		return true
	case v.Relation == continues || now.Size <= v.plain.Size:
		return false
	}
	ends, ok := endSums(plain, v.plain.Size)
	return ok && ends == v.ends
}

// endSums returns a CRC-32 of the first and the last bytes within the first
// size bytes of a plain file.
func endSums(m reader.Member, size int64) (uint32, bool) {
	f, _, err := OpenMember(m)
	if err != nil {
		return 0, false
	}
	defer f.Close()
	var buf [blockstore.KeyBytes]byte
	crc := uint32(0)
	for _, off := range []int64{0, max(0, size-blockstore.KeyBytes)} {
		n, err := f.ReadAt(buf[:min(size, blockstore.KeyBytes)], off)
		if err != nil {
			return 0, false
		}
		crc = crc32.Update(crc, crc32.IEEETable, buf[:n])
	}
	return crc, true
}

func recall(plain, packed reader.Member) verdict {
	key, _, ok := keyOfPair(plain, packed)
	if !ok {
		return verdict{}
	}
	verdicts.Lock()
	v := verdicts.known[key]
	verdicts.Unlock()
	if !v.holds(plain) {
		return verdict{}
	}
	return v
}

func remember(plain, packed reader.Member, v verdict) {
	key, _, ok := keyOfPair(plain, packed)
	if !ok || !v.Relation.durable() {
		return
	}
	verdicts.Lock()
	defer verdicts.Unlock()
	if verdicts.known == nil || len(verdicts.known) >= mostVerdicts {
		verdicts.known = map[pairKey]verdict{}
	}
	verdicts.known[key] = v
}

func verdictName(key pairKey) string {
	h := sha256.New()
	_ = binary.Write(h, binary.LittleEndian, key)
	return hex.EncodeToString(h.Sum(nil)[:16]) + blockstore.VerdictSuffix
}

func recallVerdict(c *blockstore.Cache, plain, packed reader.Member) verdict {
	key, was, ok := keyOfPair(plain, packed)
	if !ok || c == nil {
		return verdict{}
	}
	dir, err := c.Sub(blockstore.BlocksName, false)
	if err != nil {
		return verdict{}
	}
	f, err := blockstore.OpenKept(filepath.Join(dir, verdictName(key)))
	if err != nil {
		return verdict{}
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, 128))
	n := len(b) - 4
	if err != nil || n < len(blockstore.VerdictMagic)+5 || string(b[:len(blockstore.VerdictMagic)]) != blockstore.VerdictMagic || crc32.ChecksumIEEE(b[:n]) != binary.LittleEndian.Uint32(b[n:]) {
		return verdict{}
	}
	v := verdict{Relation: relation(b[len(blockstore.VerdictMagic)]), ends: binary.LittleEndian.Uint32(b[n-4:])}
	var num [5]int64
	for i, rest := 0, b[len(blockstore.VerdictMagic)+1:n-4]; i < len(num); i++ {
		x, k := binary.Varint(rest)
		if k <= 0 {
			return verdict{}
		}
		num[i], rest = x, rest[k:]
	}
	v.at, v.line = reader.Offset(num[0]), reader.Line(num[1])
	v.plain = reader.Stamp{Dev: was.Dev, Ino: was.Ino, Size: num[2], ModTime: num[3], Changed: num[4]}
	if !v.Relation.durable() || !v.holds(plain) {
		return verdict{}
	}
	if info, err := f.Stat(); err == nil {
		c.Touch(f.Name(), info)
	}
	return v
}

func keepVerdict(c *blockstore.Cache, plain, packed reader.Member, v verdict) {
	key, _, ok := keyOfPair(plain, packed)
	if !ok || c == nil || !v.Relation.durable() || !c.MakeRoom(128, 0) {
		return
	}
	dir, err := c.Sub(blockstore.BlocksName, true)
	if err != nil {
		return
	}
	b := append([]byte(blockstore.VerdictMagic), byte(v.Relation))
	b = binary.AppendVarint(b, int64(v.at))
	b = binary.AppendVarint(b, int64(v.line))
	b = binary.AppendVarint(b, v.plain.Size)
	b = binary.AppendVarint(b, v.plain.ModTime)
	b = binary.AppendVarint(b, v.plain.Changed)
	b = binary.LittleEndian.AppendUint32(b, v.ends)
	b = binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
	f, err := os.CreateTemp(dir, blockstore.TmpPrefix)
	if err != nil {
		return
	}
	_, err = f.Write(b)
	if cerr := f.Close(); err != nil || cerr != nil || os.Rename(f.Name(), filepath.Join(dir, verdictName(key))) != nil {
		os.Remove(f.Name())
		return
	}
	c.RecordGrowth(int64(len(b)))
}
