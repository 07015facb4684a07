package metrics

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"flowd/pkg/parser"
)

// stage is a change of the totals that is not durable yet. It works on copies of the pages that it touches.
type stage struct {
	t          *Totals
	now        time.Time
	generation uint64 // Of the snapshot that publishing it makes.
	pages      pageTable
	dirty      []bool               // By page.
	series     map[uint32]*labelSet // Definitions to write, by slot; nil deletes.
	remembered bool                 // The membership changed.
}

// Stage adds the batches to the totals, does what housekeeping is due (see [Totals.Due]), and writes what changed to w: only pages and
// definitions that changed, so the cost grows with those and not with the number of series. Nothing is visible yet.
//
// When the transaction behind w is durable, the caller calls publish; it makes the new snapshot visible and takes the batches back. When the
// transaction failed, the caller does not call publish: the next Stage starts from what was published, and the batches stay the caller's.
func (t *Totals) Stage(fresh []*Batch, w Writer, now time.Time) (publish func(), err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.rollbackOpen(); err != nil {
		return nil, fmt.Errorf("rolling back the last stage: %w", err)
	}
	s := t.begin(now)
	for _, b := range fresh {
		s.add(b)
	}
	for _, depart := range t.excess {
		depart(s)
	}
	s.keepHouse()
	if err := s.write(w); err != nil {
		return nil, errors.Join(fmt.Errorf("writing changed counters: %w", err), t.rollbackOpen())
	}
	return func() { t.publish(s, fresh) }, nil
}

func (t *Totals) begin(now time.Time) *stage {
	s := &stage{
		t: t, now: now, generation: t.snapshot.Load().generation + 1,
		pages: slices.Clone(t.state.pages), dirty: make([]bool, len(t.state.pages)), series: map[uint32]*labelSet{},
	}
	for _, set := range t.state.unsaved {
		s.series[set.slot] = set
	}
	t.open = s
	return s
}

// rollbackOpen forgets a stage that was never published. What it ticked is forgotten too: the members are those of the label sets again.
func (t *Totals) rollbackOpen() error {
	if t.open == nil {
		return nil
	}
	now := t.open.now
	t.open = nil
	t.state.rollback()
	return t.restoreTops(now)
}

func (t *Totals) publish(s *stage, fresh []*Batch) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.open = nil
	t.state.pages, t.state.unsaved, t.excess = s.pages, nil, nil
	t.mergeSketches(fresh)
	lastCommit := t.snapshot.Load().lastCommit
	if len(fresh) > 0 {
		lastCommit = s.now
	}
	if s.remembered {
		t.membership.Store(t.currentMembership())
	}
	t.snapshot.Store(t.state.freeze(s.generation, s.now, lastCommit))
	for _, b := range fresh {
		t.putBatch(b)
	}
}

// write hands over what changed, in the order of the keys so that the same change is the same transaction.
func (s *stage) write(w Writer) error {
	for _, slot := range slices.Sorted(maps.Keys(s.series)) {
		if err := s.writeSeries(w, slot); err != nil {
			return err
		}
	}
	for n, dirty := range s.dirty {
		if !dirty {
			continue
		}
		if err := w.PutPage(uint32(n), encodePage(s.pages[n])); err != nil {
			return err
		}
	}
	return nil
}

func (s *stage) writeSeries(w Writer, slot uint32) error {
	if set := s.series[slot]; set != nil {
		return w.PutSeries(slot, set.encode())
	}
	return w.DeleteSeries(slot)
}

// page returns a page that this stage may write.
func (s *stage) page(slot uint32) *page {
	n := slot / pageValues
	for int(n) >= len(s.pages) {
		s.pages, s.dirty = append(s.pages, nil), append(s.dirty, false)
	}
	if !s.dirty[n] {
		fresh := new(page)
		if s.pages[n] != nil {
			*fresh = *s.pages[n]
		}
		s.pages[n], s.dirty[n] = fresh, true
	}
	return s.pages[n]
}

func (s *stage) bump(set *labelSet, counter uint32, delta uint64) {
	if delta == 0 {
		return
	}
	slot := set.slot + counter
	v := &s.page(slot)[slot%pageValues]
	*v = addSaturating(*v, delta)
}

func (s *stage) bumpAll(set *labelSet, c *counts) {
	for i := range set.width {
		s.bump(set, i, c[i])
	}
	s.t.state.lastUse[set.key()] = s.now
}

