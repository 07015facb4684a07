package e2e

import (
	"net"
	"strings"
	"syscall"
	"testing"
)

func TestTheFirstSIGTERMLetsAnObjectInWorkFinish(t *testing.T) {
	t.Parallel()
	s, tr := newSite(t, "drain"), newTraffic(t, 5)
	g, flags := newGate(t, s.endpoint), s.flags(t.TempDir())
	d := s.start(flags.with("aws.endpoint-url", g.URL).with("drain-timeout", "1h"))
	tr.deliver(s, 1)
	g.untilHeld(d)
	d.signal(syscall.SIGTERM)
	d.untilDraining()
	if n, there := d.scrape()["flowd_objects_counted_total{}"]; !there || n != 0 {
		t.Errorf("counted objects in a scrape during the drain: got %v (there: %t), want 0", n, there)
	}
	if !d.running() {
		t.Error("flowd ended before the object in work was finished")
	}
	g.open()
	if code := d.end(); code != 0 {
		t.Errorf("exit code: got %d, want 0", code)
	}
	if n := s.messages(s.result.QueueURL); n != 0 {
		t.Errorf("messages that were not deleted: got %d, want 0", n)
	}
	again := s.start(flags)
	tr.untilCounted(again)
	if n := again.scrape()["flowd_objects_total{result=counted}"]; n != 0 {
		t.Errorf("objects that the next process counted: got %v, want 0", n)
	}
}

func TestTheSecondSIGTERMEndsAtOnce(t *testing.T) {
	t.Parallel()
	s, tr := newSite(t, "second"), newTraffic(t, 6)
	g, flags := newGate(t, s.endpoint), s.flags(t.TempDir())
	// The gate stays closed and the drain timeout is longer than any patience, so only the second signal can end it.
	d := s.start(flags.with("aws.endpoint-url", g.URL).with("drain-timeout", "1h"))
	tr.deliver(s, 1)
	g.untilHeld(d)
	d.signal(syscall.SIGTERM)
	d.untilDraining()
	d.signal(syscall.SIGTERM)
	if code := d.end(); code != 1 {
		t.Errorf("exit code: got %d, want 1", code)
	}
	tr.untilCounted(s.start(flags)) // The message comes back.
}

func TestWhatIsNotFinishedWhenTheDrainEndsIsCountedByTheNextProcess(t *testing.T) {
	t.Parallel()
	s, tr := newSite(t, "drained"), newTraffic(t, 7)
	g, flags := newGate(t, s.endpoint), s.flags(t.TempDir())
	d := s.start(flags.with("aws.endpoint-url", g.URL).with("drain-timeout", "1s"))
	tr.deliver(s, 1)
	g.untilHeld(d)
	d.stop()
	tr.untilCounted(s.start(flags))
}

func TestStateInMemoryIsSaid(t *testing.T) {
	t.Parallel()
	s := newSite(t, "memory")
	d := s.start(s.flags(""))
	got, there := d.scrape()["flowd_ledger_durable{}"]
	if !there || got != 0 {
		t.Errorf("flowd_ledger_durable: got %v (there: %t), want 0", got, there)
	}
	d.stop()
	if log := d.stderr.String(); !strings.Contains(log, "state is kept in memory") || !strings.Contains(log, "warn") {
		t.Errorf("log: got %s, want a warning that state is kept in memory", log)
	}
}

func TestAQueueWithoutADeadLetterQueueMustBeAllowed(t *testing.T) {
	t.Parallel()
	s := newSite(t, "redrive")
	flags := s.flags(t.TempDir()).with("sqs.queue-url", s.queue("bare"))
	s.fails(flags, "no redrive policy", "--ingest.allow-no-dlq")
	d := s.start(flags.with("ingest.allow-no-dlq", "true"))
	d.untilReady()
	d.stop()
}

func TestASecondProcessOnTheSameStateIsRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t, "lock")
	flags := s.flags(t.TempDir())
	first := s.start(flags)
	first.untilReady()
	s.fails(flags.with("web.listen-address", freeAddress(t)), "another process has the ledger open", "--state.dir")
	if !first.running() {
		t.Error("the first process ended")
	}
}

func TestAnEndpointThatDoesNotAnswerIsNamed(t *testing.T) {
	t.Parallel()
	s, nobody := newSite(t, "nobody"), freeAddress(t)
	s.fails(s.flags(t.TempDir()).with("aws.endpoint-url", "http://"+nobody), s.setup.Queue, nobody, "connection refused")
}

func TestAPortInUseIsNamed(t *testing.T) {
	t.Parallel()
	s := newSite(t, "port")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s.fails(s.flags(t.TempDir()).with("web.listen-address", l.Addr().String()), l.Addr().String(), "address already in use")
}

// fails runs flowd to its end, which must come with exit code 1 and a log that says all of why.
func (s *site) fails(f flags, why ...string) {
	s.t.Helper()
	d := s.begin(f)
	if code := d.end(); code != 1 {
		s.t.Errorf("exit code: got %d, want 1", code)
	}
	for _, text := range why {
		if log := d.stderr.String(); !strings.Contains(log, text) {
			s.t.Errorf("log: got %s, want it to say %q", log, text)
		}
	}
}
