//go:build (amd64 || arm64) && !purego

package inflate

import "unsafe"

// This is the only file with unsafe. Each function is a load or store that the fast loop makes many times for each symbol, where the bounds check of the
// language costs a comparison and a branch every time: the loop makes the same check once for a whole round, see [fastInput] and [windowSlack].
// Both architectures are little-endian and bear with unaligned access. Without them, or with the tag purego, pure.go takes its place.

// load64 returns b[i:i+8], which must be within b.
func load64(b []byte, i uint) uint64 {
	return *(*uint64)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(b)), i)) // One load, where encoding/binary checks i+8 first.
}

// store64 sets b[i:i+8], which must be within b.
func store64(b []byte, i uint, v uint64) {
	*(*uint64)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(b)), i)) = v // One store, likewise.
}

// store8 sets b[i], which must be within b.
func store8(b []byte, i uint, v byte) {
	*(*byte)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(b)), i)) = v // A literal; i comes out of a loop that the compiler cannot follow.
}

// copy16 copies b[from:from+16] to b[to:to+16], which must be within b. All is loaded before anything is stored.
func copy16(b []byte, to, from uint) {
	p := unsafe.Pointer(unsafe.SliceData(b))
	*(*[16]byte)(unsafe.Add(p, to)) = *(*[16]byte)(unsafe.Add(p, from)) // One vector register, where copy calls memmove.
}
