package metrics

import (
	"slices"

	"flowd/pkg/parser"
)

// add books a whole batch.
func (s *stage) add(b *Batch) {
	s.addObject(b)
	for _, row := range b.rows.interfaces {
		s.addInterface(row)
	}
	for _, v := range b.rows.vpcs {
		s.addVPC(v)
	}
	s.addPorts(b)
	s.addEnds(b)
	s.addMinutes(b)
	s.addTops(b)
}

func (s *stage) addObject(b *Batch) {
	s.bump(s.set(familyObjectsCounted), 0, 1)
	s.bump(s.set(familyObjectBytes, encodingCompressed), 0, b.compressed)
	s.bump(s.set(familyObjectBytes, encodingUncompressed), 0, b.text)
	for status, n := range b.read {
		s.bump(s.set(familyRecordsRead, parser.LogStatus(status).String()), 0, n)
	}
	for reason, n := range b.malformed {
		s.bump(s.set(familyRecordsMalformed, parser.Reason(reason).String()), 0, n)
	}
}

// addCounts books the counters of one label set, and notes that it is in use.
func (s *stage) addCounts(set *labelSet, c *counts) {
	for i := range set.width {
		s.bump(set, i, c[i])
	}
	s.t.state.lastUse[set.slot] = s.now
}

func (s *stage) addInterface(row *interfaceRow) {
	for a := range row.actions {
		if c := &row.actions[a]; c[counterRecords] > 0 {
			s.addCounts(s.interfaceSet(row, parser.Action(a).String(), c[counterRecords]), c)
		}
	}
}

// interfaceSet finds or admits a label set. An interface is admitted whole: one that has a place gets its other actions too, whatever the
// limit, so that nobody sees the accepts of an interface and misses its rejects.
func (s *stage) interfaceSet(row *interfaceRow, action string, records uint64) *labelSet {
	l := &row.labels
	if !row.folded {
		if set := s.find(familyInterface, l[0], l[1], l[2], l[3], action); set != nil {
			return set
		}
		if s.t.state.interfaces[interfaceKey(l[:])] > 0 || len(s.t.state.interfaces) < s.t.limit(familyInterface) {
			return s.set(familyInterface, l[0], l[1], l[2], l[3], action)
		}
	}
	s.overflow[familyInterface] += records
	return s.set(familyInterface, labelOther, labelOther, labelOther, labelOther, action)
}

func (s *stage) addVPC(v *vpcRow) {
	for a := range v.flows {
		for d := range v.flows[a] {
			for p := range v.flows[a][d] {
				if c := &v.flows[a][d][p]; c[counterRecords] > 0 {
					s.addCounts(s.flowSet(v, parser.Action(a).String(), parser.FlowDirection(d).String(), protocol(p).String(), c[counterRecords]), c)
				}
			}
		}
	}
	if v.rest != nil {
		s.addInterface(v.rest)
	}
}

// flowSet finds a label set, or adds one below the limit. Past it a new VPC counts as other.
func (s *stage) flowSet(v *vpcRow, action, direction, proto string, records uint64) *labelSet {
	if set := s.find(familyFlow, v.accountID, v.vpcID, action, direction, proto); set != nil {
		return set
	}
	if len(s.t.state.sets[familyFlow]) < s.t.limit(familyFlow) {
		return s.set(familyFlow, v.accountID, v.vpcID, action, direction, proto)
	}
	s.overflow[familyFlow] += records
	return s.set(familyFlow, labelOther, labelOther, action, direction, proto)
}

func (s *stage) addPorts(b *Batch) {
	for i := range b.ports {
		c := &b.ports[i]
		if c[counterRecords] == 0 {
			continue
		}
		action, rest := parser.Action(i%numActions), i/numActions
		proto, port := protocol(rest%int(numProtocols)), rest/int(numProtocols)
		s.addCounts(s.set(familyPort, proto.String(), s.t.portValue(port), action.String()), c)
	}
}

// addEnds folds the ends of the batch's records into the histogram: only now is the time of the commit known.
func (s *stage) addEnds(b *Batch) {
	set, bounds, newest := s.set(familyRecordAge), ageBuckets(), int64(0)
	b.ends.believable(b.objectTime, s.now, func(end int64, n uint64) {
		age := max(s.now.Unix()-end, 0)
		bucket, _ := slices.BinarySearch(bounds, float64(age))
		s.bump(set, uint32(bucket), n)
		s.bump(set, ageSum, uint64(age)*n)
		newest = max(newest, end)
	})
	s.raise(s.set(familyNewestRecord), uint64(newest))
}
