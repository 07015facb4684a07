package metrics

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"time"
)

const (
	// deliveryWindow is how often AWS publishes.
	// Source: https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3.html
	deliveryWindow = 5 * time.Minute
	// idleLag is how far behind now an idle flow log is complete.
	idleLag = 20 * time.Minute
	// outstandingFor ends the wait for an object that nobody has seen again: it went to the dead-letter queue.
	outstandingFor = time.Hour

	maxFlowLogs    = 200    // Further ones are one together.
	maxWindows     = 4096   // Of one flow log: two weeks of delivery windows.
	maxOutstanding = 10_000 // What comes after is not waited for.
)

// Arrival identifies an object and says what it belongs to.
type Arrival struct {
	ID        string    // Of the object: the same at every receive of it.
	FlowLogID string    // Empty when its key does not say.
	Stamp     time.Time // In its key, or when it was written.
}

func (a Arrival) flowLog() string { return cleanLabel(a.FlowLogID) }

// window is the beginning of its delivery. Anybody may write a time that is yet to come into a key: it would be complete for years.
func (a Arrival) window(now time.Time) int64 {
	stamp := a.Stamp
	if stamp.After(now) {
		stamp = now
	}
	return stamp.Truncate(deliveryWindow).Unix()
}

// arrivals know which objects are on their way and which delivery windows have been counted, and from that up to which time each flow log is
// complete: the end of the newest delivery window up to which no object is outstanding, as of when the queue was last seen empty. It lives with the
// process; what was complete once is durable. It is safe for concurrent use.
type arrivals struct {
	mu          sync.Mutex
	flowLogs    map[string]*flowLog
	outstanding map[string]outstanding
	empty       time.Time // Everything that was announced before this has been received.
	idle        time.Time // When nothing was left at all, neither waiting nor in work; zero while something is.
	written     time.Time // When S3 wrote the newest object, by its clock;
	noted       time.Time // and when that was noted, by the clock here.
}

type flowLog struct {
	windows map[int64]*window // By the beginning of the delivery.
	reached int64             // It is complete up to here, Unix seconds; 0 before it began.
	since   time.Time         // When this process first heard of it.
	seen    time.Time
}

// window is one delivery of one flow log.
type window struct {
	end     int64 // The newest end of its records, Unix seconds.
	seen    time.Time
	waiting int
}

type outstanding struct {
	window *window
	seen   time.Time
}

func newArrivals() *arrivals {
	return &arrivals{flowLogs: map[string]*flowLog{}, outstanding: map[string]outstanding{}}
}

// flowLog finds or adds one. Past the bound they share one, which keeps all of them from being called complete too early.
func (a *arrivals) flowLog(id string, now time.Time) *flowLog {
	f := a.flowLogs[id]
	if f == nil && len(a.flowLogs) >= maxFlowLogs {
		id = labelOther
		f = a.flowLogs[id]
	}
	if f == nil {
		f = &flowLog{windows: map[int64]*window{}, since: now}
		a.flowLogs[id] = f
	}
	return f
}

// window finds or adds one. Past the bound it is the newest that there is.
func (a *arrivals) window(x Arrival, now time.Time) *window {
	f, stamp := a.flowLog(x.flowLog(), now), x.window(now)
	f.seen = now
	if f.windows[stamp] == nil && len(f.windows) >= maxWindows {
		stamp = slices.Max(slices.Collect(maps.Keys(f.windows)))
	}
	if f.windows[stamp] == nil {
		f.windows[stamp] = &window{seen: now}
	}
	return f.windows[stamp]
}

// begin says that an object was announced. Its window is not complete before [arrivals.done].
func (a *arrivals) begin(x Arrival, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.idle = time.Time{}
	o, known := a.outstanding[x.ID]
	if !known {
		o.window = a.window(x, now)
		o.window.waiting++
	}
	o.seen, o.window.seen = now, now
	if known || len(a.outstanding) < maxOutstanding {
		a.outstanding[x.ID] = o
	} else {
		o.window.waiting--
	}
}

