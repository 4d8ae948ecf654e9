package blockstore

import (
	"context"
	"encoding/binary"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"sync"

	"logview/reader"
	"logview/reader/decode"
)

// What the cache has of a file is valid as long as the file has not changed. Its
// stamp proves that, because no program can set the change time. But renaming a
// file, linking to it and changing its permissions set the change time, too.
// Then only reading the file shows whether it was written to. That is done once:
// logview-vouched in the cache records the checksums of files and the stamps
// they had, so that the next search need not read them again.
//
// The file consists of records of 52 bytes, the newest last. Each is appended
// with one write, so several processes can write to it:
//
//	device, inode, size, time of writing, time of change   8 bytes each, little endian
//	checksum                                               8 bytes
//	crc                                                    4 bytes, CRC-32C of all before
//
// When it reaches vouchedMax, its older half is dropped. Damaged records are
// skipped.
type vouched struct {
	mu    sync.Mutex
	known map[reader.Stamp]uint64 // nil until it was read
}

const (
	VouchedName   = "logview-vouched" // of the file in the cache
	vouchedRecord = 6*8 + 4
	vouchedMax    = 20_000 * vouchedRecord
)

func (c *Cache) vouchedPath() string { return filepath.Join(c.dir, VouchedName) }

// Checksum returns the checksum that was recorded for a file in this state;
// false if there is none. Callers decide what it is a checksum of, the same for
// all files of one kind.
func (c *Cache) Checksum(s reader.Stamp) (uint64, bool) {
	if c == nil || s.Changed == 0 {
		return 0, false
	}
	c.vouched.mu.Lock()
	defer c.vouched.mu.Unlock()
	c.readVouched()
	sum, ok := c.vouched.known[s]
	return sum, ok
}

// Vouch records the checksum of a file that was read completely while it was in
// this state. It has no effect if the cache cannot be written to.
func (c *Cache) Vouch(s reader.Stamp, sum uint64) {
	if c == nil || s.Changed == 0 {
		return
	}
	c.vouched.mu.Lock()
	defer c.vouched.mu.Unlock()
	c.readVouched()
	if was, ok := c.vouched.known[s]; ok && was == sum {
		return
	}
	c.vouched.known[s] = sum
	b := make([]byte, 0, vouchedRecord)
	for _, v := range []uint64{s.Dev, s.Ino, uint64(s.Size), uint64(s.ModTime), uint64(s.Changed), sum} {
		b = binary.LittleEndian.AppendUint64(b, v)
	}
	b = binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
	if c.prepare(true) != nil {
		return
	}
	if _, err := os.Lstat(c.vouchedPath()); err == nil && !isVouched(c.vouchedPath()) {
		return // it is not ours
	}
	f, err := os.OpenFile(c.vouchedPath(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return
	}
	defer f.Close()
	if _, err := f.Write(b); err != nil {
		return
	}
	if info, err := f.Stat(); err == nil && info.Size() > vouchedMax {
		c.halveVouched()
	}
}

// readVouched reads the records, once. c.vouched.mu is held.
func (c *Cache) readVouched() {
	if c.vouched.known != nil {
		return
	}
	c.vouched.known = map[reader.Stamp]uint64{}
	if c.prepare(false) != nil {
		return
	}
	f, err := OpenKept(c.vouchedPath())
	if err != nil {
		return
	}
	defer f.Close()
	data, _ := io.ReadAll(io.LimitReader(f, 2*vouchedMax))
	for len(data) >= vouchedRecord {
		body := data[:vouchedRecord-4]
		if crc32.Checksum(body, castagnoli) != binary.LittleEndian.Uint32(data[len(body):]) {
			data = data[1:] // a truncated record; the next one begins later
			continue
		}
		var v [6]uint64
		for i := range v {
			v[i] = binary.LittleEndian.Uint64(body[8*i:])
		}
		c.vouched.known[reader.Stamp{Dev: v[0], Ino: v[1], Size: int64(v[2]), ModTime: int64(v[3]), Changed: int64(v[4])}] = v[5]
		data = data[vouchedRecord:]
	}
}

// isVouched reports whether a file is empty or begins with a record.
func isVouched(path string) bool {
	f, err := OpenKept(path)
	if err != nil {
		return false
	}
	defer f.Close()
	var b [vouchedRecord]byte
	n, _ := f.ReadAt(b[:], 0)
	return n == 0 || n == len(b) && crc32.Checksum(b[:len(b)-4], castagnoli) == binary.LittleEndian.Uint32(b[len(b)-4:])
}

// halveVouched drops the older half of the file.
func (c *Cache) halveVouched() {
	data, err := os.ReadFile(c.vouchedPath())
	if err != nil {
		return
	}
	half := data[len(data)/2/vouchedRecord*vouchedRecord:]
	tmp, err := os.CreateTemp(c.dir, VouchedName+"-")
	if err != nil {
		return
	}
	_, err = tmp.Write(half)
	if cerr := tmp.Close(); err != nil || cerr != nil || os.Rename(tmp.Name(), c.vouchedPath()) != nil {
		os.Remove(tmp.Name())
	}
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// fileSum returns a checksum of a file, made of two CRCs, and the file's state;
// false if the file changed meanwhile or cannot be read.
func (c *Cache) fileSum(ctx context.Context, f decode.File) (uint64, reader.Stamp, bool) {
	info, err := f.Stat()
	if err != nil {
		return 0, reader.Stamp{}, false
	}
	stamp := reader.StampOf(info)
	if sum, ok := c.Checksum(stamp); ok {
		return sum, stamp, true
	}
	var a, b uint32
	buf := make([]byte, 256<<10)
	for at := int64(0); at < stamp.Size; {
		if ctx.Err() != nil {
			return 0, stamp, false
		}
		n, err := f.ReadAt(buf[:min(int64(len(buf)), stamp.Size-at)], at)
		a = crc32.Update(a, crc32.IEEETable, buf[:n])
		b = crc32.Update(b, castagnoli, buf[:n])
		if at += int64(n); err != nil && at < stamp.Size {
			return 0, stamp, false
		}
	}
	if info, err = f.Stat(); err != nil || reader.StampOf(info) != stamp {
		return 0, stamp, false
	}
	sum := uint64(a)<<32 | uint64(b)
	c.Vouch(stamp, sum)
	return sum, stamp, true
}
