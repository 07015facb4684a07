package inflate

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"strings"
	"testing"
)

// members spreads text over so many members.
func members(t testing.TB, text string, n int) []byte {
	t.Helper()
	var all []byte
	for i := range n {
		all = append(all, gzipped(t, text[i*len(text)/n:(i+1)*len(text)/n])...)
	}
	return all
}

func TestManyMembers(t *testing.T) {
	text := strings.Repeat(string(corpus(t)[0].text), 150)
	for _, n := range []int{2, 3, 10, 100, 1000} {
		in := members(t, text, n)
		for _, z := range engines() {
			inBothWays(t, z, n, in, text)
			inBothWays(t, z, n, append(bytes.Clone(in), make([]byte, 512)...), text)
		}
		if _, err := inflated(NewReader(), bytes.NewReader(in[:len(in)-1])); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%d members, the last one cut: got %v, want %v", n, err, ErrCorrupt)
		}
	}
}

// matchBack is a member with so much text, and a match of three that goes back by distance.
func matchBack(inside, distance int) []byte {
	litlen, dist := fixedCodes()
	text := strings.Repeat("y", inside)
	w := new(bitWriter).stored(0, []byte(text)).put(1, 1).put(1, 2)
	w.match(litlen, dist, 3, distance).symbol(litlen, endOfBlock)
	b := append([]byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff}, w.b...)
	b = binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE([]byte(text+"yyy")))
	return binary.LittleEndian.AppendUint32(b, uint32(inside+3))
}

// TestMatchesDoNotReachIntoTheMemberBefore puts the border of two members at places of the window where it slides: as far as the second one has text a
// match is good, and a byte further it is not. Without padding behind it the match is decoded carefully, with padding fast.
func TestMatchesDoNotReachIntoTheMemberBefore(t *testing.T) {
	z, looked := NewReader(), 0
	for _, before := range []int{1, maxDistance, blockSize - 1, blockSize, 2*blockSize + 7, windowSize - windowSlack - 100, windowSize - windowSlack, windowSize, 2 * windowSize} {
		first := gzipped(t, strings.Repeat("x", before))
		for _, inside := range []int{1, 100, 10_000, maxDistance - 1, maxDistance} {
			for _, padding := range []int{0, fastInput} {
				looked++
				got, err := inflated(z, bytes.NewReader(slices.Concat(first, matchBack(inside, inside), make([]byte, padding))))
				if err != nil || len(got) != before+inside+3 {
					t.Errorf("%d bytes before, %d back: got %d bytes, %v", before, inside, len(got), err)
				}
				if inside == maxDistance {
					continue // No distance goes further.
				}
				_, err = inflated(z, bytes.NewReader(slices.Concat(first, matchBack(inside, inside+1), make([]byte, padding))))
				if !errors.Is(err, errDistance) {
					t.Errorf("%d bytes before, %d and one back: got %v, want %v", before, inside, err, errDistance)
				}
			}
		}
	}
	if looked != 9*5*2 {
		t.Errorf("looked at %d borders", looked)
	}
}

// header is the one of a member, with all that is optional.
type header struct {
	flags         byte
	extra         []byte
	name, comment string
	checksum      uint16 // Is added to the right one.
}

func (h header) member(deflate []byte) []byte {
	whole := member(deflate)
	b := append([]byte{}, whole[:10]...)
	b[3] = h.flags
	if h.flags&headerExtra != 0 {
		b = append(binary.LittleEndian.AppendUint16(b, uint16(len(h.extra))), h.extra...)
	}
	if h.flags&headerName != 0 {
		b = append(append(b, h.name...), 0)
	}
	if h.flags&headerComment != 0 {
		b = append(append(b, h.comment...), 0)
	}
	if h.flags&headerChecksum != 0 {
		b = binary.LittleEndian.AppendUint16(b, uint16(crc32.ChecksumIEEE(b))+h.checksum)
	}
	return append(b, whole[10:]...)
}

