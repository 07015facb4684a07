package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"os"
	"time"

	"flowd/bench/endpoint"
)

// session is one flowd with its endpoint, through every load.
type session struct {
	options
	endpoint *endpoint.Endpoint
	flowd    *endpoint.Process
	sent     int
}

// measured are calls by name, of each load, and how many objects or how long it was.
type measured struct {
	backlog, single, steady load
	idle                    load
}

type load struct {
	what    string
	objects int
	took    time.Duration
	calls   map[string]int
}

// all begins with the backlog that was there before flowd was.
func (s *session) all(ctx context.Context) (m measured, err error) {
	for _, step := range []struct {
		into    *load
		what    string
		objects int
		do      func(context.Context) error
	}{
		{&m.backlog, "backlog", s.objects, func(context.Context) error { return nil }},
		{&m.single, "one at a time", s.options.single, s.oneByOne},
		{&m.steady, fmt.Sprintf("%d a second", s.rate), s.rate * int(s.options.steady/time.Second), s.atRate},
		{&m.idle, "nothing to do", 0, func(ctx context.Context) error { return s.flowd.Pause(ctx, s.options.idle) }},
	} {
		began := time.Now()
		if err := step.do(ctx); err != nil {
			return m, err
		}
		if err := s.flowd.UntilEmpty(ctx); err != nil {
			return m, err
		}
		*step.into = load{step.what, step.objects, time.Since(began), s.endpoint.Calls()}
		fmt.Fprintf(os.Stderr, "%s: %d objects, %s, calls %v\n", step.what, step.objects, time.Since(began).Round(time.Second/10), step.into.calls)
		if got := step.into.calls["S3 GET"]; got < step.objects {
			return m, fmt.Errorf("%s: flowd read %d objects of %d", step.what, got, step.objects)
		}
	}
	return m, nil
}

func (s *session) oneByOne(ctx context.Context) error {
	for range s.options.single {
		if err := s.deliver(ctx, 1); err != nil {
			return err
		}
		if err := s.flowd.UntilEmpty(ctx); err != nil {
			return err
		}
	}
	return nil
}

// atRate catches up when it was late.
func (s *session) atRate(ctx context.Context) error {
	began, want := time.Now(), s.rate*int(s.options.steady/time.Second)
	for done := 0; done < want; {
		due := min(want, int(float64(s.rate)*time.Since(began).Seconds()))
		if err := s.deliver(ctx, due-done); err != nil {
			return err
		}
		done = due
		if err := s.flowd.Pause(ctx, 5*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// deliver makes objects of one record each, which cost as many calls as those of a million.
func (s *session) deliver(ctx context.Context, n int) error {
	for range n {
		s.sent++
		var body bytes.Buffer
		z := gzip.NewWriter(&body)
		fmt.Fprintf(z, "version srcaddr bytes\n2 10.0.0.1 %d\n", s.sent) // A buffer takes everything.
		if err := z.Close(); err != nil {
			return err
		}
		key := fmt.Sprintf("AWSLogs/123456789012/vpcflowlogs/us-east-1/2026/01/01/123456789012_vpcflowlogs_us-east-1_fl-0123456789abcdef0_20260101T0000Z_%08x.log.gz", s.sent)
		if err := s.endpoint.Deliver(ctx, key, body.Bytes()); err != nil {
			return err
		}
	}
	return nil
}
