package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"
)

// Names of datasets.
const (
	versionTwo = "v2"
	fieldsName = "29 fields"
	filesName  = "files of 5 MB"
)

// bench is a whole run of the harness.
type bench struct {
	tools
	options
	cores  []int
	core   int // The one of races on one core.
	before string
	floor  int64

	v2, v5, files, small, huge dataset

	races   []*race // One core.
	scaling []*race
	sizes   []*race
	service *race
}

// generate makes what is not in the cache yet.
func (b *bench) generate(ctx context.Context) (err error) {
	for _, of := range []struct {
		into *dataset
		size int
		shape
	}{
		{&b.v2, b.size, shape{versionTwo, "v2", 109, 1}},
		{&b.v5, b.size, shape{fieldsName, "v5", 242, 1}},
		{&b.files, b.size, shape{filesName, "v2", 109, max(2, b.size/5)}},
		{&b.small, max(1, b.size/10), shape{"small", "v2", 109, 1}},
	} {
		if *of.into, err = generate(ctx, b.flowd, b.cache, b.seed, of.size, of.shape); err != nil {
			return err
		}
	}
	b.huge, err = b.v2.joined(b.cache, 10)
	return err
}

// race runs everything. The end-to-end part is the last one: it keeps objects in the memory of this process, which the kernel adds to that of its children.
func (b *bench) race(ctx context.Context) (err error) {
	left := budget{b.runs, time.Now().Add(b.limit)}
	for i, d := range []dataset{b.v2, b.v5, b.files} {
		peers, err := b.field(d, b.core)
		if err != nil {
			return err
		}
		r := &race{data: d, peers: peers}
		if err := r.run(ctx, left.share([]int{30, 30, 45}[i], 100)); err != nil {
			return err
		}
		b.races = append(b.races, r)
	}
	for i, d := range []dataset{b.files, b.v2} {
		r, err := b.tools.cores(ctx, d, b.cores, left.share(i+1, 5))
		if err != nil {
			return err
		}
		if r != nil {
			b.scaling = append(b.scaling, r)
		}
	}
	if b.sizes, err = b.memory(ctx, []dataset{b.small, b.v2, b.huge}, b.cores, left.share(1, 2)); err != nil {
		return err
	}
	if b.floor, err = floor(ctx, b.core); err != nil { // Now: this process has grown meanwhile.
		return err
	}
	if err := leave(b.core, b.cores); err != nil { // The endpoint is part of this process.
		return err
	}
	b.service, err = service(ctx, b.tools, b.files, b.core, left.share(1, 1))
	return err
}

// report writes everything in Markdown.
func (b *bench) report(ctx context.Context, w io.Writer) {
	machine(ctx, w, b.before, b.floor)
	service := *b.service
	service.data.name = filesName
	verdicts(w, slices.Concat(b.races, b.scaling, []*race{&service}), b.size)
	for _, r := range b.races {
		r.table(w, b.floor)
	}
	coresTable(w, b.scaling)
	memoryTable(w, b.sizes)
	serviceTable(w, b.service)
	for _, peer := range slices.Sorted(maps.Keys(b.missing)) {
		fmt.Fprintf(w, "Not measured: %s, because %s.\n", peer, b.missing[peer])
	}
}
