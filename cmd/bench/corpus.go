package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/klauspost/compress/gzip"
)

// A workshop is the directory in which programs and corpora are made and kept.
type workshop struct {
	opts *options
	root string // root directory of the repository
	out  io.Writer
	made map[string]*corpus
}

func (w *workshop) program(name string) string { return filepath.Join(w.opts.work, "bin", name) }

// build compiles logview and loggen without cgo, like releases.
func (w *workshop) build(ctx context.Context) error {
	bin := filepath.Join(w.opts.work, "bin") + string(filepath.Separator)
	if err := os.MkdirAll(bin, 0o755); err != nil {
		return err
	}
	return w.command(ctx, w.root, "go", "build", "-trimpath", "-buildvcs=false", "-o", bin, "./cmd/logview", "./cmd/loggen")
}

// command runs a command that makes programs or corpora; it is not measured.
func (w *workshop) command(ctx context.Context, dir, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", filepath.Base(name), err, bytes.TrimSpace(out))
	}
	return nil
}

// A corpus is the text that rows are measured on. The exported fields are
// stored in the marker file next to the corpus, which is written last: a corpus
// without a marker is incomplete.
type corpus struct {
	name, dir, about string

	Params     string // parameters it was made with; if they change, it is made anew
	Files      int
	Compressed int   // number of compressed files
	Disk       int64 // bytes on disk
	Text       int64 // bytes of text in all files, decompressed
	Packed     int64 // bytes of text in the compressed files, decompressed

	sampled map[string]string // see sample.go
}

// corpus returns the corpus of a place. It makes the corpus if necessary. It
// returns nil if what the corpus is made from is not on this machine.
func (w *workshop) corpus(ctx context.Context, place string) (*corpus, error) {
	if c := w.made[place]; c != nil {
		return c, nil
	}
	var c *corpus
	var err error
	switch place {
	case genCorpus:
		c, err = w.generated(ctx)
	case realCorpus:
		c, err = w.grown(ctx)
	default:
		c, err = w.derived(ctx, place)
	}
	if err != nil || c == nil {
		return nil, err
	}
	if w.made == nil {
		w.made = map[string]*corpus{}
	}
	w.made[place] = c
	return c, nil
}

// generated returns the corpus made by loggen.
func (w *workshop) generated(ctx context.Context) (*corpus, error) {
	if w.opts.gen != "" {
		return given(ctx, genCorpus, w.opts.gen)
	}
	sum, err := digest(w.program("loggen"))
	if err != nil {
		return nil, err
	}
	args := []string{"-gz-share", "0.667", "-size", sizeArg(w.opts.size), "-seed", "7"}
	if w.opts.size < 1<<30 {
		// Fewer files than in 1 GiB, but large enough to be stored if
		// that leaves some compressed files.
		args = append(args, "-rotate-size", strconv.FormatInt(max(w.opts.size/128, min(w.opts.size/8, 2<<20)), 10))
	}
	about := "`loggen " + strings.Join(args, " ") + "`"
	return w.keep(ctx, genCorpus, about, about+" "+sum, func(dir string) error {
		return w.command(ctx, "", w.program("loggen"), append(args, "-out", dir)...)
	})
}

// dirOf returns the directory that a corpus is kept in.
func (w *workshop) dirOf(name string) string {
	return filepath.Join(w.opts.work, name+"-"+sizeArg(w.opts.size))
}

