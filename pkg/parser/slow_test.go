package parser

import (
	"errors"
	"maps"
	"math"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// values are what a record holds, by the names of headers: text as string, numbers as uint64, addresses and words as their own types. A field
// that is absent has no key.
type values map[string]any

// The types of AWS's documentation, by name; what is not listed is text. This is a second account of what kindOf says, on purpose.
const (
	int32Names   = " version tcp-flags traffic-path encryption-status "
	portNames    = " srcport dstport "
	counterNames = " packets bytes packets-lost-no-route packets-lost-blackhole packets-lost-mtu-exceeded packets-lost-ttl-expired "
	timeNames    = " start end "
	addrNames    = " srcaddr dstaddr pkt-srcaddr pkt-dstaddr "
)

// slowParse is the obvious parser that the fast one is held against: it splits, looks the type up by name, and leaves the rest to the standard library.
// An empty set of fields asks for all.
func slowParse(names []string, asked FieldSet, line string) (values, error) {
	// Not strings.Fields: it takes vertical tabs and Unicode's spaces for separators too.
	words := strings.FieldsFunc(line, func(c rune) bool { return c == ' ' || c == '\t' || c == '\r' })
	if len(words) < len(names) {
		return nil, TooFewValues
	}
	if len(words) > len(names) {
		return nil, TooManyValues
	}
	found := values{}
	for i, name := range names {
		f, known := fieldOf(name)
		if !known || !asked.Empty() && !asked.Has(f) || words[i] == "-" {
			continue
		}
		v, err := slowValue(name, words[i])
		if err != nil {
			return nil, err
		}
		found[name] = v
	}
	return found, nil
}

func slowValue(name, word string) (any, error) {
	switch is := func(names string) bool { return strings.Contains(names, " "+name+" ") }; {
	case is(int32Names):
		return slowUint(word, math.MaxInt32)
	case is(portNames):
		return slowUint(word, math.MaxUint16)
	case name == "protocol":
		return slowUint(word, math.MaxUint8)
	case is(counterNames):
		return slowUint(word, math.MaxUint64)
	case is(timeNames):
		return slowUint(word, math.MaxInt64)
	case is(addrNames):
		a, err := netip.ParseAddr(word)
		if err != nil || a.Zone() != "" {
			return nil, BadAddress
		}
		return AddrOf(a), nil
	case name == "action":
		return slowWord(word, map[string]any{"ACCEPT": ActionAccept, "REJECT": ActionReject}, BadAction)
	case name == "log-status":
		return slowWord(word, map[string]any{"OK": LogStatusOK, "NODATA": LogStatusNoData, "SKIPDATA": LogStatusSkipData}, BadLogStatus)
	case name == "flow-direction":
		d := map[string]FlowDirection{"ingress": DirectionIngress, "egress": DirectionEgress}
		return d[word], nil
	}
	return word, nil
}

func slowUint(word string, limit uint64) (any, error) {
	if strings.ContainsFunc(word, func(c rune) bool { return c < '0' || c > '9' }) {
		return nil, BadNumber
	}
	v, err := strconv.ParseUint(word, 10, 64)
	if errors.Is(err, strconv.ErrRange) || v > limit {
		return nil, OutOfRange
	}
	return v, err
}

func slowWord(word string, words map[string]any, reason Reason) (any, error) {
	if v, ok := words[word]; ok {
		return v, nil
	}
	return nil, reason
}

// valuesOf reads a record back through reflection. It fails when a field that is absent holds something.
func valuesOf(tb testing.TB, r *Record) values {
	tb.Helper()
	found := values{}
	for _, f := range Fields() {
		field := structField(tb, r, f)
		if r.Has(f) {
			found[f.String()] = plain(field)
		} else if !field.IsZero() {
			tb.Errorf("%s: the record does not have it, and holds %v", f, field)
		}
	}
	return found
}

// structField is where Record keeps f: the field with the same name, but for case and hyphens.
func structField(tb testing.TB, r *Record, f Field) reflect.Value {
	tb.Helper()
	i, ok := structIndex()[f]
	if !ok {
		tb.Fatalf("%s: Record has no such field", f)
	}
	return reflect.ValueOf(r).Elem().Field(i)
}

var structIndex = sync.OnceValue(func() map[Field]int {
	index, record := map[Field]int{}, reflect.TypeFor[Record]()
	for _, f := range Fields() {
		for i := range record.NumField() {
			if strings.EqualFold(record.Field(i).Name, strings.ReplaceAll(f.String(), "-", "")) {
				index[f] = i
			}
		}
	}
	return index
})

func plain(v reflect.Value) any {
	switch x := v.Interface().(type) {
	case []byte:
		return string(x)
	case Action, LogStatus, FlowDirection, Addr:
		return x
	}
	if v.CanInt() {
		return uint64(v.Int())
	}
	return v.Uint()
}

// mustEqual compares what a record holds with what it should.
func mustEqual(tb testing.TB, got, want values) {
	tb.Helper()
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if _, ok := got[name]; !ok {
			tb.Errorf("%s: got nothing, want %v", name, want[name])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(got)) {
		if w, ok := want[name]; !ok || got[name] != w {
			tb.Errorf("%s: got %v (%[2]T), want %v (%[3]T)", name, got[name], want[name])
		}
	}
}
