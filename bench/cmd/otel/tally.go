package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"

	"go.opentelemetry.io/collector/pdata/plog"
)

// Attributes of a record, as the extension names them.
const (
	actionKey = "aws.vpc.flow.action"
	bytesKey  = "aws.vpc.flow.bytes"
	sourceKey = "source.address"
)

// tally is the least that is worth calling a count: what the awk script counts too.
type tally struct {
	actions map[string]uint64 // Records.
	sources map[string]int64  // Bytes.
}

func (t *tally) add(logs plog.Logs) {
	for _, resource := range logs.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			for _, record := range scope.LogRecords().All() {
				t.addRecord(record)
			}
		}
	}
}

// addRecord leaves out what has no action: NODATA and SKIPDATA.
func (t *tally) addRecord(record plog.LogRecord) {
	attributes := record.Attributes()
	action, ok := attributes.Get(actionKey)
	if !ok {
		return
	}
	t.actions[action.Str()]++
	source, ok := attributes.Get(sourceKey)
	if bytes, counted := attributes.Get(bytesKey); ok && counted {
		t.sources[source.Str()] += bytes.Int()
	}
}

func (t *tally) print(w io.Writer) error {
	for _, action := range slices.Sorted(maps.Keys(t.actions)) {
		if _, err := fmt.Fprintln(w, action, t.actions[action]); err != nil {
			return err
		}
	}
	sources := slices.SortedFunc(maps.Keys(t.sources), func(a, b string) int { return cmp.Compare(t.sources[b], t.sources[a]) })
	for _, source := range sources[:min(10, len(sources))] {
		if _, err := fmt.Fprintln(w, source, t.sources[source]); err != nil {
			return err
		}
	}
	return nil
}
