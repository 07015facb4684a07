package parser

import "unsafe"

// The functions below write one field of many records. first is that field of the first of them; the others are in the same array, at the same distance each, and
// the caller has checked that there are so many. Finding the field anew in every record costs more than reading its value.

func storeNumbers[T uint8 | uint16 | int32 | int64 | uint64](first *T, numbers []uint64) {
	for i, v := range numbers {
		*fieldOfRecord(first, i) = T(v)
	}
}

func storeAddrs(first *Addr, addrs []uint32) {
	for i, v := range addrs {
		*fieldOfRecord(first, i) = addr4(v)
	}
}

// fieldOfRecord is the same field i records further on. It stays inside of the array that the caller has: that is what unsafe asks for.
func fieldOfRecord[T any](first *T, i int) *T {
	return (*T)(unsafe.Add(unsafe.Pointer(first), uintptr(i)*unsafe.Sizeof(Record{}))) //nolint:gosec // See above.
}
