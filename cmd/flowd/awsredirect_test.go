package main

import (
	"crypto/tls"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"go.uber.org/zap"
)

// configured is what every command that calls AWS uses, with an endpoint of this test.
func configured(t *testing.T, endpoint string) aws.Config {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", "test")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	cfg, err := loadAWS(t.Context(), awsSettings{Region: "eu-west-1", EndpointURL: endpoint}, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// TestT04_RedirectsAreNotFollowed has endpoints that send flowd elsewhere, with a redirect that keeps the method too.
func TestT04_RedirectsAreNotFollowed(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("%s %s was sent elsewhere", r.Method, r.URL)
	}))
	defer elsewhere.Close()
	asked := 0
	for _, status := range []int{301, 302, 303, 307, 308} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			asked++
			w.Header().Set("Location", elsewhere.URL+"/bucket/key")
			w.WriteHeader(status)
		}))
		cfg := configured(t, server.URL)
		client := s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true })
		if _, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("bucket"), Key: aws.String("key")}); err == nil {
			t.Errorf("S3, %d: got no error", status)
		}
		if _, err := sqs.NewFromConfig(cfg).ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: aws.String(server.URL + "/1/flowd")}); err == nil {
			t.Errorf("SQS, %d: got no error", status)
		}
		server.Close()
	}
	if asked != 10 {
		t.Errorf("the endpoints were asked %d times, want 10", asked)
	}
}

// TestAWSMustShowACertificateThatVerifies has an endpoint whose certificate nobody signed.
func TestAWSMustShowACertificateThatVerifies(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { t.Errorf("%s was sent", r.URL) }))
	server.Config.ErrorLog = nil
	server.StartTLS()
	defer server.Close()
	_, err := sqs.NewFromConfig(configured(t, server.URL)).ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: aws.String(server.URL + "/1/flowd")})
	if refused := (*tls.CertificateVerificationError)(nil); !errors.As(err, &refused) || !strings.HasPrefix(server.URL, "https://") {
		t.Errorf("got %v, want a certificate that does not verify", err)
	}
}