// TestHeaders has every optional field at its bounds, for each engine, against the standard library, and cut at every byte.
func TestHeaders(t *testing.T) {
	const text = "flow log record\n"
	deflate := gzipped(t, text)
	deflate = deflate[10 : len(deflate)-8]
	long := strings.Repeat("n", maxName-1)
	all := header{headerExtra | headerName | headerComment | headerChecksum | 1, []byte("extra"), "name", "comment", 0}
	wrong := all
	wrong.checksum = 1
	for name, c := range map[string]struct {
		header header
		err    error
	}{
		"nothing":                 {header{}, nil},
		"everything":              {all, nil},
		"a wrong checksum":        {wrong, ErrCorrupt},
		"only a checksum":         {header{flags: headerChecksum}, nil},
		"an empty extra field":    {header{flags: headerExtra}, nil},
		"the longest extra field": {header{flags: headerExtra | headerChecksum, extra: make([]byte, 0xffff)}, nil},
		"an empty name":           {header{flags: headerName}, nil},
		"the longest name":        {header{flags: headerName, name: long}, nil},
		"a longer name":           {header{flags: headerName, name: long + "n"}, ErrCorrupt},
		"the longest comment":     {header{flags: headerComment, comment: long}, nil},
		"a longer comment":        {header{flags: headerComment, comment: long + "n"}, ErrCorrupt},
		"a name in latin 1":       {header{flags: headerName, name: "\xfcber"}, nil},
	} {
		in := c.header.member(deflate)
		if _, err := standard(in); (err == nil) != (c.err == nil) {
			t.Errorf("%s: the standard library says %v", name, err)
		}
		for engine, z := range engines() {
			if got, err := inflated(z, bytes.NewReader(in)); !errors.Is(err, c.err) || err == nil && got != text || (err == nil) != (c.err == nil) {
				t.Errorf("%s: %s: got %q, %v, want %v", engine, name, got, err, c.err)
			}
			for n := 2; n < len(in); n += max(1, len(in)/500) {
				if _, err := inflated(z, bytes.NewReader(in[:n])); !errors.Is(err, ErrCorrupt) {
					t.Fatalf("%s: %s, cut after %d bytes: got %v, want %v", engine, name, n, err, ErrCorrupt)
				}
			}
		}
	}
}

func TestHeadersThatAreNone(t *testing.T) {
	good := gzipped(t, "text")
	for i, c := range []struct {
		value byte
		err   error
	}{1: {0x8c, errMagic}, 2: {7, errMethod}, 3: {0x20, errReserved}} {
		if c.err == nil {
			continue
		}
		in := append(bytes.Clone(good), good...)
		in[len(good)+i] = c.value // The second member: without magic bytes, the first would be plain text.
		if _, err := inflated(NewReader(), bytes.NewReader(in)); !errors.Is(err, c.err) || !errors.Is(err, ErrCorrupt) {
			t.Errorf("byte %d: got %v, want %v", i, err, c.err)
		}
	}
}

func TestTrailersThatAreWrong(t *testing.T) {
	for i, want := range []error{errChecksum, errChecksum, errChecksum, errChecksum, errSize, errSize, errSize, errSize} {
		in := gzipped(t, "text")
		in[len(in)-8+i] ^= 0x40
		if _, err := inflated(NewReader(), bytes.NewReader(in)); !errors.Is(err, want) || !errors.Is(err, ErrCorrupt) {
			t.Errorf("byte %d: got %v, want %v", i, err, want)
		}
	}
}

// ExampleReader_Next cuts lines where they are, across the borders of blocks.
func ExampleReader_Next() {
	var stored bytes.Buffer
	w := gzip.NewWriter(&stored)
	_, _ = io.WriteString(w, strings.Repeat("a line of text\n", 100_000))
	_ = w.Close()

	z := NewReader()
	if err := z.Reset(&stored); err != nil {
		fmt.Println(err)
		return
	}
	lines, unread := 0, 0
	for {
		block, err := z.Next(unread)
		if err != nil {
			fmt.Println(lines, "lines,", err)
			return
		}
		lines += bytes.Count(block, []byte("\n"))
		unread = len(block) - 1 - bytes.LastIndexByte(block, '\n')
	}
	// Output: 100000 lines, EOF
}
