package metrics

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

const flowSeries = "flowd_flow_records_total{account_id=123456789012,action=accept,flow_direction=ingress,protocol=tcp,vpc_id=vpc-1}"

// F79 first sample of a series: it is exposed at 0, and shows what it counted once a scrape has read that.
func TestF79_NewLabelSetIsReadAtZeroFirst(t *testing.T) {
	s := newService(t, nil)
	s.count(flow(t, "10.0.0.1", "10.0.0.2", "100", "ACCEPT"))
	for i, want := range []float64{0, 1, 1} {
		if got, ok := s.scrape()[flowSeries]; !ok || got != want {
			t.Errorf("scrape %d: got %v (exposed: %v), want %v", i, got, ok, want)
		}
	}
}

func TestNewLabelSetShowsItselfWhenNobodyScrapes(t *testing.T) {
	s := newService(t, nil)
	s.count(flow(t, "10.0.0.1", "10.0.0.2", "100", "ACCEPT"))
	s.now = s.now.Add(89 * time.Second)
	s.commit()
	if got := gather(t, s.totals)[flowSeries]; got != 0 {
		t.Errorf("after 89 s: got %v, want 0", got)
	}
	s.now = s.now.Add(time.Second)
	s.commit()
	if got := gather(t, s.totals)[flowSeries]; got != 1 {
		t.Errorf("after 90 s: got %v, want 1", got)
	}
}

func TestBirthSurvivesRestart(t *testing.T) {
	s := newService(t, nil)
	s.count(flow(t, "10.0.0.1", "10.0.0.2", "100", "ACCEPT"))
	s.restart() // Committed, and nobody has read the 0.
	s.commit()
	if got := s.scrape()[flowSeries]; got != 0 {
		t.Errorf("first scrape after the restart: got %v, want 0", got)
	}
	s.restart() // The release is durable by now: going back to 0 would be a reset.
	if got := s.scrape()[flowSeries]; got != 1 {
		t.Errorf("scrape after the second restart: got %v, want 1", got)
	}
}

// F78 commit that fails: nothing of it was ever exposed, so nothing steps back.
func TestF78_StageThatIsNotPublishedChangesNothing(t *testing.T) {
	s := newService(t, nil)
	s.count(flow(t, "10.0.0.1", "10.0.0.2", "100", "ACCEPT"))
	s.scrape()
	before := s.scrape()
	b := s.totals.NewBatch(s.now)
	b.Add(flow(t, "10.0.0.3", "10.0.0.2", "100", "REJECT"))
	s.now = s.now.Add(time.Hour)
	s.failStage(true, b)
	compare(t, gather(t, s.totals), before)
	s.commit(b) // The same batch again: its members and label sets are still good.
	s.scrape()
	if got := s.scrape().sum("flowd_flow_records_total"); got != 2 {
		t.Errorf("after the retry: got %v records, want 2", got)
	}
}

func compare(t *testing.T, got, want sample) {
	t.Helper()
	for k, v := range want {
		if got[k] != v {
			t.Errorf("%s: got %v, want %v", k, got[k], v)
		}
	}
	if len(got) != len(want) {
		t.Errorf("got %d series, want %d", len(got), len(want))
	}
}

// F77 restart: every durable counter goes on where it was.
func TestF77_RestartContinuesEveryDurableCounter(t *testing.T) {
	s := newService(t, nil)
	for i := range 50 {
		s.count(flow(t, address(i), address(i/2), "100", "ACCEPT"), flow(t, address(i), address(7), "50", "REJECT"))
		s.now = s.now.Add(20 * time.Second)
		s.scrape()
	}
	s.scrape()
	before := s.scrape()
	s.restart()
	after := gather(t, s.totals)
	for _, process := range []string{"flowd_commit_duration_seconds{}", "flowd_last_commit_timestamp_seconds{}"} {
		delete(before, process)
		delete(after, process)
	}
	compare(t, after, before)
}

