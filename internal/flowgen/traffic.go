package flowgen

import (
	"math"
	"math/rand/v2"
	"net/netip"
	"time"
)

// publicRange is the first byte of public peers.
const publicRange = 52

// traffic makes records. It is as random as its seed.
type traffic struct {
	rng    *rand.Rand
	peers  *rand.Zipf // Ranks of peers.
	busy   *rand.Zipf // Positions in the estate.
	estate []endpoint
	record record // The one that was made last.
}

func newTraffic(cfg Config) *traffic {
	rng := rand.New(rand.NewPCG(cfg.Seed, 0x666c6f7764))
	return &traffic{
		rng: rng, estate: newEstate(cfg),
		peers: rand.NewZipf(rng, 1.1, 1, 99_999), busy: rand.NewZipf(rng, 1.2, 1, uint64(cfg.Interfaces-1)),
	}
}

// interval starts a record of an interface: one that a file written at the given time may hold.
func (t *traffic) interval(e *endpoint, at time.Time) *record {
	end := at.Unix() - 240 - int64(t.rng.IntN(300))
	t.record = record{endpoint: e, start: end - int64(20+t.rng.IntN(40)), end: end, hash: t.rng.Uint32()}
	return &t.record
}

// next is a record of an interface, valid until the next one is made. Of a thousand, 5 say that there was no traffic, and one that some was
// not recorded.
func (t *traffic) next(e *endpoint, at time.Time) *record {
	r := t.interval(e, at)
	switch p := t.rng.IntN(1000); {
	case p < 5:
		r.status = statusNoData
		return r
	case p < 6:
		r.status = statusSkipData
		r.start, r.end = r.start*1000, r.end*1000
		return r
	}
	t.talk(r)
	t.decide(r)
	t.volume(r)
	return r
}

// scan is a rejected record of a scanner that tries one port after the other.
func (t *traffic) scan(e *endpoint, at time.Time, scanner netip.Addr, port uint16) *record {
	r := t.interval(e, at)
	r.src, r.dst, r.srcPort, r.dstPort = scanner, e.addr, t.ephemeral(), port
	r.action, r.direction, r.transport, r.flags, r.packets, r.bytes = actionReject, directionIngress, transportTCP, 2, 1, 40
	return r
}

// talk says who spoke with whom, and how. Every twentieth speaks IPv6.
func (t *traffic) talk(r *record) {
	r.src, r.dst = t.peer(), r.endpoint.addr
	if t.rng.IntN(20) == 0 {
		r.src, r.dst = t.peer6(), r.endpoint.addr6
	}
	r.srcPort, r.dstPort = t.ephemeral(), t.service()
	switch p := t.rng.IntN(100); {
	case p < 17:
		r.transport = transportUDP
	case p < 19 && r.src.Is6():
		r.transport = transportICMPv6
	case p < 19:
		r.transport = transportICMP
	case p == 99:
		r.transport = transportGRE
	default:
		r.transport, r.flags = transportTCP, [...]uint64{3, 3, 2, 0, 1, 6}[t.rng.IntN(6)]
	}
	if !r.transport.hasPorts() {
		r.srcPort, r.dstPort = 0, 0
	}
}

// decide says what became of it. Every twentieth was rejected: mostly strangers on ports that are scanned. Half of the rest are answers.
func (t *traffic) decide(r *record) {
	r.action, r.direction = actionAccept, directionIngress
	switch {
	case t.rng.IntN(20) == 0:
		r.action, r.flags = actionReject, r.flags&2 // A connection that is refused has no more than its first flag.
		if t.rng.IntN(5) > 0 && r.src.Is4() && r.transport.hasPorts() {
			r.src, r.dstPort = t.stranger(), [...]uint16{22, 23, 445, 3389, 5900, 8080, 2323, 6379}[t.rng.IntN(8)]
		}
	case t.rng.IntN(2) == 0:
		r.src, r.dst, r.srcPort, r.dstPort = r.dst, r.src, r.dstPort, r.srcPort
		r.direction, r.path = directionEgress, [...]uint64{1, 1, 2, 4, 7, 8}[t.rng.IntN(6)]
		if r.flags == 3 || r.flags == 2 {
			r.flags |= 16 // The server's side of it.
		}
	}
}

// volume has a long tail. A reject is a few packets without content.
func (t *traffic) volume(r *record) {
	if r.action == actionReject {
		r.packets = 1 + uint64(t.rng.IntN(3))
		r.bytes = r.packets * 40
		return
	}
	r.packets = 1 + uint64(math.Exp(1.2+1.6*t.rng.NormFloat64()))
	r.bytes = r.packets * uint64(40+t.rng.IntN(1200))
}

// peer is one of 100,000 addresses, of which a few have most of the traffic. A little more than half of them are private, as in most estates.
func (t *traffic) peer() netip.Addr {
	rank := t.peers.Uint64()
	if rank%20 < 11 {
		return netip.AddrFrom4([4]byte{10, byte(rank % 4), byte(rank >> 8), byte(rank)})
	}
	return netip.AddrFrom4([4]byte{publicRange, byte(rank >> 16), byte(rank >> 8), byte(rank)})
}

func (t *traffic) peer6() netip.Addr {
	rank := 1 + t.peers.Uint64()%0xffff
	return netip.AddrFrom16([16]byte{0: 0x20, 1: 0x01, 2: 0x0d, 3: 0xb8, 4: 0xff, 5: 0xff, 14: byte(rank >> 8), 15: byte(rank)})
}

// stranger is an address of the documentation ranges, where scanners live.
func (t *traffic) stranger() netip.Addr {
	return netip.AddrFrom4([4]byte{198, 51, 100, byte(1 + t.rng.IntN(250))})
}

func (t *traffic) ephemeral() uint16 { return uint16(32768 + t.rng.IntN(28231)) }

func (t *traffic) service() uint16 {
	if t.rng.IntN(5) == 0 {
		return uint16(1024 + t.rng.IntN(60_000))
	}
	return [...]uint16{443, 443, 443, 443, 443, 80, 80, 53, 53, 5432, 3306, 6379, 22, 123, 8080, 9092}[t.rng.IntN(16)]
}