// grown returns the corpus of real samples, with new times and repeated to full
// size. It returns nil if the samples are not next to the repository.
func (w *workshop) grown(ctx context.Context) (*corpus, error) {
	if w.opts.real != "" {
		return given(ctx, realCorpus, w.opts.real)
	}
	tool := filepath.Join(w.root, "..", "shared", "corpus")
	samples := filepath.Join(w.root, "..", "shared", "logs")
	for _, dir := range []string{tool, samples} {
		if st, err := os.Stat(dir); err != nil || !st.IsDir() {
			return nil, nil
		}
	}
	inputs, err := filesIn(samples)
	if err != nil {
		return nil, err
	}
	sources, err := filesIn(tool)
	if err != nil {
		return nil, err
	}
	sum, err := digest(append(inputs, sources...)...)
	if err != nil {
		return nil, err
	}
	mb := w.opts.size >> 20
	args := []string{"-ext", ".log", "-mb", strconv.FormatInt(mb, 10), "-file-mb", strconv.FormatInt(min(max(mb/128, 2), 8), 10)}
	about := "real log samples, grown with `corpus " + strings.Join(args, " ") + "`"
	return w.keep(ctx, realCorpus, about, about+" "+sum, func(dir string) error {
		// Compile a copy: the original may not be writable.
		src, err := os.MkdirTemp("", "corpus-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(src)
		if err := os.CopyFS(src, os.DirFS(tool)); err != nil {
			return err
		}
		if err := w.command(ctx, src, "go", "build", "-buildvcs=false", "-o", w.program("corpus"), "."); err != nil {
			return err
		}
		return w.command(ctx, "", w.program("corpus"), append(args, "-src", samples, "-out", dir)...)
	})
}

// These constants determine the directory of many files. Smaller corpora have
// fewer logs.
const (
	manyLogs    = 500
	logMembers  = 20
	memberBytes = 1 << 10
	hugeLine    = 500 * megabyte
)

// The huge log repeats a text of hugeText bytes.
const (
	hugeSize = 10 << 30
	hugeText = 64 << 20
	hugeRoom = 40 << 30 // free disk space required to make it
	theLast  = "the last line"
)

// errNoRoom means that a corpus is skipped because the disk does not have
// enough free space.
var errNoRoom = errors.New("the disk is too full")

// derived returns the corpora that are cut from the generated text.
func (w *workshop) derived(ctx context.Context, place string) (*corpus, error) {
	from, err := w.corpus(ctx, genCorpus)
	if err != nil {
		return nil, err
	}
	texts, err := filesIn(from.dir)
	if err != nil {
		return nil, err
	}
	var about string
	var fill func(dir string) error
	switch place {
	case manyFiles:
		logs := int(min(max(manyLogs*w.opts.size>>30, 1), manyLogs))
		about = fmt.Sprintf("%s small files: %d logs of %d rotated files, all compressed but the newest two",
			humanize.Comma(int64(logs*logMembers)), logs, logMembers)
		fill = func(dir string) error { return writeLogs(ctx, dir, texts, logs) }
	case oneGzip:
		about = "one gzip file of all generated text"
		fill = func(dir string) error { return writeGzip(ctx, filepath.Join(dir, "all.log.gz"), texts) }
	case oneLine:
		size := min(hugeLine, w.opts.size/2)
		about = fmt.Sprintf("a file with a line of %s between two short ones", megabytes(size))
		fill = func(dir string) error { return writeLine(ctx, filepath.Join(dir, "line.log"), texts, size) }
	case hugeLog:
		about = fmt.Sprintf("a log of %s, the same %s again and again", sizeArg(hugeSize), sizeArg(hugeText))
		fill = func(dir string) error { return writeHuge(ctx, filepath.Join(dir, "huge.log"), texts) }
	default:
		return nil, errors.New("no such place")
	}
	return w.keep(ctx, place, about, about+" of "+from.Params, fill)
}

// given returns a corpus in an existing directory.
func given(ctx context.Context, name, dir string) (*corpus, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	c := &corpus{name: name, dir: dir, about: "a directory made before"}
	if err := c.count(ctx); err != nil {
		return nil, err
	}
	c.Params = fmt.Sprintf("%s, %d files of %d bytes", dir, c.Files, c.Text)
	return c, nil
}

// keep returns the corpus in the work directory. It makes the corpus unless it
// was made with the same parameters before.
func (w *workshop) keep(ctx context.Context, name, about, params string, fill func(dir string) error) (*corpus, error) {
	dir := w.dirOf(name)
	marker := dir + ".json"
	c := &corpus{}
	if b, err := os.ReadFile(marker); err == nil && json.Unmarshal(b, c) == nil && c.Params == params {
		c.name, c.dir, c.about = name, dir, about
		return c, nil
	}
	fmt.Fprintf(w.out, "making the corpus %s: %s\n", name, about)
	for _, old := range []string{marker, dir} {
		if err := os.RemoveAll(old); err != nil {
			return nil, err
		}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	if err := fill(dir); err != nil {
		return nil, err
	}
	c = &corpus{name: name, dir: dir, about: about, Params: params}
	if err := c.count(ctx); err != nil {
		return nil, err
	}
	b, err := json.MarshalIndent(c, "", "\t")
	if err != nil {
		return nil, err
	}
	return c, os.WriteFile(marker, b, 0o644)
}

// count determines the sizes of the corpus by reading it.
func (c *corpus) count(ctx context.Context) error {
	paths, err := filesIn(c.dir)
	if err != nil {
		return err
	}
	if len(paths) == 0 {
		return errors.New("no files")
	}
	for _, p := range paths {
		st, err := os.Stat(p)
		if err != nil {
			return err
		}
		n, packed, err := copyText(ctx, io.Discard, p)
		if err != nil {
			return err
		}
		c.Files++
		c.Disk += st.Size()
		c.Text += n
		if packed {
			c.Compressed++
			c.Packed += n
		}
	}
	return nil
}

// warm reads all files once, so that they are in the cache of the system for
// all programs.
func (c *corpus) warm(ctx context.Context) error {
	paths, err := filesIn(c.dir)
	if err != nil {
		return err
	}
	for _, p := range paths {
		f, err := os.Open(p)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, f)
		f.Close()
		if err := errors.Join(err, ctx.Err()); err != nil {
			return err
		}
	}
	return nil
}

func (c *corpus) sizes() string {
	share := 0.0
	if c.Text > 0 {
		share = 100 * float64(c.Packed) / float64(c.Text)
	}
	return fmt.Sprintf("%s of text, %.0f %% of it compressed, in %s, %s on disk",
		humanize.IBytes(uint64(c.Text)), share, plural(c.Files, "file"), humanize.IBytes(uint64(c.Disk)))
}

// filesIn returns the regular files below dir, sorted by path.
func filesIn(dir string) ([]string, error) {
	var list []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			list = append(list, path)
		}
		return err
	})
	slices.Sort(list)
	return list, err
}

