package metrics

import (
	"fmt"
	"hash/maphash"
	"net/netip"
	"strconv"
	"time"
)

// top joins a ranking, which knows who is heavy, with the label sets that count exactly for its members.
//
// At every snapshot, members + other + departed is what the ranking saw. A member counts only once it is live; until then its weight goes to
// the others, so the sum holds even in the scrape that reads it at 0.
type top[K comparable] struct {
	family, other, departed family
	rank                    *ranking[K]
	newSketch               func(capacity int) *sketch[K]
	labels                  func(K) []string
	parse                   func([]string) (K, error)
}

const sketchEntries = 8192

func newTop[K comparable](f family, t *Totals, hash func(uint64) func(K) uint64, labels func(K) []string, parse func([]string) (K, error)) top[K] {
	h := hash(maphash.Comparable(maphash.MakeSeed(), f))
	return top[K]{
		family: f, other: f + 1, departed: f + 2, labels: labels, parse: parse,
		rank:      newRanking(t.cfg.TopK, sketchEntries, h, t.started),
		newSketch: func(capacity int) *sketch[K] { return newSketch(capacity, h) },
	}
}

func (t *Totals) newTops(time.Time) {
	t.source = newTop(familyTopSource, t, hashAddr, addrLabels, parseAddrLabels)
	t.destination = newTop(familyTopDestination, t, hashAddr, addrLabels, parseAddrLabels)
	t.pair = newTop(familyTopPair, t, hashPair, pairLabels, parsePairLabels)
	t.rejectedSource = newTop(familyTopRejectedSource, t, hashAddr, addrLabels, parseAddrLabels)
	t.rejectedPort = newTop(familyTopRejectedPort, t, hashPort, portLabels, parsePortLabels)
}

// set is the label set of a member, or nil.
func (p *top[K]) set(s *state, key K) *labelSet { return s.index[setKey(p.family, p.labels(key)...)] }

// add books what a batch saw. A member that left while the batch was filled, even if it came back since, is one of the others now.
func (p *top[K]) add(s *stage, b *batchTop[K]) {
	other := b.other
	for key, i := range b.members.index {
		delta := b.counts[i]
		if delta == 0 {
			continue
		}
		if set := b.members.sets[i]; s.t.state.index[set.key()] == set {
			s.bump(set, 0, delta)
			p.rank.touch(key, s.now)
		} else {
			other = addSaturating(other, delta)
		}
	}
	s.bump(s.set(p.other), 0, other)
}

// tick lets the ranking decide again, and makes its decision true in the label sets.
func (p *top[K]) tick(s *stage) {
	admitted, departed := p.rank.tick(s.now)
	for _, key := range departed {
		p.depart(s, key)
	}
	for _, key := range admitted {
		s.set(p.family, p.labels(key)...)
	}
	s.remembered = s.remembered || len(admitted)+len(departed) > 0
}

// depart keeps the sum: what the member had goes to the departed counter in the same snapshot in which its series ends.
func (p *top[K]) depart(s *stage, key K) {
	if set := p.set(&s.t.state, key); set != nil {
		s.bump(s.set(p.departed), 0, s.pages.get(set.slot))
		s.drop(set)
	}
}

// restore takes the members from the label sets, heaviest first. Those past the bound (it was lowered) depart with the next stage.
func (p *top[K]) restore(t *Totals, now time.Time) error {
	var keys []K
	for _, set := range heaviestFirst(&t.state, p.family) {
		key, err := p.parse(set.values)
		if err != nil {
			return fmt.Errorf("series %d: %w", set.slot, err)
		}
		keys = append(keys, key)
	}
	n := min(t.cfg.TopK, len(keys))
	p.rank.restore(keys[:n], now)
	for _, key := range keys[n:] {
		t.excess = append(t.excess, func(s *stage) { p.depart(s, key) })
	}
	return nil
}

// live are the members that count for themselves.
func (p *top[K]) live(s *state) members[K] {
	m := members[K]{index: map[K]int{}}
	for _, key := range p.rank.members() {
		if set := p.set(s, key); set != nil && set.live {
			m.index[key] = len(m.sets)
			m.sets = append(m.sets, set)
		}
	}
	return m
}

func addrLabels(k addrKey) []string { return []string{k.addr().String()} }

func parseAddrLabels(values []string) (addrKey, error) {
	if len(values) != 1 {
		return addrKey{}, errDefinition
	}
	a, err := netip.ParseAddr(values[0])
	return addrKeyOf(a), err
}

func pairLabels(k pairKey) []string { return []string{k.src.addr().String(), k.dst.addr().String()} }

func parsePairLabels(values []string) (pairKey, error) {
	if len(values) != 2 {
		return pairKey{}, errDefinition
	}
	src, err := parseAddrLabels(values[:1])
	if err != nil {
		return pairKey{}, err
	}
	dst, err := parseAddrLabels(values[1:])
	return pairKey{src, dst}, err
}

func portLabels(k portKey) []string { return []string{k.protocol().String(), portLabel(k.port())} }

func parsePortLabels(values []string) (portKey, error) {
	if len(values) != 2 {
		return 0, errDefinition
	}
	proto, ok := parseProtocol(values[0])
	port, err := strconv.ParseUint(values[1], 10, 16)
	if !ok || err != nil {
		return 0, errDefinition
	}
	return portKeyOf(proto, uint16(port)), nil
}
