package main

// workerHead appends the beginning of a line of the worker service: a JSON
// object for a job that a request queued.

func (s *story) workerHead(b []byte, level, msg string, f *flow) []byte {
	b = append(b, `{"time":"`...)
	b = s.now.appendISO(b, 6)
	b = append(b, `","level":"`...)
	b = append(b, level...)
	b = append(b, `","logger":"worker.`...)
	b = append(b, f.queue...)
	b = append(b, `","msg":"`...)
	b = append(b, msg...)
	b = append(b, `","job_id":"`...)
	b = appendHex(b, f.job, 12)
	b = append(b, `","request_id":"`...)
	b = append(b, f.uuid[:]...)
	b = append(b, `","trace_id":"`...)
	b = append(b, f.trace[:]...)
	return append(b, '"')
}

func (s *story) workerStart(b []byte, f *flow) []byte {
	r := s.r
	if s.plant() {
		b = s.workerHead(b, "warn", "no handler for zebrafish, dropped", f)
		return append(b, '}')
	}
	b = s.workerHead(b, "info", "job started", f)
	b = append(b, `,"queue_ms":`...)
	b = appendInt(b, r.skewed(900))
	b = append(b, `,"attempt":1,"user":{"id":`...)
	b = appendInt(b, f.user)
	b = append(b, `,"name":"`...)
	b = r.appendDisplay(b, f.user)
	b = append(b, `"}`...)
	// A job's whole payload: the long line of this service.
	if r.oneIn(2500) {
		b = append(b, `,"payload":{"items":[`...)
		for range r.between(30, 110) {
			b = append(b, `{"sku":"`...)
			b = append(b, r.word(colours)...)
			b = append(b, '-')
			b = append(b, r.word(products)...)
			b = append(b, `","qty":`...)
			b = appendInt(b, r.between(1, 12))
			b = append(b, `,"price":`...)
			b = appendInt(b, r.between(1, 400))
			b = append(b, ".99},"...)
		}
		b[len(b)-1] = ']'
		b = append(b, '}')
	}
	return append(b, '}')
}

func (s *story) workerDone(b []byte, f *flow) []byte {
	r := s.r
	b = s.workerHead(b, "info", "job done", f)
	b = append(b, `,"duration_ms":`...)
	b = appendThousandth(b, r.skewed(900000))
	switch f.queue {
	case "mail":
		b = append(b, `,"template":"order_confirmation","to":"`...)
		b = r.appendLogin(b, f.user)
		b = append(b, `@mail.example.com"`...)
	case "shipping":
		b = append(b, `,"carrier":"`...)
		b = append(b, r.word(carriers)...)
		b = append(b, `","weight_g":`...)
		b = appendInt(b, r.between(50, 20000))
		if r.oneIn(6) {
			b = append(b, `,"note":"`...)
			b = append(b, r.word(notes)...)
			b = append(b, '"')
		}
	default:
		b = append(b, `,"items":`...)
		b = appendInt(b, r.skewed(3000))
		b = append(b, `,"cached":`...)
		if r.oneIn(3) {
			b = append(b, "true"...)
		} else {
			b = append(b, "false"...)
		}
	}
	return append(b, '}')
}

func (s *story) workerRetry(b []byte, f *flow) []byte {
	r := s.r
	b = s.workerHead(b, "warn", "job failed, will retry", f)
	b = append(b, `,"attempt":`...)
	b = appendInt(b, r.between(1, 3))
	b = append(b, `,"error":"`...)
	b = append(b, r.word(workerErrors)...)
	b = append(b, `","backoff_ms":`...)
	b = appendInt(b, 100<<r.n(5))
	return append(b, '}')
}

func (s *story) workerFail(b []byte, f *flow) []byte {
	r := s.r
	s.bad = true
	b = s.workerHead(b, "error", "job failed", f)
	b = append(b, `,"attempt":4,"error":"`...)
	b = append(b, r.word(workerErrors)...)
	b = append(b, `","dead_letter":true`...)
	return append(b, '}')
}

var (
	carriers     = []string{"dhl", "ups", "postnl", "gls", "colissimo", "inpost"}
	workerErrors = []string{
		"context deadline exceeded", "smtp: 421 too many connections", "dial tcp: i/o timeout",
		"template: missing key \\\"order\\\"", "unexpected EOF", "s3: 503 SlowDown", "lock wait timeout exceeded",
	}
)
