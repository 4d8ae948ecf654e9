package line

import "strings"

// Level returns the letter of a line's severity level, F, E, W, I or D, based
// on the first word near its start that names one, or a blank if there is none.
func Level(line []byte) byte {
	line = line[:min(len(line), 256)]
	for i := 0; i < len(line); {
		if line[i] == 0x1b && i+1 < len(line) && line[i+1] == '[' { // a color, which ends with a letter
			for i += 2; i < len(line) && (line[i] < 0x40 || line[i] > 0x7e); i++ {
			}
			i++
			continue
		}
		if !letter(line[i]) {
			i++
			continue
		}
		k := i
		for k < len(line) && letter(line[k]) {
			k++
		}
		if n := k - i; n >= 3 && n <= 9 {
			if l := levels[strings.ToLower(string(line[i:k]))]; l != 0 {
				return l
			}
		}
		i = k
	}
	// The first letter of lines of klog and glog: E1121 08:00:00.
	if len(line) > 5 && strings.IndexByte("EWIF", line[0]) >= 0 && digits(line[1:5]) && line[5] == ' ' {
		return line[0]
	}
	return ' '
}

var levels = map[string]byte{
	"fatal": 'F', "panic": 'F', "emerg": 'F', "emergency": 'F', "alert": 'F', "crit": 'F', "critical": 'F',
	"error": 'E', "err": 'E', "severe": 'E', "exception": 'E',
	"warn": 'W', "warning": 'W',
	"info": 'I', "notice": 'I', "information": 'I',
	"debug": 'D', "trace": 'D', "verbose": 'D', "fine": 'D',
}

func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func digits(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}
