package line_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"logview/reader/line"
)

// shared returns the path of a sample beside the checkout, and skips the test
// without it.
func shared(t testing.TB, path ...string) string {
	p := filepath.Join(append([]string{"..", "..", "..", "shared"}, path...)...)
	if _, err := os.Stat(p); err != nil {
		t.Skip("the samples are not here")
	}
	return p
}

func readCSV(t *testing.T, path string) []map[string]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []map[string]string
	for _, r := range rows[1:] {
		m := map[string]string{}
		for i, name := range rows[0] {
			m[name] = r[i]
		}
		out = append(out, m)
	}
	return out
}

// TestTimesOfSystems compares the times of lines that people took apart.
func TestTimesOfSystems(t *testing.T) {
	dir := shared(t, "logs")
	parse := map[string]func(map[string]string) (time.Time, error){
		"Apache": func(r map[string]string) (time.Time, error) {
			return time.Parse("Mon Jan 02 15:04:05 2006", r["Time"])
		},
		"HDFS": func(r map[string]string) (time.Time, error) {
			return time.Parse("060102 150405", r["Date"]+" "+r["Time"])
		},
		"Hadoop": func(r map[string]string) (time.Time, error) {
			return time.Parse("2006-01-02 15:04:05,000", r["Date"]+" "+r["Time"])
		},
		"Zookeeper": func(r map[string]string) (time.Time, error) {
			return time.Parse("2006-01-02 15:04:05,000", r["Date"]+" "+r["Time"])
		},
		"Linux": func(r map[string]string) (time.Time, error) {
			return time.Parse("2006 Jan 2 15:04:05", "2005 "+r["Month"]+" "+r["Date"]+" "+r["Time"])
		},
		"OpenSSH": func(r map[string]string) (time.Time, error) {
			return time.Parse("2006 Jan 2 15:04:05", "2005 "+r["Date"]+" "+r["Day"]+" "+r["Time"])
		},
	}
	for name, parse := range parse {
		text, err := os.ReadFile(filepath.Join(dir, name+".log"))
		if err != nil {
			t.Skip(err)
		}
		lines := bytes.Split(bytes.TrimRight(text, "\n"), []byte("\n"))
		clock := line.Clock{Zone: time.UTC, Ref: time.Date(2005, 12, 31, 23, 0, 0, 0, time.UTC)}
		wrong := 0
		rows := readCSV(t, filepath.Join(dir, name+".csv"))
		for i, r := range rows {
			want, err := parse(r)
			if err != nil {
				t.Fatal(err)
			}
			if got, _ := clock.Time(lines[i]); !got.Equal(want) {
				if wrong++; wrong < 4 {
					t.Errorf("%s:%d: %v, want %v: %.80s", name, i+1, got, want, lines[i])
				}
			}
		}
		if wrong > 0 {
			t.Errorf("%s: %d of %d lines are wrong", name, wrong, len(rows))
		}
	}
}

// TestTimesOfFormats compares the times of lines with what lnav reads from them, as
// far as that is right and not a guess.
func TestTimesOfFormats(t *testing.T) {
	dir := shared(t, "logs", "formats")
	files, _ := filepath.Glob(filepath.Join(dir, "*.lnav.csv"))
	total, agree := 0, 0
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".lnav.csv")
		rows := readCSV(t, f)
		if len(rows) == 0 {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		lines := bytes.Split(bytes.TrimRight(text, "\n"), []byte("\n"))
		clock := line.Clock{Zone: time.UTC}
		clock.Learn(text)
		times := make([]time.Time, len(lines))
		for i, l := range lines {
			times[i], _ = clock.Time(l)
			times[i] = times[i].UTC()
		}
		// lnav does not count header lines, ignores zones, guesses years and days, and
		// changes times that go back.
		seen := map[string]int{}
		for _, x := range times {
			if !x.IsZero() {
				for z := -14 * 4; z <= 14*4; z++ {
					seen[x.Add(time.Duration(z)*15*time.Minute).Format("01-02 15:04:05.000")]++
				}
				if lnavGuesses[name] {
					seen[x.Format("15:04:05.000")]++
				}
			}
		}
		same := 0
		var first []string
		for _, r := range rows {
			want, err := time.Parse("2006-01-02 15:04:05.000", r["log_time"])
			if err != nil {
				continue
			}
			if seen[want.Format("01-02 15:04:05.000")] > 0 || seen[want.Format("15:04:05.000")] > 0 {
				same++
			} else if n, _ := strconv.Atoi(r["line"]); len(first) < 2 && n <= len(lines) {
				first = append(first, fmt.Sprintf("\n\t%d: %v, lnav %v: %.100s", n, times[n-1], r["log_time"], lines[n-1]))
			}
		}
		if why, ok := lnavDiffers[name]; ok {
			t.Logf("%s: %d of %d; %s", name, same, len(rows), why)
			continue
		}
		total += len(rows)
		agree += same
		if same < len(rows) {
			t.Errorf("%s: %d of %d%s", name, same, len(rows), strings.Join(first, ""))
		}
	}
	t.Logf("%d of %d lines agree", agree, total)
}

// lnavGuesses are the samples of which lnav guesses the date, or misreads it.
var lnavGuesses = map[string]bool{"spark_dupe.0": true, "strace_log.0": true}

// lnavDiffers has the samples in which the times differ from those that lnav reads,
// and why.
var lnavDiffers = map[string]string{
	"generic_nanos.0": "lnav takes the nanoseconds for other seconds",
	"mux_zookeeper.0": "lnav takes the second of two times, the one of the program behind the collector",
	"tcf.0":           "minutes and seconds alone, without an hour, are not taken for a time",
	"tcf.1":           "the same",
}
