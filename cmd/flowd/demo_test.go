package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"flowd/internal/web"
	"flowd/pkg/ingest"
	"flowd/pkg/metrics"
)

// runShortDemo runs the real demo until it has delivered a few objects, however long that takes, and waits as long as settle says for equal totals.
func runShortDemo(t *testing.T, settle time.Duration, tamper func(int, []byte) []byte) (output string, err error) {
	t.Helper()
	const objects = 5
	var out bytes.Buffer
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	err = runDemo(ctx, demoOptions{
		service: serviceOptions{
			Ingest: ingest.DefaultConfig(), Metrics: metrics.DefaultConfig(),
			Web: web.Config{ListenAddresses: []string{freeAddress(t)}},
		},
		interval: 50 * time.Millisecond, seed: 1, settle: settle,
		tamper: func(n int, body []byte) []byte {
			if n == objects-1 {
				interrupt()
			}
			return tamper(n, body)
		},
	}, &out, zap.NewNop())
	return out.String(), err
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestDemoCountsWhatWasWritten(t *testing.T) {
	t.Parallel()
	output, err := runShortDemo(t, time.Minute, func(_ int, body []byte) []byte { return body })
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	for _, family := range []string{
		"flowd_flow_records_total", "flowd_interface_bytes_total", "flowd_port_records_total", "flowd_records_read_total",
		"flowd_records_malformed_total", "flowd_object_bytes_total", "flowd_record_age_seconds", "flowd_objects_counted_total",
		"flowd_top_source_bytes_total", "flowd_top_rejected_port_records_total",
	} {
		if !strings.Contains(output, family) {
			t.Errorf("%s is not in the comparison:\n%s", family, output)
		}
	}
}

// TestDemoFindsOneWrongByte changes one digit of one record, in a file that is otherwise sound.
func TestDemoFindsOneWrongByte(t *testing.T) {
	t.Parallel()
	output, err := runShortDemo(t, 3*time.Second, func(n int, body []byte) []byte {
		if n != 2 {
			return body
		}
		return withOtherDigit(t, body)
	})
	if !errors.Is(err, errDemoDiffers) || !strings.Contains(output, "DIFFERS") {
		t.Errorf("got %v, want %v\n%s", err, errDemoDiffers, output)
	}
}

// TestDemoFindsABrokenObject flips a bit of the compressed bytes: the object cannot be read, so it is missing from what was counted.
func TestDemoFindsABrokenObject(t *testing.T) {
	t.Parallel()
	output, err := runShortDemo(t, 3*time.Second, func(n int, body []byte) []byte {
		if n == 2 {
			body[len(body)/2] ^= 1
		}
		return body
	})
	if !errors.Is(err, errDemoDiffers) {
		t.Errorf("got %v, want %v\n%s", err, errDemoDiffers, output)
	}
}

// withOtherDigit changes the last digit of a byte count.
func withOtherDigit(t *testing.T, body []byte) []byte {
	t.Helper()
	in, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(in)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(text, []byte(" ACCEPT OK"))
	fields := bytes.Fields(text[bytes.LastIndexByte(text[:at], '\n'):at])
	if len(fields) < 3 {
		t.Fatal("no accepted record in the object")
	}
	count := fields[len(fields)-3] // bytes, then start and end.
	digit := bytes.Index(text, append(append([]byte(" "), count...), append([]byte(" "), fields[len(fields)-2]...)...)) + len(count)
	text[digit] = '0' + ('9'-text[digit])%10
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := z.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
