package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"go.uber.org/zap"
	"golang.org/x/crypto/bcrypt"
)

// canary is in every secret of the test, so that one look finds any of them.
const canary = "canary7f3a91"

// wire is the connection to AWS. It remembers receipt handles, which let whoever has one delete a message, and breaks now and then.
type wire struct {
	next     http.RoundTripper
	mu       sync.Mutex
	calls    int
	receipts []string
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	w.mu.Lock()
	w.calls++
	n := w.calls
	w.mu.Unlock()
	if n%7 == 3 {
		return nil, errors.New("connection reset by peer")
	}
	response, err := w.next.RoundTrip(r)
	if err != nil || r.Header.Get("X-Amz-Target") != "AmazonSQS.ReceiveMessage" {
		return response, err
	}
	body, err := io.ReadAll(response.Body)
	response.Body = io.NopCloser(bytes.NewReader(body))
	var out struct {
		Messages []struct{ ReceiptHandle string }
	}
	if err == nil && json.Unmarshal(body, &out) == nil {
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, m := range out.Messages {
			w.receipts = append(w.receipts, m.ReceiptHandle)
		}
	}
	return response, err
}

// logText may be read while it is written.
type logText struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logText) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *logText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// T09 secrets in what flowd says: credentials, passwords, receipt handles and what messages say are in no log line, page, status or scrape, though
// everything fails that can; at level debug the beginning of a message that was not understood is logged, and nothing else.
func TestT09_SecretsAreNotTold(t *testing.T) {
	for _, level := range []string{"info", "debug"} {
		t.Run(level, func(t *testing.T) {
			t.Parallel()
			told, receipts := tellAll(t, level)
			secrets := append(receipts, "password-"+canary, "secret-key-"+canary, "session-"+canary, "line-"+canary)
			if level != "debug" {
				secrets = append(secrets, canary)
			}
			if len(receipts) < 4 {
				t.Fatalf("saw %d receipt handles, want at least 4", len(receipts))
			}
			for where, text := range told {
				if len(text) < 200 {
					t.Errorf("%s: there is hardly anything to look at: %q", where, text)
				}
				for _, secret := range secrets {
					if at := strings.Index(text, secret); at >= 0 {
						t.Errorf("%s tells %q: …%s…", where, secret, text[max(0, at-200):min(len(text), at+200)])
					}
				}
			}
			if body := "body-" + canary; level == "debug" && !strings.Contains(told["log"], body) {
				t.Errorf("the log at level debug has no %q: was it ever logged?", body)
			}
		})
	}
}

// tellAll runs a service with secrets everywhere until it has failed in every way, and returns what it said.
func tellAll(t *testing.T, level string) (told map[string]string, receipts []string) {
	t.Helper()
	a, log := newAccount(t), new(logText)
	w := &wire{next: a.demo.service.AWS.HTTPClient.(*http.Client).Transport}
	o := &a.demo.service
	o.AWS.HTTPClient = &http.Client{Transport: w}
	o.AWS.Credentials = credentials.NewStaticCredentialsProvider("AKIATEST", "secret-key-"+canary, "session-"+canary)
	o.Ingest.QueueURL = strings.Replace(o.Ingest.QueueURL, "://", "://user:password-"+canary+"@", 1)
	o.Web.ListenAddresses, o.Web.ConfigFile = []string{freeAddress(t)}, passwordFile(t, "password-"+canary)
	logger, _ := newLogger(logSettings{Level: level, Format: "json"}, log)
	stop := runLogged(t, a, logger)
	a.deliver(2)
	spoil(t, a)
	a.until("every failure to be logged, and the good objects to be counted", func() bool {
		text := log.String()
		return strings.Contains(text, "an object failed") && strings.Contains(text, "bad_message") && strings.Contains(text, "not_allowed") &&
			len(fetch(t, "http://"+o.Web.ListenAddresses[0]+"/api/v1/top", "password-"+canary)) > 200
	})
	a.until("a top talker", func() bool {
		return strings.Contains(fetch(t, "http://"+o.Web.ListenAddresses[0]+"/api/v1/top", "password-"+canary), "estimate")
	})
	told = map[string]string{}
	for _, path := range []string{"/", "/metrics", "/api/v1/status", "/api/v1/top"} {
		told[path] = fetch(t, "http://"+o.Web.ListenAddresses[0]+path, "password-"+canary)
	}
	fetch(t, "http://"+o.Web.ListenAddresses[0]+"/metrics", "wrong")
	stop()
	told["log"] = log.String()
	return told, w.receipts
}

