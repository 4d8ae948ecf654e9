// Package rotation determines which files in a directory form one log, and in
// which order, from their names. It reads no files.
//
// # Which names form a log
//
// Programs name rotated files in too many ways to list them. But their names
// are equal except for a few slots: dates, numbers, words such as old, and the
// extensions of compressors. A name without its slots, and without the
// separators around them, is its key:
//
//	app.log  app.log.1  app.log.2.gz  app-2026-11-21T14-05-06.000-size.log.gz
//	app.log20261121  app.log_2026-11-21.3.zip  app.log.old                     app.log
//	u_ex261121.log  u_ex261122.log                                             u_ex.log
//	latest.log  2026-11-21-1.log.gz                                            .log
//	current  @400000005f5e0ff60b6a5e5c.s  _20261121T140506.000001.s            current
//
// Names with the same key form one log. All other differences are meaningful:
// host1 and host2, .log and .csv, the levels of glog, 10.0.0.1 and 10.0.0.2.
//
// A date is a slot wherever it is, together with the numbers after it, which
// are a time of day or a counter; 261121 is a date unless another name has
// 261133 in the same place. A number or a word is a slot after the extension or
// in its place, as in app.log.1 and app.old. Directly before the extension it
// may be part of the log's own name instead, as in worker.1.log or
// db-backup.log, so the other names in the directory decide:
//
//   - A number or a word is a slot if the name without it is a log, as with
//     app.log and app.1.log, unless the name with it has a current file and
//     rotated ones of its own.
//   - A number is a slot if a name that differs only in it is compressed.
//   - A weekday, a month or a word is a slot if another name differs only in it.
//     ceph-mon.log alone is not from a Monday.
//   - A number directly after a letter is a slot only for the first reason, and
//     only if it has three digits or the numbers from 1 on are all there:
//     http2.log does not belong to http.log.
//
// A name whose extension was replaced (app.1, app.old) belongs to app.log if
// that is the only current file with such a name.
//
// # Their order
//
// The order is determined for the whole log. Without other evidence it is:
//
//  1. names with a date, by date, then by the numbers after it, rising
//  2. names with a number, falling
//  3. names with a word
//  4. the current file
//
// That is certain if all names have dates that can be read in only one way.
// Otherwise it is a guess: .1 is the newest for logrotate and the oldest for
// log4j2, 03-04-2026 may be in March, and nothing orders weekdays, or dates
// among numbers. The guess is accepted if the modification times rise in this
// order. If they do not, or are so close together that they may result from
// copying the files, the first times in the texts of up to four members decide:
// the chosen order is the first one in which these rise, of the guess, its
// variants, and the order of the modification times. If there is none, a log of
// up to eight members is ordered by the first times of all of them. If the
// texts have no times, the modification times choose, unless they may result
// from copying.
package rotation
