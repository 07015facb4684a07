package inflate

import (
	"bufio"
	"io"

	"github.com/klauspost/compress/gzip"
)

// klauspost is the engine to switch back to.
type klauspost struct {
	in   *bufio.Reader // A type that the module has a fast path for.
	gzip gzip.Reader
}

func newKlauspost(buffer int) *klauspost { return &klauspost{in: bufio.NewReaderSize(nil, buffer)} }

// begin implements [engine].
func (k *klauspost) begin(in *feed) error {
	k.in.Reset(in)
	return k.nextMember()
}

// inflate implements [engine].
func (k *klauspost) inflate(window []byte, at, goal int) (int, error) {
	for at < goal {
		n, err := k.gzip.Read(window[at:goal])
		at += n
		if err == io.EOF { //nolint:errorlint // The end of a member; a reader below that wraps it does not mean that.
			err = k.nextMember()
		}
		if err != nil {
			return at, err
		}
	}
	return at, nil
}

// slid implements [engine]. The module has a window of its own.
func (k *klauspost) slid(int) {}

func (k *klauspost) nextMember() error {
	more, err := another(k.in)
	if !more {
		return err
	}
	if err := k.gzip.Reset(k.in); err != nil {
		return cut(err)
	}
	k.gzip.Multistream(false)
	return nil
}
