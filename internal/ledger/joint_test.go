package ledger_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"flowd/internal/ledger"
	"flowd/pkg/metrics"
	"flowd/pkg/parser"
)

// joint is the ledger and the totals as the service joins them, and what should be in both.
type joint struct {
	t       *testing.T
	dir     string
	ledger  *ledger.Ledger
	totals  *metrics.Totals
	now     time.Time
	objects map[int]uint64 // Records by object.
	shown   float64        // The sum of the rankings in the scrape before.
}

func (j *joint) start() {
	j.t.Helper()
	var err error
	if j.ledger, err = ledger.Open(ledger.Config{Dir: j.dir}); err != nil {
		j.t.Fatal(err)
	}
	if j.totals, err = metrics.New(metrics.DefaultConfig(), j.now); err != nil {
		j.t.Fatal(err)
	}
	if err := j.totals.Load(j.ledger.Series, j.ledger.Pages, j.now); err != nil {
		j.t.Fatal(err)
	}
}

// kill ends the process: what is not in the file is gone.
func (j *joint) kill() {
	j.t.Helper()
	if err := j.ledger.Close(); err != nil {
		j.t.Fatal(err)
	}
}

// object is the identity of an object, and a batch with its records.
func (j *joint) object(n int) (ledger.Object, *metrics.Batch, uint64) {
	j.t.Helper()
	f, err := parser.ParseFormat("srcaddr dstaddr bytes action end interface-id")
	if err != nil {
		j.t.Fatal(err)
	}
	b, r, records := j.totals.NewBatch(j.now), new(parser.Record), n%7+1
	for i := range records {
		line := fmt.Sprintf("10.0.%d.%d 10.1.0.1 %d ACCEPT %d eni-%d", n%5, i, 1+n, j.now.Unix()-300, n%3)
		if err := f.Parse([]byte(line), r); err != nil {
			j.t.Fatal(err)
		}
		b.Add(r)
	}
	return ledger.Object{Identity: ledger.Identity{Bucket: "bucket", Key: fmt.Sprint(n), ETag: "etag"}, Written: j.now}, b, uint64(records)
}

var errStage = errors.New("the stage failed")

// commit is one transaction of a group of objects, of which some may be counted already. It ends well, or before its commit, or by a kill between
// the commit and the publication.
func (j *joint) commit(group []int, end string) {
	j.t.Helper()
	var ids []ledger.Object
	var batches []*metrics.Batch
	for _, n := range group {
		id, b, _ := j.object(n)
		ids, batches = append(ids, id), append(batches, b)
	}
	var publish func()
	outcomes, err := j.ledger.Commit(ids, j.now, func(tx *ledger.Tx, fresh []int) (err error) {
		var staged []*metrics.Batch
		for _, at := range fresh {
			staged = append(staged, batches[at])
		}
		if publish, err = j.totals.Stage(staged, tx, j.now); err == nil && end == "fails" {
			err = errStage
		}
		return err
	})
	if end == "fails" {
		if !errors.Is(err, errStage) {
			j.t.Fatalf("got %v, want %v", err, errStage)
		}
		return
	}
	if err != nil {
		j.t.Fatal(err)
	}
	for i, n := range group {
		if _, known := j.objects[n]; known != outcomes[i].Duplicate {
			j.t.Fatalf("object %d: known %v, and a duplicate: %v", n, known, outcomes[i].Duplicate)
		}
		_, _, j.objects[n] = j.object(n)
	}
	if end == "is killed" {
		j.kill()
		j.start()
		return
	}
	publish()
}

// check wants exactly the objects that were committed, each once, and nothing that steps back.
func (j *joint) check(step string) {
	j.t.Helper()
	var want metrics.Summary
	for _, records := range j.objects {
		want.Objects++
		want.Records += records
	}
	if got := j.totals.Summary(); got.Objects != want.Objects || got.Records != want.Records || got.Accept != want.Records {
		j.t.Fatalf("after %s: got %+v, want %d objects with %d records", step, got, want.Objects, want.Records)
	}
	shown := j.shownBytes()
	if shown < j.shown {
		j.t.Fatalf("after %s: the scrape shows %v bytes and showed %v before", step, shown, j.shown)
	}
	j.shown = shown
}

// shownBytes is what the ranking of sources exposes altogether.
func (j *joint) shownBytes() (sum float64) {
	j.t.Helper()
	reg := prometheus.NewPedanticRegistry()
	reg.MustRegister(j.totals)
	families, err := reg.Gather()
	if err != nil {
		j.t.Fatal(err)
	}
	for _, f := range families {
		switch f.GetName() {
		case "flowd_top_source_bytes_total", "flowd_top_source_other_bytes_total", "flowd_top_source_departed_bytes_total":
			for _, m := range f.Metric {
				sum += m.Counter.GetValue()
			}
		}
	}
	return sum
}

// TestLedgerAndTotalsAgree commits groups with duplicates, fails, is killed at the worst moment, and restarts. Whatever happens, what is in the
// ledger is in the totals, once.
func TestLedgerAndTotalsAgree(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 14))
	j := &joint{t: t, dir: t.TempDir(), now: time.Unix(1_800_000_000, 0), objects: map[int]uint64{}}
	j.start()
	ends := map[string]int{}
	for range 150 {
		group := rng.Perm(200)[:rng.IntN(6)]
		end := []string{"ends well", "ends well", "fails", "is killed"}[rng.IntN(4)]
		j.now = j.now.Add(time.Duration(rng.IntN(120)) * time.Second)
		j.commit(group, end)
		j.check("a commit that " + end)
		ends[end]++
	}
	j.kill()
	if len(ends) != 3 || len(j.objects) < 50 || j.shown == 0 {
		t.Fatalf("saw %v, %d objects, %v bytes: too little", ends, len(j.objects), j.shown)
	}
}
