package main

import (
	"math"
	"strings"
	"testing"
	"time"

	"flowd/bench/endpoint"
)

// example is easy to compute by hand: at list prices a call of either service is 0.40 dollars for a million.
func example() measured {
	object := load{"10 a second", 100, time.Minute, map[string]int{"S3 GET": 100, "SQS ReceiveMessage": 100, "SQS DeleteMessageBatch": 10, endpoint.EmptyReceive: 48}}
	single := load{"one at a time", 10, time.Minute, map[string]int{"S3 GET": 10, "SQS ReceiveMessage": 10, "SQS DeleteMessageBatch": 10}}
	return measured{object, single, object, load{"nothing", 0, time.Minute, map[string]int{endpoint.EmptyReceive: 48, "SQS GetQueueAttributes": 4}}}
}

func TestDollars(t *testing.T) {
	m := example()
	for _, c := range []struct {
		what      string
		got, want float64
	}{
		{"a million objects at a rate: get, send, receive and a tenth of a delete", m.steady.objectDollars(), 3.1 * 0.40},
		{"a million objects that come alone", m.single.objectDollars(), 4 * 0.40},
		{"a month of 52 calls a minute", m.standingDollars(), 52 * 60 * 24 * 30 * 0.40 / 1e6},
	} {
		if math.Abs(c.got-c.want) > 1e-9 {
			t.Errorf("%s: got %.6f dollars, want %.6f", c.what, c.got, c.want)
		}
	}
}

func TestTables(t *testing.T) {
	var out strings.Builder
	m := example()
	m.callsTable(&out)
	m.dollarsTable(&out)
	for _, want := range []string{
		"| SQS DeleteMessageBatch | 0.100 | 1.000 | 0.100 | 0 |",
		"| " + endpoint.EmptyReceive + " | | | | 2073600 |",
		"| **dollars** | **1.24** a million | **1.60** a million | **1.24** a million | **0.90** |",
		"| 1 in 5 minutes | 8640 | 0.01 | 0.90 | 0.91 | 105.60 |",
		"| 100 a second | 259200000 | 321.41 | 0.90 | 322.31 | 1.24 |",
	} {
		if !strings.Contains(out.String(), want+"\n") {
			t.Errorf("got %s\nwant a line %q", out.String(), want)
		}
	}
}