// F64 other labels than the ledger has, because `--metrics.ports` changed: what was counted stays where it was and never steps back, and new records count
// under the new ports.
func TestF64_OtherPortsThanBefore(t *testing.T) {
	s := newService(t, func(c *Config) { c.Ports = []uint16{80, 443} })
	count := func() sample {
		s.count(flow(t, "10.0.0.1", "10.0.0.2", "100", "ACCEPT")) // To port 443.
		s.scrape()
		return s.scrape()
	}
	const port, other = "flowd_port_bytes_total{action=accept,dstport=443,protocol=tcp}", "flowd_port_bytes_total{action=accept,dstport=other,protocol=tcp}"
	for i, c := range []struct {
		ports       []uint16
		port, other float64
	}{{[]uint16{80, 443}, 100, 0}, {[]uint16{22}, 100, 100}, {[]uint16{443, 22, 80}, 200, 100}} {
		s.cfg.Ports = c.ports
		s.restart()
		if got := count(); got[port] != c.port || got[other] != c.other {
			t.Errorf("process %d, ports %v: got %v under 443 and %v under other, want %v and %v", i+1, c.ports, got[port], got[other], c.port, c.other)
		}
	}
}

// F80 series that leaves and returns: a label set that is idle for 24 hours leaves, and starts at 0 when it returns.
func TestF80_IdleLabelSetLeavesAndStartsAtZero(t *testing.T) {
	s := newService(t, nil)
	s.count(flow(t, "10.0.0.1", "10.0.0.2", "100", "ACCEPT"))
	s.scrape()
	s.scrape()
	s.now = s.now.Add(24 * time.Hour)
	s.commit()
	if _, ok := gather(t, s.totals)[flowSeries]; ok {
		t.Error("a label set that was idle for 24 hours is still exposed")
	}
	s.count(flow(t, "10.0.0.1", "10.0.0.2", "100", "ACCEPT"))
	if got, ok := s.scrape()[flowSeries]; !ok || got != 0 {
		t.Errorf("on return: got %v (exposed: %v), want 0", got, ok)
	}
	if got := s.scrape()[flowSeries]; got != 1 {
		t.Errorf("after its 0 was read: got %v, want 1", got)
	}
}

// F74 label explosion: past the limit of a family records count under `other`, and flowd_series_overflow_total says how many.
func TestF74_InterfacesPastTheLimitCountAsOther(t *testing.T) {
	s := newService(t, func(c *Config) { c.MaxInterfaces = 10 })
	b := s.totals.NewBatch(s.now)
	const records = 100
	for i := range records {
		b.Add(record(t, "123456789012 vpc-1 subnet-1 eni-"+address(i)+" 10.0.0.1 10.0.0.2 443 6 1 10 1799999990 ACCEPT ingress OK"))
	}
	s.commit(b)
	s.scrape()
	got := s.scrape()
	if n := got.series("flowd_interface_records_total"); n != 11 {
		t.Errorf("got %d interface series, want 10 and one for the others", n)
	}
	if sum := got.sum("flowd_interface_records_total"); sum != records {
		t.Errorf("got %v records over all interfaces, want %v", sum, records)
	}
	if n := got["flowd_series_overflow_total{family=interface}"]; n != records-10 {
		t.Errorf("got %v overflows, want %v", n, records-10)
	}
}

// F75 identifiers that are not valid text, or too long: they count under `other`, and the scrape stays whole.
func TestF75_HostileLabelsCannotBreakAScrape(t *testing.T) {
	s := newService(t, nil)
	long := make([]byte, 4000)
	for i := range long {
		long[i] = 'a'
	}
	hostile := []string{"vpc-\xff\xfe", "vpc-é", string(long), "vpc-\x01"}
	for _, id := range hostile {
		s.count(record(t, "123456789012 "+id+" subnet-1 eni-1 10.0.0.1 10.0.0.2 443 6 1 10 1799999990 ACCEPT ingress OK"))
	}
	s.scrape()
	const other = "flowd_flow_records_total{account_id=123456789012,action=accept,flow_direction=ingress,protocol=tcp,vpc_id=other}"
	if got := s.scrape(); got[other] != float64(len(hostile)) || got.series("flowd_flow_records_total") != 1 {
		t.Errorf("got %v records of VPC other in %d series, want all %d in one", got[other], got.series("flowd_flow_records_total"), len(hostile))
	}
}

