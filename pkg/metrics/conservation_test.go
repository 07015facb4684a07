package metrics

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"

	"flowd/pkg/parser"
)

// rankingSum is what the ranking exposes altogether, and what it must have seen.
type rankingSum struct{ members, other, departed, saw string }

func rankingSums() []rankingSum {
	const bytes, rejected = "flowd_flow_bytes_total", "rejected"
	return []rankingSum{
		{"flowd_top_source_bytes_total", "flowd_top_source_other_bytes_total", "flowd_top_source_departed_bytes_total", bytes},
		{"flowd_top_destination_bytes_total", "flowd_top_destination_other_bytes_total", "flowd_top_destination_departed_bytes_total", bytes},
		{"flowd_top_pair_bytes_total", "flowd_top_pair_other_bytes_total", "flowd_top_pair_departed_bytes_total", bytes},
		{"flowd_top_rejected_source_records_total", "flowd_top_rejected_source_other_records_total", "flowd_top_rejected_source_departed_records_total", rejected},
		{"flowd_top_rejected_port_records_total", "flowd_top_rejected_port_other_records_total", "flowd_top_rejected_port_departed_records_total", rejected},
	}
}

// TestMembersOtherAndDepartedAreEverything drives rankings with few places through admissions, departures, batches that outlive a member,
// failed stages and restarts, and checks the sum of every ranking in every scrape.
func TestMembersOtherAndDepartedAreEverything(t *testing.T) {
	var admitted, departed, checked int
	rapid.Check(t, func(rt *rapid.T) {
		s := newService(t, func(c *Config) { c.TopK = rapid.IntRange(1, 4).Draw(rt, "k") })
		truth := map[string]float64{}
		var waiting []*Batch // Filled, and committed later: their members may have left by then.
		s.scrape()
		for range rapid.IntRange(1, 60).Draw(rt, "steps") {
			s.now = s.now.Add(time.Duration(rapid.IntRange(1, 900).Draw(rt, "seconds")) * time.Second)
			switch rapid.SampledFrom([]string{"fill", "fill", "commit", "commit", "scrape", "restart", "fail"}).Draw(rt, "step") {
			case "fill":
				waiting = append(waiting, fill(t, s, rt))
			case "commit":
				for _, b := range waiting {
					countTruth(truth, b)
				}
				s.commit(waiting...)
				waiting = nil
			case "scrape":
				s.scrape()
			case "restart":
				for _, b := range waiting {
					b.Discard()
				}
				waiting = nil
				s.restart()
			case "fail":
				failStage(rt, s, waiting)
			}
			got := gather(t, s.totals)
			for _, r := range rankingSums() {
				want := truth[r.saw]
				if sum := got.sum(r.members) + got.sum(r.other) + got.sum(r.departed); sum != want && !unread(s) {
					rt.Fatalf("%s: members %v + other %v + departed %v = %v, want %v", r.members, got.sum(r.members), got.sum(r.other), got.sum(r.departed), sum, want)
				}
				admitted = max(admitted, got.series(r.members))
				departed = max(departed, int(got.sum(r.departed)))
				checked++
			}
		}
	})
	if checked == 0 || admitted == 0 || departed == 0 {
		t.Fatalf("looked at %d sums, %d members and %d departed: the test saw too little", checked, admitted, departed)
	}
}

// unread says whether the totals that have no labels are still waiting for their first scrape.
func unread(s *service) bool {
	for _, set := range s.totals.snapshot.Load().sets[familyTopSourceOther] {
		return !set.live
	}
	return true
}

func failStage(rt *rapid.T, s *service, batches []*Batch) {
	s.store.fail = errDisk
	pages, series := clone(s.store.pages), clone(s.store.series)
	if _, err := s.totals.Stage(batches, s.store, s.now); err == nil && len(batches) > 0 {
		rt.Fatal("a stage whose writer fails must fail")
	}
	s.store.pages, s.store.series, s.store.fail = pages, series, nil
}

func clone(m map[uint32][]byte) map[uint32][]byte {
	c := map[uint32][]byte{}
	for k, v := range m {
		c[k] = v
	}
	return c
}

func fill(t *testing.T, s *service, rt *rapid.T) *Batch {
	b := s.totals.NewBatch(s.now)
	rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
	for range rng.IntN(30) {
		src, dst := address(rng.IntN(8)*rng.IntN(3)), address(rng.IntN(5))
		if rng.IntN(20) == 0 {
			src = "-"
		}
		action := []string{"ACCEPT", "REJECT"}[rng.IntN(2)]
		b.Add(record(t, fmt.Sprintf("123456789012 vpc-1 subnet-1 eni-1 %s %s %d 6 1 %d 1799999990 %s ingress OK", src, dst, rng.IntN(6), rng.IntN(1000), action)))
	}
	return b
}

func countTruth(truth map[string]float64, b *Batch) {
	for _, v := range b.vpcs {
		for a := range v.flows {
			for d := range v.flows[a] {
				for _, c := range v.flows[a][d] {
					truth["flowd_flow_bytes_total"] += float64(c[counterBytes])
					if parser.Action(a) == parser.ActionReject {
						truth["rejected"] += float64(c[counterRecords])
					}
				}
			}
		}
	}
}
