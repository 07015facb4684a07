package flowgen

// Counts are the counters of one label set.
type Counts struct{ Records, Bytes, Packets uint64 }

// FlowKey is a label set of the flow families.
type FlowKey struct{ AccountID, VPCID, Action, FlowDirection, Protocol string }

// InterfaceKey is a label set of the interface families.
type InterfaceKey struct{ AccountID, VPCID, SubnetID, InterfaceID, Action string }

// PortKey is a label set of the port families.
type PortKey struct{ Protocol, DstPort, Action string }

// Totals are the golden totals: what every durable family must show once the objects are counted. The zero value is empty, and ready for
// [Totals.Merge]. Labels are those of the families: lower case, `unknown` where a record does not say, `other` for ports that are not listed.
type Totals struct {
	Flows       map[FlowKey]Counts
	Interfaces  map[InterfaceKey]Counts
	Ports       map[PortKey]Counts
	RecordsRead map[string]uint64 // By log status.
	Malformed   map[string]uint64 // By reason.
	ObjectBytes struct{ Compressed, Uncompressed uint64 }
	Objects     uint64
	RecordAges  uint64 // Records whose age is observed.

	// What each ranking saw.
	TopSourceBytes, TopDestinationBytes, TopPairBytes uint64
	TopRejectedSourceRecords, TopRejectedPortRecords  uint64
	SourceBytes                                       map[string]uint64 // By source address, for judging a ranking.
}

func newTotals() *Totals {
	return &Totals{
		Flows: map[FlowKey]Counts{}, Interfaces: map[InterfaceKey]Counts{}, Ports: map[PortKey]Counts{},
		RecordsRead: map[string]uint64{}, Malformed: map[string]uint64{}, SourceBytes: map[string]uint64{},
	}
}

// Merge adds another object's totals, which it leaves alone.
func (t *Totals) Merge(o *Totals) {
	if t.Flows == nil {
		*t = *newTotals()
	}
	mergeCounts(t.Flows, o.Flows)
	mergeCounts(t.Interfaces, o.Interfaces)
	mergeCounts(t.Ports, o.Ports)
	mergeNumbers(t.RecordsRead, o.RecordsRead)
	mergeNumbers(t.Malformed, o.Malformed)
	mergeNumbers(t.SourceBytes, o.SourceBytes)
	t.ObjectBytes.Compressed += o.ObjectBytes.Compressed
	t.ObjectBytes.Uncompressed += o.ObjectBytes.Uncompressed
	t.Objects += o.Objects
	t.RecordAges += o.RecordAges
	t.TopSourceBytes += o.TopSourceBytes
	t.TopDestinationBytes += o.TopDestinationBytes
	t.TopPairBytes += o.TopPairBytes
	t.TopRejectedSourceRecords += o.TopRejectedSourceRecords
	t.TopRejectedPortRecords += o.TopRejectedPortRecords
}

func mergeCounts[K comparable](into, from map[K]Counts) {
	for k, c := range from {
		add(into, k, c)
	}
}

func mergeNumbers(into, from map[string]uint64) {
	for k, n := range from {
		into[k] += n
	}
}

func add[K comparable](m map[K]Counts, k K, c Counts) {
	old := m[k]
	m[k] = Counts{old.Records + c.Records, old.Bytes + c.Bytes, old.Packets + c.Packets}
}
