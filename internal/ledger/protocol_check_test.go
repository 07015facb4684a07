package ledger

import (
	"slices"
	"testing"
)

// TestProtocol looks at every state that the order of flowd can get into, and at those of orders that look as good: one object, announced by two
// messages, read by one process or by two. At any step a process may be killed, an answer may get lost, a visibility timeout or a lease may end, and
// where it says so a disk may be lost. flowd's order must be exact, and each of the others must be found out.
func TestProtocol(t *testing.T) {
	const enough = 300_000 // States altogether; with fewer, something that may happen does not.
	total := 0
	for _, p := range protocols() {
		states, faults := p.explore()
		total += states
		t.Logf("%-60s %6d states: %v", p.name, states, faults)
		if !slices.Equal(faults, p.want) {
			t.Errorf("%s: got %v, want %v", p.name, faults, p.want)
		}
	}
	if total < enough {
		t.Errorf("explored %d states, want %d at least", total, enough)
	}
	t.Logf("%d states", total)
}

// What can be wrong with a protocol.
const (
	countsTwice = "counts twice"
	loses       = "loses an object" // Its messages are gone, and nobody will count it.
	sticks      = "sticks"          // A message stays for ever.
	stepsBack   = "steps back"      // A scrape sees less than the one before.
)

// protocol is an order of operations.
type protocol struct {
	name    string
	oneDisk bool // The two are workers of one process, with one disk, and die together.
	losses  int8 // Of disks.
	leases  bool
	ops     []op
	want    []string
}

func protocols() []protocol {
	return []protocol{
		{name: "flowd: one transaction, publish, delete", oneDisk: true, ops: []op{look, commit, publish, remove}},
		{name: "delete before the commit", oneDisk: true, ops: []op{look, remove, commit, publish}, want: []string{loses}},
		{name: "publish before the commit", oneDisk: true, ops: []op{look, publishEarly, commit, publish, remove}, want: []string{stepsBack}},
		{name: "counters, then the row", oneDisk: true, ops: []op{look, commitCounter, commitRow, publish, remove}, want: []string{countsTwice}},
		{name: "the row, then counters", oneDisk: true, ops: []op{look, commitRow, commitCounter, publish, remove}, want: []string{countsTwice, loses}},
		{name: "no look-up within the transaction", oneDisk: true, ops: []op{look, commitBlindly, publish, remove}, want: []string{countsTwice}},
		{name: "two replicas with ledgers of their own", ops: []op{look, commit, publish, remove}, want: []string{countsTwice}},
		{name: "a lock with a lease, the transaction, complete", leases: true, ops: []op{lock, commit, complete, publish, remove}, want: []string{countsTwice}},
		{name: "a lock without a lease", ops: []op{lock, commit, complete, publish, remove}, want: []string{sticks}},
		{name: "a durable intent, a claim, the transaction", ops: []op{look, intend, claim, commit, publish, remove}},
		{name: "the same, and a disk is lost", losses: 1, ops: []op{look, intend, claim, commit, publish, remove}, want: []string{loses}},
		{name: "the delta within a conditional write to a shared ledger", losses: 1, ops: []op{share, publish, remove}},
	}
}

// op is one step of a protocol, and atomic.
type op string

const (
	look          op = "look-up"
	commit        op = "commit of row and counters, which looks again"
	commitBlindly op = "commit that does not look again"
	commitCounter op = "commit of counters"
	commitRow     op = "commit of the row"
	publish       op = "publish"
	publishEarly  op = "publish of what is not committed"
	remove        op = "delete"
	lock          op = "lock"
	complete      op = "complete"
	intend        op = "durable intent"
	claim         op = "claim"
	share         op = "shared write"
)

// remote operations may be done although their answer is lost.
func (o op) remote() bool { return slices.Contains([]op{remove, lock, complete, claim, share}, o) }

// nobody owns a claim or a shared row yet, and works on no message.
const nobody = -1

