// Command inflate turns gzip files into text that nobody reads, and prints how many bytes it was: what an inflater costs alone.
//
//	inflate flowd|klauspost|standard FILE...
package main

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"

	klauspost "github.com/klauspost/compress/gzip"

	"flowd/internal/inflate"
)

// buffer is what one Read may bring, in bytes. Larger ones were no faster for any of the three.
const buffer = 256 << 10

// inflater returns the bytes of text in r.
type inflater func(r io.Reader) (int64, error)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) < 2 {
		return errors.New("say what inflates, and which files: inflate flowd|klauspost|standard FILE")
	}
	with := map[string]inflater{"flowd": withFlowd, "klauspost": withKlauspost, "standard": withStandard}[args[0]]
	if with == nil {
		return fmt.Errorf("there is no inflater %q: choose flowd, klauspost or standard", args[0])
	}
	var text int64
	for _, name := range args[1:] {
		n, err := file(name, with)
		if err != nil {
			return fmt.Errorf("inflating %s: %w", name, err)
		}
		text += n
	}
	_, err := fmt.Fprintln(os.Stdout, text)
	return err
}

func file(name string, with inflater) (int64, error) {
	f, err := os.Open(name)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	return with(f)
}

// withFlowd takes the text where the inflater left it, as flowd's parser does.
func withFlowd(r io.Reader) (text int64, err error) {
	z := inflate.NewReader()
	if err := z.Reset(r); err != nil {
		return 0, err
	}
	for {
		window, err := z.Next(0)
		text += int64(len(window))
		if errors.Is(err, io.EOF) {
			return text, nil
		}
		if err != nil {
			return text, err
		}
	}
}

func withKlauspost(r io.Reader) (int64, error) {
	z, err := klauspost.NewReader(r)
	if err != nil {
		return 0, err
	}
	return discard(z)
}

func withStandard(r io.Reader) (int64, error) {
	z, err := gzip.NewReader(r)
	if err != nil {
		return 0, err
	}
	return discard(z)
}

// discard hides every method of r but Read: io.Copy would choose another path for each of them.
func discard(r io.Reader) (int64, error) {
	return io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{r}, make([]byte, buffer))
}
