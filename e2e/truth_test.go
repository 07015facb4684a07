package e2e

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	client "github.com/prometheus/client_golang/prometheus"

	"flowd/internal/ledger"
	"flowd/internal/remotewrite"
	"flowd/pkg/metrics"
	"flowd/pkg/parser"
)

// truthHours are the hours of traffic that are played. The samples of the last minutes stay open, so there is some more.
const truthHours = 6

// TestRemoteWriteIsTheTruth plays six hours of flow logs in virtual time: two flow logs, files that come 2 to 7 minutes late and in any order, two restarts, and
// a writer that is stopped and begun again. What a real Prometheus has stored in the end is, minute by minute, what the records say.
func TestRemoteWriteIsTheTruth(t *testing.T) {
	p := startReceiver(t)
	w := newVirtual(t, p.url+"/api/v1/write")
	stop := w.send()
	for i, d := range w.deliveries() {
		w.deliver(d)
		if i == 0 { // What was closed before an endpoint is seen for the first time is not sent to it.
			w.commit(ledger.Object{})
			p.until("the endpoint to be known", func() bool { return w.source.Position(w.endpoint.Name) > 0 })
		}
		if i%100 == 99 {
			stop()
			w.restart()
			stop = w.send()
		}
	}
	w.finish()
	p.until("the last minute to be sent", func() bool { return w.source.Position(w.endpoint.Name) == w.source.newest() })
	stop()
	w.compare(p)
}

func startReceiver(t *testing.T) *prometheus {
	t.Helper()
	binary, dir, address := needs(t, "prometheus"), t.TempDir(), freeAddress(t)
	file := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(file, []byte("global: {}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := &prometheus{launch(t, binary, "--config.file="+file, "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+address,
		"--web.enable-remote-write-receiver"), "http://" + address}
	p.until("Prometheus to be ready", func() bool { return status(p.url+"/-/ready") == http.StatusOK })
	return p
}

// virtual is flowd's counting in virtual time, over a real ledger.
type virtual struct {
	t        *testing.T
	dice     *rand.Rand
	dir      string
	begin    time.Time
	endpoint remotewrite.Endpoint
	ledger   *ledger.Ledger
	source   *virtualSource
	truth    map[truthKey]map[int64]uint64 // Minute → what happened in it.
	objects  int
}

// truthKey is one series.
type truthKey struct{ metric, vpc, action string }

// delivery is one file: when it comes, and its lines.
type delivery struct {
	at      time.Time
	flowLog string
	stamp   time.Time
	lines   []string
}

func newVirtual(t *testing.T, url string) *virtual {
	t.Helper()
	endpoints, err := remotewrite.Read(strings.NewReader(fmt.Sprintf("remote_write: [{url: %q, labels: {replica: a}}]", url)), "test")
	if err != nil {
		t.Fatal(err)
	}
	w := &virtual{
		t: t, dice: rand.New(rand.NewPCG(7, 7)), dir: t.TempDir(), endpoint: endpoints[0],
		begin: time.Now().Add(-(truthHours + 2) * time.Hour).Truncate(5 * time.Minute), truth: map[truthKey]map[int64]uint64{}, source: &virtualSource{},
	}
	w.source.now = w.begin
	w.open()
	t.Cleanup(func() { w.close() })
	return w
}

func (w *virtual) open() {
	w.t.Helper()
	var err error
	if w.ledger, err = ledger.Open(ledger.Config{Dir: filepath.Join(w.dir, "state"), AllowNetworkFS: true}); err != nil {
		w.t.Fatal(err)
	}
	cfg := metrics.DefaultConfig()
	cfg.TimelineSpan = 24 * time.Hour
	totals, err := metrics.New(cfg, w.source.now)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := totals.Load(w.ledger.Series, w.ledger.Pages, w.source.now); err != nil {
		w.t.Fatal(err)
	}
	w.source.use(totals)
}

func (w *virtual) close() {
	if err := w.ledger.Close(); err != nil {
		w.t.Errorf("closing the ledger: %v", err)
	}
}

