package flowgen

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"slices"
	"time"
)

// Object is one flow log file. Everything in it is the caller's.
type Object struct {
	Key          string // As AWS lays out keys.
	Body         []byte // As it is stored: gzip, now and then in two members, or plain text.
	Uncompressed int    // Bytes of text.
	Format       string
	Totals       *Totals // Of this object alone.
}

// Generator makes objects. It is for one goroutine.
type Generator struct {
	cfg     Config
	traffic *traffic
	formats []*format
	writer  *writer
	gzip    *gzip.Writer
	made    uint32 // Objects so far.
	spikes  int    // Objects that are still to have one.
}

// New makes the estate: some accounts, VPCs, subnets and interfaces. The error says what is wrong with the configuration.
func New(cfg Config) (*Generator, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	z, err := gzip.NewWriterLevel(nil, cfg.CompressionLevel)
	if err != nil {
		return nil, fmt.Errorf("configuring the generator: %w", err)
	}
	g := &Generator{cfg: cfg, traffic: newTraffic(cfg), gzip: z}
	for _, name := range cfg.Formats {
		g.formats = append(g.formats, newFormat(name, cfg.Region))
	}
	g.writer = newWriter(g.traffic.rng, cfg)
	return g, nil
}

// Spike makes the next n objects carry a burst of rejected records, as many as they have others: one source that scans many ports of many
// interfaces.
func (g *Generator) Spike(n int) { g.spikes += n }

// Object makes the next object, as if it were delivered at the given time.
func (g *Generator) Object(at time.Time) Object {
	f := g.formats[int(g.made)%len(g.formats)]
	g.made++
	g.writer.begin(f, g.made)
	g.fill(at)
	text, totals := g.writer.end()
	body := g.encode(text)
	totals.Objects = 1
	totals.ObjectBytes.Compressed, totals.ObjectBytes.Uncompressed = uint64(len(body)), uint64(len(text))
	return Object{Key: g.key(at), Body: body, Uncompressed: len(text), Format: f.name, Totals: totals}
}

// fill writes records in runs of one interface, as AWS does.
func (g *Generator) fill(at time.Time) {
	t := g.traffic
	for n := 0; n < g.cfg.RecordsPerObject; {
		e := &t.estate[t.busy.Uint64()]
		for range 1 + int(t.rng.ExpFloat64()*20) {
			g.writer.record(t.next(e, at))
			n++
		}
	}
	if g.spikes == 0 {
		return
	}
	g.spikes--
	scanner := t.stranger()
	for i := range g.cfg.RecordsPerObject {
		g.writer.record(t.scan(&t.estate[i%len(t.estate)], at, scanner, uint16(1+i%2000)))
	}
}

// key is where AWS would put the object. The ID of the flow log is the seed and the hash is the number of the object, each multiplied by an odd
// number so that it looks like chance and stays unique: no two objects of a generator have the same key, nor of generators with different seeds.
// Source: https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-path.html
func (g *Generator) key(at time.Time) string {
	at = at.UTC()
	return fmt.Sprintf("AWSLogs/%s/vpcflowlogs/%s/%s/%s_vpcflowlogs_%s_fl-%017x_%s_%08x.log.gz", g.cfg.Account, g.cfg.Region, at.Format("2006/01/02"),
		g.cfg.Account, g.cfg.Region, g.cfg.Seed*0x9e3779b97f4a7c15, at.Format("20060102T1504Z"), g.made*0x9e3779b1)
}

// encode is gzip in as many members as there are parts, or plain text in spite of its name.
func (g *Generator) encode(text []byte) []byte {
	if g.writer.plain {
		return slices.Clone(text)
	}
	var out bytes.Buffer
	for _, part := range [][]byte{text[:g.writer.split], text[g.writer.split:]} {
		if len(part) > 0 {
			g.gzip.Reset(&out)
			g.gzip.Write(part) // A bytes.Buffer takes everything.
			g.gzip.Close()
		}
	}
	return out.Bytes()
}
