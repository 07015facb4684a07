package inflate

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// maxName bounds the file name and the comment of a header, in bytes with the zero at their end. gzip(1) writes what a file system allows, and the
// standard library bears no more than this.
const maxName = 512

// Flags of a header. Source: RFC 1952, section 2.3.1.
const (
	headerChecksum = 1 << 1
	headerExtra    = 1 << 2
	headerName     = 1 << 3
	headerComment  = 1 << 4
	headerReserved = 7 << 5
)

var (
	errMagic    = errors.New("something else than gzip follows")
	errMethod   = errors.New("a method that is not DEFLATE")
	errReserved = errors.New("a flag that is reserved")
	errName     = errors.New("a name or comment that is too long")
	errHeader   = errors.New("the checksum of the header is wrong")
	errChecksum = errors.New("the checksum is wrong")
	errSize     = errors.New("the length is wrong")
)

// gunzip is the engine of this package: gzip members, one after another.
type gunzip struct {
	in     *feed
	data   *deflate
	floor  int // Where the member begins in the window, as long as that is not gone.
	sum    uint32
	size   uint32 // Modulo 2^32, as the trailer has it.
	header uint32 // Checksum of the header so far.
	few    [10]byte
}

func newGunzip() *gunzip { return &gunzip{data: newDeflate()} }

// begin implements [engine].
func (g *gunzip) begin(in *feed) error {
	g.in = in
	return g.nextMember(0)
}

// nextMember reads a header. io.EOF says that there is none.
func (g *gunzip) nextMember(at int) error {
	more, err := another(g.in)
	if !more {
		return err
	}
	g.header, g.sum, g.size, g.floor = 0, 0, 0, at
	g.data.reset(g.in)
	return cut(g.readHeader())
}

// inflate implements [engine].
func (g *gunzip) inflate(window []byte, at, goal int) (int, error) {
	for at < goal {
		n, err := g.data.inflate(window, output{uint(at), uint(g.floor), uint(goal)})
		g.sum = crc32.Update(g.sum, crc32.IEEETable, window[at:n])
		g.size += uint32(int(n) - at)
		at = int(n)
		if err == io.EOF { //nolint:errorlint // The end of the data, which nobody wraps.
			err = g.endMember(at)
		}
		if err != nil {
			return at, err
		}
	}
	return at, nil
}

// slid implements [engine].
func (g *gunzip) slid(by int) { g.floor = max(0, g.floor-by) }

func (g *gunzip) endMember(at int) error {
	trailer, err := g.take(8)
	if err != nil {
		return cut(err)
	}
	if binary.LittleEndian.Uint32(trailer) != g.sum {
		return errChecksum
	}
	if binary.LittleEndian.Uint32(trailer[4:]) != g.size {
		return errSize
	}
	return g.nextMember(at)
}

// readHeader goes through a header; of what is in it, only the checksum matters.
// Source: RFC 1952, section 2.3.
func (g *gunzip) readHeader() error {
	fixed, err := g.take(10)
	if err != nil {
		return err
	}
	flags := fixed[3]
	switch {
	case fixed[0] != 0x1f || fixed[1] != 0x8b:
		return errMagic
	case fixed[2] != 8:
		return errMethod
	case flags&headerReserved != 0:
		return errReserved
	}
	if flags&headerExtra != 0 {
		if err := g.skipExtra(); err != nil {
			return err
		}
	}
	for _, text := range []byte{headerName, headerComment} {
		if flags&text != 0 {
			if err := g.skipText(); err != nil {
				return err
			}
		}
	}
	if flags&headerChecksum != 0 {
		return g.checkHeader()
	}
	return nil
}

// take reads n bytes, up to 10, which are good until the next call.
func (g *gunzip) take(n int) ([]byte, error) {
	p := g.few[:n]
	_, err := io.ReadFull(g.in, p)
	g.header = crc32.Update(g.header, crc32.IEEETable, p)
	return p, err
}

// skipExtra has at most 64 KiB to skip, which its length has no room to exceed.
func (g *gunzip) skipExtra() error {
	size, err := g.take(2)
	if err != nil {
		return err
	}
	for left := int(binary.LittleEndian.Uint16(size)); left > 0 && err == nil; left-- {
		_, err = g.take(1)
	}
	return err
}

func (g *gunzip) skipText() error {
	for range maxName {
		if b, err := g.take(1); err != nil || b[0] == 0 {
			return err
		}
	}
	return errName
}

func (g *gunzip) checkHeader() error {
	want := uint16(g.header)
	got, err := g.take(2)
	if err == nil && binary.LittleEndian.Uint16(got) != want {
		return errHeader
	}
	return err
}

// another says whether a member follows. Zeros until the end are padding; everything else is refused, because it might be text that somebody wanted to
// have counted.
func another(in io.ByteScanner) (bool, error) {
	b, err := in.ReadByte()
	switch {
	case err != nil:
		return false, err
	case b != 0:
		return true, in.UnreadByte()
	}
	for {
		switch b, err := in.ReadByte(); {
		case err != nil:
			return false, err
		case b != 0:
			return false, fmt.Errorf("%w: something follows its end", ErrCorrupt)
		}
	}
}

// cut makes an end in the middle of a header or trailer an error.
func cut(err error) error {
	if err == io.EOF { //nolint:errorlint // A wrapped EOF is an error of whoever wrapped it.
		return io.ErrUnexpectedEOF
	}
	return err
}
