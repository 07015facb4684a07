package ingest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
)

// outage is a fault of ten minutes that every message suffers from.
type outage struct {
	s3, sqs error  // The answer of every call.
	reason  string // The circuit that opens.
}

// run holds an outage to what all of them must come to: receiving stops for its reason, readiness goes after a minute, and a minute after the repair
// flowd receives again. No message comes near the dead-letter queue, and everything counts once.
func (o outage) run(t *testing.T) {
	t.Helper()
	inBubble(t, func(r *rig) {
		const objects, lasts = 40, 10 * time.Minute
		r.cfg.Workers = 12
		for i := range objects {
			r.sendObject(fmt.Sprint("object-", i), []byte(text(3)))
		}
		begin := time.Now()
		if o.sqs != nil { // Something is in work when it begins.
			begin = begin.Add(100 * time.Millisecond)
			r.counter.commitTime = time.Second
		}
		broken := func() bool { return !time.Now().Before(begin) && time.Since(begin) < lasts }
		r.store.fails = func(context.Context, int) error { return map[bool]error{true: o.s3}[broken()] }
		r.queue.fails = func(_ context.Context, call string, _ int) error {
			return map[bool]error{true: o.sqs}[broken() && call != "GetQueueAttributes" && call != "GetQueueUrl"]
		}
		r.start()
		time.Sleep(lasts / 2)
		r.wantCircuit(o.reason)
		if err := r.consumer.Ready(); !errors.Is(err, ErrOutage) || !strings.Contains(err.Error(), o.reason) {
			r.Errorf("Ready: got %v, want %v for %s", err, ErrOutage, o.reason)
		}
		time.Sleep(lasts/2 + 66*time.Second)
		r.wantCircuit("")
		time.Sleep(releaseMost * 3 / 2)
		r.stop()
		r.wantRecords(3 * objects)
		if got := r.queue.mostReceived(); len(r.queue.deleted) != objects || got > 3 {
			r.Errorf("%d messages were deleted, and one was received %d times; want all %d and at most 3", len(r.queue.deleted), got, objects)
		}
	})
}

// F27 S3 throttles: some calls are tried again by the SDK, and their messages come back; when more than half of the calls of 30 seconds fail so,
// receiving stops (`throttled`).
func TestF27_SlowDown(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.queue.maxReceives = 8
		r.store.fails = func(_ context.Context, n int) error { return map[bool]error{true: apiError("SlowDown")}[n%3 == 0] }
		for i := range 60 {
			r.sendObject(fmt.Sprint("object-", i), []byte(text(3)))
		}
		r.runFor(time.Hour)
		r.wantRecords(180)
		if got := r.logs.FilterMessageSnippet("receiving stops").Len(); got != 0 {
			t.Errorf("the circuit opened %d times for a third of the calls, want never", got)
		}
	})
	outage{s3: apiError("SlowDown"), reason: outageThrottled}.run(t)
}

// F49 credentials expire: receiving stops (`credentials`) until there are new ones; flowd does not exit, and is not ready after a minute.
func TestF49_CredentialsExpire(t *testing.T) {
	for _, code := range []string{"ExpiredToken", "InvalidAccessKeyId", "SignatureDoesNotMatch"} {
		outage{s3: apiError(code), reason: outageCredentials}.run(t)
	}
	outage{sqs: apiError("UnrecognizedClientException"), reason: outageCredentials}.run(t)
	both := apiError("ExpiredToken")
	outage{s3: both, sqs: both, reason: outageCredentials}.run(t)
}

// F50 nobody gives credentials (STS, instance metadata, a token file that is gone): receiving stops (`credentials`), whatever the reason inside is.
func TestF50_NoCredentials(t *testing.T) {
	for _, inside := range []error{errRefused, apiError("AccessDenied"), errors.New("open /var/run/secrets/token: no such file or directory")} {
		err := &smithy.OperationError{ServiceID: "S3", OperationName: "GetObject", Err: fmt.Errorf("get identity: get credentials: failed to refresh cached credentials, %w", inside)}
		outage{s3: err, sqs: err, reason: outageCredentials}.run(t)
	}
}

// F51 clock is wrong: the SDK corrects it by the answer; while AWS still refuses, receiving stops (`credentials`).
func TestF51_ClockSkew(t *testing.T) {
	outage{s3: apiError("RequestTimeTooSkewed"), reason: outageCredentials}.run(t)
}

// F52 names do not resolve, or connections are refused: receiving stops (`network`), and goes on within a minute of the repair.
func TestF52_NameDoesNotResolve(t *testing.T) {
	dns := fmt.Errorf("dial: %w", &net.DNSError{Err: "no such host", Name: "sqs.eu-west-1.amazonaws.com", IsNotFound: true})
	outage{s3: dns, sqs: dns, reason: outageNetwork}.run(t)
	outage{s3: dns, reason: outageNetwork}.run(t)
	outage{sqs: errRefused, reason: outageNetwork}.run(t)
}

