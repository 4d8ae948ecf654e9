package pager

import (
	"slices"
	"strings"
	"testing"
)

// shown returns the filters in force, with parentheses around those that are
// off.
func shown(f *filters) string {
	var out []string
	for _, p := range f.inForce() {
		s := p.Text
		if p.Off {
			s = "(" + s + ")"
		}
		out = append(out, s)
	}
	return strings.Join(out, " ")
}

func TestFilters(t *testing.T) {
	var f filters
	check := func(want string, last int) {
		t.Helper()
		if got := shown(&f); got != want || f.lastIndex() != last {
			t.Fatalf("%s, last %d; want %s, last %d", got, f.lastIndex(), want, last)
		}
		on := slices.ContainsFunc(f.inForce(), func(p Pattern) bool { return !p.Off })
		if f.pick.all() == on {
			t.Fatalf("%s: all lines pass: %v", want, f.pick.all())
		}
	}
	check("", -1)
	if f.toggleAll() || f.drop() || f.toggle(0) {
		t.Error("something is done with filters that are not there")
	}
	for _, p := range []string{"apple", "!zebra"} {
		if err := f.set(f.including(Pattern{Text: p}), false); err != nil {
			t.Fatal(err)
		}
	}
	check("apple !zebra", 1)
	f.toggle(0)
	check("(apple) !zebra", 0)
	f.toggleAll()
	check("(apple) (!zebra)", 0)
	f.toggle(0) // it becomes the only one that is on
	check("apple (!zebra)", 0)
	if err := f.set(f.including(Pattern{Text: "!zebra"}), false); err != nil {
		t.Fatal(err)
	}
	check("apple !zebra", 0)
	if err := f.set([]Pattern{{Text: "/("}}, false); err == nil {
		t.Error("a bad expression is a filter")
	}
	check("apple !zebra", 0)
	f.drop()
	check("!zebra", 0)
	if err := f.set(make([]Pattern, MostFilters+1), false); err == nil {
		t.Error("there may be any number of filters")
	}
	if err := f.restore([]Pattern{{Text: "a"}, {Text: "/("}}, false); err == nil {
		t.Error("a bad expression is restored")
	}
	check("", -1)
	if err := f.restore([]Pattern{{Text: "a"}, {Text: "b"}}, true); err != nil {
		t.Error(err)
	}
	check("(a) (b)", 0)
}

func TestPatterns(t *testing.T) {
	for _, x := range []struct {
		pattern Pattern
		line    string
		want    bool
	}{
		{Pattern{Text: "apple"}, "an Apple a day", true},
		{Pattern{Text: "Apple"}, "an apple a day", false},
		{Pattern{Text: "Apple", Case: Insensitive}, "an apple a day", true},
		{Pattern{Text: "apple", Case: Sensitive}, "an Apple a day", false},
		{Pattern{Text: "!apple"}, "an apple a day", false},
		{Pattern{Text: "!apple"}, "a pear", true},
		{Pattern{Text: "/a.p"}, "an apple", true},
		{Pattern{Text: "/^a.p/"}, "an apple", false},
		{Pattern{Text: "!/^a.p/"}, "an apple", true},
		{Pattern{Text: "a.p"}, "an apple", false},
		{Pattern{Text: "/A.P"}, "an apple", false},
		{Pattern{Text: "/A.P", Case: Insensitive}, "an apple", true},
		{Pattern{Text: "level>=warn"}, "2026-11-21 10:00:00 ERROR x", true},
		{Pattern{Text: "level>=warn"}, "2026-11-21 10:00:00 INFO level>=warn", false},
		{Pattern{Text: "!level:error"}, "2026-11-21 10:00:00 ERROR x", false},
		{Pattern{Text: "status>=500"}, "status=503", true},
		{Pattern{Text: "took>1.5s"}, "took=200ms", false},
		{Pattern{Text: "error:timeout"}, "an error:timeout", true}, // a text
		{Pattern{Text: "level:x"}, "level:x", true},
		{Pattern{Text: "time>=14:05"}, "time>=14:05", true},
		{Pattern{Text: "/level>=warn"}, "level>=warn", true},
	} {
		m, _, err := compile(nil, x.pattern)
		if err != nil {
			t.Errorf("%+v: %v", x.pattern, err)
			continue
		}
		if got := m.NewScanner().Match([]byte(x.line)); got != x.want {
			t.Errorf("%+v matches %q: %v", x.pattern, x.line, got)
		}
	}
	for _, p := range []string{"", "!", "/", "!/"} {
		if !(Pattern{Text: p}).Empty() {
			t.Errorf("%q is not empty", p)
		}
	}
}
