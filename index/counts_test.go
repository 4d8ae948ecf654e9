package index

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"logview/index/match"
	"logview/index/query"
)

// TestCounts compares the numbers of lines that an index knows with the lines.
func TestCounts(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	words := []string{"timeout", "TimeOut", "SocketTimeoutException", "connection", "connect", "reset", "INFO", "infos", "größe", "\u212aelvin", "kelvin", "GET", "x1", "404", "\x1b[31merror\x1b[0m", "error", "\x1b[32mINFO\x1b[0m", "50%\r60%", "bad\xff", "user_id", "a"}
	ids := []string{"12345", "deadbeef01", "550e8400-e29b-41d4-a716-446655440000"}
	known, all := 0, 0
	for range 300 {
		var blocks [][]byte
		for range 1 + r.IntN(6) {
			vocabulary := words[r.IntN(len(words)-4):]
			vocabulary = slices.Clone(vocabulary[:1+r.IntN(len(vocabulary))])
			if r.IntN(4) == 0 {
				vocabulary = append(vocabulary, ids...)
			}
			var b bytes.Buffer
			for range 1 + r.IntN(80) {
				for range r.IntN(5) {
					b.WriteString(pick(r, vocabulary...) + pick(r, " ", " ", "-", "_", "", ", "))
				}
				b.WriteString(pick(r, "\n", "\n", "\r\n"))
			}
			if r.IntN(4) == 0 {
				b.WriteString(pick(r, vocabulary...)) // without a line feed
			}
			blocks = append(blocks, b.Bytes())
		}
		s := segmentOf(t, blocks...)
		for range 60 {
			w := []rune(pick(r, append(ids, words...)...))
			i := r.IntN(len(w))
			q := query.Text{S: string(w[i : i+1+r.IntN(len(w)-i)])}
			opt := match.Options{CaseSensitive: r.IntN(9) == 0, WholeWord: r.IntN(9) == 0, Raw: r.IntN(9) == 0}
			m, err := match.Compile(q, opt)
			if err != nil {
				continue
			}
			p := newPlan(q, opt)
			if p.counted == nil {
				continue
			}
			counts := map[uint32]int64{}
			if err := (&answers{plan: p, segment: s}).counts(counts); err != nil {
				t.Fatal(err)
			}
			for i, b := range blocks {
				n, ok := counts[uint32(i)]
				got := int64(len(m.NewScanner().Lines(b, nil, -1)))
				if got > 0 {
					all++
				}
				if !ok {
					continue
				}
				if known++; got != n {
					t.Fatalf("%s %+v is in %d lines of block %d, counted %d:\n%q", q, opt, got, i, n, b)
				}
			}
		}
	}
	t.Logf("known in %d blocks, %d match", known, all)
	if known < all/20 {
		t.Errorf("known in only %d blocks, %d match", known, all)
	}
}

// TestCountOf tests the format of counts.
func TestCountOf(t *testing.T) {
	counts := []byte("\nerror 12\nterror 3\nabsent 0\n")
	for word, want := range map[string]int64{"error": 12, "terror": 3, "absent": 0, "err": -1, "rror": -1, "12": -1} {
		n, ok := countOf(counts, []byte(word))
		if !ok {
			n = -1
		}
		if n != want {
			t.Errorf("%s: %d, want %d", word, n, want)
		}
	}
	if _, ok := countOf([]byte("\nerror"), []byte("error")); ok {
		t.Error("a cut count counts")
	}
}
