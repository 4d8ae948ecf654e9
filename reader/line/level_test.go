package line_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"logview/reader/line"
)

var levelCases = map[string]byte{
	`{"method":"GET","path":"/","response_code":503,"start_time":"2026-11-21T08:00:01Z"}`: 'E', `{"@t":"2026-11-21T08:00:01Z","@mt":"x"}`: 'I',
	`{"http":{"method":"GET","status_code":404}}`: 'W', `{"statusCode":500,"msg":"no request"}`: ' ',
	"method=POST path=/orders format=html status=500 duration=22.3": 'E', "status=500 of the disk": ' ',
	`date=2026-11-21 time=08:00:01 tz="+0200" level="information" logid=1`: 'I', "GET /users 200 12.345 ms - 170": 'I', "POST /users 500 3.210 ms - 21": 'E',
	"kern  :notice: [Tue May 14 08:15:05 2024] audit": 'I', "2026-11-21 08:00:01.123 | SUCCESS  | app.db:query:89 - done": 'I', "2026-11-21 08:00:01 SUCCESS: done": ' ',
	"2026-11-21T08:00:01  PID[1234] Error       boom": 'E', "2026-11-21 08:00:01.123 P01 DETAIL: backup": 'D', "2026-11-21 08:00:01.123456 N | etcdserver: x": 'I',
	"Nov 21 08:00:01 [1234] node1 corosync warning [MAIN  ] x": 'W', "2026-11-21T08:00:01.123Z| vcpu-0| W003: x": 'W', "2026-11-21 08:00:01 - ! [298] x": 'E',
	"[1234]{-1}[-1/-1] 2026-11-21 08:00:01.123456 w Backup  x.cpp(00001) : z": 'W', "warn  2026-11-21 08:00:01: y": 'W', "Zigbee2MQTT:error  2026-11-21 08:00:01: z": 'E',
	"failed 2026-11-21 08:00:01: y": ' ', "[main:1234] error @2026-11-21 08:00:01> boom": 'E', "Nov 21 08:00:01 2026 wlc1 authmgr[1240]: <124003> <ERRS> |authmgr|  x": 'E',
	"W 11/21/26 08:00:01 00331 FFI: port": 'W', "%Nov 21 08:00:01:123 2026 H3C SHELL/3/SHELL_LOGIN: x": 'E', "[GIN-debug] GET /ping --> main": 'D',
	"2026-11-21 08:00:01,123+0000 http-nio-8080-exec-3 url: /x ERROR bob 495x12x1 [c.a.j.web.X] y": 'E', "VALUES ('ERROR', 'x')": ' ',
	"time:21/Nov/2026:08:00:01 +0000\thost:192.0.2.10\tmethod:GET\turi:/x\tstatus:500": 'E', "a:1\tb:2\tlevel:warn": 'W', "a:1\tlevel:warn": ' ',
	"2026-11-21 ERROR x": 'E', "[error] x": 'E', "level=warn": 'W', "WARNING: x": 'W', "INFO x": 'I', `{"level":"debug"}`: 'D',
	"2026-11-21 08:00:01.1 DEBG x": 'D', "21-Nov-2026 08:00:01.123 resolver: debug 1: fetch: x": 'D', "[I 2026-11-21 08:00:01.123 ServerApp] error": 'I',
	"[W 261121 08:00:01 web:2348] info": 'W', "2026-11-21 08:00:01.123456 I [12:puma 001] Rails -- error": 'I', "2026-11-21 08:00:01 UTC | TRACE | WARN | (x.go:1) y": 'W',
	"2026-11-21T08:00:01+0000 DDEBUG x": 'D', "Nov 21 08:00:01 kdc krb5kdc[1234](info): AS_REQ error": 'I', "error [2026-11-21 08:00:01.123 Z] info": 'E',
	"info  [2026-11-21 08:00:01.123 Z] Server error": 'I', "[2026-11-21 08:00:01,123 I 123 456] (raylet) error": 'I', "2026-11-21 08:00:01.123+0000: 1234: info : libvirt version": 'I',
	"2026-11-21 08:00:01 system,info,account user error": 'I', "Nov 21 08:00:01 router dhcp,warning x": 'W', "[08:00:01][W][component:237]: x": 'W', "(W) 2026-11-21T08:00:01 - x": 'W',
	"2026-11-21 08:00:01.123 [1234] main/101/init.lua W> x": 'W', "E[2026-11-21|08:00:01.123] x": 'E', "ERROR[11-21|08:00:01.123] info err=x": 'E', "[ERROR] [11/21/2026 08:00:01.123] [x] INFO": 'E',
	"[1763712001] LOG ROTATION: DAILY": ' ', "psycopg2.OperationalError: FATAL:  password": ' ',
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
	"2016-06-30 12:00:01 trace tracemessage":                                 'T',
	"2012-07-02 10:22:40,672:DEBUG:foo bar baz":                              'D',
	"MainThread::ERROR::2011-12-05 07:04:56,300::vdsm::74::vds::(run) x":     'E',
	"2024-05-01T10:00:00.123+0000] [glassfish 6.0] [SEVERE] [] [x]":          'E',
	"[2024-05-01T10:00:00,123][WARN ][o.e.d.c.m.Deprecation] [n1] x":         'W',
	"<11>Nov 21 10:00:00 host app: x":                                        'E',
	"Nov 21 10:00:00 host app[1]: ERROR x":                                   'E',
	"[2025-01-02 11:19:06] laravel.EMERGENCY: x":                             'F',
	"2025-01-02 11:19:06 core.ERROR.x y":                                     ' ', // part of a name
	"ERRO[0005] x":                                                           'E', "[10:15:04 WRN] x": 'W', "10:15AM INF x": 'I', "D/Tag     ( 123): x": 'D', "E/AndroidRuntime(12): x": 'E',
	"[11/27/26 10:15:02:123 CET] 00000001 ServletWrappe E   SRVE0068E: x": 'E',
	"[11/27/26 10:15:02:123 CET] 0000000a WsServerImpl  A   WSVR0001I: x": 'I',
	"2014-11-03T18:28:32.450-0500 W NETWORK  [conn1] x":                   'W',
	"2014-11-03T18:28:32.450-0500 I -        [initandlisten] x":           'I',
	"2014-11-03 18:28:32 I was here":                                      ' ',
	"05-01 10:00:00.123 E/Tag(12): x":                                     'E',
	"[2026.11.27-10.15.01:123][  0]LogTemp: Error: x":                     'E',
	"2026-11-27T10:15:01Z E! [inputs.x] y":                                'E',
	"fail: Microsoft.AspNetCore.Server.Kestrel[13]":                       'E',
	"2024-03-12 10:15:30.1234 fail: Microsoft.AspNetCore[0]":              'E',
	"ERROR 2024-03-12 10:15:31,123 log 12 140 Internal Server Error: /x":  'E', "[ERROR] 2024/03/12 10:00:00 trace x": 'E', "INFO 2024-03-12 10:15:31,123 error handler installed": 'I',
	"<3>2024-03-12 10:00:00 info x": 'E', "2024-03-12 10:15:31,123 - log - ERROR - x": 'E', "ERROR:2024-03-12 10:15:31,123:log:boom": 'E',
	"Mar 12 10:15:35 h myapp[812]: 2024-03-12 10:15:35.123 ERROR 1 --- [main] c.e.X : payment failed": 'E',
	"Mar 12 10:15:35 h p[1]: E0312 10:15:35.123456     999 kubelet.go:2347] x":                        'E',
	"Mar 12 10:15:35 h p[1]: 2024/03/12 10:15:31 [error] 12#12: *34 connect() failed":                 'E',
	"Mar 12 10:15:35 h p[1]: [2024-03-12 10:15:31 +0000] [7] [ERROR] Exception":                       'E',
	"Mar 12 10:15:35 h p[1]: [5-1] 2024-03-12 10:15:31.123 UTC [123] ERROR:  relation":                'E', "Mar 12 10:15:35 h p[1]: ERROR:root:boom": 'E', "Mar 12 10:15:35 h p[1]: <warn>  [1710238530.1234] device (eth0): link down": 'W',
	"Mar 12 10:15:31 master: Warning: x": 'W', "Mar 12 10:15:35 mail dovecot: imap-login: Error: Disconnected": 'E',
	"2024-03-12T10:15:30.123456789Z E0312 10:15:30.123456       1 leaderelection.go:330] error retrieving lock":                  'E',
	"Mar 12 10:15:34 lb haproxy[123]: 1.2.3.4:56789 [12/Mar/2024:10:15:30.123] mysql-in mysql/db1 1/0/5007 523 -- 1/1/1/1/0 0/0": ' ',
	"fail: to do":                                                  ' ',
	`E [27/Nov/2026:10:15:01 +0100] x`:                             'E',
	"2026-11-27T10:15:01Z [E] x":                                   'E',
	"Nov 27 10:15:01 sw1 45: %LINK-3-UPDOWN: Interface x":          'E',
	"2026-11-27T10:15:01.1Z 0 [Note] x":                            'I',
	"Nov 27 10:15:01 mail postfix/smtpd[123]: warning: x":          'W',
	"kern  :err   : [Fri Nov 27 10:15:03 2026] I/O error, dev sda": 'E',
	"E261127 10:15:01.123456 1 server/node.go:12  [n1] msg":        'E',
	"Stack trace:": ' ',
	"[27-Nov-2026 10:15:10 Europe/Berlin] PHP Stack trace:":                                       ' ',
	`<![LOG[boom]LOG]!><time="10:15:01.1+000" date="11-27-2026" component="x" type="3" file="a">`: 'E',
	`{"reqId":"x","level":1,"message":"y"}`:                                                       'I',
	`{"@t":"2026-11-27T10:15:01Z","@l":"Error"}`:                                                  'E',
	`{"L":"WARN","M":"x"}`:                                                                        'W', `{"time":"x","level":"DEBUG-4"}`: 'D', `{"error_severity":"LOG"}`: 'I', `{"t":{"$date":"x"},"s":"D2"}`: 'D',
	`{"time_local":"x","status":"502","request":"GET / HTTP/1.1"}`: 'E',
	`{"status":502,"msg":"x"}`:                                     ' ',
	"Nov 27 10:15:01 lb haproxy[9]: 10.0.0.1:80 [27/Nov/2026:10:15:01.1] fe be/s 0/0/0/1/1 503 1 - - ---- 1/1": 'E',
	// Access logs of other forms.
	`1066036250.603      0 192.168.0.227 NONE_NONE/400 1059 - error:invalid-request - HIER_NONE/- -`:                                                                                                     'W',
	`2015-05-13T23:39:43.945958Z my-lb 192.168.131.39:2817 - -1 -1 -1 503 0 0 0 "GET http://www.example.com:80/ HTTP/1.1" "curl/7.38.0" - -`:                                                             'E',
	`79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be b [06/Feb/2019:00:00:38 +0000] 192.0.2.3 79a59 3E57 REST.GET.VERSIONING - "GET /b HTTP/1.1" 200 - 113 - 7 - "-" "S3Console/0.4" -`: 'I',
	`[pid: 1|app: 0|req: 1/1] 10.0.0.1 () {44 vars in 800 bytes} [Thu Nov  1 10:00:00 2018] GET /error => generated 1 bytes in 56 msecs (HTTP/1.1 502) 3 headers in 120 bytes (1 switches on core 0)`:    'E',
	"2026-11-27T10:15:01Z app 1.2.3.4:80 ERROR x": 'E',
	`[{"2026-11-21T08:00:00Z ERROR x`:             'E',
	`web-1  | 1066036250.603      0 192.168.0.227 NONE_NONE/400 1059 - error:invalid-request - HIER_NONE/- -`: 'W',
	// Lines in those of container runtimes.
	`{"log":"2026-11-27 10:15:01 ERROR [main] boom\n","stream":"stdout","time":"2026-11-27T10:15:01Z"}`: 'E',
	`{"log":"{\"level\":\"warn\"}\n","stream":"stdout","time":"2026-11-27T10:15:01Z"}`:                  'W',
	`{"log":"no level, error\n","stream":"stdout","time":"2026-11-27T10:15:01Z"}`:                       ' ',
	"2026-11-27T10:15:01.123456789Z stderr F E1127 10:15:02.000000 1 controller.go:114] x":              'E',
	"2026-11-27T10:15:01.123456789Z stdout F x":                                                         ' ',
	`{"level":50,"time":1714557600123,"msg":"x"}`:                                                       'E',
	`{"PRIORITY":"4","MESSAGE":"x"}`:                                                                    'W',
	`{"t":{"$date":"2026-03-10T20:58:09.401+00:00"},"s":"W",  "c":"x"}`:                                 'W',
	`{"msg":"level error","severity":"INFO"}`:                                                           'I',
	`{"msg":"error"}`: ' ',
	`time="2021-09-15T21:17:10.220731Z" level=error msg="x"`:   'E',
	"\x1b[31mERROR\x1b[0m x":                                   'E',
	"error: no such file":                                      'E',
	"web-1  | ERROR x":                                         'E',
	`web-1  | E0501 10:00:00.000000       7 leader.go:12] "x"`: 'E',
	`[pod/web-7d/web] W0501 10:00:00.000000       7 a.go:1] x`: 'W',
	`2024-05-01 10:00:00.123 UTC,"u","d ""x""",77,"10.0.0.1:5432",66aa.4d,1,"SELECT",2024-05-01 09:00:00 UTC,3/0,0,ERROR,22012,"division by zero",,,`: 'E',
	`2024-05-01 10:00:00.123 UTC,,,77,,66aa.4d,1,,2024-05-01 09:00:00 UTC,,0,LOG,00000,"checkpoint: ,ERROR,22012,",,`:                                 'I',
	`2024-05-01 10:00:00.123456-0700 0x1a2b     Error       0x0                  123    0    kernel: (x) y`:                                           'E',
	`2024-05-01 10:00:00.123456-0700 0x1a2b     Default     0x0                  123    0    launchd: Error`:                                          'I',
	`2024-05-01 10:00:00.123456-0700 0x1a2b     Fault       0x0                  123    0    runningboardd: x`:                                        'F',
	`{"TimeCreated":"2024-05-01T10:00:00.1Z","Level":2,"LevelDisplayName":"Error"}`:                                                                   'E',
	`{"text": "x", "record": {"extra": {}, "level": {"icon": "!", "name": "WARNING", "no": 30}, "line": 1}}`:                                          'W',
	`{"time":"2024-05-01T10:00:00Z","level":{"value":"ERROR"}}`:                                                                                       'E',
	`{"user":{"level":{"name":"error"}}}`:                   ' ',
	`{"severityNumber":17,"severityText":"Warn"}`:           'W',
	`{"severityNumber":17}`:                                 'E',
	`{"severity_number":"9"}`:                               'I',
	`{"severityNumber":25}`:                                 ' ',
	`2024-05-01 10:00:10 Payment Error: card declined`:      ' ',
	`[1714557610] SERVICE ALERT: h;svc;OK;HARD;1;OK - fine`: ' ',
	`2024-05-01 10:00:01 UTC [123]: [1-1] user=app,db=db,app=psql,client=10.0.0.1 ERROR:  deadlock`:                           'E',
	`May  1 10:00:10 h postgres[1]: [3-1] ERROR:  x`:                                                                          'E',
	`May  1 10:00:10 h postgres[123]: [1-1] user=app,db=db,app=x,client=1.1.1.1 ERROR:  x`:                                    'E',
	`2024-05-01 10:00:01.123 UTC,user,db,1 LOG:  x`:                                                                           'I',
	`01-May-2024 10:00:10.123 security: error: client x`:                                                                      'E',
	`01-May-2024 10:00:10.123 queries: info: client @0x7f 10.0.0.1`:                                                           'I',
	`May  1 10:00:10 10.1.1.2 110: May  1 10:00:10.123: %LINK-3-UPDOWN: Interface`:                                            'E',
	`May  1 10:00:10 10.1.1.2 110: *May  1 10:00:10.123: %SYS-5-CONFIG_I: x`:                                                  'I',
	`[2024-05-01 10:00:10.123456] E [MSGID: 102] [x.c:1:y] 0-vol: z`:                                                          'E',
	`2024-05-01 10:00:10.123456 W | etcdserver: z`:                                                                            'W',
	`2024-05-01 10:00:10.123456: W tensorflow/core/x.cc:1] z`:                                                                 'W',
	`2024-05-01 10:00:10.123+0000: 123: error : virX:12 : y`:                                                                  'E',
	`[2024-05-01 10:00:10 +0200] critical/Api: x`:                                                                             'F',
	`2024-05-01T10:00:10.123Z Er(163) hostd[123]: x`:                                                                          'E',
	`2024-05-01T10:00:10.123Z In(182) hostd[123]: x`:                                                                          'I',
	`2024-05-01T10:00:10.123+0000 D2 QUERY    [conn12] x`:                                                                     'D',
	`2024-03-17 16:13:10.811 1702-2395/system_process D/WindowManager: x`:                                                     'D',
	`2024-03-17 16:13:10.811  1702-2395  WindowManager  system_server  D  x`:                                                  'D',
	`[ 03-17 16:13:38.811  1702: 2395 D/WindowManager ]`:                                                                      'D',
	`2024-05-01 10:00:10.123 4242-4242 AndroidRuntime          com.example.app                      E  FATAL EXCEPTION: main`: 'E',
	`{"time":"2024-05-01T10:00:00Z","level":"Informational"}`:                                                                 'I',
	`{"level":"\u001b[31merror\u001b[39m","message":"x","timestamp":"2024-05-01T10:00:00Z"}`:                                  'E',
	`{"log":"\u001b[31mERROR\u001b[0m db failed\n","stream":"stdout","time":"2024-05-01T10:00:00Z"}`:                          'E',
	`Wed May  1 10:00:10 2024 daemon.err dnsmasq[1]: x`:                                                                       'E',
	`May  1 10:00:10 h daemon.err dnsmasq[1]: x`:                                                                              'E',
	`[Wed May 01 10:00:10.123456 2024] [ssl:trace3] [pid 1] x`:                                                                'T',
	`1:M 01 May 2024 10:00:10.123 # Warning: x`:                                                                               'W',
	`1:M 01 May 2024 10:00:10.123 * Ready`:                                                                                    'I',
	`May  1 10:00:10 h erl[1]: 10:00:00.123 [error] x`:                                                                        'E',
	`May  1 10:00:10 h CRON[12]: (root) CMD (/usr/bin/job --level=error)`:                                                     ' ',
	`May  1 10:00:10 h sudo: bob : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/grep severity=critical /x`:                    ' ',
	`Started GET "/users?level=error" for 127.0.0.1 at 2024-05-01 10:00:10 +0200`:                                             ' ',
	`2024-05-01 10:00:10 GET /x?level=error&severity=fatal`:                                                                   ' ',
	`2024-05-01 10:00:10 user set level=error for logger`:                                                                     ' ',
	"\tWHERE level = 'FATAL'":                                                                                                 ' ',
	`  | * level=error`:                                                                                                       ' ',
	`db_1 | 2024-05-01 10:00:10 UTC [1] STATEMENT:  SELECT level=FATAL`:                                                       ' ',
	`I20240501 10:00:10.123456 1234 x.cc:1] ok`:                                                                               'I',
	`web-7d9f-abc web I0501 10:00:01.123456       1 main.go:12] ok`:                                                           'I',
	`date=2024-05-01,time=10:00:01,devname=fw,level="warning"`:                                                                'W',
	`May  1 10:00:01 fw date=2024-05-01 time=10:00:01 devname=x level=notice`:                                                 'I',
	`2024-05-01 10:00:10 Info page: Error: none`:                                                                              'I',
	`2024-05-01 10:00:10 INFO request level=error for x`:                                                                      'I',
	`May  1 10:00:10 h app[1]: level=warn msg=x`:                                                                              'W',
	`May  1 10:00:10 h app[1]: time=2024 lvl=eror msg=x`:                                                                      'E',
	`time="2024-05-01T10:00:10Z" msg="a b" level=error`:                                                                       'E',
	`10:00:10 web.1 | level=info x`:                                                                                           'I',
	`2024-05-01 10:00:10 [main] level=debug x=1`:                                                                              'D',
	`2024-05-01 10:00:10 com.x.Foo: level=debug x=1`:                                                                          'D',
	`[01-May-2024 10:00:03 UTC] PHP Fatal error:  Uncaught Error: x in /a.php:1`:                                              'E',
	`[01-May-2024 10:00:04 UTC] PHP Warning:  x`:                                                                              'W',
	`[01-May-2024 10:00:07 UTC] PHP Deprecated:  x`:                                                                           'W',
	`Wed May  1 10:00:01 2024 us=1 10.0.0.1:1194 TLS Error: x`:                                                                ' ',
	// Messages.
	`10.0.0.1 - - [01/May/2024:10:00:00 +0000] "GET /x?level=error HTTP/1.0" 404 134`:                 'W',
	`2024-05-01 10:00:00 INFO {"level":"error"}`:                                                      'I',
	`2024-05-01 10:00:00 INFO set log level=error`:                                                    'I',
	`{"ctx":{"level":"error"},"level":"info"}`:                                                        'I',
	`{"player":{"level":42}}`:                                                                         ' ',
	`{"log":{"level":"warn"},"x":1}`:                                                                  'W',
	`{"level":800}`:                                                                                   ' ',
	`E1234 undefined variable`:                                                                        ' ',
	`2024-05-01 10:00:00 added I to the list`:                                                         ' ',
	`ts=2024-05-01T10:00:00Z caller=a.go:1 level=warn msg="an ERROR x"`:                               'W',
	"Nov 21 10:00:00 host sshd[1]: error: x":                                                          ' ',
	"Nov 21 10:00:00 host app[1]: connection error in warning":                                        ' ',
	`10.0.0.1 - - [01/May/2024:10:00:00 +0000] "GET /error HTTP/1.0" 200 134`:                         'I',
	"2024-05-01 10:00:02 Received FATAL from peer":                                                    ' ',
	"2024-05-01T10:00:02Z user bob changed DEBUG flag of job 7":                                       ' ',
	"2024-05-01 10:00:18 log level set to DEBUG":                                                      ' ',
	"2024-05-01 10:00:00 set alert rule CRITICAL threshold to 90":                                     ' ',
	"[2024-05-01 10:00:02] Failed to load x (error 2)":                                                ' ',
	"2024-05-01 10:00:01 Connection to 10.0.0.9 lost [Error 104]":                                     ' ',
	"2024-05-01 10:00:00 Alert manager started":                                                       ' ',
	"2024-05-01 10:00:00 Critical section entered":                                                    ' ',
	"2024-05-01 10:00:00 Error correction enabled":                                                    ' ',
	"2024-05-01 10:00:00 Error: correction failed":                                                    'E',
	"2024-05-01 10:00:00 root INFO started":                                                           'I',
	"[Classification: Attempted Information Leak] [Priority: 2]":                                      ' ',
	"{\"timestamp\":\"1714557600.1\",\"source\":\"rep\",\"message\":\"rep.started\",\"log_level\":1}": 'I',
	"{\"timestamp\":\"2024-05-01T10:00:00Z\",\"game\":\"x\",\"level\":3,\"player\":\"bob\"}":          ' ',
	"{\"timestamp\":\"2024-05-01T10:00:00Z\",\"level\":17,\"name\":\"bob\"}":                          ' ',
	"{\"version\":\"1.1\",\"short_message\":\"x\",\"level\":3}":                                       'E',
	"Config: /etc/x.conf":                                                                             ' ',
	"Failure: 0":                                                                                      ' ',
	"Error: boom":                                                                                     'E',
	"\tlog.level = ERROR":                                                                             ' ',
	"    err: {":                                                                                      ' ',
	"  INFO started":                                                                                  'I',
	"May  1 10:00:01 bigip1 err tmm[4712]: 01010028:3: No members":                                    'E',
	"2024-05-01 10:00:01 +0200 Puppet (err): Could not retrieve catalog":                              'E',
	"[2024-05-01T10:00:01+0200] error    : 'nginx' process is not running":                            'E',
	"[01.05.2024 10:00:01.123] <12> Error    boom":                                                    'E',
	"[ E 2024-05-01 10:00:01.1234 4720/Tc age/Cor/x.cpp:221 ]: Could not spawn":                       'E',
	"[2024-05-01 10:00:01.123456 +0000] W [socket.c:767:__socket_rwv] 0-glusterfs: x":                 'W',
	"May  1 10:00:00 host1 scsi: [ID 107833 kern.warning] WARNING: x":                                 'W',
	"May  1 2024 10:00:00 sw1 %%01IFNET/4/LINK_STATE(l)[0]:The line protocol is down":                 'W',
	"[    12.600] (EE) Failed to load module \"nvidia\"":                                              'E',
	"2024-05-01-10.00.01.123456+000 I1700E456             LEVEL: Error":                               'E',
	"[4018] 01 May 10:00:01.123 * DB loaded from disk":                                                'I',
	"[GIN] 2024/05/01 - 10:00:01 | 500 |  1.523456789s |        10.0.0.9 | POST     \"/api/x\"":       'E',
	"INFO:     10.0.0.9:51234 - \"GET /api/x HTTP/1.1\" 500 Internal Server Error":                    'I',
	"2024-05-01 10:00:00 the request failed with an error":                                            ' ',
	"05/14/2024 08:15:03.12 \tw3wp.exe (0x1234)                       \t0x04D2\tSharePoint Foundation         \tGeneral                       \t8ncb\tCritical  \tboom": 'F',
	"05/14/2024 08:15:03.12 \tw3wp.exe (0x1234)                       \t0x04D2\tSharePoint Foundation         \tGeneral                       \t8ncb\tUnexpected\tboom": 'E',
	"05/14/2024 08:15:03.12 \ta\tb\tc\td\te\tCritical\tf":                ' ',
	`{"created":1715674506.0,"levelno":40,"msg":"x"}`:                    'E',
	`{"created":1715674506.0,"levelno":40,"levelname":"INFO","msg":"x"}`: 'I',
	`{"levelno":45,"msg":"x"}`:                                           ' ',
	`{"metadata":{"name":"web-1.17"},"involvedObject":{"kind":"Pod"},"reason":"BackOff","message":"x","type":"Warning"}`: 'W',
	`{"reason":"BackOff","type":"Warning"}`:          ' ',
	"an error happened":                              ' ',
	"2024-05-01 10:00:00 INFO an ERROR in a message": 'I',
}

