package main

import (
	"bytes"
	"compress/gzip"
	"slices"
)

// poison is a way in which an object is broken for good. What is good in it must not count.
type poison struct {
	name  string
	spoil func(body []byte) []byte // Of a whole gzip object; it may change it.
}

func poisons() []poison {
	return []poison{
		{"truncated", func(body []byte) []byte { return body[:len(body)/2] }},
		{"checksum", func(body []byte) []byte {
			body[len(body)-8] ^= 1 // The trailer has 8 bytes, and begins with the checksum.
			return body
		}},
		{"trailer", func(body []byte) []byte { return append(body, "rubbish behind the end"...) }},
		{"header", func([]byte) []byte { return compressed([]byte("what is this?\n1 2 3\n")) }},
		{"parquet", func([]byte) []byte { return []byte("PAR1 and so on PAR1") }},
	}
}

// zipped is a copy of an object as gzip; some are stored as plain text.
func zipped(body []byte) []byte {
	if bytes.HasPrefix(body, []byte{0x1f, 0x8b}) {
		return slices.Clone(body)
	}
	return compressed(body)
}

func compressed(text []byte) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	_, _ = z.Write(text) // A buffer takes everything.
	_ = z.Close()
	return out.Bytes()
}
