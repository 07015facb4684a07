package archive

import "time"

// How far the stamp of an object may lie from the time of its records.
const (
	// stampLead is how long after the stamp a record may end. AWS's own example has five minutes, clocks are off by one; an hour costs the
	// reading of a few objects more, and loses none.
	stampLead = time.Hour
	// stampLag is how long before the stamp a record may have begun. Delivery takes minutes and is best effort.
	stampLag = 24 * time.Hour
)

// Window is the time range that records are wanted of, both ends included. A zero time is an open end.
type Window struct{ From, To time.Time }

// MayHold says whether an object with that key can hold records of the window. It is false only when it is certain enough.
func (w Window) MayHold(k Key) bool {
	early := !w.From.IsZero() && k.Time.Add(stampLead).Before(w.From)
	late := !w.To.IsZero() && k.Time.After(w.To.Add(stampLag))
	return !early && !late
}
