package main

// apiHead appends the beginning of a line of the api service: time, level,
// thread and logger, as in log4j. A tail in logfmt follows. This service
// sometimes colours its level.

func (s *story) apiHead(b []byte, level int, f *flow, logger string) []byte {
	r := s.r
	b = s.now.appendISO(b, 3)
	b = append(b, ' ')
	if r.oneIn(2500) {
		b = append(b, levelColours[level]...)
		b = append(b, levels[level]...)
		b = append(b, "\x1b[0m"...)
	} else {
		b = append(b, levels[level]...)
	}
	b = append(b, " [http-"...)
	b = appendInt(b, f.thread)
	b = append(b, "] "...)
	b = append(b, logger...)
	if level == levelError {
		s.bad = true
	}
	return b
}

func (s *story) apiReceived(b []byte, f *flow) []byte {
	b = s.apiHead(b, levelInfo, f, "shop.api.Gateway - request received method=")
	b = append(b, f.route.method...)
	b = append(b, " path="...)
	b = append(b, f.path...)
	b = append(b, " request_id="...)
	b = append(b, f.uuid[:]...)
	b = append(b, " trace_id="...)
	b = append(b, f.trace[:]...)
	b = append(b, " client="...)
	return appendIP(b, f.ip)
}

// apiMiddle appends a line that a request logs between its first and its last
// line.
func (s *story) apiMiddle(b []byte, f *flow) []byte {
	r := s.r
	if s.plant() {
		b = s.apiHead(b, levelError, f, "shop.api.Inventory - stock sync failed, item zebrafish unknown request_id=")
		return append(b, f.uuid[:]...)
	}
	switch r.pick(middlePick) {
	case 0:
		b = s.apiHead(b, levelDebug, f, "shop.api.Cache - cache ")
		if r.oneIn(4) {
			b = append(b, "miss key="...)
		} else {
			b = append(b, "hit key="...)
		}
		b = append(b, r.word(products)...)
		b = append(b, ':')
		b = appendInt(b, r.skewed(40000))
		b = append(b, " ttl_s="...)
		b = appendInt(b, r.between(1, 3600))
	case 1:
		b = s.apiHead(b, levelDebug, f, "shop.db.Pool - query table=")
		b = append(b, r.word(tables)...)
		b = append(b, " rows="...)
		b = appendInt(b, r.skewed(500))
		b = append(b, " duration_ms="...)
		b = appendThousandth(b, r.skewed(40000))
	case 2:
		b = s.apiHead(b, levelInfo, f, "shop.api.Session - token accepted user=")
		b = r.appendLogin(b, f.user)
		b = append(b, " session="...)
		b = appendHex(b, r.u64(), 16)
	case 3:
		b = s.apiHead(b, levelWarn, f, "shop.db.Pool - slow query table=")
		b = append(b, r.word(tables)...)
		b = append(b, " duration_ms="...)
		b = appendThousandth(b, r.between(200000, 4000000))
		b = append(b, " pool_active="...)
		b = appendInt(b, r.between(1, 64))
	case 4:
		b = s.apiHead(b, levelInfo, f, "shop.api.Inventory - reserved sku=")
		b = append(b, r.word(colours)...)
		b = append(b, '-')
		b = append(b, r.word(products)...)
		b = append(b, " quantity="...)
		b = appendInt(b, r.between(1, 9))
		b = append(b, " warehouse="...)
		b = append(b, r.word(warehouses)...)
	case 5:
		b = s.apiHead(b, levelWarn, f, "shop.api.RateLimit - client near limit remaining=")
		b = appendInt(b, r.n(20))
		b = append(b, " client="...)
		b = appendIP(b, f.ip)
	case 6:
		b = s.apiHead(b, levelDebug, f, "shop.api.Feature - flags evaluated user=")
		b = r.appendLogin(b, f.user)
		b = append(b, " bucket="...)
		b = appendInt(b, r.n(1000))
		b = append(b, " variant="...)
		b = append(b, r.word(colours)...)
	case 7:
		b = s.apiHead(b, levelWarn, f, "shop.api.Retry - connection refused, retrying upstream=")
		b = append(b, r.word(upstreams)...)
		b = append(b, " attempt="...)
		b = appendInt(b, r.between(1, 4))
		b = append(b, ` error="dial tcp `...)
		b = appendIP(b, 10<<24|uint32(r.n(1<<16)))
		b = append(b, `:8443: connect: connection refused"`...)
	}
	b = append(b, " request_id="...)
	b = append(b, f.uuid[:]...)
	// A query with its whole list of keys: the long line of this service.
	if r.oneIn(9000) {
		b = append(b, ` sql="SELECT id, name, price FROM products WHERE id IN (`...)
		for range r.between(200, 700) {
			b = appendInt(b, r.between(100000, 9999999))
			b = append(b, ", "...)
		}
		b = append(b, `0)"`...)
	}
	return b
}

func (s *story) apiDone(b []byte, f *flow) []byte {
	r := s.r
	switch {
	case f.status == 504:
		b = s.apiHead(b, levelError, f, "shop.api.Gateway - upstream request timeout upstream=")
		b = append(b, r.word(upstreams)...)
	case f.status >= 500:
		b = s.apiHead(b, levelError, f, "shop.api.Gateway - request failed error=")
		b = append(b, r.word(apiErrors)...)
	case f.status >= 400:
		b = s.apiHead(b, levelWarn, f, "shop.api.Gateway - request rejected reason=")
		b = append(b, r.word(rejections)...)
	default:
		b = s.apiHead(b, levelInfo, f, "shop.api.Gateway - request completed")
	}
	b = append(b, " method="...)
	b = append(b, f.route.method...)
	b = append(b, " path="...)
	b = append(b, f.path...)
	b = append(b, " status="...)
	b = appendInt(b, f.status)
	b = append(b, " duration_ms="...)
	b = appendThousandth(b, int(f.took/1e3))
	b = append(b, " bytes="...)
	b = appendInt(b, f.bytes)
	b = append(b, " user="...)
	b = r.appendLogin(b, f.user)
	b = append(b, " request_id="...)
	b = append(b, f.uuid[:]...)
	b = append(b, " trace_id="...)
	return append(b, f.trace[:]...)
}

const (
	levelDebug = iota
	levelInfo
	levelWarn
	levelError
)

var (
	levels       = []string{"DEBUG", "INFO ", "WARN ", "ERROR"}
	levelColours = []string{"\x1b[36m", "\x1b[32m", "\x1b[33m", "\x1b[1;31m"}

	middlePick = newPicker(30, 30, 12, 4, 8, 2, 12, 2)
	tables     = []string{"products", "orders", "order_items", "customers", "carts", "prices", "stock", "reviews", "sessions", "coupons"}
	warehouses = []string{"ams-1", "ber-2", "köln-1", "lis-1", "waw-3", "nyc-1", "osa-2", "são-paulo-1"}
	upstreams  = []string{"billing", "inventory", "search", "recommendations", "mailer", "geo"}
	apiErrors  = []string{
		"database_unavailable", "deadlock_detected", "null_pointer", "connection_reset", "serialization_failure", "circuit_open",
	}
	rejections = []string{"not_found", "unauthorized", "validation", "csrf", "conflict", "too_many_requests"}
)
