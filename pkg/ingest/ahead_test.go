package ingest

import (
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"flowd/pkg/parser"
)

// slowParser makes every record take a millisecond.
func (r *rig) slowParser(cores int) {
	r.counter.add = func(*parser.Record) { time.Sleep(time.Millisecond) }
	r.build()
	r.consumer.parsing = newCores(cores)
}

// TestObjectThatIsAloneHasTwoCores until another one comes, which gets its core when the next piece is due, not when the first object ends.
func TestObjectThatIsAloneHasTwoCores(t *testing.T) {
	inBubble(t, func(r *rig) {
		const first, second = 20_000, 3
		r.cfg.VisibilityTimeout = time.Hour
		r.slowParser(2)
		r.start()
		busy := func() int { return len(r.consumer.parsing.taken) }
		r.sendObject("a", []byte(text(first)))
		time.Sleep(time.Second)
		if busy() != 2 {
			t.Errorf("one object: %d cores are taken, want 2", busy())
		}
		r.sendObject("b", zip(r, text(second)))
		began := time.Now()
		for r.queue.left() > 1 {
			time.Sleep(100 * time.Millisecond)
		}
		if took, most := time.Since(began), 5*time.Second; took > most {
			t.Errorf("an object beside one that takes 20 seconds took %s, want %s at most", took, most)
		}
		if busy() != 1 {
			t.Errorf("what is left of the first object: %d cores are taken, want 1", busy())
		}
		time.Sleep(time.Minute)
		if busy() != 0 {
			t.Errorf("no object: %d cores are taken", busy())
		}
		r.sendObject("c", []byte(text(first)))
		time.Sleep(time.Second)
		if busy() != 2 {
			t.Errorf("one object again: %d cores are taken, want 2", busy())
		}
		time.Sleep(time.Minute)
		r.stop()
		r.wantRecords(first + second + first)
	})
}

// TestOneObjectBorrowsAtATime: while the first one waits for the network, and has no core at all, another one that comes gets one and no second.
func TestOneObjectBorrowsAtATime(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.cfg.VisibilityTimeout = time.Hour
		r.slowParser(8)
		o := r.store.put("a", []byte(text(20_000)))
		o.chunk, o.pause = 400<<10, 15*time.Second
		r.queue.send(message(created("a", o)))
		r.start()
		time.Sleep(29 * time.Second) // The first piece is parsed, the next comes in a second.
		if got := len(r.consumer.parsing.taken); got != 0 {
			t.Errorf("an object that waits has %d cores", got)
		}
		r.sendObject("b", []byte(text(20_000)))
		time.Sleep(500 * time.Millisecond)
		if got := len(r.consumer.parsing.taken); got != 1 {
			t.Errorf("another object beside it has %d cores, want 1", got)
		}
		time.Sleep(5 * time.Minute)
		r.stop()
		r.wantRecords(40_000)
	})
}

// TestSmallObjectsHaveOneCore, as has any when there is no spare one.
func TestSmallObjectsHaveOneCore(t *testing.T) {
	for _, c := range []struct{ cores, records int }{{2, 1000}, {1, 5000}} {
		inBubble(t, func(r *rig) {
			r.slowParser(c.cores)
			r.start()
			if content := []byte(text(c.records)); len(content) >= worthAhead && c.cores > 1 {
				t.Fatalf("%d bytes are not small", len(content))
			}
			r.sendObject("a", []byte(text(c.records)))
			time.Sleep(500 * time.Millisecond)
			if got := len(r.consumer.parsing.taken); got != 1 {
				t.Errorf("%d records with %d cores: %d are taken, want 1", c.records, c.cores, got)
			}
			if len(r.consumer.parsing.lent) != 0 {
				t.Errorf("%d records with %d cores: text is handed over, and nobody else can parse it", c.records, c.cores)
			}
			time.Sleep(time.Minute)
			r.stop()
			r.wantRecords(c.records)
		})
	}
}

