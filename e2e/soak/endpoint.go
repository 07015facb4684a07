package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"flowd/e2e/loopback"
	"flowd/internal/localaws"
)

const (
	// name is that of the bucket and of the queue.
	name = "flowd-soak"
	// redeliverEvery makes one deleted message in fifty come back once, as a standard queue may.
	redeliverEvery = 50
)

// endpoint is AWS on loopback. No visibility timeout is longer than a limit, so that flowd's pauses of minutes pass sooner.
type endpoint struct {
	*loopback.Account
	visibility int // Seconds.
}

// newEndpoint serves until it is closed.
func newEndpoint(visibility int) (*endpoint, error) {
	e := &endpoint{Account: &loopback.Account{Name: name}, visibility: visibility}
	e.AWS = localaws.New(localaws.Config{AccountID: loopback.AccountID, Region: loopback.Region, RedeliverEvery: redeliverEvery, Intercept: e.limit})
	return e, e.Serve(e.AWS)
}

// limit answers nothing itself.
func (e *endpoint) limit(_ http.ResponseWriter, r *http.Request) (answered bool) {
	if r.Header.Get("X-Amz-Target") == "AmazonSQS.ChangeMessageVisibility" {
		loopback.LimitVisibility(r, e.visibility)
	}
	return false
}

// deadLetters takes every message from the dead-letter queue, and returns the keys that they name, sorted.
func (e *endpoint) deadLetters(ctx context.Context) (keys []string, err error) {
	for {
		var out struct{ Messages []struct{ Body string } }
		in := map[string]any{"QueueUrl": e.QueueURL(e.DeadName()), "MaxNumberOfMessages": 10, "VisibilityTimeout": 3600}
		if err := e.Call(ctx, "ReceiveMessage", in, &out); err != nil {
			return nil, err
		}
		if len(out.Messages) == 0 {
			slices.Sort(keys)
			return keys, nil
		}
		for _, m := range out.Messages {
			key, err := keyOf(m.Body)
			if err != nil {
				return nil, err
			}
			keys = append(keys, key)
		}
	}
}

// keyOf is the key of the one object that a notification announces.
func keyOf(notification string) (string, error) {
	var n struct {
		Records []struct {
			S3 struct{ Object struct{ Key string } }
		}
	}
	if err := json.Unmarshal([]byte(notification), &n); err != nil || len(n.Records) != 1 {
		return "", fmt.Errorf("reading a dead letter: %d objects, %w: %s", len(n.Records), err, notification)
	}
	return url.QueryUnescape(n.Records[0].S3.Object.Key)
}
