package main

import (
	"maps"
	"slices"
	"strings"
	"time"

	"flowd/bench/endpoint"
)

// List prices of us-east-1 in US dollars for a million, without what is free every month.
// Sources: https://aws.amazon.com/s3/pricing/ (S3 Standard, GET: 0.0004 for a thousand) and https://aws.amazon.com/sqs/pricing/ (standard queue: 0.40 for a
// million), as https://c3x.dev/blog/s3-request-fees-explained and https://cloudburn.io/blog/amazon-sqs-pricing (March 2026) quote them.
const (
	perMillionGets  = 0.40
	perMillionCalls = 0.40 // Of SQS: each action, with up to ten messages and 64 KB; an empty receive too.
)

const (
	month = 30 * 24 * time.Hour
	// sends is what S3 calls on the queue for each object; the owner of the queue pays for it.
	sends = 1.0
)

// dollars are what so many calls cost.
func dollars(call string, n float64) float64 {
	if strings.HasPrefix(call, "S3 ") {
		return n * perMillionGets / 1e6
	}
	return n * perMillionCalls / 1e6
}

// standing says that a call is made whether there are objects or not.
func standing(call string) bool {
	return call == endpoint.EmptyReceive || call == "SQS GetQueueAttributes" || call == "SQS GetQueueUrl"
}

// perObject is how often a call was made for an object.
func (l load) perObject(call string) float64 { return float64(l.calls[call]) / float64(l.objects) }

// objectDollars is what a million objects cost, their notifications included, without what is paid when nothing happens.
func (l load) objectDollars() float64 {
	sum := dollars("SQS SendMessage", sends)
	for call := range l.calls {
		if !standing(call) {
			sum += dollars(call, l.perObject(call))
		}
	}
	return sum * 1e6
}

// monthly is how often a call is made in a month with nothing to do.
func (m measured) monthly(call string) float64 {
	return float64(m.idle.calls[call]) * float64(month) / float64(m.idle.took)
}

func (m measured) standingDollars() (sum float64) {
	for call := range m.idle.calls {
		sum += dollars(call, m.monthly(call))
	}
	return sum
}

// of chooses the load that a number of objects in a month is nearest to: those that come alone find a delete of their own.
func (m measured) of(objects float64) load {
	if objects/month.Seconds() < 1 {
		return m.single
	}
	return m.steady
}

// names are those of all calls, sorted.
func (m measured) names() []string {
	all := map[string]int{}
	for _, l := range []load{m.backlog, m.single, m.steady, m.idle} {
		maps.Copy(all, l.calls)
	}
	return slices.Sorted(maps.Keys(all))
}