func TestLevel(t *testing.T) {
	for l, want := range levelCases {
		if got := line.LevelOf([]byte(l)).Letter(); got != want {
			t.Errorf("%q: %c, want %c", l, got, want)
		}
	}
}

func TestIsDerived(t *testing.T) {
	for l, want := range map[string]bool{
		`10.0.0.1 - - [01/May/2024:10:00:00 +0000] "GET /x HTTP/1.0" 500 134`:            true,
		`2024-05-01 10:00:00 INFO nova [req-1] "GET /v2 HTTP/1.1" 200 12`:                false,
		`2024-05-01 10:00:00 ERROR x`:                                                    false,
		`127.0.0.1 web [01/May/2024:10:00:00 +0000] "GET /x?level=error HTTP/1.0" 404 1`: true,
	} {
		if got := line.IsDerived([]byte(l)); got != want {
			t.Errorf("%s: %v", l, got)
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
			if got := line.LevelOf(lines[i]).Letter(); got != want {
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
		if c := line.LevelOf(l).Letter(); bytes.IndexByte([]byte(" FEWIDT"), c) < 0 {
			t.Fatalf("%q: %c", l, c)
		}
	})
}

func BenchmarkLevel(b *testing.B) {
	for _, l := range []string{"2015-10-18 18:01:47,978 INFO [main] org.apache: x", `{"ts":1714557600.1,"level":"info","msg":"x"}`, "no level in this line of a log, which is not very long"} {
		b.Run(l[:8], func(b *testing.B) {
			for b.Loop() {
				line.LevelOf([]byte(l)).Letter()
			}
		})
	}
}
