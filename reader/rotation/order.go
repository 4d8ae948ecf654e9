package rotation

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// A File is a member of a log.
type File struct {
	Name    Name
	ModTime time.Time
}

// An Order is the order of one log's members. The zero Order is the default
// order.
type Order struct {
	rising       bool    // without a date, higher numbers are newer
	numbersFirst bool    // numbered members are older than dated ones
	reading      reading // how dates are read
	byTime       bool    // names do not determine the order

	times map[string]time.Time // with byTime, the first times of the texts by base name, if these are the order; may be nil

	why string
}

// String describes how the order was determined.
func (o Order) String() string { return o.why }

const (
	// sampled is the number of members whose texts are read to choose an order.
	sampled = 4
	// allSampled is the maximum number of members that are ordered by the first
	// times of all their texts.
	allSampled = 8
	// copying is the minimum average distance between modification times.
	// Closer times may result from copying the files.
	copying = 2 * time.Second
)

// Decide determines the order of a log's members. If it depends on their texts,
// Decide calls first for a few of them, which returns the first time in the
// text of files[i], or zero if it has none.
func Decide(files []File, first func(i int) time.Time) Order {
	d := decision{files: files, first: first, known: map[int]time.Time{}}
	for i, f := range files {
		if !f.Name.Current() {
			d.rotated = append(d.rotated, i)
		}
	}
	return d.decide()
}

type decision struct {
	files   []File
	first   func(i int) time.Time
	rotated []int             // indexes of files that are not current
	known   map[int]time.Time // results of first
}

func (d *decision) decide() Order {
	if len(d.rotated) < 2 {
		return Order{why: "at most one is rotated"}
	}
	orders := d.candidates()
	best := orders[0]
	mods := func(i int) time.Time { return d.files[i].ModTime }
	switch {
	case len(orders) == 1:
		best.why = d.describe(best)
		return best
	case !best.byTime && !d.copied() && d.compareTimes(best, d.rotated, mods) == rises:
		best.why = d.describe(best) + ", as the times of modification confirm"
		return best
	}

	sample := d.sample(best)
	for _, i := range sample {
		d.known[i] = d.first(i)
	}
	texts := func(i int) time.Time { return d.known[i] }
	byTime := Order{byTime: true}
	if !d.copied() {
		orders = append(orders, byTime)
	}
	said := false // the texts have times
	for _, o := range orders {
		switch d.compareTimes(o, sample, texts) {
		case rises:
			o.why = d.describe(o) + ", as the first times in the texts say"
			return o
		case falls:
			said = true
		}
	}
	if said && len(d.rotated) <= allSampled {
		times := map[string]time.Time{}
		for _, i := range d.rotated {
			t, ok := d.known[i]
			if !ok {
				t = d.first(i)
			}
			if t.IsZero() {
				break
			}
			times[d.files[i].Name.base] = t
		}
		if len(times) == len(d.rotated) {
			return Order{byTime: true, times: times, why: "by the first times in the texts"}
		}
	}
	if d.copied() {
		best.why = d.describe(best) + "; neither the texts nor the times of modification say otherwise"
		return best
	}
	for _, o := range orders {
		if d.compareTimes(o, d.rotated, mods) != falls {
			o.why = d.describe(o) + ", as the times of modification say; the texts do not"
			return o
		}
	}
	byTime.why = d.describe(byTime)
	return byTime
}

// candidates returns the orders that the names allow, the default first.
func (d *decision) candidates() []Order {
	var dated, numbered, words, nothing int
	readings := []reading{yearFirst, monthFirst, dayFirst}
	different := map[string]bool{}
	for _, i := range d.rotated {
		n := d.files[i].Name
		switch n.class() {
		case datedClass:
			dated++
			if p := n.p; p.dates[monthFirst] != "" || p.dates[dayFirst] != "" {
				readings = slices.DeleteFunc(readings, func(r reading) bool { return p.dates[r] == "" })
			}
		case numberedClass:
			numbered++
			different[n.p.numbers] = true
		case wordClass:
			words++
		default:
			nothing++
		}
	}
	o := Order{}
	if nothing > 0 {
		o.byTime = true
		out := []Order{{}, o}
		if d.copied() {
			return out
		}
		return []Order{o, {}}
	}
	if dated > 0 && len(readings) > 0 {
		o.reading = readings[0]
	}
	out := []Order{o}
	add := func(change func(*Order)) {
		for _, x := range slices.Clone(out) {
			change(&x)
			out = append(out, x)
		}
	}
	if len(different) > 1 {
		add(func(x *Order) { x.rising = !x.rising })
	}
	if dated > 0 && numbered > 0 {
		add(func(x *Order) { x.numbersFirst = true })
	}
	if words > 0 && dated+numbered > 0 {
		out = append(out, out[0]) // the same order again, so that there is a choice to make
	}
	if dated > 0 && len(readings) > 1 && d.ambiguous() {
		before := len(out)
		for _, r := range readings[1:] {
			for _, x := range out[:before] {
				x.reading = r
				out = append(out, x)
			}
		}
	}
	return out
}

// ambiguous reports whether any date can be read in more than one way.
func (d *decision) ambiguous() bool {
	return slices.ContainsFunc(d.rotated, func(i int) bool {
		p := d.files[i].Name.p
		n := 0
		for r, date := range p.dates {
			if date != "" && !slices.Contains(p.dates[:r], date) {
				n++
			}
		}
		return n > 1
	})
}

