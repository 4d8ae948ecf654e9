package main

import (
	"bytes"
	"math"
	"slices"
)

// A record is written by a service at one time: a line, or a line and its stack
// trace. The text has no newline at its end and is valid until the next step.
type record struct {
	log   int   // index as in logNames
	at    int64 // nanoseconds since 1970
	text  []byte
	lines int
	bad   bool // it is an error, which containers write to stderr
}

// A writer receives the records of a story in order of time.
type writer interface {
	write(rec *record) error
}

// A story is a simulated site. It has a heap of flows (requests, ssh sessions,
// …), ordered by the times of their next steps, and always executes the
// earliest step. Therefore, times increase over all logs together, and in each
// log.
type story struct {
	r         rng
	now       clock
	out       writer
	instances int
	on        [serviceCount]bool
	base      [serviceCount]int // index of the service's first log
	hosts     [serviceCount][]string
	boot      int64

	perLine int64 // nanoseconds of log time per line
	arrival int64 // time when the next flow begins
	owed    int   // lines written in addition to those that flows planned: traces
	kinds   *picker

	heap     []*flow
	free     []*flow
	sessions int // open ssh sessions

	lines    int64
	plantAt  int64 // line count at which the next zebrafish is due
	incident int   // remaining requests of an incident

	rec record
	bad bool
}

// A flow is an event that one or more services log over some time.
type flow struct {
	steps [maxSteps]step
	n     int // number of steps planned
	next  int // index of the next step

	uuid   [36]byte
	trace  [32]byte
	ip     uint32
	user   int
	route  *route
	path   []byte
	status int
	bytes  int
	took   int64 // nanoseconds
	thread int
	queue  string
	job    uint64
	order  int
	pid    int
	port   int
	inst   [serviceCount]int
}

type step struct {
	at   int64
	kind stepKind
}

type stepKind uint8

const (
	apiReceived stepKind = iota
	apiMiddle
	apiDone
	nginxDone
	workerStart
	workerRetry
	workerDone
	workerFail
	billingStart
	billingDone
	billingFail
	sshAccepted
	sshOpened
	logindNew
	sshDisconnect
	sshClosed
	sshInvalid
	sshFailed
	sshGone
	sudoCommand
	sudoOpened
	sudoClosed
	cronOpened
	cronClosed
	kernelLine
)

// maxSteps is enough for the longest flow: a payment whose job is retried three
// times has 13 steps.
const maxSteps = 16

var steps = [...]struct {
	svc  service
	text func(*story, []byte, *flow) []byte
}{
	apiReceived:   {svcAPI, (*story).apiReceived},
	apiMiddle:     {svcAPI, (*story).apiMiddle},
	apiDone:       {svcAPI, (*story).apiDone},
	nginxDone:     {svcNginx, (*story).nginxLine},
	workerStart:   {svcWorker, (*story).workerStart},
	workerRetry:   {svcWorker, (*story).workerRetry},
	workerDone:    {svcWorker, (*story).workerDone},
	workerFail:    {svcWorker, (*story).workerFail},
	billingStart:  {svcBilling, (*story).billingStart},
	billingDone:   {svcBilling, (*story).billingDone},
	billingFail:   {svcBilling, (*story).billingFail},
	sshAccepted:   {svcAuth, (*story).sshAccepted},
	sshOpened:     {svcAuth, (*story).sshOpened},
	logindNew:     {svcAuth, (*story).logindNew},
	sshDisconnect: {svcAuth, (*story).sshDisconnect},
	sshClosed:     {svcAuth, (*story).sshClosed},
	sshInvalid:    {svcAuth, (*story).sshInvalid},
	sshFailed:     {svcAuth, (*story).sshFailed},
	sshGone:       {svcAuth, (*story).sshGone},
	sudoCommand:   {svcAuth, (*story).sudoCommand},
	sudoOpened:    {svcAuth, (*story).sudoOpened},
	sudoClosed:    {svcAuth, (*story).sudoClosed},
	cronOpened:    {svcAuth, (*story).cronOpened},
	cronClosed:    {svcAuth, (*story).cronClosed},
	kernelLine:    {svcKernel, (*story).kernelLine},
}

// A route is a kind of request.
type route struct {
	method string
	path   func(*story, []byte) []byte
	static bool // nginx answers it without api
	pays   bool // billing is involved
	queue  string
	millis int // mean duration in milliseconds
}

