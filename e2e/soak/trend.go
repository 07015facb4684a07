package main

import (
	"fmt"
	"slices"
	"time"

	"flowd/e2e/golden"
)

// look is what flowd shows about itself at one moment.
type look struct {
	at         time.Duration
	resident   float64 // Bytes.
	goroutines float64
	files      float64 // Descriptors.
	objects    float64 // In the totals.
}

func lookOf(at time.Duration, s golden.Samples) look {
	return look{at, s["process_resident_memory_bytes"], s["go_goroutines"], s["process_open_fds"], s["flowd_objects_counted_total"]}
}

func (l look) String() string {
	return fmt.Sprintf("%6s  %5.1f MiB  %3.0f goroutines  %3.0f descriptors  %7.0f objects", l.at.Round(time.Second), l.resident/(1<<20), l.goroutines, l.files, l.objects)
}

// trend compares the median of the first third with that of the last third.
type trend struct {
	what        string
	unit        string
	first, last float64
	slack       float64 // How much higher the last may be.
}

func (t trend) flat() bool { return t.last <= t.first+t.slack }

// What may be higher in the end: the ledger is a file in memory, which grows by some 60 bytes for every object that is counted, and the heap breathes
// with the garbage collector; goroutines and descriptors come and go with the messages in work.
const (
	residentSlack = 0.10 // Of the first.
	ledgerBytes   = 64   // For every object.
	workSlack     = 8
)

// leastLooks is how many a third needs for its median to mean something.
const leastLooks = 3

// trends leaves the looks of the warm-up out. It fails when too few are left.
func trends(looks []look, warmUp time.Duration) ([]trend, error) {
	looks = slices.DeleteFunc(slices.Clone(looks), func(l look) bool { return l.at < warmUp })
	third := len(looks) / 3
	if third < leastLooks {
		return nil, fmt.Errorf("%d looks after the warm-up are too few to compare: let it run longer", len(looks))
	}
	compare := func(what, unit string, scale float64, of func(look) float64) trend {
		median := func(looks []look) float64 {
			var all []float64
			for _, l := range looks {
				all = append(all, of(l)/scale)
			}
			slices.Sort(all)
			return all[len(all)/2]
		}
		return trend{what: what, unit: unit, first: median(looks[:third]), last: median(looks[len(looks)-third:])}
	}
	resident := compare("resident memory", "MiB", 1<<20, func(l look) float64 { return l.resident })
	resident.slack = residentSlack*resident.first + ledgerBytes*(looks[len(looks)-1].objects-looks[0].objects)/(1<<20)
	goroutines := compare("goroutines", "", 1, func(l look) float64 { return l.goroutines })
	files := compare("descriptors", "", 1, func(l look) float64 { return l.files })
	goroutines.slack, files.slack = workSlack, workSlack
	return []trend{resident, goroutines, files}, nil
}
