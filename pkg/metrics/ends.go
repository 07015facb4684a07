package metrics

import "time"

const (
	maxBatchEnds = 4096
	// futureTolerance is how far a record's end may lie after its object was written before the end is not believed.
	futureTolerance = 10 * time.Minute
	// millisecondsFrom separates seconds from milliseconds: as seconds it is the year 5138. SKIPDATA rows were seen with milliseconds.
	millisecondsFrom = 100_000_000_000
)

// ends are how many records of a batch ended when, in Unix seconds. They wait for the commit, when the age of the records is known.
type ends struct {
	records map[int64]uint64
	// last is the end of the record before, and run how many records in a row had it and are not in the map yet: an aggregation interval
	// is shared by many records.
	last int64
	run  uint64
	kept int64 // The last end that went into the map.
}

func newEnds() ends { return ends{records: map[int64]uint64{}} }

func (e *ends) add(end int64) {
	end = toSeconds(end)
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
	if _, seen := e.records[e.last]; seen || len(e.records) < maxBatchEnds {
		e.kept = e.last
	}
	e.records[e.kept] += e.run
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
	for end, n := range e.records {
		if end > 0 && end <= limit {
			yield(end, n)
		}
	}
}

func (e *ends) reset() {
	clear(e.records)
	e.last, e.run, e.kept = 0, 0, 0
}
