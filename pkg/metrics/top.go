package metrics

import (
	"cmp"
	"fmt"
	"hash/maphash"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"flowd/pkg/parser"
)

// sketchEntries is what a ranking remembers: at most 48 bytes of entry, 8 of index, 8 of time and 8 to drop by for each, so 576 KiB. With a million keys
// whose hundredth has 0.06 % of the weight, half of it still finds all of the hundred.
const sketchEntries = 8192

// top joins a ranking, which knows who is heavy, with the label sets that count exactly for its members.
//
// At every snapshot, members + other + departed is what the ranking saw. A member counts only once it is live; until then its weight goes to
// the others, so the sum holds even in the scrape that reads it at 0.
type top[K comparable] struct {
	family, other, departed family
	rank                    *ranking[K]
	hash                    func(K) uint64
	waitsAt                 func(K) uint64 // See [sketch.wait].
	labels                  func(K) []string
	parse                   func([]string) (K, error)
}

func newTop[K comparable](f family, k int, start time.Time, hash func(uint64) func(K) uint64, labels func(K) []string, parse func([]string) (K, error)) top[K] {
	h := hash(maphash.Comparable(maphash.MakeSeed(), f))
	return top[K]{family: f, other: f + 1, departed: f + 2, rank: newRanking(k, sketchEntries, h, start), hash: h, waitsAt: hash(0), labels: labels, parse: parse}
}

// newBatchSketch has the same hash as the ranking's sketch, and places for the members.
func (p *top[K]) newBatchSketch() *sketch[K] {
	return newSketch(batchSketchEntries, p.rank.k, p.hash).wait(p.waitsAt)
}

// set is the label set of a member, or nil.
func (p *top[K]) set(s *state, key K) *labelSet {
	return s.index[string(appendKey(nil, p.family, p.labels(key)))]
}

// add books what a batch saw. A member that left while the batch was filled, even if it came back since, is one of the others now.
func (p *top[K]) add(s *stage, b *batchTop[K]) {
	other := b.other
	for i, set := range b.members.sets {
		delta := b.member(i)
		if delta == 0 {
			continue
		}
		if s.find(set.family, set.values...) == set {
			s.bump(set, 0, delta)
			p.rank.touch(b.members.keys[i], s.now)
		} else {
			other = addSaturating(other, delta)
		}
	}
	s.bump(s.set(p.other), 0, other)
}

// tick lets the ranking decide again, and makes its decision true in the label sets.
func (p *top[K]) tick(s *stage) {
	s.t.state.onRollback(p.rank.save())
	admitted, departed := p.rank.tick(s.now)
	for _, key := range departed {
		p.depart(s, key)
	}
	p.admit(s, admitted)
	s.remembered = s.remembered || len(departed) > 0
}

func (p *top[K]) hungry() bool { return p.rank.hungry }

// fill is the part of a tick that a ranking without members needs.
func (p *top[K]) fill(s *stage) {
	s.t.state.onRollback(p.rank.save())
	admitted, _ := p.rank.fill(s.now)
	p.admit(s, admitted)
}

// admit exposes new members at 0. They count once they are live, and only then batches have to know of them.
func (p *top[K]) admit(s *stage, keys []K) {
	for _, key := range keys {
		s.set(p.family, p.labels(key)...)
	}
}

// depart keeps the sum: what the member had goes to the departed counter in the same snapshot in which its series ends.
func (p *top[K]) depart(s *stage, key K) {
	left := p.set(&s.t.state, key)
	s.bump(s.set(p.departed), 0, s.pages.get(left.slot))
	s.t.state.rewrite(p.family, func(set *labelSet) *labelSet {
		if set != left {
			return set
		}
		s.drop(set)
		return nil
	})
}

// restore takes the members from the label sets, heaviest first. Those past the bound (it was lowered) depart with the next stage.
func (p *top[K]) restore(t *Totals, now time.Time) error {
	var keys []K
	for _, set := range heaviestSets(&t.state, p.family) {
		key, err := p.parse(set.values)
		if err != nil || !slices.Equal(p.labels(key), set.values) {
			return fmt.Errorf("series %d: %w: it is not a member of a ranking", set.slot, errDefinition)
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

func heaviestSets(s *state, f family) []*labelSet {
	sets := slices.Clone(s.sets[f])
	slices.SortStableFunc(sets, func(a, b *labelSet) int { return cmp.Compare(s.pages.get(b.slot), s.pages.get(a.slot)) })
	return sets
}

// live are the members that count for themselves.
func (p *top[K]) live(s *state) members[K] {
	var m members[K]
	for _, key := range p.rank.order {
		if set := p.set(s, key); set != nil && set.live {
			m.keys, m.sets = append(m.keys, key), append(m.sets, set)
		}
	}
	return m
}

func addrLabels(k parser.Addr) []string { return []string{k.Netip().String()} }

func parseAddrLabels(values []string) (parser.Addr, error) {
	if len(values) != 1 {
		return parser.Addr{}, errDefinition
	}
	a, err := netip.ParseAddr(values[0])
	return parser.AddrOf(a), err
}

func pairLabels(k pairKey) []string { return []string{k.src.Netip().String(), k.dst.Netip().String()} }

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
