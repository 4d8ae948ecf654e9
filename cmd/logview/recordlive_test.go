package main

import (
	"strings"
	"testing"
	"time"

	"logview/index"
	"logview/index/match"
	"logview/index/query"
	"logview/reader"
)

// TestLiveRecorder tests which lines of followed logs are printed with --record, and
// when.
func TestLiveRecorder(t *testing.T) {
	var out strings.Builder
	now := time.Unix(1000, 0)
	r := &liveRecorder{logs: map[string]*liveRecord{}, now: func() time.Time { return now }, emit: func(x record) error {
		for _, h := range x {
			for _, l := range h.Lines {
				out.Write(h.Text[l.Start:l.End])
				out.WriteByte('\n')
			}
		}
		return nil
	}}
	req := &index.Request{Query: query.Text{S: "boom"}, Options: match.Options{}, Window: index.Window{Zone: time.UTC}}
	forRecords(req)
	st, err := index.NewStream(t.Context(), req, r.add)
	if err != nil {
		t.Fatal(err)
	}
	offsets := map[int]reader.Offset{}
	// write adds lines to a file of a log.
	write := func(key int, log, text string) {
		t.Helper()
		b := &reader.Block{Text: []byte(text), Offset: offsets[key], Line: -1, Lines: strings.Count(text, "\n")}
		offsets[key] = b.End()
		if err := st.Add(key, reader.Member{Path: log}, reader.ID{}, b); err != nil {
			t.Fatal(err)
		}
	}
	// expect moves the clock and checks what was printed since the last call.
	expect := func(after time.Duration, want string) {
		t.Helper()
		now = now.Add(after)
		if err := r.passOn(now.Add(-holdBack)); err != nil {
			t.Fatal(err)
		}
		if got := out.String(); got != want {
			t.Errorf("printed %q, want %q", got, want)
		}
		out.Reset()
	}
	const at = "2026-11-20 10:00:00 "
	write(1, "a", at+"fine\n"+at+"failed\n")
	write(2, "b", at+"boom b\n")
	write(1, "a", "  boom\n")
	expect(0, "")
	write(2, "b", at+"other\n") // another record begins
	expect(0, at+"boom b\n")
	expect(holdBack, at+"failed\n  boom\n")
	write(1, "a", "  more\n")
	write(2, "b", "  not\n")
	expect(holdBack, "  more\n")
	write(3, "a", "  after the rotation\n"+at+"fine\n  not\n")
	expect(0, "  after the rotation\n")
	write(3, "a", at+"last\n")
	write(4, "a", "  boom, after another\n")
	expect(holdBack, at+"last\n  boom, after another\n")

	r.max = 1
	r.found = 0
	write(2, "b", at+"boom\n")
	if err := r.passOn(now.Add(holdBack)); err != errDone {
		t.Errorf("after the last record: %v", err)
	}
}
