package main

import (
	"context"
	"sync"
	"time"

	"logview/index"
	"logview/reader/crash"
)

// A liveRecorder prints the records of followed logs that have a matching line. What
// there is of a record is printed when the next one begins, or when no line has come for
// a while; lines that continue it later are printed as they come.
type liveRecorder struct {
	emit func(record) error
	max  int64 // records after which errDone ends following; 0 for no limit
	now  func() time.Time

	mu    sync.Mutex
	logs  map[string]*liveRecord // by path
	found int64
	err   error // the first one of emit
}

type liveRecord struct {
	recordMaker
	came time.Time // the last line
}

// mostLiveLines is the number of lines before a matching one that are kept of each log.
const mostLiveLines = 100

// add adds hits. It returns an error if nothing can be printed any more.
func (r *liveRecorder) add(h *index.Hits) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err != nil {
		return r.err
	}
	x := r.logs[h.Member.Path]
	if x == nil {
		x = &liveRecord{recordMaker: recordMaker{emit: r.count}}
		r.logs[h.Member.Path] = x
	}
	x.came = r.now()
	r.err = x.add(h)
	return r.err
}

// count passes a record, or the rest of one, on, and counts it.
func (r *liveRecorder) count(x record) error {
	if err := r.emit(x); err != nil {
		return err
	}
	if r.found += x[0].Count; r.max > 0 && r.found >= r.max {
		return errDone
	}
	return nil
}

// passOn prints what there is of the records to which no line was added since a time. It
// returns the first error of printing.
func (r *liveRecorder) passOn(since time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, x := range r.logs {
		if r.err == nil && !x.came.After(since) {
			r.err = x.pass()
		}
	}
	return r.err
}

// recordLive changes a request so that the records of the lines found are printed.
// Following must use the context returned, which ends when nothing can be printed any
// more, or Max records were. end prints what is still held back, and returns the first error of printing, or errDone.
func recordLive(ctx context.Context, req *index.Request, emit func(record) error) (following context.Context, add func(*index.Hits) error, end func() error) {
	r := &liveRecorder{emit: emit, max: req.Max, now: time.Now, logs: map[string]*liveRecord{}}
	following, stop := context.WithCancel(ctx)
	wait := runPeriodically(following, stop, func() error { return r.passOn(r.now().Add(-holdBack)) })
	forRecords(req)
	req.Before, req.Max = mostLiveLines, 0
	return following, r.add, func() error {
		stop()
		wait()
		return r.passOn(r.now())
	}
}

// runPeriodically calls do several times in each holdBack, until ctx ends. If do fails, it calls
// stop instead. The function returned waits for the end.
func runPeriodically(ctx context.Context, stop func(), do func() error) (wait func()) {
	var running sync.WaitGroup
	running.Add(1)
	crash.Go(func() {
		defer running.Done()
		tick := time.NewTicker(holdBack / 10)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				if do() != nil {
					stop()
					return
				}
			case <-ctx.Done():
				return
			}
		}
	})
	return running.Wait
}
