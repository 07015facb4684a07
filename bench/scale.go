package main

import (
	"context"
	"fmt"
)

// Names in the race of one core against two.
const (
	oneCore  = "1 core"
	twoCores = "2 cores"
)

// cores runs the same analysis on one core and on two. With fewer cores there is nothing to compare.
func (t tools) cores(ctx context.Context, d dataset, all []int, b budget) (*race, error) {
	if len(all) < 2 {
		t.missing["Two cores"] = fmt.Sprintf("this process may use %d", len(all))
		return nil, nil
	}
	argv := append([]string{t.flowd, "analyze", "--output=json"}, d.files...)
	says := []string{d.accepts, d.rejects}
	r := &race{data: d, peers: []peer{
		{oneCore, command{argv: argv, cores: all[len(all)-1:], says: says}},
		{twoCores, command{argv: argv, cores: all[len(all)-2:], says: says}},
	}}
	return r, r.run(ctx, b)
}

// memory is the peak of an analysis on every core that there is, for each of several sizes.
func (t tools) memory(ctx context.Context, sizes []dataset, all []int, b budget) ([]*race, error) {
	var races []*race
	for i, d := range sizes {
		r := &race{data: d, peers: []peer{{flowdAnalyze, command{argv: append([]string{t.flowd, "analyze", "--output=json"}, d.files...), cores: all}}}}
		if err := r.run(ctx, b.share(1, len(sizes)-i)); err != nil {
			return nil, err
		}
		races = append(races, r)
	}
	return races, nil
}

// floor is the peak that the kernel tells of a process that does nothing: it takes the memory of whoever started it into account.
func floor(ctx context.Context, core int) (int64, error) {
	u, err := command{argv: []string{"true"}, cores: []int{core}}.run(ctx)
	return u.memory, err
}
