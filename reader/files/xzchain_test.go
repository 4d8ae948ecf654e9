package files

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"logview/reader/decode"
)

// TestXzFilters decodes every filter that xz supports, with bytes that the
// filter for ARM64 changes.
func TestXzFilters(t *testing.T) {
	if testing.Short() {
		t.Skip("the full tests do this")
	}
	if _, err := exec.LookPath("xz"); err != nil {
		t.Skip(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	code := make([]byte, 300_003)
	for i := range code {
		code[i] = byte(rng.Uint32())
		if i%4 == 3 && i%3 > 0 {
			code[i] = []byte{0x94, 0x97, 0x90, 0xb0, 0xd0, 0xf0}[rng.IntN(6)]
		}
	}
	text := "a line\n" + string(code) + sampleText(5000)
	for _, filters := range []string{"--arm64", "--arm64=start=4096", "--delta=dist=3", "--delta=dist=2 --arm64", "--arm64 --delta=dist=256", "--x86", "--arm"} {
		for _, check := range []string{"none", "crc32", "crc64", "sha256"} {
			args := append(append([]string{"-c", "--check=" + check}, strings.Fields(filters)...), "--lzma2=preset=1")
			cmd := exec.Command("xz", args...)
			cmd.Stdin = strings.NewReader(text)
			data, err := cmd.Output()
			if err != nil {
				t.Logf("this xz has no %s", filters)
				break
			}
			data = append(append(data, 0, 0, 0, 0), data...) // two streams and padding
			data = append(xzip(""), data...)                 // the first stream does not need an xzChain
			// Also without detecting the charset, to compare the bytes.
			d := decode.NewDecoder(t.Context(), decode.Xz, bytes.NewReader(data), nil)
			got, err := io.ReadAll(d)
			d.Release()
			if err != nil || string(got) != text+text {
				t.Errorf("%s, %s: %d of %d bytes: %v", filters, check, len(got), 2*len(text), err)
			}
			if strings.Contains(filters, "arm64") {
				for _, at := range []int{20, 100, len(data) / 3, len(data)/2 - 20} {
					damaged := bytes.Clone(data)
					damaged[at] ^= 0x10
					d := decode.NewDecoder(t.Context(), decode.Xz, bytes.NewReader(damaged), nil)
					if _, err := io.ReadAll(d); err == nil && check != "none" {
						t.Errorf("%s, %s: damage at %d is not noticed", filters, check, at)
					}
					d.Release()
				}
			}
		}
	}
}

// TestXzUnknownCheck checks that a text that cannot be verified is read, and
// reported.
func TestXzUnknownCheck(t *testing.T) {
	text := sampleText(5000)
	data := xzip(text) // with a CRC-64
	for _, check := range []byte{5, 6} {
		data[7] = check
		binary.LittleEndian.PutUint32(data[8:], crc32.ChecksumIEEE(data[6:8]))
		foot := data[len(data)-12:]
		foot[9] = check
		binary.LittleEndian.PutUint32(foot, crc32.ChecksumIEEE(foot[4:10]))
		got, _, err := readAll(t, data)
		if got != text || err == nil || !strings.Contains(err.Error(), "unknown type") {
			t.Errorf("check %d: %d of %d bytes, %v", check, len(got), len(text), err)
		}
		// The same for a stream that is not the first one, and the streams
		// after it.
		several := slices.Concat(xzip("one\n"), xzip("two\n"), make([]byte, 8), data, xzip("three\n"), data, xzip("four\n"))
		got, _, err = readAll(t, several)
		if got != "one\ntwo\n"+text+"three\n"+text+"four\n" || err == nil || !strings.Contains(err.Error(), "unknown type") {
			t.Errorf("check %d, later: %d bytes, %v", check, len(got), err)
		}
	}
}

// TestXzUnknownFilter checks that the error names the unknown filter.
func TestXzUnknownFilter(t *testing.T) {
	data := xzip("x\n")
	h := []byte{2, 1, 0x0b, 0, 0x21, 1, 0x16, 0, 0, 0, 0, 0} // RISC-V, then LZMA2
	h = append(h[:8], binary.LittleEndian.AppendUint32(nil, crc32.ChecksumIEEE(h[:8]))...)
	data = append(append(data[:12:12], h...), data[12+(int(data[12])+1)*4:]...)
	if _, _, err := readAll(t, data); err == nil || !strings.Contains(err.Error(), "filter 0xb") {
		t.Errorf("got %v", err)
	}
}