// done says that an object has a fate.
func (a *arrivals) done(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.finish(id)
}

func (a *arrivals) finish(id string) {
	if o, ok := a.outstanding[id]; ok {
		o.window.waiting--
		delete(a.outstanding, id)
	}
}

// counted notes up to when the records of a durable object reach.
func (a *arrivals) counted(x Arrival, end int64, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	w := a.window(x, now)
	w.end = max(w.end, end)
}

// note learns from a batch that is durable.
func (a *arrivals) note(b *Batch, now time.Time) {
	if b.arrival.ID == "" {
		return
	}
	end := b.newestEnd
	if b.objectTime == 0 && end > now.Add(futureTolerance).Unix() {
		end = 0
	}
	a.counted(b.arrival, end, now)
	a.mu.Lock()
	defer a.mu.Unlock()
	if written := time.Unix(b.objectTime, 0); b.objectTime > 0 && written.After(a.written) {
		a.written, a.noted = written, now
	}
}

// nothingLeft is when nothing was left, by the clock here but no later than by that of S3: a clock that jumps ahead would make every flow log complete for as long as
// it jumped, and a watermark never moves back. What passed since the newest object is not what the clock shows but what it measured.
func (a *arrivals) nothingLeft() time.Time {
	if a.noted.IsZero() {
		return a.idle
	}
	if at := a.written.Add(a.idle.Sub(a.noted)); at.Before(a.idle) {
		return at
	}
	return a.idle
}

// queueEmpty says that the queue had no visible message at that time, and whether every message that was received before is gone, too.
func (a *arrivals) queueEmpty(at time.Time, nothingInFlight bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if at.After(a.empty) {
		a.empty = at
	}
	if nothingInFlight {
		a.idle = at
		a.giveUp(at)
	}
}

// giveUp ends the wait for objects that were last seen before then.
func (a *arrivals) giveUp(before time.Time) {
	for id, o := range a.outstanding {
		if o.seen.Before(before) {
			a.finish(id)
		}
	}
}

// complete returns up to when the flow logs that began are complete, in Unix seconds, as far as their objects say it; and, with nothing left to come, up to when every flow
// log is complete whatever its objects say, else 0.
func (a *arrivals) complete(now time.Time) (until map[string]int64, idle int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.giveUp(now.Add(-outstandingFor))
	until = map[string]int64{}
	for id, f := range a.flowLogs {
		f.begin(a.empty, now)
		f.advance(a.empty)
		if f.reached > 0 {
			until[id] = f.reached
		}
		if len(f.windows) == 0 && now.Sub(f.seen) > outstandingFor {
			delete(a.flowLogs, id)
		}
	}
	if !a.idle.IsZero() && a.idle.Unix() <= now.Unix() { // Else it is from before the clock was set back.
		idle = a.nothingLeft().Add(-idleLag).Unix()
	}
	return until, idle
}

// begin is where a flow log that is new, or new to this process, begins: nothing before was announced, as far as an idle flow log would be complete. A queue
// gives what waits on it in any order, so the first object of a backlog says nothing about the rest. There is none when the queue was empty just before;
// else the oldest is known when it is empty. A queue that is not for an hour must not keep a flow log from view: by then the oldest that came is
// about the oldest of all.
func (f *flowLog) begin(empty, now time.Time) {
	known := f.since.Sub(empty) < deliveryWindow || now.Sub(f.since) >= outstandingFor
	if f.reached == 0 && len(f.windows) > 0 && known {
		f.reached = max(slices.Min(slices.Collect(maps.Keys(f.windows)))-int64(idleLag/time.Second), 1)
	}
}

func (f *flowLog) advance(empty time.Time) {
	for _, stamp := range slices.SortedFunc(maps.Keys(f.windows), cmp.Compare) {
		w := f.windows[stamp]
		if w.waiting > 0 || !w.seen.Before(empty) {
			return
		}
		f.reached = max(f.reached, w.end)
		delete(f.windows, stamp)
	}
}