// spoil announces what cannot be counted.
func spoil(t *testing.T, a *account) {
	t.Helper()
	cut := []byte("version srcaddr\n2 line-" + canary + "\n")
	if err := a.server.Deliver(t.Context(), demoBucket, "AWSLogs/"+demoAccount+"/vpcflowlogs/cut.log.gz", append([]byte{0x1f, 0x8b}, cut...)); err != nil {
		t.Fatal(err)
	}
	if err := a.server.Deliver(t.Context(), demoBucket, "AWSLogs/"+demoAccount+"/vpcflowlogs/lines.log.gz", cut); err != nil {
		t.Fatal(err)
	}
	event := `{"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"%s"},"object":{"key":"x"}}}]}`
	queue := sqs.NewFromConfig(a.demo.service.AWS)
	for _, body := range []string{"body-" + canary + strings.Repeat(" and so on", 1000), fmt.Sprintf(event, "another-bucket"), fmt.Sprintf(event, demoBucket)} {
		// The wire may break; the SDK tries again.
		if _, err := queue.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &a.demo.service.Ingest.QueueURL, MessageBody: aws.String(body)}); err != nil {
			t.Fatal(err)
		}
	}
}

func runLogged(t *testing.T, a *account, log *zap.Logger) (stop func()) {
	t.Helper()
	s, err := newService(a.demo.service, log)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.run(ctx) }()
	return func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("stopping: got %v, want no error", err)
		}
	}
}

func fetch(t *testing.T, url, password string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth("prometheus", password)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func passwordFile(t *testing.T, password string) string {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "web.yaml")
	if err := os.WriteFile(path, fmt.Appendf(nil, "basic_auth_users:\n  prometheus: %s\n", hash), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// T09 log injection: what somebody else wrote is one value of one line, and cannot end it, forge another or move the cursor of a terminal.
func TestT09_LogLinesCannotBeForged(t *testing.T) {
	hostile := "AWSLogs/x\n{\"level\":\"info\",\"msg\":\"flowd stopped\"}\r\x1b[2J\x1b]0;title\x07\x00"
	for _, format := range []string{"json", "console"} {
		lines := logged(t, logSettings{Level: "debug", Format: format}, func(log *zap.Logger) {
			log.Warn("an object failed", zap.String("key", hostile), zap.Error(errors.New(hostile)))
		})
		if len(lines) != 1 {
			t.Errorf("%s: got %d lines, want 1: %q", format, len(lines), lines)
		}
		if i := strings.IndexFunc(lines[0], unicode.IsControl); i >= 0 && lines[0][i] != '\t' {
			t.Errorf("%s: got the control byte %q in %q", format, lines[0][i], lines[0])
		}
	}
}

// T09 passwords in URLs: they are hidden wherever they come from, an error or a field.
func TestT09_PasswordsOfURLsAreHidden(t *testing.T) {
	lines := logged(t, logSettings{Level: "info", Format: "json"}, func(log *zap.Logger) {
		log.Info("asking", zap.String("queue_url", "http://user:password@host/1/q?x=@"), zap.Error(errors.New(`Get "https://token@[::1]:1/": EOF`)))
		log.Info("asking", zap.String("url", "https://host/a@b"), zap.String("to", "somebody@example.com"))
	})
	if len(lines) != 2 {
		t.Fatalf("got %q, want 2 lines", lines)
	}
	for i, want := range [][]string{{"http://xxxxx@host/1/q?x=@", "https://xxxxx@[::1]:1/"}, {"https://host/a@b", "somebody@example.com"}} {
		for _, text := range want {
			if !strings.Contains(lines[i], text) {
				t.Errorf("got %s, want it to have %s", lines[i], text)
			}
		}
	}
}