// copyText writes the text of a file to out. It decompresses files that begin
// like gzip. n is the number of bytes of text; packed reports whether the file
// is compressed.
func copyText(ctx context.Context, out io.Writer, path string) (n int64, packed bool, err error) {
	if err := ctx.Err(); err != nil {
		return 0, false, err
	}
	f, err := os.Open(path)
	if err != nil {
		return 0, false, err
	}
	defer f.Close()
	buf := bufio.NewReaderSize(f, 256<<10)
	if head, _ := buf.Peek(2); !bytes.Equal(head, []byte{0x1f, 0x8b}) {
		n, err = io.Copy(out, buf)
		return n, false, err
	}
	z, err := gzip.NewReader(buf)
	if err == nil {
		n, err = io.Copy(out, z)
	}
	if err != nil && !errors.Is(err, errFull) {
		err = fmt.Errorf("%s: %w", path, err)
	}
	return n, true, err
}

// errFull ends a copy when enough text was written.
var errFull = errors.New("full")

// limited is a writer that passes on at most left bytes. If flat is set, it
// replaces newlines by blanks.
type limited struct {
	out  io.Writer
	left int64
	flat bool
}

func (l *limited) Write(p []byte) (int, error) {
	if l.left == 0 {
		return 0, errFull
	}
	p = p[:min(int64(len(p)), l.left)]
	if l.flat {
		p = bytes.ReplaceAll(p, []byte("\n"), []byte(" "))
	}
	n, err := l.out.Write(p)
	l.left -= int64(n)
	if err == nil && l.left == 0 {
		err = errFull
	}
	return n, err
}

// fill copies the texts of files to l until l is full or there is no more text.
func (l *limited) fill(ctx context.Context, texts []string) error {
	for _, p := range texts {
		if _, _, err := copyText(ctx, l, p); errors.Is(err, errFull) {
			return nil
		} else if err != nil {
			return err
		}
	}
	return nil
}

// create creates a file with the contents that write writes.
func create(path string, write func(io.Writer) error) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	buf := bufio.NewWriterSize(f, 256<<10)
	err = write(buf)
	return errors.Join(err, buf.Flush(), f.Close())
}