func (w *virtual) restart() {
	w.t.Helper()
	w.close()
	w.open()
}

// send runs a writer in real time until stop is called.
func (w *virtual) send() (stop func()) {
	w.t.Helper()
	writer, err := remotewrite.New([]remotewrite.Endpoint{w.endpoint}, remotewrite.Deps{Source: w.source, Logger: slog.New(slog.DiscardHandler), Registerer: client.NewRegistry()})
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(w.t.Context())
	done := make(chan error, 1)
	go func() { done <- writer.Run(ctx) }()
	return sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			w.t.Errorf("the writer: %v", err)
		}
	})
}

// deliveries makes the files of every delivery window, and writes down what is true. Files are in the order in which they come.
func (w *virtual) deliveries() []delivery {
	var all []delivery
	for window := range truthHours * 12 {
		stamp := w.begin.Add(time.Duration(window) * 5 * time.Minute)
		for _, flowLog := range []string{"fl-0000000000000001", "fl-0000000000000002"} {
			for range 1 + w.dice.IntN(2) {
				late := 2*time.Minute + time.Duration(w.dice.IntN(300))*time.Second
				all = append(all, delivery{at: stamp.Add(5*time.Minute + late), flowLog: flowLog, stamp: stamp, lines: w.lines(stamp)})
			}
		}
	}
	slices.SortFunc(all, func(a, b delivery) int { return a.at.Compare(b.at) })
	return all
}

func (w *virtual) lines(stamp time.Time) (lines []string) {
	for range 20 {
		start := stamp.Unix() + int64(w.dice.IntN(240))
		end := start + int64(w.dice.IntN(60))
		vpc, action := fmt.Sprintf("vpc-%d", w.dice.IntN(3)), []string{"ACCEPT", "REJECT"}[w.dice.IntN(2)]
		packets := uint64(1 + w.dice.IntN(100))
		bytes := packets * uint64(40+w.dice.IntN(1400))
		lines = append(lines, fmt.Sprintf("123456789012 %s eni-1 %d %d %d %d %s OK", vpc, start, end, packets, bytes, action))
		w.happened(vpc, strings.ToLower(action), start, end, packets, bytes)
	}
	return lines
}

// happened spreads a record the slow way, second by second.
func (w *virtual) happened(vpc, action string, start, end int64, packets, bytes uint64) {
	add := func(metric string, minute int64, n uint64) {
		key := truthKey{metric, vpc, action}
		if w.truth[key] == nil {
			w.truth[key] = map[int64]uint64{}
		}
		w.truth[key][minute] += n
	}
	end = max(end, start+1)
	length := uint64(end - start)
	for i := range length {
		minute := (start + int64(i)) / 60
		add("flowd_event_bytes_total", minute, (i+1)*bytes/length-i*bytes/length)
		add("flowd_event_packets_total", minute, (i+1)*packets/length-i*packets/length)
	}
	add("flowd_event_records_total", (end-1)/60, 1)
}

func (w *virtual) deliver(d delivery) {
	w.t.Helper()
	w.objects++
	id := fmt.Sprint(w.objects)
	x := metrics.Arrival{ID: id, FlowLogID: d.flowLog, Stamp: d.stamp}
	totals := w.source.at(d.at)
	totals.Announced(x, d.at)
	b := totals.NewBatch(d.at)
	b.From(x)
	for _, line := range d.lines {
		b.Add(w.parse(line))
	}
	w.commit(ledger.Object{Identity: ledger.Identity{Bucket: "b", Key: id, ETag: id}, Written: d.at}, b)
	totals.Settled(id)
	if w.dice.IntN(3) > 0 {
		totals.QueueEmpty(d.at.Add(time.Second), false)
	}
}

func (w *virtual) parse(line string) *parser.Record {
	w.t.Helper()
	format, err := parser.ParseFormat("account-id vpc-id interface-id start end packets bytes action log-status")
	if err != nil {
		w.t.Fatal(err)
	}
	r := new(parser.Record)
	if err := format.Parse([]byte(line), r); err != nil {
		w.t.Fatal(err)
	}
	return r
}

