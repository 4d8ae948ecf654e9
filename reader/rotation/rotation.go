// Package rotation tells which files in a directory form one log, and in which
// order, from their names. It reads no files.
//
// # Which names form a log
//
// Programs name rotated files in too many ways to list them. What their names
// have in common is that they are equal but for a few slots: dates, numbers,
// words such as old, and the ending of a compressor. A name without its slots,
// and without what separates them from the rest, is its key:
//
//	app.log  app.log.1  app.log.2.gz  app-2026-11-21T14-05-06.000-size.log.gz
//	app.log20261121  app.log_2026-11-21.3.zip  app.log.old                     app.log
//	u_ex261121.log  u_ex261122.log                                             u_ex.log
//	latest.log  2026-11-21-1.log.gz                                            .log
//	current  @400000005f5e0ff60b6a5e5c.s  _20261121T140506.000001.s            current
//
// Names with one key form one log. What else differs is meaningful: host1 and
// host2, .log and .csv, the levels of glog, 10.0.0.1 and 10.0.0.2.
//
// A date is a slot anywhere, with the numbers behind it: a time of day or a
// counter. A number or a word is one behind the extension or in its place, as
// in app.log.1 and app.old. Directly before the extension it may also be part of
// the log's own name, as in worker.1.log or db-backup.log, so there the other
// names of the directory decide. It is a slot
//
//   - a number or a word, if the name without it is a log, as with app.log and
//     app.1.log, unless the name with it has a current file and rotated ones;
//   - if it is a number, and one that differs only in it is compressed;
//   - if it is a weekday, a month or a word, and others differ only in it. For
//     weekdays and months this is the only reason: ceph-mon.log is no Monday.
//
// A number that follows a letter directly is one only for the first reason, and
// if it has at least three digits or all numbers from 1 on are there: http2.log
// is no old http.log. A name whose extension was replaced (app.1, app.old) goes
// to the only current file that has it with an extension.
//
// # Their order
//
// The order is decided for a log as a whole. The first that applies of these
// is taken for granted:
//
//	dates        earlier is older, then the numbers behind, lower is older
//	numbers      higher is older
//	words        old is older than no word
//
// with dated names before numbered ones before words, and the current file
// last. Only dates that are the same in each reading are certain. Names cannot
// tell whether .1 is the newest, as with logrotate, or the oldest, as with
// log4j2; whether 03-04-2026 is in March; nor what a mixture of the above or a
// weekday means. If the times of modification rise in the order taken for
// granted, that settles it. Otherwise copying may have changed them, and the
// first times in the texts of at most four members decide between that order,
// its variants, and that of the times of modification. If none agrees and there
// are at most eight members, the first times of all of them are the order.
// Texts without times leave it to the times of modification, unless these are
// as close together as copying makes them.
package rotation
