package metrics

import (
	"bytes"
	"net/netip"
	"time"

	"flowd/pkg/parser"
)

// Bounds of a batch, so that one hostile object cannot fill memory. What exceeds them counts under "other".
const (
	batchSketchEntries = 2048
	maxBatchEnds       = 4096
	maxBatchVPCs       = 1024
	// futureTolerance is how far a record's end may lie after its object was written before the end is not believed.
	futureTolerance = 10 * time.Minute
	// millisecondsFrom separates seconds from milliseconds: as seconds it is the year 5138. SKIPDATA rows were seen with milliseconds.
	millisecondsFrom = 100_000_000_000
)

// counts are records, bytes and packets of one label set.
type counts [3]uint64

func (c *counts) add(bytes, packets uint64) {
	c[counterRecords]++
	c[counterBytes] = addSaturating(c[counterBytes], bytes)
	c[counterPackets] = addSaturating(c[counterPackets], packets)
}

// vpcCounts are the flow counters of one VPC of one account.
type vpcCounts struct {
	accountID, vpcID string
	flows            [numActions][numDirections][numProtocols]counts
}

// interfaceCounts are the counters of one interface, under the identifiers that its records carried.
type interfaceCounts struct {
	// raw are account, VPC, subnet and interface as the line has them: what the next record is compared with.
	raw                              [4][]byte
	accountID, subnetID, interfaceID string
	vpc                              *vpcCounts
	actions                          [numActions]counts
}

// Batch holds what one object contributes. It belongs to one goroutine, needs no lock, and is invisible until it was staged and published.
type Batch struct {
	totals     *Totals
	objectTime int64 // Unix seconds; 0 when not known.

	read       [numStatuses]uint64
	malformed  [parser.NumReasons]uint64
	compressed uint64
	text       uint64
	ends       map[int64]uint64 // Records by their end, Unix seconds.
	lastEnd    int64

	interfaces map[string]*interfaceCounts
	last       *interfaceCounts
	overflow   *interfaceCounts
	folded     uint64 // Records that found the batch full of interfaces.
	vpcs       map[[2]string]*vpcCounts
	ports      []counts // [port][protocol][action]
	tops       batchTops
	scratch    []byte
}

// NewBatch starts a batch for an object that was written at objectTime (zero when not known). The members of the rankings are those of this
// moment. The caller gives it to [Totals.Stage], or calls [Batch.Discard]; either way it must not be used afterwards.
func (t *Totals) NewBatch(objectTime time.Time) *Batch {
	b := t.takeBatch()
	if !objectTime.IsZero() {
		b.objectTime = objectTime.Unix()
	}
	b.tops.begin(t.membership.Load())
	return b
}

// Discard throws away everything that the batch counted. The totals are not touched.
func (b *Batch) Discard() { b.totals.putBatch(b) }

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
	if r.LogStatus != parser.LogStatusOK {
		return
	}
	action, proto := r.Action, protocolOf(r)
	row := b.interfaceOf(r)
	row.actions[action].add(r.Bytes, r.Packets)
	row.vpc.flows[action][r.FlowDirection][proto].add(r.Bytes, r.Packets)
	b.ports[b.totals.portCell(r, proto, action)].add(r.Bytes, 0)
	b.tops.add(r, proto)
	if r.Has(parser.FieldEnd) {
		b.addEnd(r.End)
	}
}

// addEnd remembers the end of a record until the commit, when its age is known. Past the bound an end counts as the last one remembered.
func (b *Batch) addEnd(end int64) {
	if end >= millisecondsFrom {
		end /= 1000
	}
	if _, seen := b.ends[end]; !seen && len(b.ends) >= maxBatchEnds {
		end = b.lastEnd
	}
	b.lastEnd = end
	b.ends[end]++
}

// interfaceOf finds the counters of the record's interface. Records come in runs of one interface, so the last one is tried first.
func (b *Batch) interfaceOf(r *parser.Record) *interfaceCounts {
	if l := b.last; l != nil && bytes.Equal(l.raw[3], r.InterfaceID) && bytes.Equal(l.raw[1], r.VPCID) &&
		bytes.Equal(l.raw[2], r.SubnetID) && bytes.Equal(l.raw[0], r.AccountID) {
		return l
	}
	k := b.scratch[:0]
	for _, id := range [...][]byte{r.AccountID, r.VPCID, r.SubnetID, r.InterfaceID} {
		k = append(append(k, id...), ' ')
	}
	b.scratch = k
	row, ok := b.interfaces[string(k)]
	if !ok {
		row = b.addInterface(r, k)
	}
	b.last = row
	return row
}

func (b *Batch) addInterface(r *parser.Record, key []byte) *interfaceCounts {
	if len(b.interfaces) >= b.totals.batchInterfaces {
		return b.overflowInterface()
	}
	row := &interfaceCounts{
		accountID: cleanLabel(r.AccountID), subnetID: cleanLabel(r.SubnetID), interfaceID: cleanLabel(r.InterfaceID),
		vpc: b.vpcOf(cleanLabel(r.AccountID), cleanLabel(r.VPCID)),
	}
	for i, id := range [...][]byte{r.AccountID, r.VPCID, r.SubnetID, r.InterfaceID} {
		row.raw[i] = bytes.Clone(id)
	}
	b.interfaces[string(key)] = row
	return row
}

func (b *Batch) overflowInterface() *interfaceCounts {
	if b.overflow == nil {
		b.overflow = &interfaceCounts{accountID: labelOther, subnetID: labelOther, interfaceID: labelOther, vpc: b.vpcOf(labelOther, labelOther)}
		b.overflow.raw[3] = []byte(" ") // Matches no record: a value never holds a space.
		b.interfaces[" "] = b.overflow
	}
	b.folded++
	return b.overflow
}

func (b *Batch) vpcOf(accountID, vpcID string) *vpcCounts {
	k := [2]string{accountID, vpcID}
	if v, ok := b.vpcs[k]; ok {
		return v
	}
	if len(b.vpcs) >= maxBatchVPCs && vpcID != labelOther {
		return b.vpcOf(labelOther, labelOther)
	}
	v := &vpcCounts{accountID: accountID, vpcID: vpcID}
	b.vpcs[k] = v
	return v
}

// newest is the latest end that can be believed, or 0.
func (b *Batch) newest(now time.Time) int64 {
	limit := b.objectTime
	if limit == 0 {
		limit = now.Unix()
	}
	limit += int64(futureTolerance / time.Second)
	newest := int64(0)
	for end := range b.ends {
		if end <= limit {
			newest = max(newest, end)
		}
	}
	return newest
}

func newBatch(t *Totals) *Batch {
	return &Batch{
		totals:     t,
		ends:       map[int64]uint64{},
		interfaces: map[string]*interfaceCounts{},
		vpcs:       map[[2]string]*vpcCounts{},
		ports:      make([]counts, t.portCells()),
		tops:       newBatchTops(t),
	}
}

func (b *Batch) reset() {
	b.objectTime, b.read, b.malformed, b.compressed, b.text, b.folded = 0, [numStatuses]uint64{}, [parser.NumReasons]uint64{}, 0, 0, 0
	b.last, b.overflow = nil, nil
	clear(b.ends)
	clear(b.interfaces)
	clear(b.vpcs)
	clear(b.ports)
	b.tops.reset()
}

// addressKey is false when the record does not have the address.
func addressKey(r *parser.Record, f parser.Field, a netip.Addr) (addrKey, bool) {
	if !r.Has(f) {
		return addrKey{}, false
	}
	return addrKeyOf(a), true
}
