package tui

import (
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Files that are not text are marked in the list, as in ls, including files
// that appear later. The mark is removed when a file turns out to be text.
func TestNotText(t *testing.T) {
	dir := tree(t)
	record := "\x07\x00\x00\x00\x12\x0f\x00\x00pts\x00\x00\x01\x02\x00\x00\x03\x04\x00\x00\x05"
	write(t, filepath.Join(dir, "wtmp"), strings.Repeat(record, 100), time.Hour)
	d, _ := explorer(t, dir, 80, 24)
	d.Wait("not text  2.1 KiB")
	write(t, filepath.Join(dir, "btmp"), strings.Repeat(record, 200), time.Hour)
	d.Wait("not text  4.3 KiB")
	write(t, filepath.Join(dir, "wtmp"), strings.Repeat("a line of text\n", 7000), time.Hour)
	write(t, filepath.Join(dir, "zz.log"), "new", time.Hour)
	d.WaitNot("not text  1")
	d.Wait("   103 KiB", "zz.log", "not text  4.3 KiB")
}
