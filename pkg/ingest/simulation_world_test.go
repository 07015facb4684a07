package ingest

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// What a simulation may see.
const (
	sawMessage        = "message"
	sawCounted        = "counted object"
	sawDuplicate      = "duplicate"
	sawPoison         = "poisonous object"
	sawDead           = "dead message"
	sawRedelivery     = "redelivery of a deleted message"
	sawRedrive        = "redriven message"
	sawKill           = "kill"
	sawDrain          = "drain"
	sawOutage         = "outage"
	sawCallFault      = "failed call"
	sawBodyFault      = "broken body"
	sawSlowBody       = "slow body"
	sawCommitFault    = "failed commit"
	sawLookUpFault    = "failed look-up"
	sawExtension      = "extension"
	sawExtensionFault = "failed extension"
	sawLostReply      = "lost reply"
	sawRefusal        = "refused entry"
)

// corpus is contents of objects, made once: compressing takes longer than simulating.
type corpus struct {
	good   [][]byte // As many records as its position says.
	poison [][]byte
}

func newCorpus(t *testing.T) *corpus {
	t.Helper()
	c := &corpus{}
	for n := range 9 {
		c.good = append(c.good, zip(t, text(n)))
	}
	whole := zip(t, text(200))
	flipped := slices.Clone(whole)
	flipped[len(flipped)-6] ^= 1
	c.poison = [][]byte{whole[:len(whole)/2], flipped, []byte("no flow log\n"), []byte("PAR1 and so on")}
	return c
}

// climate is how often what goes wrong, as a share of the calls.
type climate struct {
	call, body, slow, commit, lookUp, extension, lost float64
}

// outageWindow is when a part of the world fails every call.
type outageWindow struct {
	of       string
	from, to time.Duration // Since the beginning.
}

// step is one act of the plan; exactly one of what follows the pause is set, or none.
type step struct {
	pause                  time.Duration
	send                   string
	kill, drain, redeliver bool
}

// said is what a message says, by its body.
type said struct {
	identities []string // Of objects that must be counted.
	poison     bool     // It has an object that never can be.
	gone       bool     // It has an object that is not there. Once it was looked for for a minute it is given up, if there is a receive left for that.
}

// universe is everything around flowd that outlives its process. Until begin it is nothing but the plan.
type universe struct {
	seed        uint64
	random      *rand.Rand // For the plan.
	corpus      *corpus
	cfg         Config
	maxReceives int
	climate     climate
	outages     []outageWindow
	steps       []step
	puts        []func() // What is in the bucket.

	messages map[string]*said
	golden   map[string]int // Records of everything that must be counted, by identity.

	queue       *fakeQueue
	store       *fakeS3
	books       *fakeCounter // What is durable.
	began       time.Time
	processes   sync.WaitGroup
	readsMemory bool // It is read every second, which costs time, so only where it may run short.
	countsTwice bool // The ledger is wrong on purpose.

	mu         sync.Mutex
	healed     bool
	drawn      map[string]int // How often a name was drawn for.
	applied    map[string]int // How often an identity was counted.
	holds      map[string]*hold
	seen       map[string]int
	violations []string
}

