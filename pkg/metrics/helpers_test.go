package metrics

import (
	"errors"
	"maps"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"flowd/pkg/parser"
)

// start is when every test begins.
func start() time.Time { return time.Unix(1_800_000_000, 0) }

// store is a Writer that keeps what it is given, as a ledger does.
type store struct {
	pages  map[uint32][]byte
	series map[uint32][]byte
	fail   error
	puts   int
}

func newStore() *store { return &store{pages: map[uint32][]byte{}, series: map[uint32][]byte{}} }

func (s *store) PutPage(n uint32, b []byte) error {
	s.pages[n] = b
	s.puts++
	return s.fail
}

func (s *store) PutSeries(id uint32, b []byte) error {
	s.series[id] = b
	s.puts++
	return s.fail
}

func (s *store) DeleteSeries(id uint32) error {
	delete(s.series, id)
	return s.fail
}

func (s *store) eachSeries(yield func(uint32, []byte) error) error { return each(s.series, yield) }
func (s *store) eachPage(yield func(uint32, []byte) error) error   { return each(s.pages, yield) }

func each(m map[uint32][]byte, yield func(uint32, []byte) error) error {
	for id, b := range m {
		if err := yield(id, b); err != nil {
			return err
		}
	}
	return nil
}

// service is totals with a store and a clock: what a process has, without the process.
type service struct {
	t      *testing.T
	cfg    Config
	totals *Totals
	store  *store
	now    time.Time
}

func newService(t *testing.T, change func(*Config)) *service {
	t.Helper()
	cfg := DefaultConfig()
	if change != nil {
		change(&cfg)
	}
	s := &service{t: t, cfg: cfg, store: newStore(), now: start()}
	s.restart()
	return s
}

func (s *service) restart() {
	s.t.Helper()
	totals, err := New(s.cfg, s.now)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := totals.Load(s.store.eachSeries, s.store.eachPage, s.now); err != nil {
		s.t.Fatal(err)
	}
	s.totals = totals
}

func (s *service) commit(batches ...*Batch) {
	s.t.Helper()
	publish, err := s.totals.Stage(batches, s.store, s.now)
	if err != nil {
		s.t.Fatal(err)
	}
	publish()
}

func (s *service) count(records ...*parser.Record) {
	s.t.Helper()
	b := s.totals.NewBatch(s.now)
	for _, r := range records {
		b.Add(r)
	}
	s.commit(b)
}

// failStage stages, and publishes nothing: because the writer failed, or because the transaction did after it. Nothing of it is stored.
func (s *service) failStage(inWriter bool, batches ...*Batch) {
	s.t.Helper()
	pages, series := maps.Clone(s.store.pages), maps.Clone(s.store.series)
	if inWriter {
		s.store.fail = errDisk
	}
	puts := s.store.puts
	if _, err := s.totals.Stage(batches, s.store, s.now); inWriter && s.store.puts > puts && !errors.Is(err, errDisk) {
		s.t.Fatalf("a stage whose writer fails: got %v, want the error of the writer", err)
	}
	s.store.pages, s.store.series, s.store.fail = pages, series, nil
}

// scrape reads everything, and lets housekeeping follow as the service does.
func (s *service) scrape() sample {
	s.t.Helper()
	generation := s.totals.snapshot.Load().generation
	got := gather(s.t, s.totals)
	s.totals.noteScrape(generation)
	if s.totals.Due(s.now) {
		s.commit()
	}
	return got
}

// sample is a scrape: "name{a=b,c=d}" → value.
type sample map[string]float64

func gather(t *testing.T, c prometheus.Collector) sample {
	t.Helper()
	reg := prometheus.NewPedanticRegistry()
	if err := reg.Register(c); err != nil {
		t.Fatal(err)
	}
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	out := sample{}
	for _, f := range families {
		for _, m := range f.Metric {
			out[f.GetName()+labelText(m)] = value(m)
		}
	}
	if len(out) == 0 {
		t.Fatal("the scrape is empty")
	}
	return out
}

func labelText(m *dto.Metric) string {
	var parts []string
	for _, l := range m.Label {
		parts = append(parts, l.GetName()+"="+l.GetValue())
	}
	return "{" + strings.Join(parts, ",") + "}"
}

func value(m *dto.Metric) float64 {
	switch {
	case m.Counter != nil:
		return m.Counter.GetValue()
	case m.Gauge != nil:
		return m.Gauge.GetValue()
	}
	return float64(m.Histogram.GetSampleCount())
}

// sum adds every series of a family.
func (s sample) sum(name string) float64 {
	total := 0.0
	for k, v := range s {
		if strings.HasPrefix(k, name+"{") {
			total += v
		}
	}
	return total
}

func (s sample) series(name string) int {
	n := 0
	for k := range s {
		if strings.HasPrefix(k, name+"{") {
			n++
		}
	}
	return n
}

const testHeader = "account-id vpc-id subnet-id interface-id srcaddr dstaddr dstport protocol packets bytes end action flow-direction log-status"

// record parses a line in testHeader's format; parsing is how presence of fields is set.
func record(t testing.TB, line string) *parser.Record {
	t.Helper()
	return records(t, 1, func(int) string { return line })[0]
}

// records parses n lines.
func records(t testing.TB, n int, line func(i int) string) []*parser.Record {
	t.Helper()
	f, err := parser.ParseFormat(testHeader)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]*parser.Record, n)
	for i := range out {
		out[i] = new(parser.Record)
		if err := f.Parse([]byte(line(i)), out[i]); err != nil {
			t.Fatalf("%q: %v", line(i), err)
		}
	}
	return out
}

// flow is a record from src to dst with so many bytes.
func flow(t testing.TB, src, dst, bytes, action string) *parser.Record {
	t.Helper()
	return record(t, "123456789012 vpc-1 subnet-1 eni-1 "+src+" "+dst+" 443 6 1 "+bytes+" 1799999990 "+action+" ingress OK")
}

func address(i int) string {
	return netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}).String()
}

var errDisk = errors.New("no space left on device")

// has says whether a series is exposed.
func (s sample) has(name string) bool { _, ok := s[name]; return ok }
