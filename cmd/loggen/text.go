package main

import (
	"math"
	"math/bits"
	"math/rand/v2"
	"strconv"
	"time"
)

// rng is the only source of random numbers. All of them are integers:
// floating-point operations may be fused on some processors, and the same seed
// must produce the same bytes everywhere.
type rng struct{ src *rand.PCG }

func newRNG(seed uint64) rng {
	return rng{rand.NewPCG(seed, 0x6c6f6767656e)}
}

func (r rng) u64() uint64 { return r.src.Uint64() }

// n returns a number in [0, n).
func (r rng) n(n int) int {
	hi, _ := bits.Mul64(r.src.Uint64(), uint64(n))
	return int(hi)
}

// between returns a number in [lo, hi].
func (r rng) between(lo, hi int) int { return lo + r.n(hi-lo+1) }

// oneIn reports true once in n calls on average.
func (r rng) oneIn(n int) bool { return r.n(n) == 0 }

// skewed returns a number in [0, n). Small numbers are more frequent, as for
// visitors, pages and products.
func (r rng) skewed(n int) int {
	hi, _ := bits.Mul64(r.src.Uint64(), uint64(r.n(n)+1))
	return int(hi)
}

// expTable contains quantiles of the exponential distribution, multiplied by
// 65536.
var expTable = func() (t [1024]int64) {
	for i := range t {
		t[i] = int64(math.Round(-math.Log((float64(i)+0.5)/1024) * 65536))
	}
	return t
}()

// exp returns an exponentially distributed number with the given mean. It
// multiplies the two halves of the mean separately, so that means of years do
// not overflow.
func (r rng) exp(mean int64) int64 {
	e := expTable[r.n(1024)]
	return (mean>>16)*e + (mean&0xffff)*e>>16
}

// A picker draws from weights with one look-up. Its resolution is 1/256; rarer
// cases are drawn with oneIn.
type picker [256]uint8

func newPicker(weights ...int) *picker {
	sum := 0
	for _, w := range weights {
		sum += w
	}
	p := new(picker)
	at, acc := 0, 0
	for i, w := range weights {
		acc += w
		for ; at < acc*256/sum; at++ {
			p[at] = uint8(i)
		}
	}
	return p
}

func (r rng) pick(p *picker) int { return int(p[r.u64()>>56]) }

func (r rng) word(list []string) string { return list[r.n(len(list))] }

const hexDigits = "0123456789abcdef"

// hexPairs maps a byte to two digits. Identifiers are a quarter of the text, so
// speed matters.
var hexPairs = func() (t [256][2]byte) {
	for i := range t {
		t[i] = [2]byte{hexDigits[i>>4], hexDigits[i&15]}
	}
	return t
}()

func putHex(dst []byte, v uint64) {
	for i := len(dst) - 2; i >= 0; i -= 2 {
		p := hexPairs[byte(v)]
		dst[i], dst[i+1] = p[0], p[1]
		v >>= 8
	}
}

// appendHex appends the low n digits of v. n must be even and at most 16.
func appendHex(b []byte, v uint64, n int) []byte {
	var h [16]byte
	putHex(h[:n], v)
	return append(b, h[:n]...)
}

// putUUID sets dst to a version 4 UUID with the random bits hi and lo.
func putUUID(dst *[36]byte, hi, lo uint64) {
	hi = hi&^0xf000 | 0x4000
	lo = lo&^(3<<62) | 1<<63
	putHex(dst[0:8], hi>>32)
	dst[8] = '-'
	putHex(dst[9:13], hi>>16)
	dst[13] = '-'
	putHex(dst[14:18], hi)
	dst[18] = '-'
	putHex(dst[19:23], lo>>48)
	dst[23] = '-'
	putHex(dst[24:36], lo)
}

func appendInt(b []byte, n int) []byte { return strconv.AppendInt(b, int64(n), 10) }

// appendPad appends n, padded with zeros to width digits.
func appendPad(b []byte, n, width int) []byte {
	var d [20]byte
	for i := width - 1; i >= 0; i-- {
		d[i] = byte('0' + n%10)
		n /= 10
	}
	return append(b, d[:width]...)
}

// appendThousandth appends n/1000 with three decimals: 1.234 for 1234.
func appendThousandth(b []byte, n int) []byte {
	b = appendInt(b, n/1000)
	b = append(b, '.')
	return appendPad(b, n%1000, 3)
}

var octets = func() (t [256]string) {
	for i := range t {
		t[i] = strconv.Itoa(i)
	}
	return t
}()

func appendIP(b []byte, ip uint32) []byte {
	b = append(b, octets[ip>>24]...)
	b = append(b, '.')
	b = append(b, octets[ip>>16&255]...)
	b = append(b, '.')
	b = append(b, octets[ip>>8&255]...)
	b = append(b, '.')
	return append(b, octets[ip&255]...)
}

const base64Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

func (r rng) appendBase64(b []byte, n int) []byte {
	for n > 0 {
		v := r.u64()
		for range min(n, 10) {
			b = append(b, base64Digits[v&63])
			v >>= 6
		}
		n -= 10
	}
	return b
}

// A clock formats the times of lines. Lines come in order of time, so a second
// is formatted only once for all lines and services.
type clock struct {
	t    int64 // nanoseconds since 1970
	sec  int64
	frac int    // nanoseconds within the second
	iso  []byte // 2006-01-02T15:04:05
	sql  []byte // 2006-01-02 15:04:05
	sys  []byte // Jan _2 15:04:05
	clf  []byte // 02/Jan/2006:15:04:05 +0000
}

