package metrics

import (
	"time"

	"flowd/pkg/parser"
)

// tops are the five rankings.
type tops struct {
	source         top[parser.Addr]
	destination    top[parser.Addr]
	pair           top[pairKey]
	rejectedSource top[parser.Addr]
	rejectedPort   top[portKey]
}

func newTops(topK int, start time.Time) tops {
	return tops{
		source:         newTop(familyTopSource, topK, start, hashAddr, addrLabels, parseAddrLabels),
		destination:    newTop(familyTopDestination, topK, start, hashAddr, addrLabels, parseAddrLabels),
		pair:           newTop(familyTopPair, topK, start, hashPair, pairLabels, parsePairLabels),
		rejectedSource: newTop(familyTopRejectedSource, topK, start, hashAddr, addrLabels, parseAddrLabels),
		rejectedPort:   newTop(familyTopRejectedPort, topK, start, hashPort, portLabels, parsePortLabels),
	}
}

// anyTop is what all rankings can do, whatever their keys are.
type anyTop interface {
	tick(*stage)
	fill(*stage)
	hungry() bool
	restore(*Totals, time.Time) error
}

func (t *tops) all() [5]anyTop {
	return [...]anyTop{&t.source, &t.destination, &t.pair, &t.rejectedSource, &t.rejectedPort}
}

func (t *tops) anyHungry() bool {
	for _, p := range t.all() {
		if p.hungry() {
			return true
		}
	}
	return false
}

func (s *stage) tickTops() {
	for _, p := range s.t.all() {
		p.tick(s)
	}
}

func (s *stage) fillTops() {
	for _, p := range s.t.all() {
		if p.hungry() {
			p.fill(s)
		}
	}
}

func (s *stage) addTops(b *Batch) {
	s.t.source.add(s, &b.tops.source)
	s.t.destination.add(s, &b.tops.destination)
	s.t.pair.add(s, &b.tops.pair)
	s.t.rejectedSource.add(s, &b.tops.rejectedSource)
	s.t.rejectedPort.add(s, &b.tops.rejectedPort)
}

// mergeSketches lets what is now durable nominate.
func (t *tops) mergeSketches(batches []*Batch, now time.Time) {
	for _, b := range batches {
		t.source.rank.merge(b.tops.source.sketch, now)
		t.destination.rank.merge(b.tops.destination.sketch, now)
		t.pair.rank.merge(b.tops.pair.sketch, now)
		t.rejectedSource.rank.merge(b.tops.rejectedSource.sketch, now)
		t.rejectedPort.rank.merge(b.tops.rejectedPort.sketch, now)
	}
}

func (t *Totals) currentMembership() *membership {
	return &membership{
		source:         t.source.live(&t.state),
		destination:    t.destination.live(&t.state),
		pair:           t.pair.live(&t.state),
		rejectedSource: t.rejectedSource.live(&t.state),
		rejectedPort:   t.rejectedPort.live(&t.state),
	}
}

func isTop(f family) bool {
	switch f {
	case familyTopSource, familyTopDestination, familyTopPair, familyTopRejectedSource, familyTopRejectedPort:
		return true
	}
	return false
}
