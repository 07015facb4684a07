//go:build !(amd64 || arm64) || purego

package inflate

import "encoding/binary"

// These are the functions of unsafe.go, with every bound checked and for every byte order.

func load64(b []byte, i uint) uint64     { return binary.LittleEndian.Uint64(b[i:]) }
func store64(b []byte, i uint, v uint64) { binary.LittleEndian.PutUint64(b[i:], v) }
func store8(b []byte, i uint, v byte)    { b[i] = v }
func copy16(b []byte, to, from uint)     { copy(b[to:to+16], b[from:from+16]) }