// state is comparable, so that it can be looked up.
type state struct {
	messages [2]struct{ gone, visible bool }
	workers  [2]worker
	disks    [2]disk
	lock     lockState
	owner    int8 // Of the claim.
	shared   int8 // Whose delta the shared ledger has.
	left     struct{ crashes, replies, losses int8 }
	back     bool // A scrape saw less than the one before.
}

type worker struct {
	at      int8 // The operation that comes next.
	message int8
	latest  bool // Its receipt is the last one.
	busy    bool
}

// disk belongs to a process, and what a scrape of that sees beside it.
type disk struct {
	count       int8
	row, intent bool
	shown       int8
}

type lockState int8

const (
	free lockState = iota
	locked
	completed
)

// verdict is what follows an operation.
type verdict int

const (
	goOn    verdict = iota
	counted         // The message can go.
	giveUp          // The message comes back.
)

func (p *protocol) disk(s *state, w int) *disk {
	if p.oneDisk {
		return &s.disks[0]
	}
	return &s.disks[w]
}

// value is what is durable of a process.
func (p *protocol) value(s *state, w int) int8 {
	if int(s.shared) == w {
		return 1
	}
	return p.disk(s, w).count
}

func (p *protocol) show(s *state, w int, value int8) {
	d := p.disk(s, w)
	s.back = s.back || value < d.shown
	d.shown = value
}

// do is one operation of one worker.
func (p *protocol) do(o op, s *state, w int) verdict {
	d := p.disk(s, w)
	switch o {
	case look:
		if d.row {
			return counted
		}
	case commit:
		if !d.row {
			d.row, d.count = true, d.count+1
		}
	case commitBlindly:
		d.row, d.count = true, d.count+1
	case commitCounter:
		d.count++
	case commitRow:
		d.row = true
	case publish:
		p.show(s, w, p.value(s, w))
	case publishEarly:
		p.show(s, w, 1)
	case remove:
		if me := s.workers[w]; me.message != nobody && me.latest {
			s.messages[me.message].gone = true
		}
	case intend:
		d.intent = true
	default:
		return p.doRemote(o, s, w)
	}
	return goOn
}

// doRemote is for what several replicas share.
func (p *protocol) doRemote(o op, s *state, w int) verdict {
	switch {
	case o == lock && s.lock == completed:
		return counted
	case o == lock && s.lock == locked:
		return giveUp
	case o == lock:
		s.lock = locked
	case o == complete:
		s.lock = completed
	case o == claim && s.owner != nobody && int(s.owner) != w:
		s.disks[w].intent = false
		return counted
	case o == claim:
		s.owner = int8(w)
	case o == share && s.shared != nobody && int(s.shared) != w:
		return counted
	case o == share: // Should it be there already, it is of this replica, whose answer was lost.
		s.shared = int8(w)
	}
	return goOn
}

// step is the next operation of a worker and what follows from it.
func (p *protocol) step(s state, w int) state {
	me := &s.workers[w]
	v := p.do(p.ops[me.at], &s, w)
	switch {
	case v == counted:
		me.at = int8(slices.Index(p.ops, remove))
	case v == giveUp || int(me.at) == len(p.ops)-1:
		p.stop(&s, w)
	default:
		me.at++
	}
	return s
}

// stop makes a worker idle. One that has an intent goes on with that.
func (p *protocol) stop(s *state, w int) {
	s.workers[w] = worker{message: nobody}
	if d := p.disk(s, w); d.intent && !d.row {
		s.workers[w] = worker{at: int8(slices.Index(p.ops, claim)), message: nobody, busy: true}
	}
}

// crash kills a process, and starts the next.
func (p *protocol) crash(s *state, w int) {
	for other := range s.workers {
		if p.oneDisk || other == w {
			p.stop(s, other)
		}
	}
	p.show(s, w, p.value(s, w))
}

