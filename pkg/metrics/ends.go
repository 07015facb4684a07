package metrics

import "time"

const (
	maxBatchEnds = 4096
	// tableEnds is the span of time that has a table, in seconds, and leadEnds how much of it lies before the first end. AWS delivers every five
	// minutes what at most ten minutes hold.
	tableEnds = 2048
	leadEnds  = 1536
	// futureTolerance is how far a record's end may lie after its object was written before the end is not believed.
	futureTolerance = 10 * time.Minute
	// millisecondsFrom separates seconds from milliseconds: as seconds it is the year 5138. SKIPDATA rows were seen with milliseconds.
	millisecondsFrom = 100_000_000_000
)

// ends are how many records of a batch ended when, in Unix seconds. They wait for the commit, when the age of the records is known.
type ends struct {
	first int64             // Of the table; 0 before the first end.
	table [tableEnds]uint64 // Records by second: nearly all ends of an object lie within minutes.
	spare map[int64]uint64  // Of the ends outside of the table.
	// last is the end of the record before that was outside of the table, and run how many in a row had it and are not in the map yet.
	last int64
	run  uint64
	kept int64 // The last end that went into the map.
}

func newEnds() ends { return ends{spare: map[int64]uint64{}} }

func (e *ends) add(end int64) {
	end = toSeconds(end)
	if end > 0 { // Anything else is not a time, and must not decide where the table lies.
		if e.first == 0 {
			e.first = max(end-leadEnds, 1)
		}
		if at := uint64(end - e.first); at < tableEnds {
			e.table[at]++
			return
		}
	}
	if end != e.last {
		e.flush()
		e.last = end
	}
	e.run++
}

// flush moves the run into the map. Past the bound, an end that is new counts as the one before: age becomes imprecise, memory does not grow.
func (e *ends) flush() {
	if e.run == 0 {
		return
	}
	if _, seen := e.spare[e.last]; seen || len(e.spare) < maxBatchEnds {
		e.kept = e.last
	}
	e.spare[e.kept] += e.run
	e.run = 0
}

// believable yields every end that may be true for an object of that time: an end of 0 or less is not a time, and one that lies after the
// object (or, when its time is not known, after now) by more than the tolerance is a mistake or a lie.
func (e *ends) believable(objectTime int64, now time.Time, yield func(end int64, records uint64)) {
	e.flush()
	if objectTime == 0 {
		objectTime = now.Unix()
	}
	limit := objectTime + int64(futureTolerance/time.Second)
	for i, n := range e.table {
		if end := e.first + int64(i); n > 0 && end <= limit {
			yield(end, n)
		}
	}
	for end, n := range e.spare {
		if end > 0 && end <= limit {
			yield(end, n)
		}
	}
}

func (e *ends) reset() {
	clear(e.table[:])
	clear(e.spare)
	e.first, e.last, e.run, e.kept = 0, 0, 0, 0
}
