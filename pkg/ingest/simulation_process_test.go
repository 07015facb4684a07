package ingest

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
)

// Parts of the world that may be out.
const (
	partQueue  = "queue"
	partBucket = "bucket"
	partLedger = "ledger"
	partMemory = "memory"
)

var (
	errKilled  = errors.New("the process was killed")
	errTimeout = &net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}
)

// process is one life of flowd. It stands between the consumer and the world: a process that was killed does nothing there any more.
type process struct {
	*universe
	stop     context.CancelFunc
	stopping context.Context
	ended    chan struct{}
	commits  chan simCommit
	consumer atomic.Pointer[Consumer]
	gone     bool           // Killed, or at its end; the world's lock guards it.
	mayGet   map[string]int // How often a key may be fetched: once after the ledger said that it is not counted, and again for a body that broke.
}

func newProcess(w *universe) *process {
	p := &process{universe: w, ended: make(chan struct{}), commits: make(chan simCommit, 4), mayGet: map[string]int{}}
	p.stopping, p.stop = context.WithCancel(context.Background())
	return p
}

// run starts the consumer, and starts it anew should it give up, as a supervisor does.
func (p *process) run() {
	defer close(p.ended)
	var committer sync.WaitGroup
	committer.Go(p.commitAll)
	for p.stopping.Err() == nil {
		deps := Deps{SQS: p, S3: p, Counter: p, Logger: zap.NewNop(), Registerer: prometheus.NewRegistry()}
		if p.readsMemory {
			deps.Memory = p.memoryShare
		}
		c, err := New(p.cfg, deps)
		if err != nil {
			p.violated("%v", err)
			break
		}
		p.consumer.Store(c)
		c.random = func() float64 { return p.draw("jitter").Float64() }
		if c.Run(p.stopping) != nil {
			sleep(p.stopping, 5*time.Second)
		}
	}
	close(p.commits)
	committer.Wait()
	p.leave()
}

func (p *process) healthy() error { return p.consumer.Load().Healthy() }

func (p *process) leave() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.gone = true
}

// kill ends the process at this instant. What is left of it winds down without effect.
func (p *process) kill() {
	p.leave()
	p.stop()
}

// drain is SIGTERM, and waits for the end.
func (p *process) drain() {
	p.stop()
	<-p.ended
}

func (p *process) killed() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.gone
}

// memoryShare is high, low, and high again.
func (p *process) memoryShare() float64 {
	if p.suffers(partMemory) {
		return 0.9
	}
	return 0.5
}

// call is what every call has in common: it takes a while, and may fail before it has an effect.
func (p *process) call(ctx context.Context, r *rand.Rand, part string, share float64) error {
	sleep(ctx, time.Millisecond+upTo(r, 300*time.Millisecond))
	dice, kind := r.Float64(), r.IntN(7)
	switch {
	case p.killed():
		return errKilled
	case ctx.Err() != nil:
		return ctx.Err()
	case p.suffers(part):
		return errDown
	case dice >= share:
		return nil
	}
	p.saw(sawCallFault)
	return p.fault(ctx, kind)
}

func (p *process) fault(ctx context.Context, kind int) error {
	switch kind {
	case 0:
		return apiError("SlowDown")
	case 1:
		return apiError("RequestThrottled")
	case 2:
		return apiError("InternalError")
	case 3:
		return apiError("ServiceUnavailable")
	case 4:
		return errDown
	case 5:
		return errTimeout
	}
	select { // It never answers. S3's client alone has no time limit of its own, and flowd's is well below this.
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(10 * time.Minute):
		p.violated("a call was left without an answer for ten minutes")
		return errTimeout
	}
}

func (p *process) ReceiveMessage(ctx context.Context, in *sqs.ReceiveMessageInput, o ...func(*sqs.Options)) (*sqs.ReceiveMessageOutput, error) {
	if err := p.call(ctx, p.draw("receive"), partQueue, p.weather().call); err != nil {
		return nil, err
	}
	out, err := p.queue.ReceiveMessage(ctx, in, o...)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range out.Messages {
		p.holds[*m.ReceiptHandle] = &hold{process: p}
	}
	return out, nil
}

// ChangeMessageVisibility tells extensions from releases by their timeout.
func (p *process) ChangeMessageVisibility(ctx context.Context, in *sqs.ChangeMessageVisibilityInput, o ...func(*sqs.Options)) (*sqs.ChangeMessageVisibilityOutput, error) {
	extends := in.VisibilityTimeout == seconds(p.cfg.VisibilityTimeout)
	if !extends {
		p.endHold(*in.ReceiptHandle)
	}
	err := p.call(ctx, p.draw("change "+*in.ReceiptHandle), partQueue, p.weather().extension)
	out := &sqs.ChangeMessageVisibilityOutput{}
	if err == nil {
		out, err = p.queue.ChangeMessageVisibility(ctx, in, o...)
	}
	if extends {
		p.extended(*in.ReceiptHandle, err)
	}
	return out, err
}

func (p *process) extended(receipt string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	h := p.holds[receipt]
	if err == nil {
		p.seen[sawExtension]++
		h.failures = 0
		return
	}
	p.seen[sawExtensionFault]++
	h.failures++
	h.over = h.over || h.failures > enoughFailures
}

// endHold is for a receipt that is given back or deleted.
func (p *process) endHold(receipt string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.holds[receipt].over = true
}

