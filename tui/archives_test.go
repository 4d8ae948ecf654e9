package tui

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"path/filepath"
	"testing"
	"time"

	"logview/reader"
)

// putArchive writes a compressed tar archive to dir. members are names and
// texts in turn.
func putArchive(t *testing.T, dir, name string, members ...string) {
	t.Helper()
	write(t, filepath.Join(dir, name), string(archive(t, members...)), time.Hour)
}

func archive(t *testing.T, members ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for i := 0; i < len(members); i += 2 {
		if err := w.WriteHeader(&tar.Header{Name: members[i], Size: int64(len(members[i+1])), Mode: 0o600, ModTime: testNow}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(members[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	w.Close()
	z.Close()
	return b.Bytes()
}

// An archive is listed as a log until it is opened, and as a directory
// afterwards.
func TestArchive(t *testing.T) {
	dir := tree(t)
	inner := string(archive(t, "deep.log", "ERROR deep\n"))
	putArchive(t, dir, "report.tgz", "var/log/svc.log", "ERROR the newer\n", "var/log/svc.log.1", "ERROR the older\n", "var/log/messages", "hello\n", "node.tgz", inner)
	d, m := explorer(t, dir, 100, 30)
	d.Wait("report.tgz")
	m.logs.Show(filepath.Join(dir, "report.tgz"))
	d.Keys("enter")
	d.Wait("report.tgz/", "messages", "svc.log", "node.tgz")
	m.logs.Show(filepath.Join(dir, "report.tgz", "var", "log", "svc.log"))
	d.Keys("enter")
	d.Wait("the older", "── svc.log ──", "the newer")

	// The archive stays open when another file appears.
	appendTo(t, filepath.Join(dir, "zz.log"), "new")
	d.Wait("zz.log", "svc.log", "the newer")
}

// Going to a result in an archive that is not open opens the archive.
func TestArchiveResult(t *testing.T) {
	dir := tree(t)
	inner := string(archive(t, "deep.log", "first\nneedle in it\n"))
	putArchive(t, dir, "report.tgz", "node.tgz", inner, "other.log", "other\n")
	d, m := explorer(t, dir, 100, 30)
	d.Wait("report.tgz")
	d.Keys("s")
	d.Type("needle")
	d.Keys("enter")
	d.Wait("needle in it")
	d.Keys("enter")
	d.Until(func() bool {
		return m.pager.Name() == filepath.Join(dir, "report.tgz", "node.tgz", "deep.log")
	}, "the log in the archive in the archive")
	d.Wait("first")
}

// A path inside an archive can be named on the command line.
func TestArchiveStart(t *testing.T) {
	dir := tree(t)
	putArchive(t, dir, "report.tgz", "var/log/svc.log", "one\ntwo\n", "var/log/other.log", "other\n")
	path := filepath.Join(dir, "report.tgz")
	d, m := explorer(t, path, 100, 30, func(o *Options) {
		o.At = &Start{Path: filepath.Join(path, "var", "log", "svc.log"), Line: reader.LineNumber(2)}
	})
	d.Wait("one", "two")
	onLine(d, m)("two")
}