func zipped(out io.Writer, write func(io.Writer) error) error {
	z := gzip.NewWriter(out)
	err := write(z)
	return errors.Join(err, z.Close())
}

// writeGzip writes all texts as a single gzip member.
func writeGzip(ctx context.Context, path string, texts []string) error {
	return create(path, func(out io.Writer) error {
		return zipped(out, func(z io.Writer) error {
			for _, p := range texts {
				if _, _, err := copyText(ctx, z, p); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

// writeLine writes a line of size bytes, with the search term in its middle,
// between two short lines.
func writeLine(ctx context.Context, path string, texts []string, size int64) error {
	const needle = " zebrafish "
	return create(path, func(out io.Writer) error {
		half := (size - int64(len(needle))) / 2
		for _, s := range []string{"the first line\n", needle} {
			if _, err := io.WriteString(out, s); err != nil {
				return err
			}
			l := &limited{out: out, left: half, flat: true}
			if err := l.fill(ctx, texts); err != nil {
				return err
			}
		}
		_, err := io.WriteString(out, "\n"+theLast+"\n")
		return err
	})
}

// writeHuge writes a log that is larger than memory.
func writeHuge(ctx context.Context, path string, texts []string) error {
	if free, ok := diskFree(filepath.Dir(path)); ok && free < hugeRoom {
		return errNoRoom
	}
	var text bytes.Buffer
	l := &limited{out: &text, left: hugeText}
	if err := l.fill(ctx, texts); err != nil {
		return err
	}
	return create(path, func(out io.Writer) error {
		for left := int64(hugeSize); left > 0; left -= int64(text.Len()) {
			if _, err := out.Write(text.Bytes()[:min(int64(text.Len()), left)]); err != nil {
				return err
			}
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		_, err := io.WriteString(out, "\n"+theLast+"\n")
		return err
	})
}

// writeLogs writes logs of logMembers files each, rotated as by logrotate.
func writeLogs(ctx context.Context, dir string, texts []string, logs int) error {
	var text bytes.Buffer
	l := &limited{out: &text, left: int64(logs * logMembers * memberBytes)}
	if err := l.fill(ctx, texts); err != nil {
		return err
	}
	rest := text.Bytes()
	each := len(rest) / (logs * logMembers)
	for i := range logs {
		for age := logMembers - 1; age >= 0; age-- {
			var part []byte
			part, rest = cutLines(rest, each)
			if err := writeMember(dir, fmt.Sprintf("app-%03d.log", i), age, part); err != nil {
				return err
			}
		}
	}
	return nil
}

func writeMember(dir, name string, age int, text []byte) error {
	write := func(out io.Writer) error { _, err := out.Write(text); return err }
	if age > 0 {
		name = fmt.Sprintf("%s.%d", name, age)
	}
	if age < 2 {
		return create(filepath.Join(dir, name), write)
	}
	return create(filepath.Join(dir, name+".gz"), func(out io.Writer) error { return zipped(out, write) })
}

// cutLines splits text after about n bytes: after the last line that ends
// within n bytes or, if there is none, after the first line.
func cutLines(text []byte, n int) (head, rest []byte) {
	n = min(n, len(text))
	if i := bytes.LastIndexByte(text[:n], '\n'); i >= 0 {
		return text[:i+1], text[i+1:]
	}
	if i := bytes.IndexByte(text[n:], '\n'); i >= 0 {
		return text[:n+i+1], text[n+i+1:]
	}
	return text, nil
}

// digest returns a checksum of the contents of files.
func digest(paths ...string) (string, error) {
	h := sha256.New()
	for _, p := range paths {
		f, err := os.Open(p)
		if err != nil {
			return "", err
		}
		_, err = io.Copy(h, f)
		f.Close()
		if err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("%x", h.Sum(nil)[:8]), nil
}

// sizeArg formats a size as a command-line argument.
func sizeArg(n int64) string {
	switch {
	case n%(1<<30) == 0:
		return fmt.Sprintf("%dGiB", n>>30)
	case n%(1<<20) == 0:
		return fmt.Sprintf("%dMiB", n>>20)
	}
	return strconv.FormatInt(n, 10)
}
