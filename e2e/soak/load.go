package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"flowd/internal/flowgen"
	"flowd/pkg/metrics"
)

// poolSize is how many different objects there are. They are delivered again and again under keys of their own, which makes other objects of them: making each
// anew would take more of the machine than flowd does.
const poolSize = 100

func (s *soak) pool(ctx context.Context, clean bool, formats ...string) ([]flowgen.Object, error) {
	g, err := flowgen.New(flowgen.Config{Seed: s.seed, RecordsPerObject: s.records, Formats: formats, Ports: metrics.DefaultPorts(), Clean: clean})
	if err != nil {
		return nil, err
	}
	var pool []flowgen.Object
	for range poolSize {
		pool = append(pool, g.Object(time.Now()))
	}
	return pool, ctx.Err()
}

// steady delivers at the rate, for as long as asked. It catches up when it was late.
func (s *soak) steady(ctx context.Context) error {
	pool, err := s.pool(ctx, false)
	if err != nil {
		return err
	}
	began, end := time.Now(), time.Duration(s.minutes*float64(time.Minute))
	for time.Since(began) < end {
		for s.sent < int(s.rate*time.Since(began).Seconds()) {
			if err := s.deliverNext(ctx, pool); err != nil {
				return err
			}
		}
		if err := s.flowd.pause(ctx, 20*time.Millisecond); err != nil {
			return err
		}
	}
	s.result.took = time.Since(began)
	return nil
}

func (s *soak) deliverNext(ctx context.Context, pool []flowgen.Object) error {
	o := pool[s.sent%len(pool)]
	if s.sent++; s.sent%s.poison == 0 {
		kinds := poisons()
		kind := kinds[s.sent/s.poison%len(kinds)]
		return s.plant(ctx, o.Key, kind.name, kind.spoil(zipped(o.Body)))
	}
	return s.deliver(ctx, o)
}

// deliver puts an object under a key that no other has, and adds it to the golden totals.
func (s *soak) deliver(ctx context.Context, o flowgen.Object) error {
	key := strings.Replace(o.Key, ".log.gz", fmt.Sprintf("-%07d.log.gz", s.sent), 1)
	if err := s.endpoint.AWS.Deliver(ctx, name, key, o.Body); err != nil {
		return err
	}
	s.golden.Merge(o.Totals)
	return nil
}

// plant puts an object that cannot be read, and remembers its key.
func (s *soak) plant(ctx context.Context, key, kind string, body []byte) error {
	key = strings.Replace(key, ".log.gz", fmt.Sprintf("-%07d-%s.log.gz", s.sent, kind), 1)
	s.planted = append(s.planted, key)
	return s.endpoint.AWS.Deliver(ctx, name, key, body)
}
