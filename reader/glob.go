package reader

import (
	"errors"
	"fmt"

	"github.com/bmatcuk/doublestar/v4"
)

// mostAlternatives limits the number of alternatives that the braces of a glob
// produce. doublestar tries them one by one, and 22 times {a,b} makes four
// million.
const mostAlternatives = 1000

// CheckGlob returns an error if a glob is invalid or has too many alternatives.
func CheckGlob(pattern string) error {
	if !doublestar.ValidatePattern(pattern) {
		return errors.New("not a valid glob: a [ or { is not closed; write \\[ or \\{ for the character itself")
	}
	if n, _ := alternatives(pattern, 0); n > mostAlternatives {
		return fmt.Errorf("the braces of this glob stand for more than %d alternatives; write * for some of them, or \\{ for the character itself", mostAlternatives)
	}
	return nil
}

// alternatives returns the number of alternatives that the braces of a glob
// produce, from index i to the brace that closes the group at i, and the index
// of that brace. The number is at most slightly above mostAlternatives.
func alternatives(pattern string, i int) (n, end int) {
	sum, product := 0, 1
	for ; i < len(pattern); i++ {
		switch pattern[i] {
		case '\\':
			i++
		case '{':
			k, end := alternatives(pattern, i+1)
			product = min(product*k, mostAlternatives+1)
			i = end
		case ',':
			sum, product = min(sum+product, mostAlternatives+1), 1
		case '}':
			return sum + product, i
		}
	}
	return sum + product, i
}
