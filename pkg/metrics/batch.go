package metrics

import (
	"time"

	"flowd/pkg/parser"
)

// batchSketchEntries bounds what a batch can nominate. An object has far fewer keys than a day, so fewer than the sketch of a ranking will do.
const batchSketchEntries = 2048

// Batch holds what one object contributes. It belongs to one goroutine, needs no lock, and is invisible until it was staged and published.
// Its memory is bounded whatever the object holds: what exceeds the bounds counts under "other".
type Batch struct {
	totals     *Totals
	objectTime int64 // Unix seconds; 0 when not known.

	read       [numStatuses]uint64
	malformed  [parser.NumReasons]uint64
	compressed uint64
	text       uint64
	ends       ends
	rows       batchRows
	ports      []counts // See portCellOf.
	tops       batchTops
	arrival    Arrival
	newestEnd  int64 // Of all records that may be true, NODATA included: the flow log is complete up to there.
	spare      int   // Minutes outside of the tables.
}

// NewBatch starts a batch for an object that was written at objectTime (zero when not known). The members of the rankings are those of this
// moment. The caller gives it to [Totals.Stage], or calls [Batch.Discard]; either way it must not be used afterwards.
func (t *Totals) NewBatch(objectTime time.Time) *Batch {
	b := t.batches.Get().(*Batch)
	if !objectTime.IsZero() {
		b.objectTime = objectTime.Unix()
	}
	b.tops.begin(t.membership.Load())
	return b
}

func newBatch(t *Totals) *Batch {
	return &Batch{totals: t, ends: newEnds(), rows: newBatchRows(t.cfg.MaxInterfaces), ports: make([]counts, t.portCells()), tops: newBatchTops(t)}
}

// Discard throws away everything that the batch counted. The totals are not touched.
func (b *Batch) Discard() { b.totals.putBatch(b) }

func (t *Totals) putBatch(b *Batch) {
	b.reset()
	t.batches.Put(b)
}

func (b *Batch) reset() {
	b.objectTime, b.read, b.malformed, b.compressed, b.text = 0, [numStatuses]uint64{}, [parser.NumReasons]uint64{}, 0, 0
	b.ends.reset()
	b.rows.reset()
	clear(b.ports)
	b.tops.reset()
	b.arrival, b.newestEnd, b.spare = Arrival{}, 0, 0
}

// AddMalformed counts a line that did not parse.
func (b *Batch) AddMalformed(reason parser.Reason) {
	if int(reason) < len(b.malformed) {
		b.malformed[reason]++
	}
}

// AddObjectBytes counts the size of the object: bytes as stored, and bytes of text after inflating.
func (b *Batch) AddObjectBytes(compressed, uncompressed uint64) {
	b.compressed = addSaturating(b.compressed, compressed)
	b.text = addSaturating(b.text, uncompressed)
}

// Add counts a record. It keeps nothing that aliases r's line. A record whose label sets the batch has seen before costs no allocation.
// NODATA and SKIPDATA records carry no flow: they are counted as read, and nowhere else.
func (b *Batch) Add(r *parser.Record) {
	b.read[r.LogStatus]++
	b.noteEnd(r)
	if r.LogStatus != parser.LogStatusOK {
		return
	}
	action, proto := r.Action, protocolOf(r)
	row := b.rows.of(r)
	row.actions[action].add(r.Bytes, r.Packets)
	row.vpc.minutes.add(r, &b.spare)
	row.vpc.flows[action][r.FlowDirection][proto].add(r.Bytes, r.Packets)
	b.ports[b.totals.portCell(r, proto, action)].add(r.Bytes, 0)
	b.tops.add(r, proto)
	if r.Has(parser.FieldEnd) {
		b.ends.add(r.End)
	}
}

// noteEnd keeps the newest end that is believed, see [ends.believable].
func (b *Batch) noteEnd(r *parser.Record) {
	if !r.Has(parser.FieldEnd) {
		return
	}
	end := toSeconds(r.End)
	if end > b.newestEnd && (b.objectTime == 0 || end <= b.objectTime+int64(futureTolerance/time.Second)) {
		b.newestEnd = end
	}
}
