package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"flowd/internal/flowgen"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// looksOf are looks ten seconds apart; grow is added to each from the 20th on.
func looksOf(n int, grow look) (all []look) {
	for i := range n {
		l := look{at: time.Duration(i) * 10 * time.Second, resident: 50 << 20, goroutines: 70, files: 30, objects: float64(500 * i)}
		if i < 3 {
			l.resident = 10 << 20 // It starts small.
		}
		if i >= 20 {
			l.resident, l.goroutines, l.files = l.resident+grow.resident, l.goroutines+grow.goroutines, l.files+grow.files
		}
		all = append(all, l)
	}
	return all
}

func TestGrowthIsSeen(t *testing.T) {
	cases := []struct {
		name  string
		grow  look
		grows []string
	}{
		{"nothing grows", look{}, nil},
		{"what is in the slack", look{resident: 5 << 20, goroutines: workSlack, files: workSlack}, nil},
		{"memory", look{resident: 7 << 20}, []string{"resident memory"}},
		{"goroutines", look{goroutines: workSlack + 1}, []string{"goroutines"}},
		{"descriptors", look{files: workSlack + 1}, []string{"descriptors"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			all, err := trends(looksOf(30, c.grow), 30*time.Second)
			if err != nil || len(all) != 3 {
				t.Fatalf("got %v, %v, want three trends", all, err)
			}
			var grows []string
			for _, trend := range all {
				if !trend.flat() {
					grows = append(grows, trend.what)
				}
			}
			if !slices.Equal(grows, c.grows) {
				t.Errorf("got %q, want %q", grows, c.grows)
			}
		})
	}
	if all, err := trends(looksOf(11, look{}), 30*time.Second); err == nil {
		t.Errorf("eight looks after the warm-up: got %v, want an error", all)
	}
}

// finished is a soak in which everything went well.
func finished() *soak {
	return &soak{
		options: options{warmUp: 30 * time.Second}, sent: 3, planted: []string{"b", "a"}, golden: flowgen.Totals{Objects: 1}, looks: looksOf(30, look{}),
		result: result{took: time.Minute, counted: 1, dead: []string{"a", "b"}},
	}
}

func TestReportSaysWhatIsWrong(t *testing.T) {
	cases := []struct {
		name  string
		spoil func(*soak)
		want  string
	}{
		{"nothing", func(*soak) {}, ""},
		{"a difference", func(s *soak) { s.result.difference, s.result.differs = 7, "x: got 1" }, "differ by 7: x: got 1"},
		{"nothing was delivered", func(s *soak) { s.golden.Objects = 0 }, "of 0 objects"},
		{"a good object among the dead letters", func(s *soak) { s.result.dead = []string{"a", "b", "c"} }, "c is not broken"},
		{"a dead letter twice", func(s *soak) { s.result.dead = []string{"a", "a", "b"} }, "a is there twice"},
		{"a broken object that was counted", func(s *soak) { s.result.dead = []string{"b"} }, "a is missing"},
		{"nothing was broken", func(s *soak) { s.planted, s.result.dead = nil, nil }, "nothing was broken"},
		{"growth", func(s *soak) { s.looks = looksOf(30, look{goroutines: 100}) }, "goroutines grows"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := finished()
			c.spoil(s)
			err := s.report(io.Discard)
			if got := fmt.Sprint(err); c.want == "" && err != nil || c.want != "" && !strings.Contains(got, c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestPausesAreShortened(t *testing.T) {
	e, err := newEndpoint(5)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	url := e.QueueURL(name)
	must(e.Call(ctx, "CreateQueue", map[string]any{"QueueName": name}, &struct{}{}))
	must(e.Call(ctx, "SendMessage", map[string]any{"QueueUrl": url, "MessageBody": "x"}, &struct{}{}))
	var got struct {
		Messages []struct{ ReceiptHandle string }
	}
	must(e.Call(ctx, "ReceiveMessage", map[string]any{"QueueUrl": url, "VisibilityTimeout": 600}, &got))
	change := map[string]any{"QueueUrl": url, "ReceiptHandle": got.Messages[0].ReceiptHandle, "VisibilityTimeout": 50_000} // Too long for SQS, too.
	must(e.Call(ctx, "ChangeMessageVisibility", change, &struct{}{}))
	if n, err := e.Messages(ctx, name); err != nil || n != 1 {
		t.Errorf("got %d messages, %v, want 1", n, err)
	}
}

func TestKeyOfADeadLetter(t *testing.T) {
	got, err := keyOf(`{"Records":[{"s3":{"object":{"key":"a+b%2Fc"}}}]}`)
	if err != nil || got != "a b/c" {
		t.Errorf("got %q, %v, want the decoded key", got, err)
	}
	for _, bad := range []string{"", "{}", `{"Records":[{},{}]}`} {
		if got, err := keyOf(bad); err == nil {
			t.Errorf("%q: got %q, want an error", bad, got)
		}
	}
}

func TestObjectsForLittleMemory(t *testing.T) {
	s := &soak{options: options{seed: 1, records: 50, large: 200_000}}
	o, err := s.largeObject(context.Background())
	if err != nil || len(o.Body) < 200_000 || len(o.Body) > 300_000 || o.Totals.Objects != 1 || int(o.Totals.ObjectBytes.Compressed) != len(o.Body) {
		t.Errorf("a large object: got %d bytes, %+v, %v", len(o.Body), o.Totals.ObjectBytes, err)
	}
	first, second := flood("k", 0), flood("k", manyInterfaces/interfacesObjects)
	if bytes.Equal(first.Body, second.Body) || first.Totals.Interfaces[flowgen.InterfaceKey{Action: "reject"}].Records != manyInterfaces/interfacesObjects {
		t.Error("two floods have the same interfaces, or not as many as they say")
	}
}

func TestSizes(t *testing.T) {
	for text, want := range map[string]byteSize{"128MiB": 128 << 20, "1000": 1000} {
		var got byteSize
		if err := got.Set(text); err != nil || got != want {
			t.Errorf("%s: got %d, %v, want %d", text, got, err, want)
		}
	}
	for _, bad := range []string{"", "MiB", "-1", "1GiB", "x"} {
		if err := new(byteSize).Set(bad); err == nil {
			t.Errorf("%q: got nil, want an error", bad)
		}
	}
}
