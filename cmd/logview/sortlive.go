package main

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"logview/index"
	"logview/reader"
)

// A liveSorter prints the lines of followed logs in the order of their times. It holds
// each line back for a while, so that lines of other logs with earlier times can come
// before it. A line that comes later than that is printed late. Lines with equal times
// are printed in the order in which they came, and one without a time with the line
// before.
type liveSorter struct {
	print func([]byte) error
	now   func() time.Time

	mu   sync.Mutex
	held []heldLine
	size int
	err  error // of print
}

type heldLine struct {
	time int64 // as in sortLine
	came time.Time
	text []byte
}

// holdBack is how long a line is held back, and mostHeld how many bytes of lines are.
const (
	holdBack = time.Second
	mostHeld = 64 << 20
)

// run prints lines that were held back, until ctx ends. It calls stop if they cannot be
// printed. The function returned waits for the end.
func (s *liveSorter) run(ctx context.Context, stop func()) (wait func()) {
	return runPeriodically(ctx, stop, func() error { return s.release(s.now().Add(-holdBack)) })
}

// add adds a line. It returns an error if a line before could not be printed.
func (s *liveSorter) add(_ string, _ reader.Line, t time.Time, text []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held = append(s.held, heldLine{sortTime(t), s.now(), slices.Clone(text)})
	if s.size += len(text) + sortLineSize; s.size > mostHeld {
		s.printUpTo(len(s.held)/2 + 1)
	}
	return s.err
}

// release prints the lines that came before a time, and those that precede them. It
// returns the first error of printing.
func (s *liveSorter) release(before time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sort()
	n := 0
	for i, l := range s.held {
		if l.came.Before(before) {
			n = i + 1
		}
	}
	s.printUpTo(n)
	return s.err
}

// flush prints all lines, and returns the first error of printing.
func (s *liveSorter) flush() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.printUpTo(len(s.held))
	return s.err
}

func (s *liveSorter) sort() {
	slices.SortStableFunc(s.held, func(a, b heldLine) int { return cmp.Compare(a.time, b.time) })
}

// printUpTo prints the first n lines in order.
func (s *liveSorter) printUpTo(n int) {
	if n == 0 || s.err != nil {
		return
	}
	s.sort()
	var out []byte
	for _, l := range s.held[:n] {
		out = append(out, l.text...)
		s.size -= len(l.text) + sortLineSize
	}
	s.held = slices.Delete(s.held, 0, n)
	s.err = s.print(out)
}

// sortLive changes a request so that the lines found are printed in the order of their
// times. Following must use the context returned, which ends when nothing can be printed
// any more. end prints the lines that are still held back, and returns the first error of
// printing.
func sortLive(ctx context.Context, p *printer, req *index.Request) (following context.Context, emit func(*index.Hits) error, end func() error) {
	s := &liveSorter{now: time.Now, print: p.write}
	following, stop := context.WithCancel(ctx)
	wait := s.run(following, stop)
	req.Times, req.Render = true, renderOneByOne(p)
	return following, s.emit(p), func() error {
		stop()
		wait()
		return s.flush()
	}
}

// emit adds the lines of hits that renderOneByOne has formatted.
func (s *liveSorter) emit(p *printer) func(*index.Hits) error { return emitOneByOne(p, s.add) }
