package metrics

import (
	"encoding/binary"
	"fmt"
	"math"
	"net/http"
	"net/netip"
	"runtime"
	"strings"
	"testing"

	"flowd/pkg/parser"
)

// T06 memory by cardinality, as a port scan or a hostile object makes it: rows of a batch, series and sketches are bounded, whatever there is of
// distinct accounts, VPCs, interfaces, addresses and ports, and every record counts once.
func TestT06_AMillionOfEverythingIsBounded(t *testing.T) {
	if raceDetector {
		t.Skip("it is twenty times slower under the race detector, and has one goroutine")
	}
	const distinct, perObject, most = 1_000_000, 100_000, 64 << 20
	s := newService(t, nil)
	r := flow(t, "10.0.0.1", "10.0.0.2", "100", "REJECT")
	before := heapInUse()
	for first := 0; first < distinct; first += perObject {
		b := s.totals.NewBatch(s.now)
		for i := range perObject {
			distinguish(r, first+i)
			b.Add(r)
		}
		if n := len(b.rows.interfaces); n > b.rows.maxInterfaces {
			t.Fatalf("a batch has %d interfaces, want at most %d", n, b.rows.maxInterfaces)
		}
		s.commit(b)
	}
	if grown := heapInUse() - before; grown > most {
		t.Errorf("the heap grew by %d bytes, want at most %d", grown, most)
	}
	s.scrape()
	got := s.scrape()
	for _, family := range []string{"flowd_flow_records_total", "flowd_interface_records_total", "flowd_port_records_total"} {
		if n := got.sum(family); n != distinct {
			t.Errorf("%s: got %v records, want %d", family, n, distinct)
		}
	}
	if n := len(got); n < 10_000 || n > 30_000 {
		t.Errorf("got %d samples, want what the limits allow, which is some 20,000", n)
	}
	if got["flowd_series_overflow_total{family=interface}"] == 0 || got["flowd_series_overflow_total{family=flow}"] == 0 {
		t.Error("nothing says that limits were reached")
	}
}

// distinguish gives a record what no record of another number has.
func distinguish(r *parser.Record, i int) {
	r.AccountID = fmt.Appendf(nil, "%012d", i)
	r.VPCID, r.SubnetID, r.InterfaceID = fmt.Appendf(nil, "vpc-%08x", i), fmt.Appendf(nil, "subnet-%08x", i), fmt.Appendf(nil, "eni-%08x", i)
	var a [4]byte
	binary.BigEndian.PutUint32(a[:], uint32(i))
	r.SrcAddr, r.DstPort = parser.AddrOf(netip.AddrFrom4(a)), uint16(i)
	a[0] = 10
	r.DstAddr = parser.AddrOf(netip.AddrFrom4(a))
}

func heapInUse() int {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// T06 keys that collide on purpose: whoever crafts them for one hash hits the hash of no other process, because each has a seed of its own.
func TestT06_CraftedCollisionsDoNotTravel(t *testing.T) {
	victim, other := newService(t, nil).totals.source.hash, newService(t, nil).totals.source.hash
	const keys, slots = 4096, 1 << 14
	collide, spread := 0, map[uint64]bool{}
	for i := uint64(0); collide < keys/16; i++ { // All in one slot of the victim's table.
		if k := (parser.Addr{Lo: i}); victim(k)%slots == 0 {
			collide++
			spread[other(k)%slots] = true
		}
	}
	if len(spread) < collide*9/10 {
		t.Errorf("%d keys that share a slot here have only %d slots elsewhere", collide, len(spread))
	}
}

// T07 falsified numbers: a record with the largest of them cannot stop a counter for ever. Where 64 bits end the counter starts again at what is
// added, which `increase()` takes for a restart; within an object sums stop at the end, and nothing wraps.
func TestT07_CounterThatIsFullStartsAgain(t *testing.T) {
	s := newService(t, nil)
	const name = "flowd_port_bytes_total{action=accept,dstport=443,protocol=tcp}"
	count := func(bytes uint64) float64 {
		s.count(flow(t, "10.0.0.1", "10.0.0.2", fmt.Sprint(bytes), "ACCEPT"))
		s.scrape()
		return s.scrape()[name]
	}
	for _, step := range []struct {
		bytes uint64
		want  float64
	}{
		{1000, 1000}, {math.MaxUint64 - 1000, math.MaxUint64}, {100, 100}, {23, 123}, {math.MaxUint64, math.MaxUint64}, {7, 7},
	} {
		if got := count(step.bytes); got != step.want {
			t.Errorf("after %d more: got %v, want %v", step.bytes, got, step.want)
		}
	}
	const other = "flowd_flow_records_total"
	if got := s.scrape().sum(other); got != 6 {
		t.Errorf("records: got %v, want 6, whatever they carried", got)
	}
	most := flow(t, "10.0.0.1", "10.0.0.2", "18446744073709551615", "REJECT")
	s.count(most, most)
	s.scrape()
	if got := s.scrape()["flowd_port_bytes_total{action=reject,dstport=443,protocol=tcp}"]; got != math.MaxUint64 {
		t.Errorf("two records of one object: got %v, want the end of 64 bits", got)
	}
}

// T08 label injection: whatever bytes identifiers have, label values are printable ASCII of at most 128 bytes, or one of flowd's own words.
func TestT08_LabelsAreBoundedText(t *testing.T) {
	hostile := []string{
		"vpc-\xff\xfe", "vpc-\x00", "vpc-\x7f", "vpc-\u00e9", "vpc-\u202e", "a\nflowd_ledger_durable 7", "a\"} 9\nevil{x=\"", `a\`, strings.Repeat("a", 129),
		"vpc-\u2028", "<script>", "{}", "__name__",
	}
	s, r := newService(t, nil), flow(t, "10.0.0.1", "10.0.0.2", "100", "ACCEPT")
	for _, text := range hostile {
		r.AccountID, r.VPCID, r.SubnetID, r.InterfaceID = []byte(text), []byte(text), []byte(text), []byte(text)
		s.count(r)
	}
	s.scrape()
	text := get(scrapeHandler(s.totals), http.MethodGet, "/metrics")
	looked := 0
	for line := range strings.Lines(text) {
		looked++
		if !strings.HasPrefix(line, "flowd_") && !strings.HasPrefix(line, "# ") {
			t.Errorf("a line that is none of flowd's: %q", line)
		}
		if strings.ContainsFunc(strings.TrimSuffix(line, "\n"), func(c rune) bool { return c < ' ' || c > '~' }) || len(line) > 1000 {
			t.Errorf("a line with more than printable ASCII, or too long: %q", line)
		}
	}
	if looked < 100 || strings.Contains(text, strings.Repeat("a", 129)) {
		t.Errorf("looked at %d lines; an identifier of 129 bytes among them: %v", looked, strings.Contains(text, strings.Repeat("a", 129)))
	}
	if got := s.scrape().sum("flowd_interface_records_total"); got != float64(len(hostile)) {
		t.Errorf("got %v records, want %d", got, len(hostile))
	}
}