// set finds a label set, or creates it.
func (s *stage) set(f family, values ...string) *labelSet {
	if set, ok := s.t.state.index[setKey(f, values...)]; ok {
		return set
	}
	set := s.t.state.create(f, s.t.defs[f].width(), values, birth{s.generation, s.now})
	s.series[set.slot] = set
	return set
}

// bounded is set with a limit: past it a new label set counts under the values of `other`.
func (s *stage) bounded(f family, values, other []string) *labelSet {
	if set, ok := s.t.state.index[setKey(f, values...)]; ok {
		return set
	}
	if len(s.t.state.sets[f]) < s.t.limit(f) {
		return s.set(f, values...)
	}
	s.t.instrument.overflow[f].Inc()
	return s.set(f, other...)
}

// add books a whole batch.
func (s *stage) add(b *Batch) {
	s.addObject(b)
	for _, row := range b.interfaces {
		s.addInterface(row)
	}
	for _, v := range b.vpcs {
		s.addVPC(v)
	}
	s.addPorts(b)
	s.addEnds(b)
	s.addTops(b)
	if b.folded > 0 {
		s.t.instrument.overflow[familyInterface].Add(float64(b.folded))
	}
}

func (s *stage) addObject(b *Batch) {
	s.bump(s.set(familyObjectsCounted), 0, 1)
	s.bump(s.set(familyObjectBytes, encodingCompressed), 0, b.compressed)
	s.bump(s.set(familyObjectBytes, encodingUncompressed), 0, b.text)
	for status, n := range b.read {
		if n > 0 {
			s.bump(s.set(familyRecordsRead, parser.LogStatus(status).String()), 0, n)
		}
	}
	for reason, n := range b.malformed {
		if n > 0 {
			s.bump(s.set(familyRecordsMalformed, parser.Reason(reason).String()), 0, n)
		}
	}
}

func (s *stage) addInterface(row *interfaceCounts) {
	for a := range row.actions {
		if c := &row.actions[a]; c[counterRecords] > 0 {
			action := parser.Action(a).String()
			s.bumpAll(s.bounded(familyInterface,
				[]string{row.vpc.accountID, row.vpc.vpcID, row.subnetID, row.interfaceID, action},
				[]string{labelOther, labelOther, labelOther, labelOther, action}), c)
		}
	}
}

func (s *stage) addVPC(v *vpcCounts) {
	for a := range v.flows {
		for d := range v.flows[a] {
			for p := range v.flows[a][d] {
				if c := &v.flows[a][d][p]; c[counterRecords] > 0 {
					s.addFlow(v, [3]string{parser.Action(a).String(), parser.FlowDirection(d).String(), protocol(p).String()}, c)
				}
			}
		}
	}
}

func (s *stage) addFlow(v *vpcCounts, rest [3]string, c *counts) {
	s.bumpAll(s.bounded(familyFlow,
		append([]string{v.accountID, v.vpcID}, rest[:]...),
		append([]string{labelOther, labelOther}, rest[:]...)), c)
}

func (s *stage) addPorts(b *Batch) {
	for i := range b.ports {
		c := &b.ports[i]
		if c[counterRecords] == 0 {
			continue
		}
		action, rest := parser.Action(i%numActions), i/numActions
		proto, port := protocol(rest%int(numProtocols)), rest/int(numProtocols)
		s.bumpAll(s.set(familyPort, proto.String(), s.t.portValue(port), action.String()), c)
	}
}

// addEnds folds the ends of the batch's records into the histogram: only now is the time of the commit known.
func (s *stage) addEnds(b *Batch) {
	set, bounds := s.set(familyRecordAge), ageBuckets()
	for end, n := range b.ends {
		age := max(s.now.Unix()-end, 0)
		bucket, _ := slices.BinarySearch(bounds, float64(age))
		s.bump(set, uint32(bucket), n)
		s.bump(set, ageSum, uint64(age)*n)
	}
	s.raise(s.set(familyNewestRecord), uint64(b.newest(s.now)))
}

// raise sets a counter to v if that is more than it holds.
func (s *stage) raise(set *labelSet, v uint64) {
	if old := s.pages.get(set.slot); v > old {
		s.page(set.slot)[set.slot%pageValues] = v
	}
}
