package main

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

// F51 clock is wrong: `flowd_aws_clock_skew_seconds` shows how far, from the Date of every answer, refusals among them, and one warning is logged when
// it is more than a minute, and another only after it was right again.
func TestF51_ClockSkewIsShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		core, logs := observer.New(zap.InfoLevel)
		skew := newClockSkew(zap.New(core))
		answers := &datedAnswers{}
		queue := sqs.NewFromConfig(skew.watch(aws.Config{
			Region: "eu-west-1", BaseEndpoint: aws.String("http://sqs"), HTTPClient: answers, Credentials: aws.AnonymousCredentials{},
			Retryer: func() aws.Retryer { return aws.NopRetryer{} },
		}))
		for _, c := range []struct {
			ahead    time.Duration // Of this machine.
			status   int
			warnings int
			infos    int
		}{
			{0, 200, 0, 0},
			{30 * time.Second, 200, 0, 0},
			{20 * time.Minute, 403, 1, 0},
			{20 * time.Minute, 200, 1, 0},
			{-20 * time.Minute, 200, 1, 0},
			{0, 200, 1, 1},
			{-2 * time.Minute, 200, 2, 1},
		} {
			answers.date, answers.status = time.Now().Add(-c.ahead), c.status
			_, err := queue.GetQueueUrl(t.Context(), &sqs.GetQueueUrlInput{QueueName: aws.String("flowd")})
			if (err == nil) != (c.status == 200) {
				t.Fatalf("status %d: got %v", c.status, err)
			}
			if got := testutil.ToFloat64(skew.gauge); got < c.ahead.Seconds()-1 || got > c.ahead.Seconds()+1 {
				t.Errorf("%s ahead: the gauge has %v", c.ahead, got)
			}
			if w, i := logs.FilterLevelExact(zap.WarnLevel).Len(), logs.FilterLevelExact(zap.InfoLevel).Len(); w != c.warnings || i != c.infos {
				t.Errorf("%s ahead: got %d warnings and %d all-clears so far, want %d and %d", c.ahead, w, i, c.warnings, c.infos)
			}
		}
		answers.noDate = true
		if _, err := queue.GetQueueUrl(t.Context(), &sqs.GetQueueUrlInput{QueueName: aws.String("flowd")}); err != nil {
			t.Fatal(err)
		}
		if got := testutil.ToFloat64(skew.gauge); got > -119 {
			t.Errorf("an answer without a Date: the gauge has %v, want what it was", got)
		}
	})
}

// datedAnswers are those of an endpoint with a clock of its own.
type datedAnswers struct {
	date   time.Time
	status int
	noDate bool
}

func (d *datedAnswers) Do(r *http.Request) (*http.Response, error) {
	if r.Context().Err() != nil {
		return nil, context.Cause(r.Context())
	}
	h := http.Header{"Content-Type": {"application/x-amz-json-1.0"}}
	if !d.noDate {
		h.Set("Date", d.date.UTC().Format(http.TimeFormat))
	}
	return &http.Response{StatusCode: d.status, Header: h, Body: io.NopCloser(strings.NewReader(`{"QueueUrl":"http://sqs/1/flowd"}`)), Request: r}, nil
}