func TestMissingFieldsAreUnknown(t *testing.T) {
	s := newService(t, nil)
	s.count(record(t, "- - - - - - - - - - - - - OK"))
	s.scrape()
	got := s.scrape()
	const want = "flowd_flow_records_total{account_id=unknown,action=unknown,flow_direction=unknown,protocol=unknown,vpc_id=unknown}"
	if got[want] != 1 {
		t.Errorf("%s: got %v, want 1", want, got[want])
	}
	if v := got["flowd_port_records_total{action=unknown,dstport=other,protocol=unknown}"]; v != 1 {
		t.Errorf("port family: got %v, want 1", v)
	}
}

func TestNoDataIsReadAndNotCounted(t *testing.T) {
	s := newService(t, nil)
	s.count(record(t, "123456789012 vpc-1 subnet-1 eni-1 - - - - - - 1799999990 - - NODATA"),
		record(t, "123456789012 vpc-1 subnet-1 eni-1 - - - - - - 1799999990123 - - SKIPDATA"))
	s.scrape()
	got := s.scrape()
	for name, want := range map[string]float64{
		"flowd_records_read_total{log_status=nodata}":   1,
		"flowd_records_read_total{log_status=skipdata}": 1,
		"flowd_records_read_total{log_status=ok}":       0,
		"flowd_record_age_seconds{}":                    0,
		"flowd_objects_counted_total{}":                 1,
	} {
		if got[name] != want {
			t.Errorf("%s: got %v, want %v", name, got[name], want)
		}
	}
	if n := got.series("flowd_interface_records_total"); n != 0 {
		t.Errorf("got %d interface series, want none", n)
	}
}

func TestNewestRecordIgnoresTheFuture(t *testing.T) {
	s := newService(t, nil)
	for _, end := range []string{"1799999000", "1800000599", "1800000601", "1799999990000"} {
		s.count(record(t, "123456789012 vpc-1 subnet-1 eni-1 10.0.0.1 10.0.0.2 443 6 1 10 "+end+" ACCEPT ingress OK"))
	}
	if got := gather(t, s.totals)["flowd_newest_record_timestamp_seconds{}"]; got != 1800000599 {
		t.Errorf("got %v, want the newest end that is at most 10 minutes past its object", got)
	}
}

// F76 quotes and backslashes in identifiers: they are escaped, and come out as they went in.
func TestF76_QuotesInLabelsAreEscaped(t *testing.T) {
	s := newService(t, nil)
	s.count(record(t, `123456789012 vpc-"\ subnet-1 eni-1 10.0.0.1 10.0.0.2 443 6 1 10 1799999990 ACCEPT ingress OK`))
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(get(scrapeHandler(s.totals), http.MethodGet, "/metrics")))
	if err != nil {
		t.Fatal(err)
	}
	f := families["flowd_flow_records_total"]
	if f == nil || len(f.Metric) != 1 || !strings.Contains(labelText(f.Metric[0]), `vpc_id=vpc-"\`) {
		t.Errorf("got %v, want one series of vpc-\"\\", f)
	}
}

// F83 counters past 2^53, where a float64 does not see 1 any more: they are added as integers, so nothing is lost.
func TestF83_SmallCountsAreNotLostInLargeCounters(t *testing.T) {
	s := newService(t, nil)
	for _, bytes := range []string{"9007199254740992", "1", "1"} {
		s.count(flow(t, "10.0.0.1", "10.0.0.2", bytes, "ACCEPT"))
		s.scrape()
	}
	const name = "flowd_flow_bytes_total{account_id=123456789012,action=accept,flow_direction=ingress,protocol=tcp,vpc_id=vpc-1}"
	if got := s.scrape()[name]; got != 1<<53+2 {
		t.Errorf("got %.0f, want %d", got, int64(1<<53+2))
	}
}