// TestBrokenObjectDoesNotWaitForTheRest has a large object without a header, of which the network brings a piece in a minute: that it is broken is known
// with the first one. Both cores are free then, and nobody reads on.
func TestBrokenObjectDoesNotWaitForTheRest(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.slowParser(2)
		o := r.store.put("a", slices.Concat([]byte("hello\n"), []byte(text(40_000))))
		o.chunk, o.pause = 256<<10, stallTimeout-time.Second
		r.queue.send(message(created("a", o)))
		r.start()
		time.Sleep(stallTimeout)
		if got := r.counters()["object_failures{"+reasonHeader+"}"]; got != 1 {
			t.Errorf("%v objects failed, want 1 already", got)
		}
		if got := len(r.consumer.parsing.taken); got != 0 {
			t.Errorf("%d cores are taken, want none", got)
		}
		r.stop()
	})
}

// TestPanicWithTwoCores is one of the object, and leaves no core taken and no goroutine behind.
func TestPanicWithTwoCores(t *testing.T) {
	inBubble(t, func(r *rig) {
		before := runtime.NumGoroutine()
		r.build()
		r.consumer.parsing = newCores(2)
		r.counter.add = func(*parser.Record) { panic("a bug") }
		o := announced(key, r.store.put(key, []byte(text(20_000))))
		if _, err := r.consumer.readObject(r.Context(), newReader(r.consumer.chunks), &o); reasonOf(err, "none") != reasonPanic {
			t.Errorf("got %v, want the panic as an error", err)
		}
		synctest.Wait()
		if got := len(r.consumer.parsing.taken); got != 0 || runtime.NumGoroutine() != before {
			t.Errorf("%d cores are taken, and of %d goroutines there are %d", got, before, runtime.NumGoroutine())
		}
	})
}

// TestBorrowedCoreIsNotKeptForTheNetwork has an object that is alone and waits for its next piece when fifteen others come: they have both cores.
func TestBorrowedCoreIsNotKeptForTheNetwork(t *testing.T) {
	inBubble(t, func(r *rig) {
		const others, each = 15, 1000 // Records, of a millisecond.
		r.cfg.VisibilityTimeout, r.cfg.Workers = time.Hour, 16
		r.slowParser(2)
		o := r.store.put("a", []byte(text(20_000)))
		o.chunk, o.pause = 400<<10, 15*time.Second
		r.queue.send(message(created("a", o)))
		r.start()
		time.Sleep(29 * time.Second) // The first piece is parsed, the next comes in a second.
		began := time.Now()
		for i := range others {
			r.sendObject(string(rune('b'+i)), []byte(text(each)))
		}
		for r.queue.left() > 1 {
			time.Sleep(100 * time.Millisecond)
		}
		if took, most := time.Since(began), 12*time.Second; took > most {
			t.Errorf("15 seconds of parsing on two cores, beside an object that waits, took %s, want %s at most", took, most)
		}
		time.Sleep(time.Minute)
		r.stop()
		r.wantRecords(20_000 + others*each)
	})
}

// TestOneObjectHasTwoCores at most, however many cores there are: others that come have one each, and once there are some the first may not get its second one
// again.
func TestOneObjectHasTwoCores(t *testing.T) {
	inBubble(t, func(r *rig) {
		const objects = 3
		r.cfg.VisibilityTimeout = time.Hour
		r.slowParser(8)
		r.start()
		for i := range objects {
			r.sendObject(string(rune('a'+i)), []byte(text(20_000)))
			time.Sleep(time.Second)
			if got := len(r.consumer.parsing.taken); got < i+1 || got > i+2 || i == 0 && got != 2 {
				t.Errorf("%d objects: %d cores are taken, want one for each and one more at most", i+1, got)
			}
		}
		time.Sleep(time.Minute)
		r.stop()
		r.wantRecords(objects * 20_000)
	})
}
