package metrics

import (
	"fmt"
	"testing"

	"flowd/pkg/parser"
)

func TestBatchAddAllocatesNothing(t *testing.T) {
	s := newService(t, nil)
	s.count(flow(t, address(1), address(2), "100", "ACCEPT")) // Makes members, so that both paths of a ranking are taken.
	s.scrape()
	s.scrape()
	records := benchmarkRecords(t, 100)
	b := s.totals.NewBatch(s.now)
	add := func() {
		for _, r := range records {
			b.Add(r)
		}
	}
	add() // Label sets that are new to a batch may allocate.
	if n := testing.AllocsPerRun(100, add); n != 0 {
		t.Errorf("adding %d known records: got %v allocations, want 0", len(records), n)
	}
}

func benchmarkRecords(t testing.TB, interfaces int) []*parser.Record {
	var out []*parser.Record
	for i := range interfaces * 10 {
		out = append(out, record(t, fmt.Sprintf("123456789012 vpc-%d subnet-%d eni-%d %s %s %d 6 3 1234 1799999990 %s ingress OK",
			i/10%4, i/10%24, i/10, address(i), address(i/3), i%1000, []string{"ACCEPT", "REJECT"}[i%20/19])))
	}
	return out
}

func BenchmarkBatchAdd(b *testing.B) {
	totals, err := New(DefaultConfig(), start())
	if err != nil {
		b.Fatal(err)
	}
	records := benchmarkRecords(b, 200)
	batch := totals.NewBatch(start())
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		batch.Add(records[n%len(records)])
		n++
	}
	if got := batch.read[0]; got != uint64(n) {
		b.Fatalf("the batch read %d records, want %d", got, n)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "records/s")
}

// BenchmarkStage shows what a commit costs beside its transaction, by the number of changed interfaces out of 10,000.
func BenchmarkStage(b *testing.B) {
	for _, changed := range []int{1, 100, 2000} {
		b.Run(fmt.Sprintf("changed=%d", changed), func(b *testing.B) {
			cfg := DefaultConfig()
			cfg.MaxInterfaces = 20_000
			totals, err := New(cfg, start())
			if err != nil {
				b.Fatal(err)
			}
			w := newStore()
			all := interfaceRecords(b, 10_000)
			stage := func(records []*parser.Record) {
				batch := totals.NewBatch(start())
				for _, r := range records {
					batch.Add(r)
				}
				publish, err := totals.Stage([]*Batch{batch}, w, start())
				if err != nil {
					b.Fatal(err)
				}
				publish()
			}
			stage(all)
			w.puts = 0
			b.ReportAllocs()
			for b.Loop() {
				stage(all[:changed])
			}
			b.ReportMetric(float64(w.puts)/float64(b.N), "puts/op")
		})
	}
}

func interfaceRecords(t testing.TB, n int) []*parser.Record {
	var out []*parser.Record
	for i := range n {
		out = append(out, record(t, fmt.Sprintf("123456789012 vpc-%d subnet-%d eni-%d 10.0.0.1 10.0.0.2 443 6 3 1234 1799999990 ACCEPT ingress OK", i%4, i%24, i)))
	}
	return out
}

func BenchmarkCollect(b *testing.B) {
	cfg := DefaultConfig()
	cfg.MaxInterfaces = 20_000
	totals, err := New(cfg, start())
	if err != nil {
		b.Fatal(err)
	}
	batch := totals.NewBatch(start())
	for _, r := range interfaceRecords(b, 3333) {
		batch.Add(r)
	}
	publish, err := totals.Stage([]*Batch{batch}, newStore(), start())
	if err != nil {
		b.Fatal(err)
	}
	publish()
	h := scrapeHandler(b, totals)
	b.ReportAllocs()
	for b.Loop() {
		if body := get(h, "GET", "/metrics"); len(body) < 100_000 {
			b.Fatalf("the scrape has only %d bytes", len(body))
		}
	}
}
