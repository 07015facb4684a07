package inflate

import (
	"bytes"
	"compress/flate"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	kflate "github.com/klauspost/compress/flate"
)

// inBothWays inflates input as a whole, which is fast, and byte by byte, which is careful.
func inBothWays(t *testing.T, z *Reader, name any, in []byte, want string) {
	t.Helper()
	for how, r := range map[string]io.Reader{"whole": bytes.NewReader(in), "byte by byte": iotest.OneByteReader(bytes.NewReader(in))} {
		if got, err := inflated(z, r); err != nil || got != want {
			t.Errorf("%v, %s: got %d bytes, %v, want %d bytes", name, how, len(got), err, len(want))
		}
	}
}

// lengthsOf is an alphabet of some size with the lengths of a few symbols.
func lengthsOf(size int, of map[int]uint8) []uint8 {
	lengths := make([]uint8, size)
	for symbol, n := range of {
		lengths[symbol] = n
	}
	return lengths
}

// byHand is DEFLATE data that encoders do not write. Text that is none says that it is broken.
type byHand struct {
	data *bitWriter
	text string
	err  error
}

func fixedByHand() map[string]byHand {
	litlen, dist := fixedCodes()
	begin := func() *bitWriter { return new(bitWriter).put(1, 1).put(1, 2) }
	a := func() *bitWriter { return begin().symbol(litlen, 'a') }
	return map[string]byHand{
		"an empty block":                   {begin().symbol(litlen, endOfBlock), "", nil},
		"the shortest match":               {a().match(litlen, dist, 3, 1).symbol(litlen, endOfBlock), "aaaa", nil},
		"the longest match":                {a().match(litlen, dist, 258, 1).symbol(litlen, endOfBlock), strings.Repeat("a", 259), nil},
		"258 in the long way":              {a().symbol(litlen, 284).put(31, 5).symbol(dist, 0).symbol(litlen, endOfBlock), strings.Repeat("a", 259), nil},
		"a distance beyond the beginning":  {a().match(litlen, dist, 3, 2).symbol(litlen, endOfBlock), "", errDistance},
		"a match before anything":          {begin().match(litlen, dist, 3, 1).symbol(litlen, endOfBlock), "", errDistance},
		"length symbol 286":                {a().symbol(litlen, 286).symbol(dist, 0).symbol(litlen, endOfBlock), "", errCode},
		"length symbol 287":                {a().symbol(litlen, 287).symbol(dist, 0).symbol(litlen, endOfBlock), "", errCode},
		"distance symbol 30":               {a().symbol(litlen, 257).symbol(dist, 30).symbol(litlen, endOfBlock), "", errCode},
		"distance symbol 31":               {a().symbol(litlen, 257).symbol(dist, 31).symbol(litlen, endOfBlock), "", errCode},
		"no end of the block":              {a(), "", io.ErrUnexpectedEOF},
		"bits after the end":               {a().symbol(litlen, endOfBlock).put(1, 1), "a", nil},
		"no final block":                   {new(bitWriter).put(0, 1).put(1, 2).symbol(litlen, endOfBlock), "", io.ErrUnexpectedEOF},
		"a block of type 3":                {new(bitWriter).put(1, 1).put(3, 2).put(0, 30), "", errBlock},
		"a stored block of nothing":        {new(bitWriter).stored(1, nil), "", nil},
		"a stored block":                   {new(bitWriter).stored(1, []byte("text")), "text", nil},
		"a stored block after codes":       {new(bitWriter).put(0, 1).put(1, 2).symbol(litlen, 'a').symbol(litlen, endOfBlock).stored(1, []byte("b")), "ab", nil},
		"a stored block with two lengths":  {new(bitWriter).put(1, 1).put(0, 2).align().put(4, 16).put(4, 16), "", errStored},
		"a stored block that is cut short": {&bitWriter{b: new(bitWriter).stored(1, []byte("text")).b[:7]}, "", io.ErrUnexpectedEOF},
	}
}

