package rotation

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// schemes are the names that programs give their files: the files of each log,
// oldest first. Logs are separated by bars.
var schemes = []struct{ producer, files string }{
	// logrotate and similar programs.
	{"logrotate", "app.log.10.gz app.log.3.gz app.log.2.gz app.log.1 app.log"},
	{"logrotate, every compressor", "a.9.gzip a.8.zip a.7.lzma a.6.Z a.5.lz4 a.4.zst a.3.xz a.2.bz2 a.1 a"},
	{"logrotate, start 0", "app.log.1.gz app.log.0 app.log"},
	{"logrotate, start 9", "app.log.10 app.log.9 app.log"},
	{"logrotate, extension", "app.3.log.gz app.2.log.gz app.1.log app.log"},
	{"logrotate, dateext", "app.log-20261101.gz app.log-20261102.gz app.log-20261104 app.log"},
	{"logrotate, dateext hourly", "app.log-2026112109.gz app.log-2026112110 app.log"},
	{"logrotate, dateformat with time", "app.log-20240501_0300.gz app.log-20240502_0300.gz app.log"},
	{"logrotate, dateformat -%s", "app.log-1763683200.gz app.log-1763686800 app.log"},
	{"logrotate, dateformat -%Y%m%d-%s", "app.log-20261120-1763683200.gz app.log-20261121-1763686800 app.log"},
	{"logrotate, dateext and extension", "app-20240501.log.gz app-20240502.log app.log"},
	{"logrotate, dateformat .%d-%m-%Y", "app.log.30-11-2023.gz app.log.01-12-2023 app.log"},
	{"savelog", "mail.2.gz mail.1.gz mail.0 mail"},
	{"newsyslog", "messages.1.bz2 messages.0.bz2 messages"},
	{"newsyslog -t", "messages.20240501T000000.gz messages.20240502T000000.gz messages"},
	{"macOS", "system.log.1.gz system.log.0.gz system.log"},
	{"Exim", "mainlog.10.gz mainlog.02.gz mainlog.01 mainlog"},
	{"firewall", "fw.log.2.gzip fw.log.1 fw.log"},
	{"Docker", "abc-json.log.2.gz abc-json.log.1 abc-json.log"},
	{"Docker, local driver", "container.log.2.gz container.log.1.gz container.log"},
	{"kubelet", "0.log.20261101-150405.gz 0.log.20261102-150405 0.log"},
	{"suffix before the extension of JSON", "production_json.log.2.gz production_json.log.1.gz production_json.log"},
	{"vmkernel", "vmkernel.1.gz vmkernel.0.gz vmkernel.log"},
	{"SQL Server agent", "SQLAGENT.2 SQLAGENT.1 SQLAGENT.OUT"},
	{"SQL Server", "ERRORLOG.2 ERRORLOG.1 ERRORLOG"},
	{"Sonarr", "sonarr.1.txt sonarr.0.txt sonarr.txt"},
	{"Plex", "Plex_Media_Server.2.log Plex_Media_Server.1.log Plex_Media_Server.log"},

	{"words", "app.log.save app.log | b.log.last b.log | c.log.orig c.log | d.log.archive d.log | e.log~ e.log"},
	{"machines", "log.pc1 | log.pc2.old log.pc2 | syslog.host1 | syslog.host2 | out.worker1 | out.worker2 | job.o123 | job.o124"},

	// Dates.
	{"CockroachDB", "cockroach.host.root.2024-05-01T10_00_00Z.001234.log cockroach.host.root.2024-05-02T10_00_00Z.000012.log"},
	{"IIS, monthly", "u_ex2404.log u_ex2405.log | ex2404.log ex2405.log"},
	{"names of months", "app-Feb-28-2024.log app-Mar-01-2024.log app.log | b.Mar-2024.gz b.Apr-2024 b | c-Dec_31_2023.log c-Jan_01_2024.log | mar-2.log | mar-3.log | dec-2024-11-21.log dec-2024-11-22.log | oct-2024-11-22.log | jan2024.log | may2000-build.log"},
	{"twelve hours", "app-20240501_11AM.log app-20240501_01PM.log app-20240502_09AM.log"},
	{"zones", "app.log.2024-05-01-CEST app.log.2024-05-02-CEST app.log"},
	{"lumberjack", "app-2026-11-20T15-04-05.000.log.gz app-2026-11-20T15-04-05.001.log app.log"},
	{"timberjack", "access-2025-05-01T10-00-00.000-size.log.gz access-2025-05-02T10-00-00.000-time.log.gz access-2025-05-02T11-00-00.000-size.log access.log"},
	{"rotatelogs", "access_log.1714521600 access_log.1714608000 access_log.1714694400"},
	{"cronolog", "access.2024.04.30.log access.2024.05.01.log"},
	{"catalina.out", "catalina.out-20240501.gz catalina.out-20240502 catalina.out"},
	{"Tomcat", "localhost_access_log.2024-05-01.txt localhost_access_log.2024-05-02.txt localhost_access_log.2024-05-10.txt"},
	{"Jetty", "2024_04_30.request.log 2024_05_01.request.log"},
	{"GlassFish", "server.log_2024-05-01T00-00-00 server.log_2024-05-02T00-00-00 server.log"},
	{"WildFly", "server.log.2024-05-01 server.log.2024-05-02 server.log"},
	{"WebSphere", "SystemOut_23.12.31_10.00.00.log SystemOut_24.01.01_10.00.00.log SystemOut.log"},
	{"Kafka", "server.log.2024-05-01-09 server.log.2024-05-01-10 server.log"},
	{"logback", "app-2026-11-01.1.log.gz app-2026-11-01.2.log.gz app-2026-11-02.1.log app.log"},
	{"logback, zip", "app.2024-05-01.0.log.zip app.2024-05-01.1.log.zip app.2024-05-01.10.log.zip app.log"},
	{"logback, hourly", "app.2026-11-01-09.log app.2026-11-01-10.log app.log"},
	{"Elasticsearch", "prod-2024-05-01-1.log.gz prod-2024-05-01-2.log.gz prod.log | prod_server-2024-05-01-1.json.gz prod_server.json | prod_deprecation.json"},
	{"Doris, counter that is no hour", "fe.log.20240311-1 fe.log.20240311-2 fe.log.20240311-9 fe.log.20240311-10 fe.log.20240311-23 fe.log.20240311-24 fe.log.20240311-35 fe.log"},
	{"Python, timed", "app.log.2026-11-01_09-00 app.log.2026-11-01_10-00 app.log"},
	{"Python, by size", "app.log.3 app.log.2 app.log.1 app.log"},
	{"log4net", "app.log20240501 app.log20240502 app.log"},
	{"Serilog", "log-20240501.txt log-20240501_001.txt log-20240501_002.txt log-20240502.txt"},
	{"winston", "application-2024-05-01-22.log.gz application-2024-05-01-23.log application-2024-05-02-00.log"},
	{"pm2", "app-out__2024-05-01_00-00-00.log app-out__2024-05-02_00-00-00.log.gz app-out.log | app-error__2024-05-01_00-00-00.log app-error.log"},
	{"PostgreSQL", "postgresql-2024-05-01_000000.log postgresql-2024-05-02_000000.log postgresql-2024-05-02_131415.log"},
	{"PostgreSQL, csv beside", "postgresql-2024-05-01_000000.log postgresql-2024-05-02_000000.log | postgresql-2024-05-01_000000.csv postgresql-2024-05-02_000000.csv"},
	{"PostgreSQL, by weekday", "postgresql-Wed.log postgresql-Thu.log postgresql-Fri.log postgresql-Mon.log"},
	{"IIS", "u_ex231230.log u_ex231231.log u_ex240101.log"},
	{"IIS, hourly", "u_ex23123022.log u_ex23123023.log"},
	{"Exchange", "HttpProxy_2024050109-1.LOG HttpProxy_2024050110-1.LOG HttpProxy_2024050110-2.LOG"},
	{"Nagios", "nagios-12-30-2023-00.log nagios-12-31-2023-00.log nagios-01-01-2024-00.log nagios-01-02-2024-00.log nagios.log"},
	{"Nagios, no day above 12", "nagios-12-01-2023-00.log nagios-12-02-2023-00.log nagios-01-01-2024-00.log nagios.log"},
	{"days before months", "app.02-12-2023.log app.01-01-2024.log app.03-01-2024.log app.log"},
	{"names of months", "app-30-Apr-2024.log app-01-May-2024.log app-2024-May-02.log app.log"},
	{"weeks", "app-2023-W52.log app-2024-W01.log app.log"},
	{"days of the year", "app-2023-365.log app-2024-001.log app.log"},
	{"latest of dated", "app-20240501.log app-20240502.log app-latest.log"},
	{"compressed, then rotated", "app.log.gz.2 app.log.gz.1 app.log"},
	{"rotating-file-stream", "20240501-1011-01-file.log.gz 20240502-1011-01-file.log file.log"},
	{"wifi", "wifi-12-31-2023__10:11:12.123.log wifi-01-01-2024__10:11:12.123.log wifi.log"},
	{"Domino", "console_H_2024_05_01@10_11_12.log console_H_2024_05_02@10_11_12.log"},
	{"Consul", "consul-1714521600000000000.log consul-1714521600000000001.log"},
	{"FreeSWITCH", "fs.log.2024-05-01-10-11-12.1 fs.log.2024-05-01-10-11-12.2 fs.log"},
	{"SAP", "dev_w0.old dev_w0 | dev_w1.old dev_w1"},
	{"ISO with a zone", "app.log.20240501T101112Z.gz app.log.20240502T101112Z app.log"},
	{"months", "app-2023-12.log.gz app-2024-01.log.gz app.log"},
	{"time alone", "2024-05-01T10:11:12Z.log 2024-05-02T10:11:12Z.log"},
	{"Minecraft", "2024-05-01-1.log.gz 2024-05-01-2.log.gz 2024-05-01-10.log.gz 2024-05-02-1.log.gz latest.log"},
	{"Unreal", "Game-backup-2024.05.01-10.11.12.log Game-backup-2024.05.02-10.11.12.log Game.log"},
	{"rsyslog by host and day", "host1-20240501.log host1-20240502.log | host2-20240501.log"},
	{"glog", "x.h.u.log.INFO.20240501-101112.1234 x.h.u.log.INFO.20240502-101112.77 | x.h.u.log.ERROR.20240501-101112.1234"},
	{"svlogd", "@400000005f5e0ff60b6a5e5c.s @400000005f5e0ff70b6a5e5c.u current"},
	{"multilog, compressed", "@400000005f5e0ff60b6a5e5c.gz @400000005f5e0ff70b6a5e5c.s current"},
	{"tinylog", "_20261101T150405.000001.s.Z _20261101T150405.000002.s current"},
	{"RocksDB", "LOG.old.1714521600000000 LOG.old.1714608000000000 LOG"},

	// Rising numbers.
	{"log4j2, fileIndex max", "app.log.1 app.log.2 app.log.3 app.log"},
	{"log4j2, before the extension", "app-1.log.gz app-2.log.gz app-10.log.gz app.log"},
	{"WebLogic", "AdminServer.log00098 AdminServer.log00099 AdminServer.log00100 AdminServer.log"},
	{"VMware", "vmware-7.log vmware-8.log vmware-9.log vmware.log"},
	{"Java's GC log", "gc.log.0 gc.log.1 gc.log.2 gc.log"},
	{"Java's GC log, gone round", "gc.log.2 gc.log.3 gc.log.0 gc.log.1.current"},
	{"Oracle", "log_1.xml log_2.xml log_3.xml log.xml"},
	{"digits behind letters", "trace001.txt trace002.txt trace.txt"},
	{"winston, by size", "combined1.log combined2.log combined3.log combined.log"},
	{"Nomad", "task.stdout.0 task.stdout.1 task.stdout.2 | task.stderr.0"},
	{"Asterisk", "full.0 full.1 full"},
	{"yearly", "app.log-2023.gz app.log-2024 app.log"},
	{"backups with numbers", "app.log.old2 app.log.old1 app.log"},

	// Words.
	{"Xorg", "Xorg.0.log.old Xorg.0.log | Xorg.1.log.old Xorg.1.log"},
	{"Unity", "Player-prev.log Player.log"},
	{"Factorio", "factorio-previous.log factorio-current.log"},
	{"Windows", "setupact.old setupact.log"},
	{"Steam", "connection_log.previous.txt connection_log.txt"},
	{"CUPS", "access_log.O access_log"},
	{"bak", "app.log.bak app.log"},
	{"compressed current", "app.log.gz app.log"},

	// Mixed schemes.
	{"Cassandra, changed from dates to numbers", "system.log.2024-05-01.0.zip system.log.1.zip system.log"},
	{"changed from numbers to dates", "app.log.2.gz app.log.1.gz app.log-20240501.gz app.log-20240502 app.log"},
	{"old beside numbers", "app.log.2 app.log.1 app.log.old app.log"},

	// Differences that do not come from rotation.
	{"services", "worker.1.log | worker.2.log"},
	{"services with rotated files", "worker-1.log.1 worker-1.log | worker-2.log.1 worker-2.log"},
	{"services beside one without a number", "worker-1.log.1 worker-1.log | worker.log.1 worker.log"},
	{"service with a rotated number", "svc-01.2.log.gz svc-01.1.log.gz svc-01.log | svc-02.1.log.gz svc-02.log"},
	{"many services", "svc00000.log | svc00001.log | svc00002.log"},
	{"numbers that may be dates", "f231231.log | f231232.log | f231301.log | job-110523.log | job-123456.log"},
	{"protocols", "http.log | http2.log"},
	{"hosts", "host1 | host2 | host10"},
	{"addresses", "10.0.0.1 | 10.0.0.2 | 10.0.0.3.log | 10.0.0.4.log"},
	{"pods", "api-7d9f8b6c5-x2k4j.log | api-7d9f8b6c5-q9z7w.log | 0.log | 1.log"},
	{"IDs", "3f20240501ab.log | 550e8400-e29b-41d4-a716-446655440000.log | 550e8400-e29b-41d4-a716-446655440001.log"},
	{"versions", "php7.4-fpm.log.1 php7.4-fpm.log | php8.2-fpm.log.1.gz php8.2-fpm.log"},
	{"words of their own", "backup.log | old.log | mon.log | ceph-mon.log | ceph.log | db-backup-20240501.log db-backup.log"},
	{"a program for backups", "db-backup-20240501.log db-backup.log | db-20240501.log db.log"},
	{"other names beside", "app.log.1 app.log | apple.log | app.csv | app"},
}