var routes = []route{
	{"GET", (*story).staticPath, true, false, "", 3},
	{"GET", (*story).productPath, false, false, "", 40},
	{"GET", (*story).searchPath, false, false, "index", 120},
	{"GET", (*story).orderPath, false, false, "", 60},
	{"POST", (*story).cartPath, false, false, "", 45},
	{"POST", (*story).checkoutPath, false, true, "mail", 420},
	{"POST", (*story).loginPath, false, false, "", 90},
	{"PUT", (*story).profilePath, false, false, "index", 70},
	{"POST", (*story).invoicePath, false, true, "shipping", 350},
	{"DELETE", (*story).cartItemPath, false, false, "", 35},
	{"GET", (*story).healthPath, true, false, "", 1},
	{"GET", (*story).imagePath, true, false, "", 6},
}

var (
	routePick  = newPicker(14, 24, 9, 8, 8, 8, 4, 3, 4, 3, 4, 11)
	middlesNum = newPicker(20, 35, 30, 15)
	staticExt  = []string{".js", ".css", ".woff2", ".map"}
	staticName = []string{"app", "vendor", "theme", "runtime", "checkout", "fonts/inter"}
)

// newStory returns a story that begins at start, in nanoseconds since 1970.
// rate is the number of lines per second over all logs.
func newStory(seed uint64, picked []service, instances int, start int64, rate float64, out writer) *story {
	s := &story{
		r: newRNG(seed), out: out, instances: instances,
		perLine: max(1, int64(math.Round(1e9/rate))), arrival: start,
		boot: start - 37*24*3600e9,
	}
	for k, svc := range picked {
		s.on[svc] = true
		s.base[svc] = k * instances
	}
	for svc := range services {
		prefix := [serviceCount]string{"app", "host", "edge", "job", "pay", "host"}[svc]
		for i := range instances {
			s.hosts[svc] = append(s.hosts[svc], string(appendPad([]byte(prefix+"-"), i+1, 2)))
		}
	}
	// The weights are for flows, not lines. A kind of flow must not be
	// chosen if none of its services is enabled, or time would never pass.
	weights := [3]int{}
	if s.on[svcAPI] || s.on[svcNginx] || s.on[svcWorker] || s.on[svcBilling] {
		weights[0] = 76
	}
	if s.on[svcAuth] {
		weights[1] = 12
	}
	if s.on[svcKernel] {
		weights[2] = 12
	}
	s.kinds = newPicker(weights[:]...)
	s.plantAt = s.r.exp(plantEvery)
	return s
}

// plantEvery is the mean number of lines between two zebrafish.
const plantEvery = 200_000

// plant reports whether the line being written should contain the next
// zebrafish.
func (s *story) plant() bool {
	if s.lines < s.plantAt {
		return false
	}
	s.plantAt = s.lines + s.r.exp(plantEvery)
	return true
}

// next returns the time of the next step.
func (s *story) next() int64 {
	if len(s.heap) > 0 && s.heap[0].due() < s.arrival {
		return s.heap[0].due()
	}
	return s.arrival
}

func (f *flow) due() int64 { return f.steps[f.next].at }

// step executes the next step: a flow arrives, or one writes a record.
func (s *story) step() error {
	if len(s.heap) == 0 || s.arrival <= s.heap[0].due() {
		s.arrive()
		return nil
	}
	f := s.heap[0]
	st := f.steps[f.next]
	kind := &steps[st.kind]
	s.now.set(st.at)
	s.bad = false
	s.rec.text = kind.text(s, s.rec.text[:0], f)
	s.rec.log = s.base[kind.svc] + f.inst[kind.svc]
	s.rec.at = st.at
	s.rec.bad = s.bad
	s.rec.lines = 1
	if st.kind == billingFail {
		s.rec.lines += bytes.Count(s.rec.text, []byte{'\n'})
		s.owed += s.rec.lines - 1
	}
	s.lines += int64(s.rec.lines)
	f.next++
	if f.next == f.n {
		if st.kind == sshClosed {
			s.sessions--
		}
		s.free = append(s.free, f)
		last := len(s.heap) - 1
		s.heap[0] = s.heap[last]
		s.heap = s.heap[:last]
	}
	s.down()
	return s.out.write(&s.rec)
}

func (s *story) push(f *flow) {
	s.heap = append(s.heap, f)
	for i := len(s.heap) - 1; i > 0; {
		up := (i - 1) / 2
		if s.heap[up].due() <= s.heap[i].due() {
			return
		}
		s.heap[up], s.heap[i] = s.heap[i], s.heap[up]
		i = up
	}
}

// down restores the order of the heap after its first element has changed.
func (s *story) down() {
	for i := 0; ; {
		kid := 2*i + 1
		if kid >= len(s.heap) {
			return
		}
		if kid+1 < len(s.heap) && s.heap[kid+1].due() < s.heap[kid].due() {
			kid++
		}
		if s.heap[i].due() <= s.heap[kid].due() {
			return
		}
		s.heap[i], s.heap[kid] = s.heap[kid], s.heap[i]
		i = kid
	}
}

