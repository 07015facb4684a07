package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"flowd/e2e/loopback"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestRoundsOfACommandLine(t *testing.T) {
	o, err := parse([]string{"--cycles=2000"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	rounds, err := o.chosen()
	if err != nil || len(rounds) != len(roundNames()) {
		t.Fatalf("got %d rounds, %v, want all %d", len(rounds), err, len(roundNames()))
	}
	broken := 0
	for i, r := range rounds {
		if r.name != roundNames()[i] {
			t.Errorf("round %d: got %s, want %s", i, r.name, roundNames()[i])
		}
		if r.broken {
			broken++
			if r.kills > 50 || r.tag == "" {
				t.Errorf("%s: got %d kills of build %q, want at most 50 of a broken one", r.name, r.kills, r.tag)
			}
		}
	}
	if broken != 2 || rounds[0].kills != 2000 {
		t.Errorf("got %d broken builds and %d kills in the first round, want 2 and 2000", broken, rounds[0].kills)
	}
}

func TestCommandLinesThatMakeNoSense(t *testing.T) {
	for _, args := range []string{"--cycles=0", "--fail=1", "--objects=0", "now", "--rounds=kil", "--points=nowhere", "--points=after-sync:later", "--points=after-publish:error", "--nothing"} {
		if err := run(t.Context(), []string{args}, io.Discard, io.Discard); err == nil {
			t.Errorf("%s: got no error", args)
		}
	}
}

func TestAFailpointAloneStandsForEveryMode(t *testing.T) {
	got, err := choosePoints("after-sync, before-delete:error,after-publish")
	want := []point{{"after-sync", modeCrash}, {"after-sync", modeError}, {"before-delete", modeError}, {"after-publish", modeCrash}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
}

func TestVerdicts(t *testing.T) {
	good := func(name string) result {
		r, err := options{cycles: 1, points: "after-sync"}.make(name)
		if err != nil {
			t.Fatal(err)
		}
		return result{round: &r, objects: 10, counted: 10, watch: watch{looks: 3}, noSpace: 1, failed: 1}
	}
	for _, test := range []struct {
		name, round, want string
		change            func(*result)
	}{
		{"everything is equal", roundKill, "ok", func(*result) {}},
		{"a counter differs", roundKill, "FAILED", func(r *result) { r.difference = 1 }},
		{"a counter stepped back", roundKill, "FAILED", func(r *result) { r.watch.stepsBack = 1 }},
		{"no scrape was looked at", roundKill, "FAILED", func(r *result) { r.watch.looks = 0 }},
		{"no object was delivered", roundKill, "FAILED", func(r *result) { r.objects = 0 }},
		{"the harness gave up", roundKill, "FAILED", func(r *result) { r.err = loopback.ErrEnded }},
		{"a message is on the dead-letter queue", roundKill, "FAILED", func(r *result) { r.dead = 1 }},
		{"messages may be there in the round about that", roundRedrive, "ok", func(r *result) { r.dead, r.uncounted = 2, 1 }},
		{"no message got there", roundRedrive, "FAILED", func(*result) {}},
		{"objects are nowhere", roundRedrive, "FAILED", func(r *result) { r.dead, r.uncounted = 2, 3 }},
		{"a broken build differs", roundDelete, "caught", func(r *result) { r.difference = 1 }},
		{"a broken build stepped back", roundPublish, "caught", func(r *result) { r.watch.stepsBack = 1 }},
		{"a broken build looks right", roundPublish, "FAILED", func(*result) {}},
		{"a broken build did not even run", roundPublish, "FAILED", func(r *result) { r.err, r.difference = loopback.ErrEnded, 1 }},
		{"the disk was full", roundDisk, "ok", func(*result) {}},
		{"the disk was never full", roundDisk, "FAILED", func(r *result) { r.noSpace = 0 }},
		{"there is no disk", roundDisk, "skipped", func(r *result) { r.err = fmt.Errorf("%w: no", errNoDisk) }},
		{"the endpoint never failed", roundFaults, "FAILED", func(r *result) { r.failed = 0 }},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := good(test.round)
			if test.change(&r); r.verdict() != test.want {
				t.Errorf("got %s, want %s", r.verdict(), test.want)
			}
			var out strings.Builder
			if err := report(&out, options{}, []result{r}); (err != nil) != (test.want == "FAILED") || !strings.Contains(out.String(), test.want) {
				t.Errorf("report: got %v and\n%s", err, out.String())
			}
		})
	}
}

func TestNoRoundAtAllIsAFailure(t *testing.T) {
	if err := report(io.Discard, options{}, nil); err == nil {
		t.Error("got no error")
	}
}

// TestObjectsInRandomOrderAreTheSameObjects holds the order of one seed, which time would change, in a bubble.
func TestObjectsInRandomOrderAreTheSameObjects(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 300
		keys := func(shuffle bool) (all []string) {
			tr, err := newTraffic(&round{options: options{seed: 1, records: 5, shuffle: shuffle}}, nil)
			if err != nil {
				t.Fatal(err)
			}
			for range n {
				all = append(all, tr.next().Key)
			}
			for len(tr.waiting) > 0 {
				all = append(all, tr.take().Key)
			}
			return all
		}
		inOrder, shuffled := keys(false), keys(true)
		if len(shuffled) != n+held || slices.Equal(inOrder, shuffled[:n]) {
			t.Fatalf("got %d objects, in order: %v, want %d and not in order", len(shuffled), slices.Equal(inOrder, shuffled[:n]), n+held)
		}
		slices.Sort(shuffled)
		if unique := len(slices.Compact(slices.Clone(shuffled))); unique != n+held {
			t.Errorf("different objects: got %d, want %d", unique, n+held)
		}
		for _, k := range inOrder {
			if _, found := slices.BinarySearch(shuffled, k); !found {
				t.Errorf("%s is missing when the order is random", k)
			}
		}
	})
}

func TestDiceAreTheSeeds(t *testing.T) {
	roll := func(seed, stream uint64) (all []time.Duration) {
		d := newDice(seed, stream)
		for range 20 {
			all = append(all, d.between(time.Millisecond, time.Second))
		}
		return all
	}
	one := roll(1, streamKills)
	if !slices.Equal(one, roll(1, streamKills)) || slices.Equal(one, roll(2, streamKills)) || slices.Equal(one, roll(1, streamFaults)) {
		t.Error("the same seed and stream must roll the same, and others must not")
	}
	if lo, hi := slices.Min(one), slices.Max(one); lo < time.Millisecond || hi >= time.Second {
		t.Errorf("between a millisecond and a second: got %v to %v", lo, hi)
	}
}

func TestADiskIsFilledAndFreed(t *testing.T) {
	d, err := mountDisk(t.Context(), t.TempDir())
	if errors.Is(err, errNoDisk) {
		t.Skip(err)
	}
	defer func() {
		if err := d.unmount(); err != nil {
			t.Error(err)
		}
	}()
	if err := d.fill(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(d.dir+"/more", make([]byte, 1<<16), 0o600); err == nil {
		t.Error("writing to a full disk: got no error")
	}
	if err := d.free(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(d.dir+"/more", make([]byte, 1<<16), 0o600); err != nil {
		t.Errorf("writing after space was made: %v", err)
	}
}
