package line_test

import (
	"strings"
	"testing"

	"logview/reader/line"
)

func TestRecords(t *testing.T) {
	for name, text := range map[string]string{
		// Lines with which a record begins are marked with >.
		"java": `>2024-05-01 10:00:00 ERROR x
java.lang.IllegalStateException: y
	at com.example.Foo(Foo.java:1)
Caused by: java.io.IOException
	... 12 more

>2024-05-01 10:00:01 INFO z`,
		"without times": `>error: x
	at com.example.Foo
at Foo.bar
Caused by: y
>next
>next`,
		"python": `>starting
Traceback (most recent call last):
  File "x.py", line 1, in <module>
    main()
ValueError: bad
>next`,
		"json": `>{
  "a": 1
}
>{
  "a": 2
}`,
		"Kubernetes": `>2024-05-01T10:00:00.1Z stdout P one
2024-05-01T10:00:00.1Z stdout P two
2024-05-01T10:00:00.1Z stdout F three
>2024-05-01T10:00:00.2Z stdout F whole
>2024-05-01T10:00:00.2Z stdout P begins
>2024-05-01T10:00:00.2Z stderr F another stream`,
		"no runtime": `>2024-05-01T10:00:00.1Z read from stdout P ok
>2024-05-01T10:00:00.1Z wrote to stdout F two`,
		"Docker": `>{"log":"one","stream":"stdout","time":"2024-05-01T10:00:00Z"}
{"log":"two \"x\" \\n\n","stream":"stdout","time":"2024-05-01T10:00:00Z"}
>{"log":"whole\n","stream":"stdout","time":"2024-05-01T10:00:00Z"}`,
		"program in Kubernetes": `>2024-05-01T10:00:00.1Z stdout F 2024-05-01 10:00:00 ERROR boom
2024-05-01T10:00:00.2Z stdout F java.lang.IllegalStateException: y since 2020-01-01 00:00:00
2024-05-01T10:00:00.2Z stdout F 	at a.b.C(D.java:1)
>2024-05-01T10:00:00.3Z stdout F 2024-05-01 10:00:01 INFO next`,
		"program without times in Kubernetes": `>2024-05-01T10:00:00.1Z stdout F boom
2024-05-01T10:00:00.2Z stdout F   at x
>2024-05-01T10:00:00.3Z stdout F next`,
		"program in Docker": `>{"log":"2024-05-01 10:00:00 ERROR boom\n","stream":"stdout","time":"2024-05-01T10:00:00Z"}
{"log":"java.lang.X: y\n","stream":"stdout","time":"2024-05-01T10:00:00Z"}
{"log":"\tat a.b.C\n","stream":"stdout","time":"2024-05-01T10:00:00Z"}
>{"log":"2024-05-01 10:00:01 INFO next\n","stream":"stdout","time":"2024-05-01T10:00:00Z"}`,
		"compose": `>web-1  | 2024-05-01 10:00:00 ERROR boom
web-1  | java.lang.IllegalStateException: y
web-1  |
web-1  | 	at a.b.C(D.java:1)
>db-1   | LOG: x
db-1   |   DETAIL: y
>web-1  | 	at a.b.E(D.java:1)
>web-1  | 2024-05-01 10:00:01 INFO next`,
		"kubectl": `>[pod/web-7d-x/web] Traceback (most recent call last):
[pod/web-7d-x/web]   File "x.py", line 1, in <module>
[pod/web-7d-x/web] ValueError: bad at 10:00:00
>[pod/web-7d-x/web] next
>[pod/web-7d-y/web] next`,
		"syslog": `>May  1 10:00:00 host web[7]: 2024-05-01 10:00:00 ERROR boom
May  1 10:00:00 host web[7]: java.lang.IllegalStateException: y
May  1 10:00:00 host web[7]: 	at a.b.C(D.java:1)
>May  1 10:00:00 host db[8]: x since 2024-05-01
>May  1 10:00:00 host db[8]: z
>May  1 10:00:00 host kernel: Call Trace:
May  1 10:00:00 host kernel:  ? asm_exc
>May  1 10:00:01 host kernel: x`,
		"traces without times": `>ERROR failed to start
java.lang.IllegalStateException: x
	at a.b.C(D.java:1)
>a.b.OtherException: y
	at a.b.E(D.java:2)
>a.b.OtherException: y
>panic: x

goroutine 1 [running]:
main.main()
	/src/main.go:7
exit status 2
>thread 'main' panicked at src/main.rs:2:5:
called x on a None value
note: run with RUST_BACKTRACE=1
>main.main() was called`,
		"kinds of lines in Kubernetes": `>2024-05-01T10:00:00.1Z stdout F {"level":"info","msg":"hello"}
>2024-05-01T10:00:00.2Z stdout F level=warn msg="x"
>2024-05-01T10:00:00.3Z stdout F plain text
2024-05-01T10:00:00.3Z stdout F   goes on
>2024-05-01T10:00:00.4Z stdout F {"time":"2024-05-01T10:00:00Z","msg":"hello"}
2024-05-01T10:00:00.5Z stdout F its stack trace`,
		"journald": `>__CURSOR=s=1
__REALTIME_TIMESTAMP=1342540861416409
MESSAGE=2024-05-01 10:00:00 a time of its own

>__CURSOR=s=2
MESSAGE=x`,
		"go": `>panic: x
>
goroutine 1 [running]:
main.main()`,
	} {
		var r line.Records
		var clock line.Clock
		for l := range strings.Lines(text) {
			shown, want := strings.CutPrefix(l, ">")
			_, own := clock.Time([]byte(shown))
			if name == "go" && strings.TrimSpace(shown) == "" || strings.HasPrefix(shown, "main.main") {
				continue
			}
			if got := r.Add([]byte(shown), own); got != want {
				t.Errorf("%s: %q begins a record: %v", name, shown, got)
			}
		}
	}
}
