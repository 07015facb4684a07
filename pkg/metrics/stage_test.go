package metrics

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"flowd/pkg/parser"
)

// TestCommitWritesOnlyWhatChanged counts what reaches the writer when a batch touches some of the interfaces that exist: it grows with those, and
// not with all.
func TestCommitWritesOnlyWhatChanged(t *testing.T) {
	const fixed = 12 // Pages of the label sets that every object changes: objects, bytes, records, age, flows, ports, rankings.
	for _, all := range []int{100, 1000, 10_000} {
		records := interfaceRecords(t, all)
		w := newStore()
		totals := settled(t, w, records)
		for _, changed := range []int{0, 1, 10, 100} {
			w.puts = 0
			stageAll(t, totals, w, records[:changed])
			if limit := fixed + 2*changed; w.puts == 0 || w.puts > limit { // Three counters lie in one page or two.
				t.Errorf("%d of %d interfaces: got %d writes, want at most %d", changed, all, w.puts, limit)
			}
		}
	}
}

func TestFailedStageTakesNoDecision(t *testing.T) {
	s := newService(t, func(c *Config) { c.TopK = 1 })
	s.count(flow(t, "10.0.0.1", "10.0.0.9", "100", "ACCEPT"))
	s.commit()
	s.count(flow(t, "10.0.0.2", "10.0.0.9", "1000", "ACCEPT"))
	s.now = s.now.Add(time.Minute)
	s.commit() // Beaten once.
	s.now = s.now.Add(time.Minute)
	s.failStage(true, s.totals.NewBatch(s.now))
	if !s.totals.Due(s.now) {
		t.Error("the tick of the failed stage is not due again")
	}
	s.commit() // Beaten twice: the failed stage neither took that back nor counted as a restart.
	const want = "flowd_top_source_bytes_total{srcaddr=10.0.0.2}"
	if got := gather(t, s.totals); got.series("flowd_top_source_bytes_total") != 1 || !got.has(want) {
		t.Errorf("%s is not the only member", want)
	}
}

// TestFailedStageGivesNoSlotAway lets label sets expire in a stage that fails. They stay, and so do their counters.
func TestFailedStageGivesNoSlotAway(t *testing.T) {
	s := newService(t, nil)
	old := interfaceRecords(t, 10)
	s.count(old...)
	s.scrape()
	s.now = s.now.Add(25 * time.Hour)
	s.failStage(true)
	s.count(append(old, interfaceRecords(t, 20)[10:]...)...)
	s.restart() // It refuses two label sets with the same counters.
	s.scrape()
	s.scrape()
	got := s.scrape()
	for name, v := range got {
		if want := 1.0; strings.HasPrefix(name, "flowd_interface_records_total") {
			if n := interfaceNumber(t, name); n < 10 {
				want = 2
			}
			if v != want {
				t.Errorf("%s: got %v, want %v", name, v, want)
			}
		}
	}
	if n := got.series("flowd_interface_records_total"); n != 20 {
		t.Errorf("got %d interfaces, want 20", n)
	}
}

func interfaceNumber(t *testing.T, series string) (n int) {
	t.Helper()
	_, rest, _ := strings.Cut(series, "interface_id=eni-")
	if _, err := fmt.Sscanf(rest, "%d,", &n); err != nil {
		t.Fatalf("%s: %v", series, err)
	}
	return n
}

func TestFailedStageCountsNoOverflow(t *testing.T) {
	s := newService(t, func(c *Config) { c.MaxInterfaces = 1 })
	b := s.totals.NewBatch(s.now)
	for _, r := range interfaceRecords(t, 5) {
		b.Add(r)
	}
	for range 3 {
		s.failStage(true, b)
		s.failStage(false, b)
	}
	s.commit(b)
	if got := gather(t, s.totals)["flowd_series_overflow_total{family=interface}"]; got != 4 {
		t.Errorf("got %v records past the limit, want 4", got)
	}
}

// TestPanicInAStageIsAFailedStage has a writer that panics, as a bug anywhere in a stage would.
func TestPanicInAStageIsAFailedStage(t *testing.T) {
	s := newService(t, nil)
	s.count(flow(t, "10.0.0.1", "10.0.0.2", "100", "ACCEPT"))
	s.scrape()
	before := s.scrape()
	b := s.totals.NewBatch(s.now)
	b.Add(flow(t, "10.0.0.3", "10.0.0.4", "100", "REJECT"))
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic of the writer was swallowed")
			}
		}()
		_, _ = s.totals.Stage([]*Batch{b}, panickyWriter{}, s.now.Add(time.Hour))
	}()
	compare(t, gather(t, s.totals), before)
	s.commit(b)
	s.scrape()
	if got := s.scrape().sum("flowd_flow_records_total"); got != 2 {
		t.Errorf("after the retry: got %v records, want 2", got)
	}
}

type panickyWriter struct{ Writer }

func (panickyWriter) PutSeries(uint32, []byte) error { panic("a bug") }

// TestMembersOfAnEmptyRankingComeAtOnce, and the other rankings keep their pace: two ticks are two minutes.
func TestMembersOfAnEmptyRankingComeAtOnce(t *testing.T) {
	s := newService(t, func(c *Config) { c.TopK = 1 })
	s.count(flow(t, "10.0.0.1", "10.0.0.9", "100", "ACCEPT"))
	if !s.totals.Due(s.now) {
		t.Fatal("an empty ranking with a candidate waits for the tick")
	}
	s.commit()
	s.count(flow(t, "10.0.0.2", "10.0.0.9", "1000", "ACCEPT"))
	s.now = s.now.Add(time.Minute)
	s.commit() // Beaten once.
	s.now = s.now.Add(time.Second)
	s.count(flow(t, "10.0.0.3", "10.0.0.9", "1", "REJECT"))
	s.commit()
	got := gather(t, s.totals)
	if !got.has("flowd_top_rejected_source_records_total{srcaddr=10.0.0.3}") {
		t.Error("the first rejected source is not a member yet")
	}
	if !got.has("flowd_top_source_bytes_total{srcaddr=10.0.0.1}") {
		t.Error("a member was replaced a second after it was beaten for the first time")
	}
}