func (w *virtual) commit(o ledger.Object, fresh ...*metrics.Batch) {
	w.t.Helper()
	var publish func()
	var objects []ledger.Object
	if len(fresh) > 0 {
		objects = append(objects, o)
	}
	now := w.source.time()
	if _, err := w.ledger.Commit(objects, now, func(tx *ledger.Tx, _ []int) (err error) {
		publish, err = w.source.totals.Stage(fresh, tx, now)
		return err
	}); err != nil {
		w.t.Fatal(err)
	}
	publish()
}

// finish lets an hour pass without traffic, so that every minute is closed.
func (w *virtual) finish() {
	w.t.Helper()
	for range 60 {
		now := w.source.time().Add(time.Minute)
		w.source.at(now).QueueEmpty(now, true)
		w.commit(ledger.Object{})
	}
}

// compare holds every stored sample against the truth.
func (w *virtual) compare(p *prometheus) {
	w.t.Helper()
	compared, got := 0, p.query(fmt.Sprintf(`{__name__=~"flowd_event_.+"}[%dh]`, truthHours+3), float64(time.Now().Unix()))
	for key, minutes := range w.truth {
		samples := got[fmt.Sprintf("%s{account_id=123456789012,action=%s,replica=a,vpc_id=%s}", key.metric, key.action, key.vpc)]
		if len(samples) < 60*truthHours {
			w.t.Errorf("%v: %d samples are stored, want at least %d", key, len(samples), 60*truthHours)
			continue
		}
		total, before := uint64(0), int64(0)
		for _, s := range samples {
			minute := int64(s.at)/60 - 1 // A sample stands at the end of its minute.
			if before != 0 && minute != before+1 {
				w.t.Errorf("%v: minute %d follows minute %d", key, minute, before)
			}
			total, before = total+minutes[minute], minute
			delete(minutes, minute)
			compared++
			if uint64(s.value) != total {
				w.t.Fatalf("%v: minute %d: Prometheus has %v, the records say %d", key, minute, s.value, total)
			}
		}
		if len(minutes) > 0 {
			w.t.Errorf("%v: %d minutes with traffic have no sample", key, len(minutes))
		}
	}
	if len(w.truth) != 18 || compared < 18*60*truthHours {
		w.t.Fatalf("compared %d samples of %d series, want at least %d of 18", compared, len(w.truth), 18*60*truthHours)
	}
	w.t.Logf("compared %d samples of %d series over %d hours: no difference", compared, len(w.truth), truthHours)
}

// virtualSource is where the writer reads, in virtual time.
type virtualSource struct {
	mu     sync.Mutex
	totals *metrics.Totals
	now    time.Time
}

func (s *virtualSource) use(totals *metrics.Totals) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.totals = totals
}

// at moves time on.
func (s *virtualSource) at(now time.Time) *metrics.Totals {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = now
	return s.totals
}

func (s *virtualSource) time() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *virtualSource) newest() int64 {
	minutes := s.at(s.time()).ClosedMinutes(0, 1, s.time())
	return minutes[0].Time
}

// Closed implements [remotewrite.Source].
func (s *virtualSource) Closed(after int64, n int) []remotewrite.Minute {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []remotewrite.Minute
	for _, c := range s.totals.ClosedMinutes(after, n, s.now) {
		m := remotewrite.Minute{Begin: c.Time}
		for _, l := range c.Timelines {
			m.Series = append(m.Series, remotewrite.Series{
				AccountID: l.AccountID, VPCID: l.VPCID, Action: l.Action, New: l.New, Records: l.Total.Records, Bytes: l.Total.Bytes, Packets: l.Total.Packets,
			})
		}
		out = append(out, m)
	}
	return out
}

// Position implements [remotewrite.Source].
func (s *virtualSource) Position(endpoint string) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.totals.RemotePosition(endpoint)
}

// Sent implements [remotewrite.Source].
func (s *virtualSource) Sent(endpoint string, minute int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.totals.RemoteSent(endpoint, minute)
}
