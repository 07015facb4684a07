package localaws

import (
	"crypto/tls"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// account is a server and the real SDK clients that talk to it.
type account struct {
	server *Server
	http   *http.Client
	url    string
	s3     *s3.Client
	sqs    *sqs.Client
	ec2    *ec2.Client
}

// newAccount makes clients as flowd does, from the SDK's own configuration. They try once: a refusal is what is tested.
func newAccount(t *testing.T, server *Server, client *http.Client, url string) *account {
	t.Helper()
	cfg, err := config.LoadDefaultConfig(t.Context(), config.WithRegion(server.cfg.Region), config.WithRetryMaxAttempts(1),
		config.WithSharedConfigFiles([]string{}), config.WithSharedCredentialsFiles([]string{}),
		config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider("id", "secret", "")))
	if err != nil {
		t.Fatalf("loading the configuration: %v", err)
	}
	cfg.HTTPClient = client
	if url != "" {
		cfg.BaseEndpoint = &url
	}
	return &account{
		server: server, http: client, url: url, sqs: sqs.NewFromConfig(cfg), ec2: ec2.NewFromConfig(cfg),
		s3: s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = url != ""; o.DisableLogOutputChecksumValidationSkipped = true }),
	}
}

// call is one behaviour, with a fresh account.
type call struct {
	name string
	run  func(t *testing.T, a *account)
}

// overEveryTransport runs each behaviour over http, where the SDK sends checksums ahead of a body, and over https, where it frames the body and
// sends them behind it.
func overEveryTransport(t *testing.T, cfg Config, calls []call) {
	t.Helper()
	servers := map[string]func(http.Handler) *httptest.Server{"http": httptest.NewServer, "https": httptest.NewTLSServer}
	ran := 0
	for scheme, start := range servers {
		for _, c := range calls {
			t.Run(scheme+"/"+c.name, func(t *testing.T) {
				server := New(cfg)
				over := start(server)
				defer over.Close()
				if !strings.HasPrefix(over.URL, scheme+"://") {
					t.Fatalf("got a server at %s, want one over %s", over.URL, scheme)
				}
				c.run(t, newAccount(t, server, over.Client(), over.URL))
			})
			ran++
		}
	}
	if ran != 2*len(calls) || ran == 0 {
		t.Fatalf("ran %d behaviours, want each of %d twice", ran, len(calls))
	}
}

// inProcess is a transport without a network, so that the SDK can be used where time is virtual.
type inProcess struct{ handler http.Handler }

func (p inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	in := r.Clone(r.Context())
	if in.Host == "" {
		in.Host = r.URL.Host
	}
	if in.Body == nil {
		in.Body = http.NoBody
	}
	if r.URL.Scheme == "https" {
		in.TLS = &tls.ConnectionState{}
	}
	recorder := httptest.NewRecorder()
	p.handler.ServeHTTP(recorder, in)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return recorder.Result(), nil
}

// inVirtualTime runs behaviours whose meaning is a time.
func inVirtualTime(t *testing.T, cfg Config, calls []call) {
	t.Helper()
	for _, c := range calls {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := New(cfg)
				c.run(t, newAccount(t, server, &http.Client{Transport: inProcess{server}}, ""))
			})
		})
	}
	if len(calls) == 0 {
		t.Fatal("there is nothing to run")
	}
}

func must[T any](t *testing.T, v T, err error) T {
	t.Helper()
	if err != nil {
		t.Fatalf("got error %v, want none", err)
	}
	return v
}

// wantCode wants an error of the service with a code.
func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != code {
		t.Errorf("got %v, want the error %s", err, code)
	}
}

// wantStatus wants an error with an HTTP status.
func wantStatus(t *testing.T, err error, status int) {
	t.Helper()
	var answer interface{ HTTPStatusCode() int }
	if !errors.As(err, &answer) || answer.HTTPStatusCode() != status {
		t.Errorf("got %v, want HTTP status %d", err, status)
	}
}

func equals[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// raw makes a request that no SDK makes, and returns its status.
func (a *account) raw(t *testing.T, method, path, body string, header ...string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, a.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	answer, err := a.http.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	return answer.StatusCode
}