// copied reports whether the modification times are so close together that they
// may result from copying the files.
func (d *decision) copied() bool {
	oldest, newest := d.files[d.rotated[0]].ModTime, d.files[d.rotated[0]].ModTime
	for _, i := range d.rotated {
		if t := d.files[i].ModTime; t.Before(oldest) {
			oldest = t
		} else if t.After(newest) {
			newest = t
		}
	}
	return newest.Sub(oldest) < copying*time.Duration(len(d.rotated)-1)
}

// sample chooses members whose times distinguish orders: the first and last of
// each kind.
func (d *decision) sample(o Order) []int {
	sorted := d.sorted(o, d.rotated)
	var out []int
	add := func(k int) {
		if i := sorted[k]; len(out) < sampled && !slices.Contains(out, i) {
			out = append(out, i)
		}
	}
	add(0)
	add(len(sorted) - 1)
	for k := 1; k < len(sorted); k++ {
		if d.files[sorted[k]].Name.class() != d.files[sorted[k-1]].Name.class() {
			add(k - 1)
			add(k)
		}
	}
	add(len(sorted) / 2)
	add(len(sorted) / 3)
	return out
}

func (d *decision) sorted(o Order, of []int) []int {
	of = slices.Clone(of)
	slices.SortStableFunc(of, func(a, b int) int { return o.Compare(d.files[a], d.files[b]) })
	return of
}

type agreement int

const (
	unknown agreement = iota // fewer than two times, or all are equal
	rises
	falls
)

// compareTimes returns whether the times rise or fall when the files are sorted
// by an order.
func (d *decision) compareTimes(o Order, of []int, at func(int) time.Time) agreement {
	out := unknown
	var last time.Time
	var before int
	for _, i := range d.sorted(o, of) {
		t := at(i)
		if t.IsZero() {
			continue
		}
		if !last.IsZero() && o.Compare(d.files[before], d.files[i]) != 0 {
			switch c := t.Compare(last); {
			case c < 0:
				return falls
			case c > 0:
				out = rises
			}
		}
		last, before = t, i
	}
	return out
}

// describe describes the criteria of an order.
func (d *decision) describe(o Order) string {
	if o.byTime {
		return "by the times of modification"
	}
	var out [namelessClass + 1]string
	for _, i := range d.rotated {
		switch c := d.files[i].Name.class(); c {
		case datedClass:
			out[c] = "by date" + [...]string{"", ", the month first", ", the day first"}[o.reading]
		case numberedClass:
			out[c] = "by number, the higher the older"
			if o.rising {
				out[c] = "by number, the higher the newer"
			}
		case wordClass:
			out[c] = "old before current"
		default:
			out[c] = "by name"
		}
	}
	if o.numbersFirst {
		out[datedClass], out[numberedClass] = out[numberedClass], out[datedClass]
	}
	return strings.Join(slices.DeleteFunc(out[:], func(s string) bool { return s == "" }), ", then ")
}

type class int

const (
	datedClass class = iota
	numberedClass
	wordClass
	namelessClass // a weekday
	currentClass
)

func (n Name) class() class {
	switch p := n.p; {
	case n.Current():
		return currentClass
	case p.dates != [3]string{}:
		return datedClass
	case p.number >= 0:
		return numberedClass
	case p.word != noWord:
		return wordClass
	}
	return namelessClass
}

// Compare compares two members of a log, the older one first. It returns zero
// if they differ at most in their compression.
func (o Order) Compare(a, b File) int {
	ac, bc := a.Name.class(), b.Name.class()
	if ac == currentClass || bc == currentClass {
		if c := cmp.Compare(ac, bc); c != 0 {
			return c
		}
		// app.log.gz and app.log: the log was compressed, and a new one was
		// started.
		switch {
		case a.Name.Compressed() == b.Name.Compressed():
			return 0
		case a.Name.Compressed():
			return -1
		}
		return 1
	}
	if o.byTime {
		at, ok := o.times[a.Name.base]
		bt, ok2 := o.times[b.Name.base]
		if !ok || !ok2 {
			at, bt = a.ModTime, b.ModTime
		}
		if c := at.Compare(bt); c != 0 {
			return c
		}
	}
	if ac != bc {
		if o.numbersFirst && ac+bc == datedClass+numberedClass {
			ac, bc = bc, ac
		}
		return cmp.Compare(ac, bc)
	}
	switch ac {
	case datedClass:
		if c := strings.Compare(a.Name.date(o.reading), b.Name.date(o.reading)); c != 0 {
			return c
		}
		return strings.Compare(a.Name.p.numbers, b.Name.p.numbers)
	case namelessClass:
		return strings.Compare(a.Name.p.value, b.Name.p.value)
	}
	c := strings.Compare(a.Name.p.numbers, b.Name.p.numbers)
	if o.rising {
		return c
	}
	return -c
}

// date returns the date of a name in a reading, or in its only reading.
func (n Name) date(r reading) string {
	if d := n.p.dates[r]; d != "" {
		return d
	}
	return n.p.dates[0] + n.p.dates[1] + n.p.dates[2]
}
