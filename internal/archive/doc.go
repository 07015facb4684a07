// Package archive finds and reads flow log files that were delivered before: on disk, or from standard input.
//
// It knows how AWS lays out keys, which object can hold records of a time range, how folders are listed, and how the bytes of a file become
// records. It does not know queues, or what records are counted or searched for.
//
// [Files] lists lazily, [Reader] reads one file after another in constant memory, and [InOrder] does both with several workers, whose results
// nevertheless come in the order of the files.
package archive
