package files

import (
	"context"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"logview/reader"
	"logview/reader/blockstore"
	"logview/reader/readertest"
)

// TestMain is also the main function of a process that stores a file.
func TestMain(m *testing.M) {
	if path := os.Getenv("READER_TEST_STORE"); path != "" {
		logs, _ := Find([]string{path})
		src := NewSource(logs[0], Options{Cache: blockstore.NewCache(os.Getenv("READER_TEST_CACHE"), 1<<30), Workers: reader.NewWorkers(2), MustStore: true})
		if err := Store(context.Background(), src, src.Members()[0], nil); err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// Writers are killed at any time while others write the same store. Every
// reader gets the text, and in the end the store is complete.
func TestKilledWriters(t *testing.T) {
	if testing.Short() {
		t.Skip("the full tests do this")
	}
	text := readertest.Noise(rand.New(rand.NewPCG(32, 1)), 4<<20)
	path := filepath.Join(t.TempDir(), "a.gz")
	if err := os.WriteFile(path, readertest.Gzip(text), 0o644); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "cache")
	start := func() *exec.Cmd {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "READER_TEST_STORE="+path, "READER_TEST_CACHE="+dir)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		return cmd
	}
	read := func() (stored bool) {
		logs, _ := Find([]string{path})
		src := NewSource(logs[0], Options{Cache: blockstore.NewCache(dir, 1<<30)})
		b, err := src.Open(t.Context(), src.Members()[0], reader.Pos{})
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		got, err := readertest.Collect(t, b.Next)
		if err != io.EOF || readertest.Join(got) != text {
			t.Fatalf("%v, %d bytes of %d", err, len(readertest.Join(got)), len(text))
		}
		_, stored = b.(reader.RandomAccess)
		return stored
	}
	rounds := 40
	if testing.Short() {
		rounds = 8
	}
	r := rand.New(rand.NewPCG(33, 1))
	for range rounds {
		a, b := start(), start()
		// Storing takes some 30 ms; the process is killed at a random time.
		timer := time.AfterFunc(time.Duration(r.IntN(60))*time.Millisecond, func() { a.Process.Kill() })
		_ = a.Wait()
		timer.Stop()
		read()
		if err := b.Wait(); err != nil {
			t.Fatal("the writer that was not killed: ", err)
		}
		if !read() {
			t.Fatal("no store though a writer ended well")
		}
		for _, f := range storeFiles(t, blockstore.NewCache(dir, 0)) {
			if filepath.Ext(f) == blockstore.StoreSuffix {
				os.Remove(f)
			}
		}
	}
}
