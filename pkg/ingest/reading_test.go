package ingest

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"flowd/pkg/parser"
)

func TestTwoWorkersGetTheSameObject(t *testing.T) {
	inBubble(t, func(r *rig) {
		o := slowly(r.store.put(key, zip(r, text(3))), 10*time.Second)
		r.queue.send(message(created(key, o)))
		r.queue.send(message(created(key, o)))
		r.runFor(time.Hour)
		if gets := r.store.gets(); gets != 2 {
			t.Fatalf("the object was read %d times, want 2 at once", gets)
		}
		r.wantRecords(3)
		r.wantCounters(map[string]float64{
			"sqs_messages_received": 2, "sqs_messages_deleted": 2, "objects{counted}": 1, "objects{duplicate}": 1,
		})
	})
}

// TestParsingIsBoundedByCores has more workers than cores. Those that wait for the network hold no core.
func TestParsingIsBoundedByCores(t *testing.T) {
	inBubble(t, func(r *rig) {
		const workers, objects = 8, 16
		r.cfg.Workers = workers
		for i := range objects {
			r.sendSlowly(key+string(rune('a'+i)), zip(r, text(3)), 10*time.Second)
		}
		parsing, most := 0, 0
		r.counter.add = func(*parser.Record) {
			r.counter.mu.Lock()
			parsing++
			most = max(most, parsing)
			r.counter.mu.Unlock()
			time.Sleep(time.Millisecond) // A parser that can be caught in the act.
			r.counter.mu.Lock()
			parsing--
			r.counter.mu.Unlock()
		}
		r.build()
		if got, want := cap(r.consumer.parsing.taken), runtime.GOMAXPROCS(0); got != want {
			t.Errorf("objects that may be parsed at once: got %d, want %d", got, want)
		}
		r.consumer.parsing = newCores(2)
		r.start()
		began := time.Now()
		for r.queue.left() > 0 {
			time.Sleep(time.Second)
		}
		if took := time.Since(began); took > 30*time.Second {
			t.Errorf("%d objects of 10 seconds each by %d workers took %s, want about 20: somebody held a core while waiting", objects, workers, took)
		}
		r.stop()
		if most != 2 {
			t.Errorf("at once parsed: got %d, want 2", most)
		}
		r.wantRecords(3 * objects)
	})
}

// TestStallIsOnlyWhatTheNetworkTakes has bodies that are slow, but never without a byte for too long, and a parser that holds the only core for
// longer than that between two reads.
func TestStallIsOnlyWhatTheNetworkTakes(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.cfg.VisibilityTimeout = time.Hour
		r.counter.add = func(*parser.Record) { time.Sleep(2 * stallTimeout) }
		r.build()
		r.consumer.parsing = newCores(1)
		r.start()
		r.sendSlowly("a", []byte(text(2)), 10*(stallTimeout-time.Second))
		time.Sleep(stallTimeout) // The first piece is being parsed, and holds the core.
		r.sendSlowly("b", []byte(text(2)), 10*(stallTimeout-time.Second))
		time.Sleep(2 * time.Hour)
		r.stop()
		r.wantRecords(4)
		r.wantCounters(map[string]float64{
			"sqs_messages_received": 2, "sqs_messages_deleted": 2, "objects{counted}": 2,
		})
	})
}

// F28 S3 does not answer: the get is given up after 20 seconds as `stalled`, and the message comes back.
func TestF28_GetThatNeverAnswers(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.cfg.VisibilityTimeout = time.Hour
		r.sendObject(key, zip(r, text(3)))
		r.store.fails = func(ctx context.Context, n int) error {
			if n > 1 {
				return nil
			}
			<-ctx.Done()
			return errors.New("request canceled")
		}
		r.runFor(time.Hour)
		r.wantFate(deleted, 2)
		r.wantCounters(again("object_failures{stalled}"))
		if got := r.logs.FilterMessageSnippet("an object failed").All(); len(got) != 1 || !strings.Contains(got[0].ContextMap()["error"].(string), "no byte for 20s") {
			t.Errorf("got %v, want one line that says how long it waited", got)
		}
	})
}