// arrive plans a flow and advances the next arrival by the log time of its
// lines, so that the rate is correct for any mix of services.
func (s *story) arrive() {
	var f *flow
	if n := len(s.free); n > 0 {
		f = s.free[n-1]
		s.free = s.free[:n-1]
	} else {
		f = new(flow)
	}
	f.n, f.next = 0, 0
	switch s.r.pick(s.kinds) {
	case 0:
		s.planRequest(f, s.arrival)
	case 1:
		s.planAuth(f, s.arrival)
	case 2:
		s.planKernel(f, s.arrival)
	}
	if f.n == 0 {
		s.free = append(s.free, f)
		return
	}
	slices.SortStableFunc(f.steps[:f.n], func(a, b step) int { return int(min(1, max(-1, a.at-b.at))) })
	lines := f.n + s.owed
	s.owed = 0
	s.arrival += s.r.exp(int64(lines) * s.perLine)
	s.push(f)
}

// add plans a step, unless its service is disabled.
func (s *story) add(f *flow, kind stepKind, at int64) {
	if s.on[steps[kind].svc] {
		f.steps[f.n] = step{at, kind}
		f.n++
	}
}

func (s *story) someIP() uint32 {
	// Two thirds of the calls come from 30,000 regular visitors.
	if s.r.n(3) > 0 {
		x := uint64(s.r.skewed(30000)+1) * 0x9e3779b97f4a7c15
		return 20<<24 + uint32(x>>32)%(180<<24)
	}
	return 20<<24 + uint32(s.r.n(180<<24))
}

func (s *story) someInstances(f *flow) {
	if s.instances == 1 {
		return
	}
	for i := range f.inst {
		f.inst[i] = s.r.n(s.instances)
	}
}

const (
	micro = int64(1e3)
	milli = int64(1e6)
	sec   = int64(1e9)
)

func (s *story) planRequest(f *flow, t int64) {
	r := s.r
	s.someInstances(f)
	f.route = &routes[r.pick(routePick)]
	f.path = f.route.path(s, f.path[:0])
	f.ip = s.someIP()
	f.user = r.skewed(accounts)
	putUUID(&f.uuid, r.u64(), r.u64())
	putHex(f.trace[:16], r.u64())
	putHex(f.trace[16:], r.u64())
	f.thread = r.between(1, 64)
	f.order = r.between(1_000_000, 99_999_999)
	f.bytes = 180 + r.skewed(60000)
	f.queue = f.route.queue
	f.job = r.u64()

	mean := int64(f.route.millis) * milli
	f.took = 200*micro + r.exp(mean)/2 + r.exp(r.exp(mean))/2
	s.decideOutcome(f)

	end := t + f.took
	s.add(f, nginxDone, end+300*micro+r.exp(200*micro))
	if f.route.static {
		return
	}
	s.add(f, apiReceived, t+100*micro)
	s.add(f, apiDone, end)
	for i := range r.pick(middlesNum) {
		s.add(f, apiMiddle, t+150*micro+(f.took-200*micro)*int64(i+1)/5)
	}
	if f.status >= 400 && f.status < 500 {
		return
	}
	if f.route.pays {
		s.add(f, billingStart, t+f.took/8)
		if f.status >= 500 {
			s.add(f, billingFail, end-f.took/16)
		} else {
			s.add(f, billingDone, end-f.took/8)
		}
	}
	if f.queue != "" && f.status < 500 {
		s.planJob(f, end+2*milli+r.exp(150*milli))
	}
}

// decideOutcome sets the status of a request, and delays one that times out.
func (s *story) decideOutcome(f *flow) {
	r := s.r
	// In an incident, ten times as many of some thousand requests fail, so
	// that a histogram of errors is not flat.
	if s.incident > 0 {
		s.incident--
	} else if r.oneIn(40000) {
		s.incident = r.between(800, 4000)
	}
	fate := r.n(1000)
	if s.incident > 0 {
		fate /= 10
	}
	f.status = 200
	switch {
	case f.route.static:
		switch {
		case fate < 3:
			f.status = 502
		case fate < 25:
			f.status = 404
		case fate < 200:
			f.status = 304
		}
	case fate < 9:
		f.status = 504
		f.took = 5*sec + r.exp(20*milli)
	case fate < 30:
		f.status = 500
	case fate < 70:
		f.status = [...]int{404, 401, 422, 403, 409, 429}[r.n(6)]
	case f.route.method == "POST":
		f.status = 201
	}
}