func dynamicByHand() map[string]byHand {
	one, none := []uint8{1}, []uint8{0}
	two := lengthsOf(257, map[int]uint8{'a': 1, endOfBlock: 1})
	three := lengthsOf(258, map[int]uint8{'a': 2, 'b': 2, endOfBlock: 2, 257: 2})
	begin := func(litlen, dist []uint8) *bitWriter { return new(bitWriter).dynamic(1, litlen, dist) }
	header := func(litlen, dist uint) *bitWriter {
		return new(bitWriter).put(1, 1).put(2, 2).put(litlen, 5).put(dist, 5).put(0, 4)
	}
	// After 16, 17, 18 and 0, the rest of the lengths are none: 18 and 0 have one bit each, or 16 and 18.
	runs := func(litlen, dist uint) *bitWriter {
		return header(litlen, dist).put(0, 3).put(0, 3).put(1, 3).put(1, 3)
	}
	abb := func(w *bitWriter) *bitWriter { return w.symbol(codeOf(three), 'a').symbol(codeOf(three), 257) }
	return map[string]byHand{
		"two codes":                             {begin(two, none).symbol(codeOf(two), 'a').symbol(codeOf(two), endOfBlock), "a", nil},
		"one code, which ends the block":        {begin(lengthsOf(257, map[int]uint8{endOfBlock: 1}), none).put(0, 1), "", nil},
		"one code, and the other bit":           {begin(lengthsOf(257, map[int]uint8{endOfBlock: 1}), none).put(1, 1), "", errCode},
		"one code of two bits":                  {begin(lengthsOf(257, map[int]uint8{endOfBlock: 2}), none).put(0, 2), "", errLengths},
		"no code at all":                        {begin(lengthsOf(257, nil), none).put(0, 9), "", errCode},
		"codes without an end of the block":     {begin(lengthsOf(257, map[int]uint8{'a': 1, 'b': 1}), none).put(0, 9), "", io.ErrUnexpectedEOF},
		"more codes than fit":                   {begin(lengthsOf(257, map[int]uint8{'a': 1, 'b': 1, endOfBlock: 1}), none).put(0, 9), "", errLengths},
		"fewer codes than fit":                  {begin(lengthsOf(257, map[int]uint8{'a': 2, 'b': 2, endOfBlock: 2}), none).put(0, 9), "", errLengths},
		"no distances, and none is used":        {begin(three, none).symbol(codeOf(three), 'b').symbol(codeOf(three), endOfBlock), "b", nil},
		"no distances, and one is used":         {abb(begin(three, none)).put(0, 1).symbol(codeOf(three), endOfBlock), "", errCode},
		"one distance":                          {abb(begin(three, one)).put(0, 1).symbol(codeOf(three), endOfBlock), "aaaa", nil},
		"one distance, and the other bit":       {abb(begin(three, one)).put(1, 1).symbol(codeOf(three), endOfBlock), "", errCode},
		"one distance of two bits":              {abb(begin(three, []uint8{2})).put(0, 2).symbol(codeOf(three), endOfBlock), "", errLengths},
		"more distances than fit":               {begin(three, []uint8{1, 1, 1}).symbol(codeOf(three), endOfBlock), "", errLengths},
		"287 literals and lengths":              {header(30, 0).put(0, 99), "", errLengths},
		"31 distances":                          {header(0, 30).put(0, 99), "", errLengths},
		"more lengths of lengths than fit":      {header(0, 0).put(1, 3).put(1, 3).put(1, 3).put(0, 99), "", errLengths},
		"no lengths of lengths":                 {header(0, 0).put(0, 99), "", errCode},
		"one length of lengths, the other bit":  {header(0, 0).put(0, 9).put(1, 3).put(1, 1).put(0, 99), "", errCode},
		"a run of what is not there":            {header(0, 0).put(1, 3).put(0, 3).put(1, 3).put(0, 3).put(0, 99), "", errLengths},
		"a run that goes beyond the lengths":    {runs(0, 0).put(1, 1).put(127, 7).put(1, 1).put(127, 7), "", errLengths},
		"runs that are right, of lengths of 0":  {runs(0, 0).put(1, 1).put(127, 7).put(1, 1).put(109, 7).put(0, 99), "", errCode},
		"a dynamic block that ends in a header": {&bitWriter{b: begin(two, none).b[:20]}, "", io.ErrUnexpectedEOF},
	}
}