func TestLastCommitIsThatOfObjects(t *testing.T) {
	s := newService(t, nil)
	last := func() float64 { return gather(t, s.totals)["flowd_last_commit_timestamp_seconds{}"] }
	if s.commit(); last() != 0 {
		t.Errorf("after housekeeping alone: got %v, want 0", last())
	}
	s.now = s.now.Add(1500 * time.Millisecond)
	s.count(flow(t, "10.0.0.1", "10.0.0.2", "100", "ACCEPT"))
	s.now = s.now.Add(time.Hour)
	if s.commit(); last() != 1_800_000_001.5 {
		t.Errorf("after an object and housekeeping: got %v, want the time of the object", last())
	}
}

// TestRunWakesWhenSomethingIsDue runs in virtual time.
func TestRunWakesWhenSomethingIsDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		totals, err := New(DefaultConfig(), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		stageNow(t, totals)
		ctx, cancel := context.WithCancel(t.Context())
		var wakes atomic.Int64
		done := make(chan error)
		go func() { done <- totals.Run(ctx, func() { wakes.Add(1); stageNow(t, totals) }) }()
		for _, step := range []struct {
			after time.Duration
			do    func()
			want  int64
			why   string
		}{
			{10 * time.Second, func() {}, 0, "nothing is due"},
			{0, func() { totals.noteScrape(totals.snapshot.Load().generation) }, 1, "a scrape read the zeros"},
			{50 * time.Second, func() {}, 2, "a minute is over"},
			{59 * time.Second, func() {}, 2, "less than a minute is over"},
		} {
			time.Sleep(step.after)
			step.do()
			synctest.Wait()
			if got := wakes.Load(); got != step.want {
				t.Errorf("%s: got %d wakes, want %d", step.why, got, step.want)
			}
		}
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the end of the context: got %v, want no error", err)
		}
	})
}

func stageNow(t *testing.T, totals *Totals) {
	t.Helper()
	publish, err := totals.Stage(nil, newStore(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	publish()
}

// TestEverybodyAtOnce is for the race detector: batches, scrapes and rankings while objects are committed.
func TestEverybodyAtOnce(t *testing.T) {
	s := newService(t, nil)
	lines := benchmarkRecords(t, 10)
	stop, done := make(chan struct{}), make(chan int)
	looping := []func(){
		func() { gather(t, s.totals) },
		func() { s.totals.Rankings(10) },
		func() { s.totals.Summary() },
		func() { s.totals.Due(start()) },
		func() { s.totals.noteScrape(s.totals.snapshot.Load().generation) },
		func() {
			b := s.totals.NewBatch(start())
			b.Add(lines[0])
			b.Discard()
		},
	}
	for _, f := range looping {
		go func() {
			n := 0
			for ; ; n++ {
				select {
				case <-stop:
					done <- n
					return
				default:
					f()
				}
			}
		}()
	}
	for range 50 {
		s.count(lines...)
		s.now = s.now.Add(time.Minute)
	}
	close(stop)
	for range looping {
		<-done
	}
	if got, want := s.totals.Summary(), (Summary{Objects: 50, Records: 5000, Accept: 4750, Reject: 250, Bytes: 5000 * 1234, Interfaces: 15}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// TestSummaryKeepsWhatLeft is about records of label sets that expired: they were read all the same.
func TestSummaryKeepsWhatLeft(t *testing.T) {
	s := newService(t, nil)
	s.count(flow(t, "10.0.0.1", "10.0.0.2", "100", "ACCEPT"), record(t, "1 vpc-1 subnet-1 eni-1 - - - - - - 1799999990 - - NODATA"))
	s.now = s.now.Add(25 * time.Hour)
	s.commit()
	if got, want := s.totals.Summary(), (Summary{Objects: 1, Records: 1}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestInterfaceIsAdmittedWhole(t *testing.T) {
	s := newService(t, func(c *Config) { c.MaxInterfaces = 2 })
	line := "123456789012 vpc-1 subnet-1 eni-%d 10.0.0.1 10.0.0.2 443 6 1 10 1799999990 %s ingress OK"
	for _, action := range []string{"ACCEPT", "REJECT", "-"} {
		s.count(records(t, 2, func(i int) string { return fmt.Sprintf(line, i, action) })...)
	}
	s.count(record(t, fmt.Sprintf(line, 2, "ACCEPT")))
	s.scrape()
	got := s.scrape()
	for _, action := range []parser.Action{parser.ActionAccept, parser.ActionReject, parser.ActionUnknown} {
		for i := range 2 {
			name := fmt.Sprintf("flowd_interface_records_total{account_id=123456789012,action=%s,interface_id=eni-%d,subnet_id=subnet-1,vpc_id=vpc-1}", action, i)
			if got[name] != 1 {
				t.Errorf("%s: got %v, want 1", name, got[name])
			}
		}
	}
	if n := got.series("flowd_interface_records_total"); n != 7 {
		t.Errorf("got %d series, want three for each of two interfaces, and one for the others", n)
	}
	if size, limit := got["flowd_series{family=interface}"], got["flowd_series_limit{family=interface}"]; size != 3 || limit != 2 {
		t.Errorf("got %v interfaces of %v, want 2 and the others, of 2", size, limit)
	}
}
