// Package loopback has what the harnesses share: AWS on loopback in this process, and the real flowd as a process beside it.
//
// It knows how to set up, launch and ask flowd, and how to look into a queue. It does not know what is delivered, what is broken on purpose, or what
// the totals should be.
package loopback

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strconv"
	"time"

	"flowd/internal/localaws"
)

// AccountID and Region are where everything is.
const (
	AccountID = "123456789012"
	Region    = "us-east-1"
)

// Account is the bucket and the queues of one flowd, which all have the same name. Make its AWS first, then [Account.Serve] it.
type Account struct {
	AWS  *localaws.Server
	Name string
	URL  string // Of the endpoint, once it is served.

	server *http.Server
}

// DeadName is the name of the dead-letter queue.
func (a *Account) DeadName() string { return a.Name + "-dead-letter" }

// QueueURL is where a queue of the account is.
func (a *Account) QueueURL(name string) string { return a.URL + "/" + AccountID + "/" + name }

// Serve lets h, which hands on to AWS what it does not spoil, answer on loopback until [Account.Close].
func (a *Account) Serve(h http.Handler) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listening on loopback: %w", err)
	}
	a.URL = "http://" + l.Addr().String()
	a.server = &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	go a.server.Serve(l) // It returns when it is closed.
	return nil
}

// Close ends what Serve began, if it did.
func (a *Account) Close() {
	if a.server != nil {
		_ = a.server.Close()
	}
}

// SetUp lets flowd make the bucket and the queues, and says how often a message may be received.
func (a *Account) SetUp(ctx context.Context, flowd, dir string, receives int) error {
	cmd := exec.CommandContext(ctx, flowd, "bootstrap", "--aws.endpoint-url="+a.URL, "--aws.region="+Region, "--bootstrap.bucket="+a.Name, "--bootstrap.queue="+a.Name)
	cmd.Dir, cmd.Env = dir, environment(dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("setting up: %w\n%s", err, out)
	}
	policy := fmt.Sprintf(`{"deadLetterTargetArn":"arn:aws:sqs:%s:%s:%s","maxReceiveCount":%d}`, Region, AccountID, a.DeadName(), receives)
	return a.Call(ctx, "SetQueueAttributes", map[string]any{"QueueUrl": a.QueueURL(a.Name), "Attributes": map[string]string{"RedrivePolicy": policy}}, &struct{}{})
}

// RunArgs are the arguments of a flowd that reads the queue.
func (a *Account) RunArgs(state, address string) []string {
	return []string{
		"run", "--aws.endpoint-url=" + a.URL, "--aws.region=" + Region, "--sqs.queue-url=" + a.QueueURL(a.Name), "--s3.bucket=" + a.Name,
		"--state.dir=" + state, "--web.listen-address=" + address, "--log.level=error", "--log.format=json",
	}
}

// Call makes a call of SQS, past whatever stands in front of AWS.
func (a *Account) Call(ctx context.Context, operation string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, a.URL, bytes.NewReader(body))
	r.Header.Set("X-Amz-Target", "AmazonSQS."+operation)
	answer := httptest.NewRecorder()
	if a.AWS.ServeHTTP(answer, r); answer.Code != http.StatusOK {
		return fmt.Errorf("%s: %d %s", operation, answer.Code, answer.Body)
	}
	return json.Unmarshal(answer.Body.Bytes(), out)
}

// Messages is how many a queue has, in flight or not.
func (a *Account) Messages(ctx context.Context, name string) (sum int, err error) {
	var out struct{ Attributes map[string]string }
	counts := []string{"ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed"}
	if err := a.Call(ctx, "GetQueueAttributes", map[string]any{"QueueUrl": a.QueueURL(name), "AttributeNames": counts}, &out); err != nil {
		return 0, err
	}
	for _, c := range counts {
		n, err := strconv.Atoi(out.Attributes[c])
		if err != nil {
			return 0, fmt.Errorf("attribute %s of %s: %w", c, name, err)
		}
		sum += n
	}
	return sum, nil
}
