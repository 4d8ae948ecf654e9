package pattern

import (
	"cmp"
	"hash/maphash"
	"slices"
	"strings"
)

// The number of different words that must occur in one place of otherwise equal keys
// for that place to be a value; fewer are enough if it is a value in one of them.
const (
	manyWords   = 4
	besideValue = 2

	manySegments = 30 // of the path of a request
)

// mostRounds is how often Merge joins keys. Each round replaces one word of a key.
const mostRounds = 6

// Merge returns the form of each key: the key itself, or the key with a Star in place
// of words that vary. Keys of one pattern have the same form. The result depends on the
// set of keys alone.
func Merge(keys []string) map[string]string { return mergeInto(keys, map[uint64]bool{}) }

// mergeInto is Merge, and adds the places in which words were replaced to varying.
func mergeInto(keys []string, varying map[uint64]bool) map[string]string {
	form := make(map[string]string, len(keys))
	for _, k := range keys {
		form[k] = k
	}
	parts := map[string]*formParts{}
	for range mostRounds {
		next := joinOnce(form, parts, varying)
		if len(next) == 0 {
			break
		}
		for k, f := range form {
			if n, ok := next[f]; ok {
				form[k] = n
			}
		}
	}
	absorb(form)
	return form
}

// mostCompared is how many pairs of forms absorb compares.
const mostCompared = 4 << 20

// absorb replaces forms that are special cases of others: those of messages that were too
// rare to show which of their words vary.
func absorb(form map[string]string) {
	words := map[string][]string{}
	for _, f := range form {
		if words[f] == nil {
			words[f] = strings.Fields(f)
		}
	}
	var general []string // forms with a Star
	for f, w := range words {
		if slices.Contains(w, Star) {
			general = append(general, f)
		}
	}
	if len(general)*len(words) > mostCompared {
		return
	}
	slices.SortFunc(general, func(a, b string) int { // the least general first
		return cmp.Or(cmp.Compare(fixedWords(words[b]), fixedWords(words[a])), strings.Compare(a, b))
	})
	into := map[string]string{}
	for f, w := range words {
		for _, g := range general {
			if fixedWords(words[g]) < fixedWords(w) && isCase(words[g], w) {
				into[f] = g
				break
			}
		}
	}
	for k, f := range form {
		for into[f] != "" {
			f = into[f]
		}
		form[k] = f
	}
}

// isCase reports whether a form is a special case of a general one: as long, with other
// words only in place of a Star. Words that say what happened are no values.
func isCase(general, form []string) bool {
	if len(general) != len(form) || general[0] != form[0] {
		return false
	}
	for i, w := range form {
		if w != general[i] && (general[i] != Star || isEvent(w)) {
			return false
		}
	}
	return true
}

// A place is what is known of one place in keys that are equal otherwise.
type place struct {
	first  string
	values map[string]bool // nil while first is the only one
	events int             // values that say what happened
}

func (p *place) add(w string) {
	switch {
	case p.first == "":
		p.first = w
	case p.first == w || p.values[w]:
		return
	case p.values == nil:
		p.values = map[string]bool{p.first: true, w: true}
	default:
		p.values[w] = true
	}
	if isEvent(w) {
		p.events++
	}
}

// varies returns the number of different words in the place if that makes it a value,
// or else 0.
func (p *place) varies() int {
	need := manyWords
	switch {
	case p.first[0] == '/':
		need = manySegments
	case p.values[Star]:
		need = besideValue
	}
	if n := len(p.values); n >= need && !(p.events > 1 && 2*p.events >= n) {
		return n
	}
	return 0
}

// isEvent reports whether a word says what happened, as started, stopping and the status
// of a request do. Such words are not values.
func isEvent(w string) bool {
	return strings.HasSuffix(w, "ed") || strings.HasSuffix(w, "ing") || isDigit(w[0])
}