// TestByHand has every rule of RFC 1951 that data can break. The standard library must come to the same.
func TestByHand(t *testing.T) {
	for _, all := range []map[string]byHand{fixedByHand(), dynamicByHand()} {
		for name, c := range all {
			in := member(c.data.b)
			if _, err := standard(in); (err == nil) != (c.err == nil) {
				t.Errorf("%s: the standard library says %v", name, err)
			}
			for how, pad := range map[string][]byte{"at the end": nil, "before much else": make([]byte, 100)} {
				if c.err == io.ErrUnexpectedEOF { //nolint:errorlint // The one that is listed.
					pad = nil
					in = in[:len(in)-8]
				}
				got, err := inflated(NewReader(), bytes.NewReader(append(bytes.Clone(in), pad...)))
				if !errors.Is(err, c.err) || (err == nil) != (c.err == nil) || err != nil && !errors.Is(err, ErrCorrupt) || err == nil && got != c.text {
					t.Errorf("%s, %s: got %q, %v, want %q, %v", name, how, got, err, c.text, c.err)
				}
			}
		}
	}
}

// TestFarthestDistance goes back 32 KiB at every place in the window, while it slides.
func TestFarthestDistance(t *testing.T) {
	litlen, dist := fixedCodes()
	noise := make([]byte, maxDistance)
	r := rand.New(rand.NewPCG(3, 4))
	for i := range noise {
		noise[i] = byte(r.Uint32())
	}
	w, text := new(bitWriter).stored(0, noise), bytes.Clone(noise)
	w.put(1, 1).put(1, 2)
	for len(text) < 5*windowSize {
		length := 3 + r.IntN(256)
		w.match(litlen, dist, length, maxDistance)
		for range length {
			text = append(text, text[len(text)-maxDistance])
		}
	}
	w.symbol(litlen, endOfBlock)
	inBothWays(t, NewReader(), "far", member(w.b), string(text))
}

// TestEveryDistanceAndLength copies each of the short matches, where words overlap what they copy.
func TestEveryDistanceAndLength(t *testing.T) {
	litlen, dist := fixedCodes()
	text := []byte("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-+")
	w := new(bitWriter).stored(0, text)
	w.put(1, 1).put(1, 2)
	for distance := 1; distance <= 40; distance++ {
		for length := minMatch; length <= maxMatch; length++ {
			w.match(litlen, dist, length, distance).symbol(litlen, int('a')+length%26)
			for range length {
				text = append(text, text[len(text)-distance])
			}
			text = append(text, byte(int('a')+length%26))
		}
	}
	w.symbol(litlen, endOfBlock)
	inBothWays(t, NewReader(), "matches", member(w.b), string(text))
}

// TestGoEncoders has every level of both, on text that is longer than the window.
func TestGoEncoders(t *testing.T) {
	text := strings.Repeat(string(corpus(t)[0].text), 1+3*windowSize/len(corpus(t)[0].text))
	for level := flate.HuffmanOnly; level <= flate.BestCompression; level++ {
		inBothWays(t, NewReader(), level, member(deflated(t, level, text)), text)
		var b bytes.Buffer
		w, err := kflate.NewWriter(&b, level)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, text); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		inBothWays(t, NewReader(), level, member(b.Bytes()), text)
	}
}
