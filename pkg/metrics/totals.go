package metrics

import (
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"flowd/pkg/parser"
)

// Writer receives what a stage changed. All of it must become durable together, or none.
type Writer interface {
	PutPage(n uint32, content []byte) error
	PutSeries(id uint32, definition []byte) error
	DeleteSeries(id uint32) error
}

// Totals are all counters since the state was created. Batches may be taken and filled by any goroutine, [Totals.Collect] may be called by
// any; [Totals.Load] comes first, and [Totals.Stage] and the function it returns are for one goroutine at a time.
type Totals struct {
	cfg       Config
	defs      [numFamilies]*definition
	portIndex [1 << 16]uint8 // 0 is "other", else 1 + position in Config.Ports.

	snapshot   atomic.Pointer[snapshot]
	membership atomic.Pointer[membership]
	scraped    atomic.Uint64 // Highest generation that a scrape has read.
	wake       chan struct{}
	batches    sync.Pool
	instrument instruments
	arrivals   *arrivals
	// expositions are what the last scrape made for the lists that it saw; nil before.
	expositions [numFamilies]atomic.Pointer[exposition]

	remoteMu   sync.Mutex
	remoteSent map[string]int64 // Endpoint → minute, of this process.

	mu       sync.Mutex // Guards what follows, which only stages change.
	state    state
	open     *stage // The stage that was neither published nor rolled back yet.
	lastTick time.Time
	excess   []func(*stage) // Departures that a lowered bound makes necessary.
	tops
}

// New returns empty totals. It does no I/O.
func New(cfg Config, now time.Time) (*Totals, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("configuring metrics: %w", err)
	}
	t := &Totals{cfg: cfg, defs: definitions(), wake: make(chan struct{}, 1), lastTick: now, state: newState(), tops: newTops(cfg.TopK, now), arrivals: newArrivals(), remoteSent: map[string]int64{}}
	for i, p := range cfg.Ports {
		t.portIndex[p] = uint8(i + 1)
	}
	t.batches.New = func() any { return newBatch(t) }
	t.instrument = newInstruments(t.defs)
	t.addStatic(now)
	t.membership.Store(t.currentMembership())
	t.snapshot.Store(t.state.freeze(firstGeneration, time.Time{}))
	return t, nil
}

// staticSets are the label sets that are known in advance and exposed from the start.
func (t *Totals) staticSets() []labelSet {
	var sets []labelSet
	add := func(f family, values ...string) { sets = append(sets, labelSet{family: f, values: values}) }
	for _, s := range []parser.LogStatus{parser.LogStatusOK, parser.LogStatusNoData, parser.LogStatusSkipData} {
		add(familyRecordsRead, s.String())
	}
	for _, r := range parser.Reasons() {
		add(familyRecordsMalformed, r.String())
	}
	add(familyObjectBytes, encodingCompressed)
	add(familyObjectBytes, encodingUncompressed)
	for f := range numFamilies {
		if d := t.defs[f]; d != nil && len(d.labels) == 0 {
			add(f)
		}
	}
	return sets
}

const (
	encodingCompressed   = "compressed"
	encodingUncompressed = "uncompressed"
)

// protocolsWithPorts are TCP and UDP. A number that other protocols carry in that column is not a port.
const protocolsWithPorts = 2

// portCells is the size of a batch's port table: one cell for each port (and "other"), protocol and action.
func (t *Totals) portCells() int { return (len(t.cfg.Ports) + 1) * int(numProtocols) * numActions }

func portCellOf(index int, proto protocol, action parser.Action) int {
	return (index*int(numProtocols)+int(proto))*numActions + int(action)
}

// portCell is where a record counts.
func (t *Totals) portCell(r *parser.Record, proto protocol, action parser.Action) int {
	index := 0
	if (proto == protocolTCP || proto == protocolUDP) && r.Has(parser.FieldDstPort) {
		index = int(t.portIndex[r.DstPort])
	}
	return portCellOf(index, proto, action)
}

func (t *Totals) portValue(index int) string {
	if index == 0 {
		return labelOther
	}
	return strconv.Itoa(int(t.cfg.Ports[index-1]))
}
