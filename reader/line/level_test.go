package line

import "testing"

func TestLevel(t *testing.T) {
	for line, want := range map[string]byte{
		"2026-11-21 ERROR x": 'E', "[error] x": 'E', "level=warn": 'W', "WARNING: x": 'W', "INFO x": 'I', `{"level":"debug"}`: 'D',
		"E1121 08:00:00.1 x": 'E', "terror and errors": ' ', "": ' ', "FATAL x": 'F', "no level": ' ', "informed": ' ',
	} {
		if got := Level([]byte(line)); got != want {
			t.Errorf("%q: %c, want %c", line, got, want)
		}
	}
}
