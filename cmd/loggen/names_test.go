package main

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// TestNamesOfEveryStyle tests the names of an active file and three rotated
// ones, from the oldest, in each style. The first two rotations are in the same
// nanosecond, the third a day later.
func TestNamesOfEveryStyle(t *testing.T) {
	const pod = "shop_api-1_0b5c/api/"
	size := policy{size: 1}
	hourly := policy{every: time.Hour}
	daily := policy{every: 24 * time.Hour}
	for _, c := range []struct {
		style  string
		policy policy
		want   string
	}{
		{"logrotate", size, "api-07.log.3.gz api-07.log.2.gz api-07.log.1 api-07.log"},
		{"ext", size, "api-07.3.log.gz api-07.2.log.gz api-07.1.log api-07.log"},
		{"dateext", size, "api-07.log-20261121-1795269909.gz api-07.log-20261121-1795269910.gz api-07.log-20261122-1795356309 api-07.log"},
		{"dateext", hourly, "api-07.log-2026112114.gz api-07.log-2026112115.gz api-07.log-2026112214 api-07.log"},
		{"dateext", daily, "api-07.log-20261121.gz api-07.log-20261122.gz api-07.log-20261123 api-07.log"},
		{"lumberjack", size, "api-07-2026-11-21T14-05-09.123.log.gz api-07-2026-11-21T14-05-09.124.log.gz api-07-2026-11-22T14-05-09.123.log api-07.log"},
		{"kubelet", size, pod + "0.log.20261121-140509.gz " + pod + "0.log.20261121-140510.gz " + pod + "0.log.20261122-140509 " + pod + "0.log"},
		{"docker", size, "d0c8-json.log.3.gz d0c8-json.log.2.gz d0c8-json.log.1 d0c8-json.log"},
		{"svlogd", size, "api-07/@400000006b01a51f075bcd15.s api-07/@400000006b01a51f075bcd16.s api-07/@400000006b02f69f075bcd15.s api-07/current"},
		{"tinylog", size, "api-07/_20261121T140509.123456.s.Z api-07/_20261121T140509.123457.s.Z api-07/_20261122T140509.123456.s api-07/current"},
		{"savelog", size, "api-07.log.2.gz api-07.log.1.gz api-07.log.0 api-07.log"},
		{"log4j", size, "api-07.log.2026-11-21_14-05-08.gz api-07.log.2026-11-21_14-05-09.gz api-07.log.2026-11-22_14-05-08 api-07.log"},
		{"log4j", hourly, "api-07.log.2026-11-21-14.gz api-07.log.2026-11-21-15.gz api-07.log.2026-11-22-14 api-07.log"},
		{"log4j", daily, "api-07.log.2026-11-21.gz api-07.log.2026-11-22.gz api-07.log.2026-11-23 api-07.log"},
		{"log4j-index", size, "api-07-2026-11-21.1.log.gz api-07-2026-11-21.2.log.gz api-07-2026-11-22.1.log api-07.log"},
	} {
		st, err := findStyle(c.style)
		if err != nil {
			t.Fatal(err)
		}
		l := &logName{stem: "api-07", svc: svcAPI, docker: "d0c8", pod: "shop_api-1_0b5c"}
		at := time.Date(2026, 11, 21, 14, 5, 9, 123456789, time.UTC)
		g := st.newTagger(c.policy)
		var got []string
		for i, rotated := range []time.Time{at, at, at.AddDate(0, 0, 1)} {
			lastLine := rotated.Add(-500 * time.Millisecond)
			tag := g.tag(span{last: lastLine.UnixNano()}, rotated.UnixNano())
			packed := compressGzip
			if i == 2 {
				packed = compressNone
			}
			got = append(got, st.memberName(l, 2-i, tag, packed))
		}
		got = append(got, st.active(l))
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.style, s, c.want)
		}
	}
}

// TestEveryStyleHasAnExample tests that all styles are complete and in the list
// of those tested above.
func TestEveryStyleHasAnExample(t *testing.T) {
	var names []string
	for _, st := range styles {
		names = append(names, st.name)
		if st.example == "" || st.active == nil || st.rotated == nil || st.numbered == (st.stamp != nil) {
			t.Errorf("%s is not complete", st.name)
		}
	}
	want := strings.Fields("logrotate ext dateext lumberjack kubelet docker svlogd tinylog savelog log4j log4j-index")
	if !slices.Equal(names, want) {
		t.Errorf("%v", names)
	}
}

func TestOtherCompressionsNames(t *testing.T) {
	l := &logName{stem: "api", svc: svcAPI}
	for _, c := range []struct {
		style string
		kind  compression
		want  string
	}{
		{"logrotate", compressZstd, "api.log.2.zst"},
		{"ext", compressXz, "api.2.log.xz"},
		{"tinylog", compressZstd, "api/_x.s.Z"},
		{"svlogd", compressXz, "api/@x.s"},
		{"lumberjack", compressNone, "api-x.log"},
	} {
		st, _ := findStyle(c.style)
		if got := st.memberName(l, 1, "x", c.kind); got != c.want {
			t.Errorf("%s: %s", c.style, got)
		}
	}
}

func TestRotationIsDue(t *testing.T) {
	hour := int64(time.Hour)
	for _, c := range []struct {
		name string
		p    policy
		s    span
		t    int64
		n    int
		at   int64
		due  bool
	}{
		{"an empty log never", policy{size: 10, every: time.Hour}, span{}, 5 * hour, 100, 0, false},
		{"room left", policy{size: 10}, span{bytes: 5, last: 1}, 2, 5, 0, false},
		{"no room", policy{size: 10}, span{bytes: 5, last: 1}, 2, 6, 2, true},
		{"same hour", policy{every: time.Hour}, span{bytes: 5, last: hour}, 2*hour - 1, 5, 0, false},
		{"next hour", policy{every: time.Hour}, span{bytes: 5, last: hour}, 2 * hour, 5, 2 * hour, true},
		{"after silence, the hour the text ended in", policy{every: time.Hour}, span{bytes: 5, last: hour + 1}, 9 * hour, 5, 2 * hour, true},
		{"no rule", policy{}, span{bytes: 1 << 40, last: 1}, 1 << 60, 5, 0, false},
	} {
		at, due := c.p.due(c.s, c.t, c.n)
		if due != c.due || due && at != c.at {
			t.Errorf("%s: %d, %v", c.name, at, due)
		}
	}
}
