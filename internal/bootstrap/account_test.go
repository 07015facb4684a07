package bootstrap

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"

	"flowd/internal/localaws"
)

const (
	testAccount = "123456789012"
	testRegion  = "eu-central-1"
	testBucket  = "acme-flow-logs"
	testVPC     = "vpc-0a1b2c3d4e5f60718"
	testSubnet  = "subnet-0b1b2c3d4e5f60718"
	testENI     = "eni-0c1b2c3d4e5f60718"
	testTransit = "tgw-0d1b2c3d4e5f60718"
	testAttach  = "tgw-attach-0e1b2c3d4e5f60718"
)

// account is an AWS account in this process, behind the real SDK clients. Every call is recorded.
type account struct {
	t      *testing.T
	server *localaws.Server
	s3     *s3.Client
	sqs    *sqs.Client
	ec2    *ec2.Client
	calls  []string
	// patient waits, which takes no time in a synctest bubble.
	patient bool
	// fail, if set, is asked before each call whether it fails; lose, after it, whether its answer is lost.
	fail, lose func(call string) error
	// answer, if set, may answer a request itself, as localaws.Config.Intercept does.
	answer func(w http.ResponseWriter, r *http.Request) bool
}

// newAccount is empty, but for a VPC with a subnet and an interface in it, and a transit gateway with an attachment.
func newAccount(t *testing.T) *account {
	t.Helper()
	a := &account{t: t}
	a.server = localaws.New(localaws.Config{
		AccountID: testAccount, Region: testRegion,
		Network: localaws.Network{
			Subnets: map[string]string{testSubnet: testVPC}, Interfaces: map[string]string{testENI: testSubnet}, Attachments: map[string]string{testAttach: testTransit},
		},
		Intercept: func(w http.ResponseWriter, r *http.Request) bool { return a.answer != nil && a.answer(w, r) },
	})
	cfg := aws.Config{
		Region: testRegion, BaseEndpoint: aws.String("http://aws.test"), HTTPClient: &http.Client{Transport: direct{a.server}},
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""), Retryer: func() aws.Retryer { return aws.NopRetryer{} },
		APIOptions: []func(*middleware.Stack) error{func(stack *middleware.Stack) error {
			return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("record", a.record), middleware.After)
		}},
	}
	a.s3 = s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true })
	a.sqs, a.ec2 = sqs.NewFromConfig(cfg), ec2.NewFromConfig(cfg)
	return a
}

// direct is a network without wires, so that time may be virtual.
type direct struct{ handler http.Handler }

func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	r.Host = r.URL.Host
	if r.Body == nil {
		r.Body = http.NoBody
	}
	d.handler.ServeHTTP(w, r)
	response := w.Result()
	response.Request = r
	return response, nil
}

func (a *account) record(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
	call := awsmiddleware.GetServiceID(ctx) + " " + awsmiddleware.GetOperationName(ctx)
	a.calls = append(a.calls, call)
	if a.fail != nil {
		if err := a.fail(call); err != nil {
			return middleware.InitializeOutput{}, middleware.Metadata{}, err
		}
	}
	out, metadata, err := next.HandleInitialize(ctx, in)
	if a.lose != nil && err == nil {
		err = a.lose(call)
	}
	return out, metadata, err
}

// writes are the recorded calls that change something.
func (a *account) writes() []string {
	return slices.DeleteFunc(slices.Clone(a.calls), func(call string) bool { return !isWrite(call) })
}

func isWrite(call string) bool {
	i := slices.IndexFunc(Actions(), func(action Action) bool { return action.Service+" "+action.Operation == call })
	return i < 0 || Actions()[i].Write
}

// failing makes one call fail so many times.
func failing(call string, times int, err error) func(string) error {
	return func(made string) error {
		if made != call || times == 0 {
			return nil
		}
		times--
		return err
	}
}

// always is more often than anything is tried.
const always = 1 << 20

func awsError(code, message string) error {
	return &smithy.GenericAPIError{Code: code, Message: message}
}

// nthWrite makes the write call with that number fail, counted from 0.
func nthWrite(n int, err error) func(string) error {
	seen := 0
	return func(call string) error {
		if !isWrite(call) {
			return nil
		}
		seen++
		if seen-1 == n {
			return err
		}
		return nil
	}
}

func config(change ...func(*Config)) Config {
	c := Config{
		Bucket: testBucket, Queue: "flowd", AccountID: testAccount, Region: testRegion, ResourceIDs: []string{testVPC},
		TrafficType: "all", Format: "recommended", Interval: time.Minute,
	}
	for _, f := range change {
		f(&c)
	}
	return c
}

func (a *account) setup(c Config) *Setup {
	a.t.Helper()
	s, err := New(c, Clients{S3: a.s3, SQS: a.sqs, EC2: a.ec2})
	must(a.t, err)
	if !a.patient {
		s.pause = func(context.Context, time.Duration) error { return errors.New("this test does not wait") }
	}
	return s
}

// plan is a plan that must be possible.
func (a *account) plan(c Config) Plan {
	a.t.Helper()
	p, err := a.setup(c).Plan(a.t.Context())
	must(a.t, err)
	return p
}

// apply sets up, and must succeed.
func (a *account) apply(c Config) Result {
	a.t.Helper()
	r, err := a.setup(c).Apply(a.t.Context(), a.plan(c))
	must(a.t, err)
	return r
}

// refused is the text of a refusal, which must come without a write.
func (a *account) refused(c Config) string {
	a.t.Helper()
	a.calls = nil
	p, err := a.setup(c).Plan(a.t.Context())
	var refused *RefusedError
	if !errors.As(err, &refused) {
		a.t.Fatalf("got %v, want a refusal; the plan is\n%s", err, p)
	}
	if len(a.calls) == 0 || len(a.writes()) > 0 {
		a.t.Fatalf("a refusal made the calls %v, want reads only", a.calls)
	}
	return err.Error()
}

// complete asserts that nothing is missing, and that finding that out took read calls only.
func (a *account) complete(c Config) Plan {
	a.t.Helper()
	a.calls = nil
	p := a.plan(c)
	if len(p.Steps) > 0 {
		a.t.Fatalf("something is still missing:\n%s", p)
	}
	if len(a.calls) < 8 || len(a.writes()) > 0 {
		a.t.Fatalf("planning where nothing is missing made the calls %v, want at least 8 reads and no write", a.calls)
	}
	return p
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// contains asserts that a text says everything that is wanted.
func contains(t *testing.T, text string, wanted ...string) {
	t.Helper()
	if len(wanted) == 0 {
		t.Fatal("nothing is wanted of the text")
	}
	for _, want := range wanted {
		if !strings.Contains(text, want) {
			t.Errorf("got %q, want it to say %q", text, want)
		}
	}
}

// golden holds a text against a file; UPDATE_GOLDEN=1 writes the file instead.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if os.Getenv("UPDATE_GOLDEN") != "" {
		must(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	must(t, err)
	if got != string(want) {
		t.Errorf("the text differs from %s; after looking at the difference, run UPDATE_GOLDEN=1 go test ./internal/bootstrap\ngot:\n%s\nwant:\n%s", path, got, want)
	}
}
