package rotation

import (
	"strconv"
	"time"
)

// Missing lists, for users, what is missing between the members of a log, which
// must be sorted oldest first: a number, or a day in a sequence of days.
func (o Order) Missing(files []File) []string {
	var out []string
	step := -1
	if o.rising {
		step = 1
	}
	key, next := "", -1 // the next expected number
	for _, f := range files {
		n := f.Name
		if key == "" {
			key = n.Key()
		}
		if o.byTime || n.Dated() || !n.Numbered() {
			continue
		}
		number := n.p.number
		switch {
		case next < 0:
		case o.rising && number > next:
			out = append(out, span(key, next, number-1))
		case !o.rising && number < next:
			out = append(out, span(key, number+1, next))
		}
		next = number + step
	}
	// Falling numbers start with 0 or 1 (or 9, which is not used in practice).
	if !o.rising && next >= 1 && next < 8 {
		out = append(out, span(key, 1, next))
	}

	const day = 24 * time.Hour
	var days []time.Time
	single := 0
	for _, f := range files {
		n := f.Name
		if !n.Dated() || n.Numbered() {
			continue
		}
		t, err := time.Parse("20060102", n.date(o.reading))
		if err != nil {
			continue
		}
		if k := len(days); k > 0 && t.Sub(days[k-1]) == day {
			single++
		}
		days = append(days, t)
	}
	if single == 0 || single*2 < len(days)-1 {
		return out
	}
	for i := 1; i < len(days); i++ {
		if days[i].Sub(days[i-1]) <= day {
			continue
		}
		from, to := days[i-1].Add(day), days[i].Add(-day)
		s := key + " of " + from.Format("2006-01-02")
		if to.After(from) {
			s += " to " + to.Format("2006-01-02")
		}
		out = append(out, s)
	}
	return out
}

func span(key string, from, to int) string {
	s := key + "." + strconv.Itoa(from)
	if to > from {
		s += " to ." + strconv.Itoa(to)
	}
	return s
}
