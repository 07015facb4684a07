package metrics

import (
	"fmt"
	"testing"

	"flowd/pkg/parser"
)

// benchmarkRecords are ten records for each interface, one after the other, of which every twentieth is a reject.
func benchmarkRecords(t testing.TB, interfaces int) []*parser.Record {
	t.Helper()
	return records(t, interfaces*10, func(i int) string {
		return fmt.Sprintf("123456789012 vpc-%d subnet-%d eni-%d %s %s %d 6 3 1234 1799999990 %s ingress OK",
			i/10%4, i/10%24, i/10, address(i), address(i/3), i%1000, []string{"ACCEPT", "REJECT"}[i%20/19])
	})
}

// interfaceRecords are one record for each interface.
func interfaceRecords(t testing.TB, n int) []*parser.Record {
	t.Helper()
	return records(t, n, func(i int) string {
		return fmt.Sprintf("123456789012 vpc-%d subnet-%d eni-%d 10.0.0.1 10.0.0.2 443 6 3 1234 1799999990 ACCEPT ingress OK", i%4, i%24, i)
	})
}

// settled are totals with so many interfaces, all of them live.
func settled(t testing.TB, w Writer, records []*parser.Record) *Totals {
	t.Helper()
	cfg := DefaultConfig()
	cfg.MaxInterfaces = max(len(records), 1)
	totals, err := New(cfg, start())
	if err != nil {
		t.Fatal(err)
	}
	stageAll(t, totals, w, records)
	for range 2 { // The second is for the members of the rankings.
		totals.noteScrape(totals.snapshot.Load().generation)
		stageAll(t, totals, w, nil)
	}
	if n := len(totals.state.births); n != 0 {
		t.Fatalf("%d label sets are not live", n)
	}
	return totals
}

func stageAll(t testing.TB, totals *Totals, w Writer, records []*parser.Record) {
	t.Helper()
	b := totals.NewBatch(start())
	for _, r := range records {
		b.Add(r)
	}
	publish, err := totals.Stage([]*Batch{b}, w, start())
	if err != nil {
		t.Fatal(err)
	}
	publish()
}

// BenchmarkBatchAdd has few enough records that they stay in the cache, as the one record of a scanner does.
func BenchmarkBatchAdd(b *testing.B) {
	records := benchmarkRecords(b, 20)
	totals := settled(b, newStore(), records)
	batch := totals.NewBatch(start())
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		batch.Add(records[n%len(records)])
		n++
	}
	if got := batch.read[parser.LogStatusOK]; got != uint64(n) {
		b.Fatalf("the batch read %d records, want %d", got, n)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "records/s")
}

// BenchmarkCommit shows what a commit costs beside its transaction: it grows with the interfaces that changed, and not with those that exist.
func BenchmarkCommit(b *testing.B) {
	for _, all := range []int{2000, 20_000} {
		records := interfaceRecords(b, all)
		for _, changed := range []int{1, 100, 2000} {
			b.Run(fmt.Sprintf("series=%d/changed=%d", 3*all, 3*changed), func(b *testing.B) {
				w := newStore()
				totals := settled(b, w, records)
				w.puts = 0
				b.ReportAllocs()
				for b.Loop() {
					b.StopTimer()
					batch := totals.NewBatch(start())
					for _, r := range records[:changed] {
						batch.Add(r)
					}
					b.StartTimer()
					publish, err := totals.Stage([]*Batch{batch}, w, start())
					if err != nil {
						b.Fatal(err)
					}
					publish()
				}
				if w.puts == 0 {
					b.Fatal("nothing was written")
				}
				b.ReportMetric(float64(w.puts)/float64(b.N), "puts/op")
			})
		}
	}
}

// BenchmarkScrape is a whole scrape, text and all, of 1,000 and of 10,000 series.
func BenchmarkScrape(b *testing.B) {
	for _, interfaces := range []int{333, 3333} {
		b.Run(fmt.Sprintf("series=%d", 3*interfaces), func(b *testing.B) {
			totals := settled(b, newStore(), interfaceRecords(b, interfaces))
			h := scrapeHandler(totals)
			b.ReportAllocs()
			bytes := 0
			for b.Loop() {
				if bytes = len(get(h, "GET", "/metrics")); bytes < 300*interfaces {
					b.Fatalf("the scrape has only %d bytes", bytes)
				}
			}
			b.SetBytes(int64(bytes))
		})
	}
}

// BenchmarkTick is what a look at five full rankings costs while nobody can commit.
func BenchmarkTick(b *testing.B) {
	totals := settled(b, newStore(), nil)
	for i := range 4 * sketchEntries {
		key := parser.Addr{Lo: uint64(i)}
		totals.source.rank.sketch.add(key, uint64(i%1000))
		totals.destination.rank.sketch.add(key, uint64(i%1000))
		totals.pair.rank.sketch.add(pairKey{key, key}, uint64(i%1000))
		totals.rejectedSource.rank.sketch.add(key, uint64(i%1000))
		totals.rejectedPort.rank.sketch.add(portKey(i), uint64(i%1000))
	}
	now := start()
	b.ReportAllocs()
	for b.Loop() {
		now = now.Add(totals.cfg.RankingInterval)
		publish, err := totals.Stage(nil, newStore(), now)
		if err != nil {
			b.Fatal(err)
		}
		publish()
	}
	if !totals.lastTick.Equal(now) {
		b.Fatal("no stage ticked")
	}
}