func (p *process) DeleteMessageBatch(ctx context.Context, in *sqs.DeleteMessageBatchInput, o ...func(*sqs.Options)) (*sqs.DeleteMessageBatchOutput, error) {
	r := p.draw("delete " + *in.Entries[0].ReceiptHandle)
	err := p.call(ctx, r, partQueue, p.weather().call)
	for _, e := range in.Entries {
		p.endHold(*e.ReceiptHandle) // The deleter may give up after any call.
	}
	if err != nil {
		return nil, err
	}
	out, err := p.queue.DeleteMessageBatch(ctx, in, o...)
	if r.Float64() < p.weather().lost && p.saw(sawLostReply) {
		return nil, errTimeout
	}
	return out, err
}

func (p *process) GetQueueAttributes(ctx context.Context, in *sqs.GetQueueAttributesInput, o ...func(*sqs.Options)) (*sqs.GetQueueAttributesOutput, error) {
	if err := p.call(ctx, p.draw("attributes"), partQueue, p.weather().call); err != nil {
		return nil, err
	}
	return p.queue.GetQueueAttributes(ctx, in, o...)
}

func (p *process) GetQueueUrl(ctx context.Context, in *sqs.GetQueueUrlInput, o ...func(*sqs.Options)) (*sqs.GetQueueUrlOutput, error) {
	return p.queue.GetQueueUrl(ctx, in, o...)
}

// GetObject answers with a body of its own faults.
func (p *process) GetObject(ctx context.Context, in *s3.GetObjectInput, _ ...func(*s3.Options)) (*s3.GetObjectOutput, error) {
	p.mu.Lock()
	p.mayGet[*in.Key]--
	may := p.mayGet[*in.Key] >= 0 || in.IfMatch == nil // Without an ETag the answer alone says what to ask the ledger for.
	p.mu.Unlock()
	if !may {
		p.violated("%s was fetched, and the ledger had not said that it is not counted", *in.Key)
	}
	r := p.draw("get " + *in.Key)
	if err := p.call(ctx, r, partBucket, p.weather().call); err != nil {
		return nil, err
	}
	o, err := p.store.find(in)
	if err != nil {
		return nil, err
	}
	return p.store.answer(ctx, p.spoiled(r, *o, *in.Key)), nil
}

// spoiled draws how the body comes.
func (p *process) spoiled(r *rand.Rand, o fakeObject, key string) *fakeObject {
	weather, at := p.weather(), 1+r.IntN(max(len(o.content)-1, 1))
	if r.Float64() < weather.slow && p.saw(sawSlowBody) {
		o.chunk, o.pause = len(o.content)/9+1, time.Millisecond+upTo(r, 8*time.Second)
	}
	if r.Float64() < weather.body && p.saw(sawBodyFault) {
		switch r.IntN(4) {
		case 0:
			o.cutAt = at
			p.allowGet(key)
		case 1:
			o.cutAt, o.cutBy = at, errTimeout
			p.allowGet(key)
		case 2:
			o.endAt = at
		case 3:
			o.stallAt = at
		}
	}
	return &o
}

// Everything that counts.

type simCommit struct {
	object Object
	batch  *fakeBatch
	result chan CommitResult
}

func (p *process) NewBatch(objectTime time.Time) Batch { return p.books.NewBatch(objectTime) }

func (p *process) Counted(o Object) (bool, error) {
	if p.draw("look-up "+o.Key).Float64() < p.weather().lookUp && p.saw(sawLookUpFault) {
		return false, errDisk
	}
	counted, err := p.books.Counted(o)
	if !counted && err == nil {
		p.allowGet(o.Key)
	}
	return counted, err
}

func (p *process) allowGet(key string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mayGet[key] = max(p.mayGet[key], 0) + 1
}

// Commit waits while too much is queued, as the contract says.
func (p *process) Commit(ctx context.Context, o Object, b Batch) <-chan CommitResult {
	c := simCommit{o, b.(*fakeBatch), make(chan CommitResult, 1)}
	p.books.mu.Lock()
	c.batch.finish()
	p.books.mu.Unlock()
	select {
	case p.commits <- c:
	case <-ctx.Done():
		c.result <- CommitResult{Err: ctx.Err()}
	}
	return c.result
}

// commitAll makes transactions of whatever is queued.
func (p *process) commitAll() {
	for c := range p.commits {
		group := []simCommit{c}
		for more := true; more && len(group) < 32; {
			select {
			case c, ok := <-p.commits:
				if more = ok; ok {
					group = append(group, c)
				}
			default:
				more = false
			}
		}
		p.commit(group)
	}
}

// commit is durable or not as a whole; the answers come a little later, and a kill may come before them.
func (p *process) commit(group []simCommit) {
	r := p.draw("commit")
	sync := time.Millisecond + upTo(r, 50*time.Millisecond)
	if r.IntN(20) == 0 { // A disk that takes its time.
		sync = time.Second + upTo(r, 40*time.Second)
	}
	time.Sleep(sync)
	results, err := make([]CommitResult, len(group)), error(nil)
	switch fails := r.Float64() < p.weather().commit || p.suffers(partLedger); {
	case p.killed():
		err = errKilled
	case fails:
		p.saw(sawCommitFault)
		err = errDisk
	default:
		for i, c := range group {
			results[i].Duplicate = p.apply(c)
		}
	}
	time.Sleep(time.Millisecond + upTo(r, 20*time.Millisecond))
	for i, c := range group {
		results[i].Err = err
		c.result <- results[i]
	}
}

// apply counts an object, unless it is counted.
func (p *process) apply(c simCommit) (duplicate bool) {
	id := identity(c.object)
	p.books.mu.Lock()
	defer p.books.mu.Unlock()
	if _, known := p.books.counted[id]; known && !p.countsTwice {
		p.saw(sawDuplicate)
		return true
	}
	p.books.counted[id] = c.batch
	p.saw(sawCounted)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.applied[id]++
	return false
}
