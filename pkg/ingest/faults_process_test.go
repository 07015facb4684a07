package ingest

import (
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"flowd/pkg/parser"
)

// F70 deadlock: a worker that gives no sign of life for five minutes makes flowd unhealthy, the stacks of all goroutines are logged once, its message stays
// invisible, and the other workers go on; the object counts once, here or in the next process.
func TestF70_Deadlock(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.cfg.Workers = 3
		block, first := make(chan struct{}), true
		r.counter.add = func(*parser.Record) {
			if first {
				first = false
				<-block
			}
		}
		r.sendObject(key, []byte(text(3)))
		r.start()
		r.wantStuck("TestF70_Deadlock", block)
		r.stop()
		r.wantFate(deleted, 2) // To parse for half an hour is a failure of the object.
		r.wantRecords(3)
	})
}

// TestWorkersThatWaitAreNotStuck has everything that a worker may wait for longer than five minutes: an empty queue, a slow body, an outage, and memory.
func TestWorkersThatWaitAreNotStuck(t *testing.T) {
	for name, world := range map[string]func(r *rig){
		"an empty queue": func(*rig) {},
		"a slow body": func(r *rig) {
			o := slowly(r.store.put(key, []byte(text(3))), 7*time.Minute)
			o.chunk, o.pause = len(o.content)/40+1, 10*time.Second // Each of them comes in time.
			r.queue.send(message(created(key, o)))
		},
		"an outage": func(r *rig) {
			r.counter.lookUp = func(int) error { return errDisk }
			r.sendObject(key, zip(r, text(3)))
		},
		"short memory": func(r *rig) { r.share = func() float64 { return 0.9 } },
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(r *rig) {
				world(r)
				r.start()
				for range 40 {
					time.Sleep(watchInterval)
					if err := r.consumer.Healthy(); err != nil {
						t.Fatal(err)
					}
				}
				r.stop()
				if name == "a slow body" {
					r.wantFate(deleted, 1)
				}
			})
		})
	}
}

// F71 memory runs short: at 85 % of the limit receiving pauses (`flowd_circuit_open{reason="memory"}`), what is in work is counted and deleted, no
// message is received or kept in hand, and below 75 % receiving goes on.
func TestF71_MemoryRunsShort(t *testing.T) {
	inBubble(t, func(r *rig) {
		var percent atomic.Int64
		r.share = func() float64 { return float64(percent.Load()) / 100 }
		r.start()
		at := func(p int64) {
			percent.Store(p)
			time.Sleep(2 * longPoll) // The polls that had begun may each bring a message still.
		}
		r.sendSlowly("in work", zip(r, text(3)), 50*time.Second)
		at(84)
		r.wantCircuit("")
		at(86)
		r.wantCircuit(outageMemory)
		for i := range 10 {
			r.sendObject(string(rune('a'+i)), zip(r, text(1)))
		}
		at(76)
		r.wantCircuit(outageMemory)
		r.wantRecords(3)
		if left := r.queue.left(); left != 10 || r.queue.mostReceived() != 1 {
			t.Errorf("%d messages are left, and one was received %d times; want 10 that were not", left, r.queue.mostReceived())
		}
		if err := r.consumer.Ready(); err != nil {
			t.Errorf("Ready: got %v, want no error: another process would not have more memory", err)
		}
		at(74)
		r.wantCircuit("")
		r.wantRecords(13)
		at(90)
		r.wantCircuit(outageMemory)
		if took := r.stop(); took != 0 {
			t.Errorf("stopping took %s, want no time", took)
		}
		for text, want := range map[string]int{"receiving pauses until memory is free": 2, "memory is free; receiving again": 1} {
			if got := r.logs.FilterMessageSnippet(text).Len(); got != want {
				t.Errorf("%q was said %d times, want %d", text, got, want)
			}
		}
	})
}

// F72 no descriptor is left: receiving stops (`descriptors`), connections that are idle close and leave theirs to whoever scrapes, no receive count is
// burned, and receiving goes on by itself.
func TestF72_NoDescriptorIsLeft(t *testing.T) {
	for _, errno := range []syscall.Errno{syscall.EMFILE, syscall.ENFILE} {
		err := &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("socket", errno)}
		outage{s3: err, sqs: err, reason: outageDescriptors}.run(t)
		outage{s3: err, reason: outageDescriptors}.run(t)
	}
}