func (c *clock) set(t int64) {
	c.t = t
	sec := t / 1e9
	c.frac = int(t - sec*1e9)
	if sec == c.sec && c.iso != nil {
		return
	}
	c.sec = sec
	at := time.Unix(sec, 0).UTC()
	c.iso = at.AppendFormat(c.iso[:0], "2006-01-02T15:04:05")
	c.sql = at.AppendFormat(c.sql[:0], "2006-01-02 15:04:05")
	c.sys = at.AppendFormat(c.sys[:0], "Jan _2 15:04:05")
	c.clf = at.AppendFormat(c.clf[:0], "02/Jan/2006:15:04:05 +0000")
}

func (c *clock) appendISO(b []byte, digits int) []byte {
	b = append(b, c.iso...)
	b = append(b, '.')
	f := c.frac
	for i := digits; i < 9; i++ {
		f /= 10
	}
	b = appendPad(b, f, digits)
	return append(b, 'Z')
}

func (c *clock) appendJava(b []byte) []byte {
	b = append(b, c.sql...)
	b = append(b, ',')
	return appendPad(b, c.frac/1e6, 3)
}

// appendLogin appends the account name with the number id, in ASCII. There are
// some 400,000 different names; see accounts.
func (r rng) appendLogin(b []byte, id int) []byte {
	b = append(b, logins[id%len(logins)]...)
	b = append(b, '.')
	id /= len(logins)
	b = append(b, surnames[id%len(surnames)]...)
	id /= len(surnames)
	if id > 0 {
		b = appendInt(b, id)
	}
	return b
}

// accounts is the number of different names that appendLogin appends.
var accounts = len(logins) * len(surnames) * 100

// appendDisplay appends a person's full name, which may not be ASCII.
func (r rng) appendDisplay(b []byte, id int) []byte {
	return append(b, displayNames[id%len(displayNames)]...)
}

var logins = []string{
	"anna", "ben", "carla", "david", "elena", "felix", "grace", "hugo", "ines", "jonas",
	"jose", "karin", "liam", "maria", "noah", "olga", "paul", "quentin", "rosa", "sam",
	"tara", "ugo", "vera", "will", "xenia", "yusuf", "zoe", "lukasz", "soren", "francois",
	"mei", "hiro", "priya", "amir", "chidi", "fatima", "goran", "hana", "ivan", "jana",
	"kofi", "leila", "marek", "nadia", "oscar", "pia", "rafael", "sofia", "tomas", "uma",
	"viktor", "wanda", "ximena", "yara", "zdenek", "arne", "bjork", "celine", "dmitri", "esra",
}

var surnames = []string{
	"garcia", "muller", "smith", "rossi", "dubois", "nowak", "jensen", "silva", "tanaka", "wang",
	"kim", "singh", "okafor", "haddad", "novak", "larsen", "weber", "moreau", "costa", "ivanov",
	"kowalski", "santos", "fischer", "leroy", "bianchi", "nguyen", "patel", "khan", "cohen", "murphy",
	"andersen", "bakker", "christou", "diaz", "eriksson", "ferrari", "gonzalez", "hansen", "ito", "johnson",
	"keller", "lopez", "martin", "nielsen", "olsen", "popescu", "quinn", "ricci", "schmidt", "taylor",
	"ueda", "vargas", "wagner", "xu", "yilmaz", "zimmermann", "abe", "brown", "castro", "dvorak",
	"evans", "fernandes", "gruber", "horvath", "iyer", "jovanovic", "kaya", "lindberg", "mendes", "nakamura",
}

// displayNames are mostly ASCII; a fifth have accents, and a few are CJK.
var displayNames = []string{
	"Anna Weber", "Ben Smith", "Carla Rossi", "David Cohen", "Elena Costa", "Felix Keller", "Grace Murphy",
	"Hugo Moreau", "Ines Santos", "Jonas Fischer", "José García", "Karin Lindberg", "Liam Taylor", "Maria Bianchi",
	"Noah Johnson", "Olga Ivanova", "Paul Martin", "Zoë Müller", "Rosa Diaz", "Sam Evans", "Tara Quinn",
	"Ugo Ferrari", "Vera Novak", "Will Brown", "Łukasz Żak", "Yusuf Kaya", "Søren Ørsted", "François Lefèvre",
	"Priya Patel", "Amir Khan", "Chidi Okafor", "Fatima Haddad", "Goran Jovanović", "Hana Dvořák", "Ivan Popescu",
	"田中太郎", "王伟", "김민준", "Νίκος Χρήστου", "Kofi Mensah", "Leila Haddad", "Marek Nowak", "Nadia Weber",
	"Oscar Nielsen", "Pia Jensen", "Rafael Silva", "Sofia Lopez", "Tomáš Horváth", "Uma Iyer", "Viktor Olsen",
	"Wanda Kowalska", "Ximena Núñez", "Yara Mendes", "Zdeněk Malý", "Arne Hansen", "Björk Jónsdóttir", "Céline Dubois",
	"Dmitri Sokolov", "Esra Yılmaz",
}

var products = []string{
	"lamp", "chair", "desk", "mug", "notebook", "backpack", "headphones", "keyboard", "monitor", "cable",
	"charger", "blanket", "pillow", "kettle", "toaster", "knife", "spoon", "bottle", "jacket", "boots",
	"scarf", "gloves", "tent", "stove", "rope", "bicycle", "helmet", "pump", "mirror", "shelf",
}

var colours = []string{"red", "blue", "green", "black", "white", "walnut", "steel", "copper", "amber", "slate"}

var notes = []string{
	"please ring twice", "leave at the door", "gift, no invoice", "call before delivery", "third floor, left",
	"merci beaucoup !", "danke schön", "naïve façade of a café", "お届けは午後にお願いします", "谢谢",
	"great service 👍", "birthday 🎂", "fragile", "no plastic, please", "deliver to the neighbour",
}