// planJob plans the job that a request leaves in its queue.
func (s *story) planJob(f *flow, at int64) {
	r := s.r
	s.add(f, workerStart, at)
	at += milli + r.exp(300*milli)
	tries := 0
	for r.oneIn(40) && tries < 3 {
		s.add(f, workerRetry, at)
		at += 100*milli + r.exp(sec)
		tries++
	}
	if r.oneIn(150) {
		s.add(f, workerFail, at)
	} else {
		s.add(f, workerDone, at)
	}
}

// maxSessions limits the number of open ssh sessions: at a high rate they
// become short, because flows in the heap take memory.
const maxSessions = 1000

var authPick = newPicker(30, 34, 12, 24)

func (s *story) planAuth(f *flow, t int64) {
	r := s.r
	s.someInstances(f)
	f.ip = s.someIP()
	f.user = r.skewed(accounts / 50)
	f.pid = r.between(800, 99999)
	f.port = r.between(32768, 60999)
	f.order = r.n(100000)
	switch r.pick(authPick) {
	case 0:
		stay := sec + r.exp(400*sec)
		if s.sessions >= maxSessions {
			stay = r.exp(sec)
		}
		s.sessions++
		s.add(f, sshAccepted, t)
		s.add(f, sshOpened, t+4*milli)
		s.add(f, logindNew, t+9*milli)
		s.add(f, sshDisconnect, t+20*milli+stay)
		s.add(f, sshClosed, t+22*milli+stay)
	case 1:
		s.add(f, sshInvalid, t)
		for range r.between(1, 4) {
			t += sec + r.exp(2*sec)
			s.add(f, sshFailed, t)
		}
		s.add(f, sshGone, t+200*milli)
	case 2:
		s.add(f, sudoCommand, t)
		s.add(f, sudoOpened, t+milli)
		s.add(f, sudoClosed, t+10*milli+r.exp(2*sec))
	case 3:
		s.add(f, cronOpened, t)
		s.add(f, cronClosed, t+50*milli+r.exp(3*sec))
	}
}

func (s *story) planKernel(f *flow, t int64) {
	s.someInstances(f)
	f.ip = s.someIP()
	f.pid = s.r.between(800, 99999)
	f.port = s.r.between(1024, 65535)
	s.add(f, kernelLine, t)
}

func (s *story) staticPath(b []byte) []byte {
	b = append(b, "/static/"...)
	b = append(b, s.r.word(staticName)...)
	b = append(b, '.')
	b = appendHex(b, uint64(s.r.skewed(400))*0x9e3779b97f4a7c15>>32, 8)
	return append(b, s.r.word(staticExt)...)
}

func (s *story) productPath(b []byte) []byte {
	r := s.r
	b = append(b, "/api/v2/products/"...)
	if r.oneIn(40) {
		b = append(b, "k%C3%A4sebrett-"...)
	} else {
		b = append(b, r.word(colours)...)
		b = append(b, '-')
		b = append(b, r.word(products)...)
		b = append(b, '-')
	}
	return appendInt(b, r.skewed(40000))
}

func (s *story) searchPath(b []byte) []byte {
	r := s.r
	b = append(b, "/api/v2/search?q="...)
	b = append(b, r.word(colours)...)
	b = append(b, '+')
	b = append(b, r.word(products)...)
	b = append(b, "&page="...)
	return appendInt(b, r.skewed(30)+1)
}

func (s *story) orderPath(b []byte) []byte {
	return appendInt(append(b, "/api/v2/orders/"...), s.r.between(1_000_000, 99_999_999))
}

func (s *story) cartPath(b []byte) []byte     { return append(b, "/api/v2/cart/items"...) }
func (s *story) checkoutPath(b []byte) []byte { return append(b, "/api/v2/checkout"...) }
func (s *story) loginPath(b []byte) []byte    { return append(b, "/api/v2/login"...) }
func (s *story) healthPath(b []byte) []byte   { return append(b, "/healthz"...) }

func (s *story) profilePath(b []byte) []byte {
	b = append(b, "/api/v2/users/"...)
	b = appendInt(b, s.r.skewed(accounts))
	return append(b, "/profile"...)
}

func (s *story) invoicePath(b []byte) []byte {
	b = append(b, "/api/v2/invoices/"...)
	b = appendInt(b, s.r.between(100_000, 9_999_999))
	return append(b, "/pay"...)
}

func (s *story) cartItemPath(b []byte) []byte {
	return appendInt(append(b, "/api/v2/cart/items/"...), s.r.between(1, 999_999))
}

func (s *story) imagePath(b []byte) []byte {
	r := s.r
	b = append(b, "/img/"...)
	b = appendHex(b, uint64(r.skewed(90000))*0x9e3779b97f4a7c15, 16)
	b = append(b, '-')
	b = appendInt(b, 160<<r.n(4))
	return append(b, ".webp"...)
}
