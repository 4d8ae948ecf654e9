package indexer

import (
	"os"
	"testing"

	tea "charm.land/bubbletea/v2"
)

func TestReports(t *testing.T) {
	for _, x := range []struct {
		line string
		want Report
		ok   bool
	}{
		{"0 10", Report{Done: 0, Total: 10}, true},
		{"4096 8192", Report{Done: 4096, Total: 8192}, true},
		{"idle", Report{Idle: true}, true},
		{"failed: no space left on device", Report{Reason: "no space left on device"}, true},
		{"", Report{}, false},
		{"failed: ", Report{}, false},
		{"hello", Report{}, false},
	} {
		got, ok := Parse(x.line)
		if ok != x.ok || ok && got != x.want {
			t.Errorf("Parse(%q) = %+v, %v, want %+v, %v", x.line, got, ok, x.want, x.ok)
		}
		if ok && got.String() != x.line {
			t.Errorf("%+v is written %q, want %q", got, got.String(), x.line)
		}
	}
	if s := (Report{Reason: "a\nb"}).String(); s != "failed: a b" {
		t.Errorf("a reason of two lines is written %q", s)
	}
}

// TestMain is also the main function of the process that the tests start, which
// prints its arguments.
func TestMain(m *testing.M) {
	if os.Getenv("INDEXER_TEST") != "" {
		for _, line := range os.Args[1:] {
			os.Stdout.WriteString(line + "\n")
		}
		return
	}
	os.Exit(m.Run())
}

func TestIndexer(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("INDEXER_TEST", "1")
	x := New([]string{self, "5 10", "failed: disk full", "failed: disk full", "what is this", "idle"})
	cmd := x.Start()
	if !x.Running() || x.Status() != "indexing" {
		t.Fatalf("running %v, %q after it was started", x.Running(), x.Status())
	}
	for _, want := range []struct{ status, err string }{
		{"indexing 50%", ""}, {"not indexed", "no index: disk full"}, {"not indexed", ""}, {"not indexed", ""}, {"indexed", ""}, {"", ""},
	} {
		var err error
		cmd, err = update(x, cmd())
		got := ""
		if err != nil {
			got = err.Error()
		}
		if x.Status() != want.status || got != want.err {
			t.Errorf("%q, error %q; want %q, %q", x.Status(), got, want.status, want.err)
		}
	}
	if x.Running() || cmd != nil {
		t.Error("it runs when the process has ended")
	}
}

func update(x *Indexer, msg tea.Msg) (tea.Cmd, error) { return x.Update(msg.(Msg)) }

// Lines of an earlier process are dropped.
func TestStopped(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("INDEXER_TEST", "1")
	x := New([]string{self, "idle"})
	late := x.Start()()
	x.Stop()
	if cmd, err := update(x, late); cmd != nil || err != nil || x.Status() != "" || x.Running() {
		t.Errorf("%q, running %v after it was stopped", x.Status(), x.Running())
	}
	x.Stop()
}

func TestNoIndexer(t *testing.T) {
	x := New(nil)
	x.Stop()
	if x.Running() || x.Status() != "" {
		t.Error("there is an indexer without a command")
	}
	x = New([]string{"/no such program"})
	if x.Start() != nil || x.Running() || x.Status() == "" {
		t.Errorf("running %v, %q with a program that does not exist", x.Running(), x.Status())
	}
}
