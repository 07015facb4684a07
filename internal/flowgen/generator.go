package flowgen

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"
)

// Config says what to generate. The zero value of each field has a sensible meaning.
type Config struct {
	Seed             uint64
	Formats          []string // Names of [formats]; all of them when empty.
	Interfaces       int      // 60 when 0.
	RecordsPerObject int      // 2,000 when 0.
	Ports            []uint16 // The ports that count for themselves in the golden totals.
	Region           string   // us-east-1 when empty.
	Clean            bool     // No malformed lines and no oddities.
}

// Object is one flow log file.
type Object struct {
	Key          string // As AWS lays out keys.
	Body         []byte // As it is stored: gzip, now and then in two members, or plain text.
	Uncompressed int    // Bytes of text.
	Format       string
	Totals       *Totals // Of this object alone.
}

// Generator makes objects. The same configuration makes the same objects. It is for one goroutine.
type Generator struct {
	cfg     Config
	rng     *rand.Rand
	formats []*format
	estate  []endpoint
	peers   *rand.Zipf
	busy    *rand.Zipf
	listed  map[uint16]bool
	made    int
	spike   int
}

// endpoint is an interface of the estate.
type endpoint struct {
	account, vpc, subnet, eni, instance, az string
	addr                                    string
	addr6                                   string
}

// New makes the estate: some accounts, VPCs, subnets and interfaces.
func New(cfg Config) (*Generator, error) {
	if cfg.Interfaces == 0 {
		cfg.Interfaces = 60
	}
	if cfg.RecordsPerObject == 0 {
		cfg.RecordsPerObject = 2000
	}
	if cfg.Region == "" {
		cfg.Region = "us-east-1"
	}
	if len(cfg.Formats) == 0 {
		cfg.Formats = []string{"recommended", "v2", "v3", "v4", "v5", "tgw", "v7", "v8", "v9", "v10", "v11", "custom"}
	}
	g := &Generator{cfg: cfg, rng: rand.New(rand.NewPCG(cfg.Seed, 0x666c6f7764)), listed: map[uint16]bool{}}
	for _, p := range cfg.Ports {
		g.listed[p] = true
	}
	for _, name := range cfg.Formats {
		f, err := newFormat(name)
		if err != nil {
			return nil, err
		}
		g.formats = append(g.formats, f)
	}
	g.peers = rand.NewZipf(g.rng, 1.1, 1, 99_999)
	g.busy = rand.NewZipf(g.rng, 1.2, 1, uint64(cfg.Interfaces-1))
	for i := range cfg.Interfaces {
		g.estate = append(g.estate, g.endpoint(i))
	}
	return g, nil
}

func (g *Generator) endpoint(i int) endpoint {
	vpc := i % 4
	e := endpoint{
		account: []string{"123456789012", "012345678901"}[vpc%2], vpc: fmt.Sprintf("vpc-%017x", 0xa0+vpc), subnet: fmt.Sprintf("subnet-%017x", 0xb0+i%24),
		eni: fmt.Sprintf("eni-%017x", 0xc000+i), instance: fmt.Sprintf("i-%017x", 0xd000+i), az: fmt.Sprintf("use1-az%d", 1+i%3),
		addr: fmt.Sprintf("10.%d.%d.%d", vpc, i/200, 10+i%200), addr6: fmt.Sprintf("2001:db8:%x::%x", vpc+1, 0x10+i),
	}
	switch { // Interfaces that AWS made have no instance; some are nobody's account.
	case i%17 == 16:
		e.instance = ""
	case i%23 == 22:
		e.account, e.instance = "unknown", ""
	}
	return e
}

// Spike makes the next n objects carry a burst of rejected records: one source that scans many ports of many interfaces.
func (g *Generator) Spike(n int) { g.spike += n }

// Object makes the next object, as if it were delivered at the given time.
func (g *Generator) Object(at time.Time) Object {
	f := g.formats[g.made%len(g.formats)]
	g.made++
	w := &writer{g: g, f: f, totals: newTotals(), at: at, odd: !g.cfg.Clean}
	w.header()
	g.fill(w)
	text := w.text.Bytes()
	body := g.encode(text, w.split)
	w.totals.Objects = 1
	w.totals.ObjectBytes.Compressed, w.totals.ObjectBytes.Uncompressed = uint64(len(body)), uint64(len(text))
	return Object{Key: g.key(at), Body: body, Uncompressed: len(text), Format: f.name, Totals: w.totals}
}

// fill writes records in runs of one interface, as AWS does.
func (g *Generator) fill(w *writer) {
	scanning := 0
	if g.spike > 0 {
		g.spike--
		scanning = g.cfg.RecordsPerObject
	}
	for n := 0; n < g.cfg.RecordsPerObject; {
		e := &g.estate[g.busy.Uint64()]
		for range 1 + int(g.rng.ExpFloat64()*20) {
			w.record(g.traffic(w, e))
			n++
		}
	}
	scanner := g.stranger()
	for i := range scanning {
		r := g.traffic(w, &g.estate[i%len(g.estate)])
		r.src, r.action, r.status, r.direction, r.protocol, r.dstPort, r.packets, r.bytes = scanner, "REJECT", "OK", "ingress", 6, uint16(1+i%2000), 1, 40
		r.dst, r.family, r.path = g.estate[i%len(g.estate)].addr, "IPv4", ""
		w.record(r)
	}
	w.finish()
}