// F53 receive that never answers: cut after 35 seconds, counted, and tried again; flowd is not ready after a minute.
func TestF53_ReceiveNeverAnswers(t *testing.T) {
	inBubble(t, func(r *rig) {
		hangs := time.Now().Add(time.Hour)
		r.queue.fails = func(ctx context.Context, call string, n int) error {
			if call == "ReceiveMessage" && n > 2 && time.Now().Before(hangs) {
				<-ctx.Done()
				return &smithy.OperationError{ServiceID: "SQS", OperationName: call, Err: ctx.Err()}
			}
			return nil
		}
		r.start()
		time.Sleep(30 * time.Minute)
		r.wantCircuit(outageNetwork)
		if err := r.consumer.Ready(); !errors.Is(err, ErrOutage) {
			t.Errorf("Ready: got %v, want %v", err, ErrOutage)
		}
		if got := r.counters()["sqs_messages_failed{receive}"]; got < 15 {
			t.Errorf("failed receives in half an hour: got %v, want one every minute and a half", got)
		}
		r.sendObject(key, zip(r, text(3)))
		time.Sleep(30*time.Minute + probeLast*6/5 + receiveTimeout + longPoll)
		r.stop()
		r.wantFate(deleted, 1)
	})
}

// F53 receive that does not even end when it is cut: after five minutes flowd is not healthy, the stacks of all goroutines are logged once, and what
// supervises it starts another process, which loses nothing.
func TestF53_ReceiveNeverReturns(t *testing.T) {
	inBubble(t, func(r *rig) {
		block := make(chan struct{})
		r.queue.fails = func(_ context.Context, call string, n int) error {
			if call == "ReceiveMessage" && n == 3 {
				<-block
			}
			return nil
		}
		r.start()
		r.wantStuck("TestF53_ReceiveNeverReturns", block)
		r.sendObject(key, zip(r, text(3)))
		time.Sleep(time.Minute)
		r.stop()
		r.wantFate(deleted, 1)
	})
}

// wantStuck has a worker stand still from now on, until block is closed.
func (r *rig) wantStuck(where string, block chan struct{}) {
	r.Helper()
	time.Sleep(stuckAfter - 2*longPoll)
	if err := r.consumer.Healthy(); err != nil {
		r.Errorf("before five minutes: got %v, want no error", err)
	}
	time.Sleep(25 * time.Minute)
	if err := r.consumer.Healthy(); !errors.Is(err, ErrStuck) {
		r.Errorf("half an hour later: got %v, want %v", err, ErrStuck)
	}
	said := r.logs.FilterMessageSnippet("workers stand still").All()
	if len(said) != 1 {
		r.Fatalf("it was said %d times, want once", len(said))
	}
	if stacks, ok := said[0].ContextMap()["goroutines"].(string); !ok || !strings.Contains(stacks, where) {
		r.Errorf("the stacks have no %s:\n%s", where, stacks)
	}
	close(block)
	time.Sleep(2 * watchInterval)
	if err := r.consumer.Healthy(); err != nil {
		r.Errorf("when the worker goes on: got %v, want no error", err)
	}
}

// F54 connection that is dead without a sign: nothing comes, so the object is given up as `stalled` and every body is closed, which closes the
// connection; when three objects in a row end so, receiving stops (`network`).
func TestF54_DeadConnections(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.cfg.Workers = 4
		repair := time.Now().Add(5 * time.Minute)
		r.store.fails = func(_ context.Context, n int) error {
			k := r.store.asked(n)
			r.store.mu.Lock()
			defer r.store.mu.Unlock()
			if time.Now().After(repair) {
				r.store.objects[k][0].stallAt = 0
			}
			return nil
		}
		for i := range 10 {
			r.sendObject(fmt.Sprint("object-", i), []byte(text(3))).stallAt = 10
		}
		r.start()
		time.Sleep(5 * time.Minute)
		r.wantCircuit(outageNetwork)
		time.Sleep(10 * time.Minute)
		r.stop()
		r.wantRecords(30) // The rig counts bodies that were not closed.
	})
}

// F55 queue deleted: receiving stops (`queue_missing`), and goes on when it is there again.
func TestF55_QueueMissing(t *testing.T) {
	outage{sqs: &types.QueueDoesNotExist{}, reason: outageQueueMissing}.run(t)
	outage{sqs: apiError("AWS.SimpleQueueService.NonExistentQueue"), reason: outageQueueMissing}.run(t)
}

// F56 SQS or KMS throttles: receives back off, and stop (`throttled`) when most of them fail; no receive count is burned.
func TestF56_QueueThrottled(t *testing.T) {
	outage{sqs: &types.RequestThrottled{}, reason: outageThrottled}.run(t)
	outage{sqs: &types.KmsThrottled{}, reason: outageThrottled}.run(t)
	outage{sqs: &types.KmsAccessDenied{}, reason: outageDenied}.run(t)
}

// F57 TLS fails, by a proxy or a certificate: receiving stops (`network`); a certificate that does not verify is never accepted.
func TestF57_TLSFails(t *testing.T) {
	for _, err := range []error{
		fmt.Errorf("request: %w", &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}),
		fmt.Errorf("request: %w", tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}),
	} {
		outage{s3: err, sqs: err, reason: outageNetwork}.run(t)
	}
}

// F58 retry quota of the SDK is used up: the error beneath decides, so a burst of 503 is throttling and costs each message one receive at most.
func TestF58_RetryQuotaUsedUp(t *testing.T) {
	err := errors.Join(apiError("ServiceUnavailable"), fmt.Errorf("failed to get rate limit token, %w", ratelimit.QuotaExceededError{Available: 4, Requested: 5}))
	outage{s3: err, reason: outageThrottled}.run(t)
}
