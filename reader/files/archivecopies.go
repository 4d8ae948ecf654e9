package files

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"strings"

	"logview/reader"
	"logview/reader/decode"
)

// This file reads the members that two archives have in common only once.

// copiesOfArchives finds archives among logs that may be copies of one another,
// as X.tar and X.tar.gz are while one is made from the other and after gzip -k.
// It records that, so that the members they have in common are read once.
func copiesOfArchives(logs []Log) {
	first := map[string]*reader.Member{}
	each := func(do func(tar string, packed bool, m *reader.Member)) {
		for _, l := range logs {
			for i := range l.Members {
				if tar, packed := tarOf(l.Members[i].Path); tar != "" {
					do(tar, packed, &l.Members[i])
				}
			}
		}
	}
	each(func(tar string, packed bool, m *reader.Member) {
		if first[tar] == nil || !packed {
			first[tar] = m
		}
	})
	each(func(tar string, _ bool, m *reader.Member) {
		if first[tar] != m {
			ChangeHandle(m, func(h *Handle) { h.copy = first[tar] })
			ChangeHandle(first[tar], func(h *Handle) { h.from = m })
		}
	})
}

// tarOf returns the path of a tar file before it was compressed, and whether it
// was compressed. The path is empty if the file is not named like a tar file.
func tarOf(path string) (tar string, packed bool) {
	ending := decode.ArchiveEnding.FindString(path)
	if ending == "" || !decode.IsTarName(path) {
		return "", false
	}
	return path[:len(path)-len(ending)] + ".tar", !strings.EqualFold(ending, ".tar")
}

// unpackOnce lists the members of the archive m, as Unpack does, except those
// that its copy also has, and of which reads, unless it is nil, says that they are read there:
// members with the same offset and the same bytes. If the copy is damaged, these are the members
// before the damage. Of an archive that is cut off it leaves out the member at the cut if the
// one it was made from has it whole.
func unpackOnce(ctx context.Context, m reader.Member, opt Options, reads func(path string) bool, turn *reader.Turn, progress func(disk int64)) ([]Log, []error) {
	logs, errs := Unpack(ctx, m, opt, turn, progress)
	cut := slices.ContainsFunc(errs, func(err error) bool { return errors.Is(err, errTarCut) })
	other := HandleOf(m).copy
	if other == nil && cut {
		other = HandleOf(m).from
	}
	if other == nil || len(logs) == 0 {
		return logs, errs
	}
	a := HandleOf(logs[0].Members[0]).In.in
	same, size, err := a.commonPrefix(ctx, &archive{member: *other, opt: opt}, turn)
	if err != nil {
		return logs, errs // reading the other archive reports the error
	}
	cwd, _ := os.Getwd()
	filter := opt.Filter.forArchive(*other, cwd)
	for i := range logs {
		logs[i].Members = slices.DeleteFunc(logs[i].Members, func(x reader.Member) bool {
			shared := min(HandleOf(x).In.end, size) <= same
			if other == HandleOf(m).from {
				shared = shared && HandleOf(x).In.end > size
			}
			path := other.Path + x.Path[len(m.Path):]
			return shared && !filter.excludesInside(other.Path, path, cwd) && (reads == nil || reads(path))
		})
	}
	return slices.DeleteFunc(logs, func(l Log) bool { return len(l.Members) == 0 }), errs
}

// commonPrefix returns the length of the common beginning of two tar archives
// in bytes, and the size of a.
func (a *archive) commonPrefix(ctx context.Context, b *archive, turn *reader.Turn) (same, size int64, err error) {
	for _, x := range []*archive{a, b} {
		if err := x.acquire(ctx, turn, nil); err != nil && x.data == nil {
			return 0, 0, err
		}
		defer x.Release()
	}
	size = a.length()
	if a.kind != decode.TarArchive || b.kind != decode.TarArchive {
		return 0, size, nil
	}
	x, y := reader.GetBlock(), reader.GetBlock()
	defer reader.PutBlock(x)
	defer reader.PutBlock(y)
	for off := int64(0); ; off += reader.BlockSize {
		if err := ctx.Err(); err != nil {
			return off, size, err
		}
		p, q := x.Grow(), y.Grow()
		n, err := a.ReadAt(p, off)
		if err != nil && err != io.EOF {
			return off, size, err
		}
		k, err := b.ReadAt(q, off)
		if err != nil && err != io.EOF {
			return off, size, err
		}
		n = min(n, k)
		if !bytes.Equal(p[:n], q[:n]) || n < reader.BlockSize {
			same := 0
			for same < n && p[same] == q[same] {
				same++
			}
			return off + int64(same), size, nil
		}
	}
}
