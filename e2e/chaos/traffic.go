package main

import (
	"context"
	"time"

	"flowd/internal/flowgen"
	"flowd/pkg/metrics"
)

// held is how many objects wait for their turn when the order is random.
const held = 100

// deliveryPause is the longest time between two deliveries.
const deliveryPause = 20 * time.Millisecond

// traffic delivers objects, and keeps the golden totals of those that it delivered. It is for one goroutine.
type traffic struct {
	generator *flowgen.Generator
	endpoint  *endpoint
	hold      int
	waiting   []flowgen.Object
	order     *dice
	pauses    *dice
	golden    flowgen.Totals
}

func newTraffic(r *round, e *endpoint) (*traffic, error) {
	g, err := flowgen.New(flowgen.Config{Seed: r.seed, RecordsPerObject: r.records, Interfaces: 24, Ports: metrics.DefaultPorts(), CompressionLevel: 1})
	if err != nil {
		return nil, err
	}
	t := &traffic{generator: g, endpoint: e, order: newDice(r.seed, streamOrder), pauses: newDice(r.seed, streamDelivery)}
	if r.shuffle {
		t.hold = held
	}
	return t, nil
}

// next makes an object, and yields one that waited when the order is random.
func (t *traffic) next() flowgen.Object {
	for len(t.waiting) <= t.hold {
		t.waiting = append(t.waiting, t.generator.Object(time.Now()))
	}
	return t.take()
}

func (t *traffic) take() flowgen.Object {
	i, last := t.order.below(len(t.waiting)), len(t.waiting)-1
	o := t.waiting[i]
	t.waiting[i] = t.waiting[last]
	t.waiting = t.waiting[:last]
	return o
}

func (t *traffic) put(ctx context.Context, o flowgen.Object) error {
	if err := t.endpoint.AWS.Deliver(ctx, name, o.Key, o.Body); err != nil {
		return err
	}
	t.golden.Merge(o.Totals)
	return nil
}

// deliver puts n objects, one after the other with pauses.
func (t *traffic) deliver(ctx context.Context, n int) error {
	for range n {
		if err := t.put(ctx, t.next()); err != nil {
			return err
		}
		time.Sleep(t.pauses.between(0, deliveryPause))
	}
	return nil
}

// flush delivers what waited.
func (t *traffic) flush(ctx context.Context) error {
	for len(t.waiting) > 0 {
		if err := t.put(ctx, t.take()); err != nil {
			return err
		}
	}
	return nil
}