// made returns a directory with the files of a scheme. Their modification times
// rise from file to file, and so do the times at which their texts start.
func made(logs string) (dir []File, texts map[string]time.Time, want []string) {
	at := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	texts = map[string]time.Time{}
	for _, log := range strings.Split(logs, " | ") {
		for _, f := range strings.Fields(log) {
			texts[f] = at
			at = at.Add(time.Hour)
			dir = append(dir, File{Parse(f), at})
		}
		want = append(want, strings.Join(strings.Fields(log), " "))
	}
	slices.Sort(want)
	return dir, texts, want
}

// arranged returns the logs in a directory in the notation of schemes, and the
// maximum number of texts that were read for one log.
func arranged(dir []File, texts map[string]time.Time) (got []string, most int) {
	names := make([]Name, len(dir))
	for i, f := range dir {
		names[i] = f.Name
	}
	for _, l := range Group(names) {
		var files []File
		for _, i := range l.Names {
			files = append(files, File{names[i], dir[i].ModTime})
		}
		read := 0
		o := Decide(files, func(i int) time.Time {
			read++
			return texts[files[i].Name.Base()]
		})
		most = max(most, read)
		slices.SortStableFunc(files, o.Compare)
		var out []string
		for _, f := range files {
			out = append(out, f.Name.Base())
		}
		got = append(got, strings.Join(out, " "))
	}
	slices.Sort(got)
	return got, most
}

func TestSchemes(t *testing.T) {
	for _, s := range schemes {
		dir, texts, want := made(s.files)
		shuffle(dir)
		got, read := arranged(dir, texts)
		if !slices.Equal(got, want) {
			t.Errorf("%s:\ngot  %s\nwant %s", s.producer, strings.Join(got, " | "), strings.Join(want, " | "))
		}
		if read > allSampled {
			t.Errorf("%s: %d texts are read", s.producer, read)
		}
	}
}

// shuffle reorders files in a reproducible way.
func shuffle(dir []File) {
	r := rand.New(rand.NewPCG(1, uint64(len(dir))))
	r.Shuffle(len(dir), func(i, j int) { dir[i], dir[j] = dir[j], dir[i] })
}
