package line_test

import (
	"testing"

	"logview/reader/line"
)

// TestMessage tests that every line has a message, and which part of it that is.
func TestMessage(t *testing.T) {
	for l, want := range map[string]string{
		"2024-05-01 10:00:00 INFO [main] app: started":                                       "started",
		`{"time":"2024-05-01T10:00:00Z","msg":"x y"}`:                                        "x y",
		`{"time":"2024-05-01T10:00:00Z","msg":"","RequestPath":"/x"}`:                        `{"time":"2024-05-01T10:00:00Z","msg":"","RequestPath":"/x"}`,
		`{"@t":"2024-05-01T10:00:00Z","@mt":"Order {Id} created","Id":7}`:                    "Order {Id} created",
		`[2024/05/01 10:00:00.123 +02:00] [INFO] [printer.go:33] ["Welcome to TiDB."] [k=v]`: `[2024/05/01 10:00:00.123 +02:00] [INFO] [printer.go:33] ["Welcome to TiDB."] [k=v]`,
		`type=SYSCALL msg=audit(1364481363.243:24287): arch=c000003e`:                        `type=SYSCALL msg=audit(1364481363.243:24287): arch=c000003e`,
		`Feb 25 16:19:38 lb haproxy[1]: 1.2.3.4:567 [25/Feb/2016:16:19:38.123] in app/node1 0/0/1/2/3 503 1234 - - ---- 1/1/0/0/0 0/0 "GET http://h/x/7 HTTP/1.1"`: `GET /x/7" 503`,
		`10.0.0.1 - - [01/May/2024:10:00:00 +0000] "GET /x HTTP/1.0" 200 134`:                                                                                      `GET /x HTTP/1.0" 200`,
		`[GIN] 2024/05/01 - 10:00:01 | 500 |  1.5s |        10.0.0.9 | POST     "/api/x"`:                                                                          `POST /api/x" 500`,
	} {
		if got := string(new(line.Fields).Message([]byte(l))); got != want {
			t.Errorf("%s: got %q, want %q", l, got, want)
		}
	}
}