// traffic is one record of an interface.
func (g *Generator) traffic(w *writer, e *endpoint) *record {
	end := w.at.Unix() - 240 - int64(g.rng.IntN(300))
	r := &record{
		version: w.f.version(), account: e.account, eni: e.eni, vpc: e.vpc, subnet: e.subnet, instance: e.instance, az: e.az, region: g.cfg.Region,
		status: "OK", action: "ACCEPT", direction: "ingress", family: "IPv4", start: end - int64(20+g.rng.IntN(40)), end: end,
		hash: fmt.Sprintf("%08x", g.rng.Uint32()),
	}
	switch p := g.rng.IntN(1000); {
	case p < 5:
		r.status, r.action = "NODATA", ""
		return r
	case p < 6:
		r.status, r.action = "SKIPDATA", ""
		r.start, r.end = r.start*1000, r.end*1000 // As seen in the wild.
		return r
	}
	g.endpoints(r, e)
	g.volume(r)
	return r
}

func (g *Generator) endpoints(r *record, e *endpoint) {
	peer, own := g.peer(int(g.peers.Uint64())), e.addr
	if g.rng.IntN(20) == 0 {
		peer, own, r.family = fmt.Sprintf("2001:db8:ffff::%x", 1+g.peers.Uint64()%0xffff), e.addr6, "IPv6"
	}
	service, ephemeral := g.service(), uint16(32768+g.rng.IntN(28231))
	r.protocol, r.flags = 6, "3"
	switch p := g.rng.IntN(100); {
	case p < 17:
		r.protocol, r.flags = 17, "0"
	case p < 19:
		r.protocol, r.flags, service, ephemeral = map[string]int{"IPv4": 1, "IPv6": 58}[r.family], "0", 0, 0
	case p == 99:
		r.protocol, r.flags, service, ephemeral = 47, "0", 0, 0
	}
	r.src, r.dst, r.srcPort, r.dstPort = peer, own, ephemeral, service
	switch {
	case g.rng.IntN(20) == 0: // A reject: mostly strangers on scanned ports.
		r.action = "REJECT"
		if g.rng.IntN(5) > 0 && r.family == "IPv4" {
			r.src, r.dstPort = g.stranger(), []uint16{22, 23, 445, 3389, 5900, 8080, 2323, 6379}[g.rng.IntN(8)]
		}
	case g.rng.IntN(2) == 0: // The answer of a flow.
		r.src, r.dst, r.srcPort, r.dstPort, r.direction, r.path = own, peer, service, ephemeral, "egress", "1"
	}
}

func (g *Generator) volume(r *record) {
	r.packets = 1 + uint64(math.Exp(1.2+1.6*g.rng.NormFloat64()))
	r.bytes = r.packets * uint64(40+g.rng.IntN(1200))
	if r.action == "REJECT" {
		r.packets = 1 + uint64(g.rng.IntN(3))
		r.bytes = r.packets * 40
	}
}

// peer is the address with a rank: the heavy ones are private, as in most estates.
func (g *Generator) peer(rank int) string {
	if rank%20 < 11 {
		return netip.AddrFrom4([4]byte{10, byte(rank % 4), byte(rank >> 8), byte(rank)}).String()
	}
	return netip.AddrFrom4([4]byte{52, byte(rank >> 16), byte(rank >> 8), byte(rank)}).String()
}

// stranger is an address of the documentation ranges, where scanners live.
func (g *Generator) stranger() string {
	return netip.AddrFrom4([4]byte{198, 51, 100, byte(1 + g.rng.IntN(250))}).String()
}

func (g *Generator) service() uint16 {
	services := []uint16{443, 443, 443, 443, 443, 80, 80, 53, 53, 5432, 3306, 6379, 22, 123, 8080, 9092}
	if g.rng.IntN(5) == 0 {
		return uint16(1024 + g.rng.IntN(60_000))
	}
	return services[g.rng.IntN(len(services))]
}

// key is where AWS would put the object.
// Source: https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-path.html
func (g *Generator) key(at time.Time) string {
	const account, id = "123456789012", "fl-0123456789abcdef0"
	at = at.UTC()
	return fmt.Sprintf("AWSLogs/%s/vpcflowlogs/%s/%s/%s_vpcflowlogs_%s_%s_%s_%08x.log.gz", account, g.cfg.Region, at.Format("2006/01/02"),
		account, g.cfg.Region, id, at.Format("20060102T1504Z"), g.rng.Uint32())
}

// encode is gzip in as many members as there are parts. Every tenth odd file is plain text in spite of its name.
func (g *Generator) encode(text []byte, split int) []byte {
	if split < 0 {
		return slices.Clone(text)
	}
	var out bytes.Buffer
	for _, part := range [][]byte{text[:split], text[split:]} {
		if len(part) == 0 {
			continue
		}
		z := gzip.NewWriter(&out)
		z.Write(part) // A bytes.Buffer takes everything.
		z.Close()
	}
	return out.Bytes()
}
