package e2e

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
)

// TestWireOfS3 lets everything happen to connections to S3, one toxic after the other, while those to SQS are good.
func TestWireOfS3(t *testing.T) {
	t.Parallel()
	wire(t, "s3", func(s3, _ *toxiproxy.Proxy) *toxiproxy.Proxy { return s3 })
}

// TestWireOfSQS is the other way round.
func TestWireOfSQS(t *testing.T) {
	t.Parallel()
	wire(t, "sqs", func(_, sqs *toxiproxy.Proxy) *toxiproxy.Proxy { return sqs })
}

// wire runs flowd with each service behind a proxy. Under every toxic objects arrive; it must be felt, and flowd must go on by itself when it is gone. In
// the end everything is counted once, and nothing is on the dead-letter queue.
func wire(t *testing.T, name string, choose func(s3, sqs *toxiproxy.Proxy) *toxiproxy.Proxy) {
	t.Helper()
	s, tr := newSite(t, "wire-"+name), newTraffic(t, 11)
	s.setReceives(1000) // An answer that is cut is a receive that nobody sees; how many there are is not what this is about.
	s3, sqs := newProxy(t, "s3", s.endpoint), newProxy(t, "sqs", s.endpoint)
	d := s.startBehind(s3, sqs)
	proxy, felt := choose(s3, sqs), 0
	for _, x := range toxics() {
		began, before, objects := time.Now(), d.troubles(), d.status().Totals.Objects
		cure := x.poison(t, proxy)
		tr.deliver(s, 2)
		if x.fails {
			d.until(x.kind+" to be felt", func() bool { return d.troubles() > before })
		} else {
			d.until("objects to be counted under "+x.kind, func() bool { return d.status().Totals.Objects >= objects+2 })
		}
		felt++
		cure()
		objects = d.status().Totals.Objects
		tr.deliver(s, 1)
		d.untilMore(objects)
		t.Logf("%s: %s", x.kind, time.Since(began).Round(100*time.Millisecond))
	}
	tr.untilCounted(d)
	s.untilQuiet(d)
	if difference := tr.differs(d.scrape()); difference != "" || felt != len(toxics()) {
		t.Errorf("after %d toxics: %s", felt, difference)
	}
	if n := s.messages(s.result.DeadLetterQueueURL); n != 0 {
		t.Errorf("messages on the dead-letter queue: got %d, want 0", n)
	}
	d.stop()
}

// startBehind gives the two services endpoints of their own, by the SDK's own variables. flowd's flag would set both to one.
func (s *site) startBehind(s3, sqs *toxiproxy.Proxy) *flowd {
	s.t.Helper()
	f := s.flags(s.t.TempDir())
	delete(f, "aws.endpoint-url")
	env := []string{"AWS_ENDPOINT_URL_S3=http://" + s3.Listen, "AWS_ENDPOINT_URL_SQS=http://" + sqs.Listen}
	d := &flowd{launchWith(s.t, env, filepath.Join(binaries, "flowd"), f.args()...), "http://" + f["web.listen-address"]}
	d.until("flowd to answer", func() bool { return status(d.url+"/-/healthy") == http.StatusOK })
	d.untilReady()
	return d
}

// troubles is how many calls went wrong so far, as far as flowd counts them: objects, messages, visibility timeouts, and an outage that is going on.
func (d *flowd) troubles() (sum float64) {
	d.t.Helper()
	for series, v := range d.scrape().of("flowd_object_failures_total", "flowd_sqs_messages_failed_total", "flowd_sqs_visibility_extensions_total", "flowd_circuit_open") {
		if !strings.Contains(series, "result=ok") {
			sum += v
		}
	}
	return sum
}