// next are the states that may follow.
func (p *protocol) next(s state) (all []state) {
	for m := range s.messages {
		all = append(all, s.nextOfQueue(m)...)
	}
	for w := range s.workers {
		all = append(all, p.nextOf(s, w)...)
	}
	if p.leases && s.lock == locked {
		s.lock = free
		all = append(all, s)
	}
	return all
}

// nextOfQueue has a message delivered to whoever is idle, or its visibility timeout end.
func (s state) nextOfQueue(m int) (all []state) {
	switch message := s.messages[m]; {
	case message.gone:
	case !message.visible:
		s.messages[m].visible = true
		all = append(all, s)
	default:
		for w := range s.workers {
			if s.workers[w].busy {
				continue
			}
			s := s
			for other := range s.workers {
				s.workers[other].latest = s.workers[other].latest && int(s.workers[other].message) != m
			}
			s.messages[m].visible = false
			s.workers[w] = worker{message: int8(m), latest: true, busy: true}
			all = append(all, s)
		}
	}
	return all
}

func (p *protocol) nextOf(s state, w int) (all []state) {
	if me := s.workers[w]; me.busy {
		all = append(all, p.step(s, w))
		if p.ops[me.at].remote() && s.left.replies > 0 { // It is done, and the worker does not know.
			s := s
			s.left.replies--
			p.do(p.ops[me.at], &s, w)
			p.stop(&s, w)
			all = append(all, s)
		}
	}
	if s.left.crashes > 0 {
		s := s
		s.left.crashes--
		p.crash(&s, w)
		all = append(all, s)
	}
	if s.left.losses > 0 {
		s.left.losses--
		*p.disk(&s, w) = disk{shown: 0}
		p.crash(&s, w)
		all = append(all, s)
	}
	return all
}

func (p *protocol) total(s state) int8 {
	total := s.disks[0].count + s.disks[1].count
	if s.shared != nobody {
		total++
	}
	return total
}

// explore visits every state, and says what is wrong.
func (p *protocol) explore() (states int, faults []string) {
	first := state{owner: nobody, shared: nobody}
	first.left.crashes, first.left.replies, first.left.losses = 2, 2, p.losses
	for i := range first.messages {
		first.messages[i].visible, first.workers[i].message = true, nobody
	}
	all, before := []state{first}, map[state][]state{first: nil} // What each state may follow.
	for i := 0; i < len(all); i++ {
		if p.total(all[i]) > 1 {
			continue
		}
		for _, n := range p.next(all[i]) {
			if _, seen := before[n]; !seen {
				all = append(all, n)
			}
			before[n] = append(before[n], all[i])
		}
	}
	return len(all), p.judge(all, before)
}

// judge is for what may never happen, and for what must be able to happen from everywhere.
func (p *protocol) judge(all []state, before map[state][]state) (faults []string) {
	gone := func(s state) bool { return s.messages[0].gone && s.messages[1].gone }
	ends := leadingTo(all, before, func(s state) bool { return gone(s) || p.total(s) > 1 })
	counts := leadingTo(all, before, func(s state) bool { return gone(s) && p.total(s) == 1 || p.total(s) > 1 })
	for what, holds := range map[string]func(s state) bool{
		countsTwice: func(s state) bool { return p.total(s) > 1 },
		stepsBack:   func(s state) bool { return s.back },
		loses:       func(s state) bool { return ends[s] && !counts[s] },
		sticks:      func(s state) bool { return !ends[s] },
	} {
		if slices.ContainsFunc(all, holds) {
			faults = append(faults, what)
		}
	}
	slices.Sort(faults)
	return faults
}

// leadingTo are the states from which one of the goals can be reached.
func leadingTo(all []state, before map[state][]state, goal func(state) bool) map[state]bool {
	leads := map[state]bool{}
	var todo []state
	for _, s := range all {
		if goal(s) {
			leads[s], todo = true, append(todo, s)
		}
	}
	for len(todo) > 0 {
		s := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, b := range before[s] {
			if !leads[b] {
				leads[b], todo = true, append(todo, b)
			}
		}
	}
	return leads
}