// newUniverse draws the plan from the seed.
func newUniverse(seed uint64, c *corpus) *universe {
	w := &universe{
		seed: seed, random: rand.New(rand.NewPCG(seed, 1)), corpus: c, cfg: DefaultConfig(),
		messages: map[string]*said{}, golden: map[string]int{}, store: newFakeS3(), books: newFakeCounter(),
		drawn: map[string]int{}, applied: map[string]int{}, holds: map[string]*hold{}, seen: map[string]int{},
	}
	w.maxReceives = 3 + w.random.IntN(6)
	w.cfg.QueueURL, w.cfg.Buckets, w.cfg.Workers = queueURL, []string{bucket}, 1+w.random.IntN(5)
	// None of these is a pause after which a message that failed comes back, so that extensions can be told from releases.
	w.cfg.VisibilityTimeout = pick(w.random, 10*time.Second, 15*time.Second, 40*time.Second, 80*time.Second, 3*time.Minute)
	w.cfg.DrainTimeout = pick(w.random, time.Second, 5*time.Second, 25*time.Second)
	often := pick(w.random, 0.02, 0.1, 0.3)
	w.climate = climate{
		call: often * w.random.Float64(), body: often * w.random.Float64(), slow: w.random.Float64() / 2, commit: often * w.random.Float64(),
		lookUp: often * w.random.Float64() / 2, extension: w.random.Float64() / 3, lost: often * w.random.Float64(),
	}
	w.planSteps(w.planMessages(w.planObjects()))
	return w
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

// begin is when the bubble's clock runs: a channel belongs to the bubble that it was made in.
func (w *universe) begin() {
	w.began, w.queue = time.Now(), newFakeQueue(w.maxReceives)
	w.queue.refuses = func(int) bool {
		return w.draw("refuse").Float64() < w.climate.lost && w.saw(sawRefusal)
	}
	w.queue.delivers, w.queue.deletes = w.checkDelivery, w.checkDelete
	for _, put := range w.puts {
		put()
	}
}

// draw is chance for one event: from the seed, its name, and how often that name came before, so that it matters little which goroutine comes
// first. When the weather is good again, nothing is drawn that fails.
func (w *universe) draw(name string) *rand.Rand {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.drawn[name]++
	hash := fnv.New64a()
	fmt.Fprint(hash, name, w.drawn[name])
	return rand.New(rand.NewPCG(w.seed, hash.Sum64()))
}

// saw counts what happened, and is true.
func (w *universe) saw(what string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen[what]++
	return true
}

func (w *universe) violated(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.violations = append(w.violations, fmt.Sprintf("%s after the beginning: ", time.Since(w.began).Round(time.Millisecond))+fmt.Sprintf(format, args...))
}

// heal ends all faults.
func (w *universe) heal() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.healed, w.climate, w.outages = true, climate{}, nil
}

// now is the weather.
func (w *universe) weather() climate {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.climate
}

// suffers says whether a part of the world is out.
func (w *universe) suffers(part string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	since := time.Since(w.began)
	for _, o := range w.outages {
		if o.of == part && o.from <= since && since < o.to {
			w.seen[sawOutage]++
			return true
		}
	}
	return false
}

// redeliver makes a message visible that was deleted: a copy of it was on a server that did not hear of that.
func (w *universe) redeliver() {
	q := w.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.deleted) == 0 {
		return
	}
	at := w.random.IntN(len(q.deleted))
	m := q.deleted[at]
	q.deleted = slices.Delete(q.deleted, at, at+1)
	m.visible = time.Now()
	q.messages = append(q.messages, m)
	q.wakeUp()
	w.saw(sawRedelivery)
}

// redrive sends the dead-letter queue back, as an operator does after an outage: with new IDs, and never received.
func (w *universe) redrive() {
	q := w.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, m := range q.dead {
		m.id, m.visible, m.receipts, m.receivedAt = m.id+"-redriven", time.Now(), nil, nil
		w.saw(sawRedrive)
	}
	q.messages, q.dead = append(q.messages, q.dead...), nil
	q.wakeUp()
}

// checkDelete hears of a message when it is deleted: everything that it announced must be durable by then. The queue is locked.
func (w *universe) checkDelete(m *fakeMessage) {
	says := w.messages[m.body]
	if says.poison {
		w.violated("message %s was deleted, and has an object that cannot be counted", m.id)
	}
	w.mu.Lock()
	missing := slices.DeleteFunc(slices.Clone(says.identities), func(id string) bool { return w.applied[id] > 0 })
	w.mu.Unlock()
	if len(missing) > 0 {
		w.violated("message %s was deleted before %s was counted", m.id, strings.Join(missing, ", "))
	}
}

// hold is a receipt in the hands of a process.
type hold struct {
	process  *process
	failures int  // Extensions that failed one after the other.
	over     bool // It was released, or is being deleted, or no extension has come through for too long.
}

// enoughFailures is how many extensions in a row may fail: what comes after two is on time still.
const enoughFailures = 2

// checkDelivery hears of a message before it is received: nobody may be working on it. The queue is locked.
func (w *universe) checkDelivery(m *fakeMessage) {
	if len(m.receipts) == 0 {
		return
	}
	w.mu.Lock()
	h := w.holds[m.receipts[len(m.receipts)-1]]
	held := h != nil && !h.over && !h.process.gone
	w.mu.Unlock()
	if held {
		w.violated("message %s became visible while a process that is well held it", m.id)
	}
}

// start runs a process in this world.
func (w *universe) start() *process {
	p := newProcess(w)
	w.processes.Go(func() { p.run() })
	return p
}

// wait is for processes that were killed: they have no effect any more, and their goroutines end.
func (w *universe) wait() { w.processes.Wait() }

// upTo draws a time that is less than most.
func upTo(r *rand.Rand, most time.Duration) time.Duration {
	return time.Duration(r.Int64N(int64(most)))
}
