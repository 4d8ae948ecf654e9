package document

import (
	"logview/reader"
	"logview/reader/crash"
	"logview/reader/files"
)

// decide compares the undecided pairs among members in the background, one pair
// at a time, and calls opt.Decided if a packed file has text of its own.
func (d *Document) decide(members []reader.Member) {
	var undecided []reader.Member
	for _, m := range members {
		if files.IsTwin(m) && m.Path != reader.Stdin {
			undecided = append(undecided, m)
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.undecided = undecided
	if len(undecided) == 0 || d.deciding || d.opt.Decided == nil {
		return
	}
	d.deciding = true
	crash.Go(d.decideAll)
}

func (d *Document) decideAll() {
	for {
		d.mu.Lock()
		if len(d.undecided) == 0 || d.life.Err() != nil {
			d.deciding = false
			d.mu.Unlock()
			return
		}
		m := d.undecided[0]
		d.undecided = d.undecided[1:]
		d.mu.Unlock()
		if v, err := d.src.Verdict(d.life, files.HandleOf(m).Pair); err == nil && v.Relation != files.Contained {
			d.opt.Decided()
		}
	}
}
