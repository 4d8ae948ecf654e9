package line_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"logview/reader/line"
)

func TestLevel(t *testing.T) {
	for l, want := range map[string]byte{
		"2026-11-21 ERROR x": 'E', "[error] x": 'E', "level=warn": 'W', "WARNING: x": 'W', "INFO x": 'I', `{"level":"debug"}`: 'D',
		"E1121 08:00:00.1 x": 'E', "terror and errors": ' ', "": ' ', "FATAL x": 'F', "no level": ' ', "informed": ' ',

		"[Wed May 01 10:00:00.123456 2024] [core:error] [pid 9] x":               'E',
		"2024/05/01 10:00:00 [warn] 7#7: *1 x":                                   'W',
		"2024-05-01 10:00:00.123 UTC [123] ERROR:  relation":                     'E',
		"2024-05-01 10:00:00.123 UTC [123] LOG:  checkpoint":                     'I',
		"05-01 10:00:00.123  1234  5678 E AndroidRuntime: FATAL EXCEPTION: main": 'E',
		"[10:05:00] [Server thread/WARN]: Cant keep up":                          'W',
		"2015-07-29 17:41:44,747 - INFO  [QuorumPeer[myid=1]/0:0:2181] - x":      'I',
		"081109 203615 148 INFO dfs.DataNode$PacketResponder: x":                 'I',
		"2022-06-02T11:58:12.193Z info vpxd[45715] [Originator@6876 sub=x] x":    'I',
		"2016-06-30 12:00:01 trace tracemessage":                                 'D',
		"2012-07-02 10:22:40,672:DEBUG:foo bar baz":                              'D',
		"MainThread::ERROR::2011-12-05 07:04:56,300::vdsm::74::vds::(run) x":     'E',
		"2024-05-01T10:00:00.123+0000] [glassfish 6.0] [SEVERE] [] [x]":          'E',
		"[2024-05-01T10:00:00,123][WARN ][o.e.d.c.m.Deprecation] [n1] x":         'W',
		"<11>Nov 21 10:00:00 host app: x":                                        'E',
		"Nov 21 10:00:00 host app[1]: ERROR x":                                   'E',
		"[2025-01-02 11:19:06] laravel.EMERGENCY: x":                             ' ', // part of a name
		`{"level":50,"time":1714557600123,"msg":"x"}`:                            'E',
		`{"PRIORITY":"4","MESSAGE":"x"}`:                                         'W',
		`{"t":{"$date":"2026-03-10T20:58:09.401+00:00"},"s":"W",  "c":"x"}`:      'W',
		`{"msg":"level error","severity":"INFO"}`:                                'I',
		`{"msg":"error"}`: ' ',
		`time="2021-09-15T21:17:10.220731Z" level=error msg="x"`: 'E',
		"\x1b[31mERROR\x1b[0m x":                                 'E',
		"error: no such file":                                    'E',
		"web-1  | ERROR x":                                       'E',
		// Messages.
		"Nov 21 10:00:00 host sshd[1]: error: x":                                  ' ',
		"Nov 21 10:00:00 host app[1]: connection error in warning":                ' ',
		`10.0.0.1 - - [01/May/2024:10:00:00 +0000] "GET /error HTTP/1.0" 200 134`: ' ',
		"2024-05-01 10:00:00 the request failed with an error":                    ' ',
		"an error happened": ' ',
		"2024-05-01 10:00:00 INFO an ERROR in a message": 'I',
	} {
		if got := line.Level([]byte(l)); got != want {
			t.Errorf("%q: %c, want %c", l, got, want)
		}
	}
}

// TestLevelsOfSystems compares the levels of lines that people took apart.
func TestLevelsOfSystems(t *testing.T) {
	dir := shared(t, "logs")
	letters := map[string]byte{"notice": 'I', "error": 'E', "INFO": 'I', "WARN": 'W', "ERROR": 'E', "FATAL": 'F'}
	for name, has := range map[string]bool{"Apache": true, "HDFS": true, "Hadoop": true, "Zookeeper": true, "Linux": false, "OpenSSH": false} {
		text, err := os.ReadFile(filepath.Join(dir, name+".log"))
		if err != nil {
			t.Skip(err)
		}
		lines := bytes.Split(bytes.TrimRight(text, "\n"), []byte("\n"))
		wrong := 0
		for i, r := range readCSV(t, filepath.Join(dir, name+".csv")) {
			want := byte(' ')
			if has {
				want = letters[r["Level"]]
			}
			if got := line.Level(lines[i]); got != want {
				if wrong++; wrong < 4 {
					t.Errorf("%s:%d: %c, want %c: %.100s", name, i+1, got, want, lines[i])
				}
			}
		}
		if wrong > 0 {
			t.Errorf("%s: %d wrong", name, wrong)
		}
	}
}

func FuzzLevel(f *testing.F) {
	f.Add([]byte(`<11>Nov 21 10:00:00 host app[1]: [core:error] level=warn {"level":50}`))
	f.Fuzz(func(t *testing.T, l []byte) {
		if c := line.Level(l); bytes.IndexByte([]byte(" FEWID"), c) < 0 {
			t.Fatalf("%q: %c", l, c)
		}
	})
}

func BenchmarkLevel(b *testing.B) {
	for _, l := range []string{"2015-10-18 18:01:47,978 INFO [main] org.apache: x", `{"ts":1714557600.1,"level":"info","msg":"x"}`, "no level in this line of a log, which is not very long"} {
		b.Run(l[:8], func(b *testing.B) {
			for b.Loop() {
				line.Level([]byte(l))
			}
		})
	}
}
