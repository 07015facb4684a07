package metrics

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"flowd/pkg/parser"
)

// rankingSum is what a ranking exposes altogether, and what it must have seen.
type rankingSum struct{ members, other, departed, saw string }

func rankingSums() []rankingSum {
	const bytes, rejected = "bytes", "rejected"
	return []rankingSum{
		{"flowd_top_source_bytes_total", "flowd_top_source_other_bytes_total", "flowd_top_source_departed_bytes_total", bytes},
		{"flowd_top_destination_bytes_total", "flowd_top_destination_other_bytes_total", "flowd_top_destination_departed_bytes_total", bytes},
		{"flowd_top_pair_bytes_total", "flowd_top_pair_other_bytes_total", "flowd_top_pair_departed_bytes_total", bytes},
		{"flowd_top_rejected_source_records_total", "flowd_top_rejected_source_other_records_total", "flowd_top_rejected_source_departed_records_total", rejected},
		{"flowd_top_rejected_port_records_total", "flowd_top_rejected_port_other_records_total", "flowd_top_rejected_port_departed_records_total", rejected},
	}
}

// history is a service with few places and a short memory, what was committed to it, and the scrape before.
type history struct {
	*service
	rt      *rapid.T
	durable map[string]bool
	truth   map[string]float64
	waiting []*Batch // Filled, and committed later: their members may have left by then.
	before  sample
	saw     *sightings
}

// sightings are what a property looked at: one that saw nothing holds for nothing.
type sightings struct{ sums, members, departed, born, left int }

// TestEveryScrapeAddsUp drives the totals through admissions, departures, batches that outlive a member, stages that fail in the writer or after
// it, expiry, and restarts with other bounds. In every scrape the sums of the rankings must hold, no counter may step back, and no series may
// appear with anything but 0.
func TestEveryScrapeAddsUp(t *testing.T) {
	var saw sightings
	durable := map[string]bool{}
	for _, name := range Durable() {
		durable[name] = true
	}
	rapid.Check(t, func(rt *rapid.T) {
		h := &history{rt: rt, durable: durable, truth: map[string]float64{}, saw: &saw}
		h.service = newService(t, func(c *Config) { c.TopK, c.MaxInterfaces, c.IdleTimeout = 3, 3, time.Hour })
		h.scrape()
		for range rapid.IntRange(1, 60).Draw(rt, "steps") {
			h.now = h.now.Add(time.Duration(rapid.IntRange(1, 900).Draw(rt, "seconds")) * time.Second)
			h.step(rapid.SampledFrom(steps()).Draw(rt, "step"))
			h.check()
		}
	})
	for what, n := range map[string]int{"sums": saw.sums, "members": saw.members, "departed": saw.departed, "births": saw.born, "series that left": saw.left} {
		if n == 0 {
			t.Errorf("the test saw no %s", what)
		}
	}
}

// steps are the names of what may happen, those that happen more often more than once.
func steps() []string {
	return []string{"fill", "fill", "commit", "commit", "commit", "scrape", "scrape", "restart", "writer fails", "transaction fails"}
}

func (h *history) step(name string) {
	switch name {
	case "fill":
		h.waiting = append(h.waiting, h.fill())
	case "commit":
		for _, b := range h.waiting {
			countTruth(h.truth, b)
		}
		h.commit(h.waiting...)
		h.waiting = nil
	case "scrape":
		h.scrape()
	case "restart":
		for _, b := range h.waiting {
			b.Discard()
		}
		h.waiting = nil
		h.cfg.TopK = rapid.IntRange(1, 4).Draw(h.rt, "k")
		h.cfg.MaxInterfaces = rapid.IntRange(1, 4).Draw(h.rt, "interfaces")
		h.restart()
	case "writer fails":
		h.failStage(true, h.waiting...)
	case "transaction fails":
		h.failStage(false, h.waiting...)
	}
}

func (h *history) check() {
	got := gather(h.t, h.totals)
	for _, r := range rankingSums() {
		members, other, departed := got.sum(r.members), got.sum(r.other), got.sum(r.departed)
		if want := h.truth[r.saw]; members+other+departed != want {
			h.rt.Fatalf("%s: members %v + other %v + departed %v = %v, want %v", r.members, members, other, departed, members+other+departed, want)
		}
		h.saw.sums++
		h.saw.members += got.series(r.members)
		h.saw.departed += int(departed)
	}
	h.compare(got)
	h.before = got
}

// compare holds the durable counters of a scrape against the scrape before.
func (h *history) compare(got sample) {
	for name, v := range got {
		if metric, _, _ := strings.Cut(name, "{"); !h.durable[metric] {
			continue
		}
		before, known := h.before[name]
		if known && v < before {
			h.rt.Fatalf("%s stepped back from %v to %v", name, before, v)
		}
		if !known && h.before != nil {
			if h.saw.born++; v != 0 {
				h.rt.Fatalf("%s was born with %v", name, v)
			}
		}
	}
	for name := range h.before {
		if _, there := got[name]; !there {
			h.saw.left++
		}
	}
}

func (h *history) fill() *Batch {
	b := h.totals.NewBatch(h.now)
	rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(h.rt, "seed"), 1))
	for range rng.IntN(30) {
		src, dst := address(rng.IntN(8)*rng.IntN(3)), address(rng.IntN(5))
		if rng.IntN(20) == 0 {
			src = "-"
		}
		action := []string{"ACCEPT", "REJECT"}[rng.IntN(2)]
		b.Add(record(h.t, fmt.Sprintf("123456789012 vpc-1 subnet-1 eni-%d %s %s %d 6 1 %d 1799999990 %s ingress OK",
			rng.IntN(6), src, dst, rng.IntN(6), rng.IntN(1000), action)))
	}
	return b
}

func countTruth(truth map[string]float64, b *Batch) {
	for _, v := range b.rows.vpcs {
		for a := range v.flows {
			for d := range v.flows[a] {
				for _, c := range v.flows[a][d] {
					truth["bytes"] += float64(c[counterBytes])
					if parser.Action(a) == parser.ActionReject {
						truth["rejected"] += float64(c[counterRecords])
					}
				}
			}
		}
	}
}