// starFor returns what stands for a word that varies.
func starFor(w string) string {
	if w[0] == '/' {
		return AnySegment
	}
	return Star
}

// joinOnce returns the new form of each form in which the word that varies most is
// replaced by a Star, and adds these places to varying. parts contains those of forms
// that were split before, and gets those of others.
func joinOnce(form map[string]string, parts map[string]*formParts, varying map[uint64]bool) map[string]string {
	distinct := map[string]*formParts{}
	for _, f := range form {
		if distinct[f] == nil {
			if parts[f] == nil {
				parts[f] = splitForm(f)
			}
			distinct[f] = parts[f]
		}
	}
	places := map[uint64]*place{}
	for _, x := range distinct {
		x.eachPlace(func(i int, around uint64) {
			p := places[around]
			if p == nil {
				p = new(place)
				places[around] = p
			}
			p.add(x.words[i])
		})
	}
	next := map[string]string{}
	for f, x := range distinct {
		best, most := -1, 0
		x.eachPlace(func(i int, around uint64) {
			if n := places[around].varies(); n > most && x.words[i] != starFor(x.words[i]) {
				best, most = i, n
			}
		})
		if best >= 0 {
			varying[x.around(best)] = true
			next[f] = x.replaced(best)
		}
	}
	return next
}

// formParts are the words of a form.
type formParts struct {
	words []string
	fixed int // words that are no Star
	// before[i] is a hash of the words before words[i], and after[i] one of those after
	// it. Of 64 bits, two of some 100,000 are equal by chance once in 10^9 runs.
	before, after []uint64
}

var wordSeed = maphash.MakeSeed()

func splitForm(f string) *formParts {
	x := &formParts{words: strings.Fields(f)}
	n := len(x.words)
	x.before, x.after = make([]uint64, n), make([]uint64, n)
	hash := make([]uint64, n)
	for i, w := range x.words {
		if w != Star {
			x.fixed++
		}
		hash[i] = maphash.String(wordSeed, w)
	}
	for i := 1; i < n; i++ {
		x.before[i] = mix(x.before[i-1], hash[i-1])
		x.after[n-1-i] = mix(x.after[n-i], hash[n-i])
	}
	return x
}

// mix combines two hashes. The order matters.
func mix(a, b uint64) uint64 {
	h := (a+0x9e3779b97f4a7c15)*0xff51afd7ed558ccd ^ b
	return (h ^ h>>32) * 0xc4ceb9fe1a85ec53
}

// around returns a hash of the form without words[i].
func (x *formParts) around(i int) uint64 { return mix(x.before[i], x.after[i]) }

// replaced returns the form in which words[i] is replaced.
func (x *formParts) replaced(i int) string {
	list := slices.Clone(x.words)
	list[i] = starFor(list[i])
	return joinStars(list)
}

// reduce returns the form of a key in which words are replaced in the places that are
// known to vary.
func reduce(key string, varying map[uint64]bool) string {
	for range mostRounds {
		x := splitForm(key)
		place := -1
		x.eachPlace(func(i int, around uint64) {
			if place < 0 && varying[around] && x.words[i] != starFor(x.words[i]) {
				place = i
			}
		})
		if place < 0 {
			break
		}
		key = x.replaced(place)
	}
	return key
}

// eachPlace calls visit for each word of a form, with a hash of the form without that
// word. A word is left out if too few others stand around it.
func (x *formParts) eachPlace(visit func(i int, around uint64)) {
	const aroundFirst = 3 // words that must follow the first word, which tends to name the event
	for i, w := range x.words {
		others := x.fixed
		if w != Star {
			others--
		}
		if others >= 1 && (i > 0 || others >= aroundFirst) {
			visit(i, x.around(i))
		}
	}
}

// joinStars returns the words of a form, with one Star for several in a row.
func joinStars(list []string) string {
	list = slices.CompactFunc(list, func(a, b string) bool { return a == Star && b == Star })
	return strings.Join(list, " ") + " "
}
