package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/big"
	"net/netip"
	"path"
	"slices"
	"strings"
	"testing"
)

// slowReport is the JSON of `flowd analyze`, spelled out once more.
type slowReport struct {
	Files     int               `json:"files"`
	Bytes     int               `json:"bytes"`
	Records   int               `json:"records"`
	LogStatus slowStatus        `json:"log_status"`
	Malformed map[string]uint64 `json:"malformed"`
	Actions   slowActions       `json:"actions"`
	Top       slowTop           `json:"top"`
	Errors    []json.RawMessage `json:"errors"`
}

type slowStatus struct {
	OK       int `json:"ok"`
	NoData   int `json:"nodata"`
	SkipData int `json:"skipdata"`
}

type slowActions struct {
	Accept  slowTraffic `json:"accept"`
	Reject  slowTraffic `json:"reject"`
	Unknown slowTraffic `json:"unknown"`
}

type slowTraffic struct {
	Records uint64 `json:"records"`
	Packets uint64 `json:"packets"`
	Bytes   uint64 `json:"bytes"`
}

type slowTop struct {
	Sources         []json.RawMessage `json:"source_bytes"`
	Destinations    []json.RawMessage `json:"destination_bytes"`
	Pairs           []json.RawMessage `json:"pair_bytes"`
	RejectedSources []json.RawMessage `json:"rejected_source_records"`
	RejectedPorts   []json.RawMessage `json:"rejected_port_records"`
}

// slowAnalysis counts files with numbers that have no end. Every broken file must be one that is known to be, and is named as it was known.
func slowAnalysis(t *testing.T, files []slowFile) (r slowReport, broken int) {
	t.Helper()
	r = slowReport{Files: len(files), Malformed: map[string]uint64{}, Errors: []json.RawMessage{}}
	var records []slowRecord
	for _, f := range files {
		if f.err != nil {
			broken++
			r.Errors = append(r.Errors, slowError(t, f))
			continue
		}
		r.Bytes += f.text
		r.Records += len(f.records)
		records = append(records, f.records...)
		for reason, n := range f.malformed {
			r.Malformed[reason] += n
		}
	}
	r.count(records)
	r.Top = slowTopOf(records)
	if len(files) == 0 { // The folder itself is named then.
		r.Errors = append(r.Errors, json.RawMessage(`{"file":".","error":"there is no flow log file in it"}`))
		broken++
	}
	return r, broken
}

func slowError(t *testing.T, f slowFile) json.RawMessage {
	t.Helper()
	text, ok := sampleErrors()[path.Base(f.name)]
	if !ok {
		t.Fatalf("%s cannot be read (%v), and nobody wrote down what flowd must say of it", f.name, f.err)
	}
	row, err := json.Marshal(struct {
		File  string `json:"file"`
		Error string `json:"error"`
	}{f.name, text})
	if err != nil {
		t.Fatal(err)
	}
	return row
}

// count fills in what is summed: by log status, and of those that are OK by action.
func (r *slowReport) count(records []slowRecord) {
	packets, bytes := slowRanking{}, slowRanking{}
	actions := map[string]*slowTraffic{"ACCEPT": &r.Actions.Accept, "REJECT": &r.Actions.Reject, "": &r.Actions.Unknown}
	for _, record := range records {
		switch record["log-status"] {
		case "NODATA":
			r.LogStatus.NoData++
		case "SKIPDATA":
			r.LogStatus.SkipData++
		default:
			r.LogStatus.OK++
			actions[record["action"]].Records++
			packets.add(record["action"], record.number("packets"))
			bytes.add(record["action"], record.number("bytes"))
		}
	}
	for action, traffic := range actions {
		traffic.Packets, traffic.Bytes = packets.of(action), bytes.of(action)
	}
}

func slowTopOf(records []slowRecord) slowTop {
	sources, destinations, pairs, rejected, ports := slowRanking{}, slowRanking{}, slowRanking{}, slowRanking{}, slowRanking{}
	one := big.NewInt(1)
	for _, r := range records {
		src, dst, port := r["srcaddr"], r["dstaddr"], r["dstport"]
		if s := r["log-status"]; s == "NODATA" || s == "SKIPDATA" {
			continue
		}
		if src != "" {
			sources.add(src, r.number("bytes"))
		}
		if dst != "" {
			destinations.add(dst, r.number("bytes"))
		}
		if src != "" && dst != "" {
			pairs.add(src+" "+dst, r.number("bytes"))
		}
		if r["action"] == "REJECT" && src != "" {
			rejected.add(src, one)
		}
		if r["action"] == "REJECT" && port != "" {
			ports.add(protocolName(r["protocol"])+" "+port, one)
		}
	}
	return slowTop{
		sources.rows(byAddress, `{"srcaddr":"%s","bytes":%d,"error":0}`), destinations.rows(byAddress, `{"dstaddr":"%s","bytes":%d,"error":0}`),
		pairs.rows(byAddress, `{"srcaddr":"%s","dstaddr":"%s","bytes":%d,"error":0}`), rejected.rows(byAddress, `{"srcaddr":"%s","records":%d,"error":0}`),
		ports.rows(byPort, `{"protocol":"%s","dstport":%s,"records":%d,"error":0}`),
	}
}

func (r slowRecord) number(field string) *big.Int {
	n, ok := new(big.Int).SetString(r[field], 10)
	if !ok {
		return new(big.Int)
	}
	return n
}

// slowRanking is weight by key.
type slowRanking map[string]*big.Int

func (s slowRanking) add(key string, n *big.Int) {
	if s[key] == nil {
		s[key] = new(big.Int)
	}
	s[key].Add(s[key], n)
}

// of is the weight as flowd can hold it.
func (s slowRanking) of(key string) uint64 {
	if s[key] == nil {
		return 0
	}
	return saturated(s[key])
}

// saturated is how flowd counts: a sum stays at the largest number that it can hold.
func saturated(n *big.Int) uint64 {
	if n.IsUint64() {
		return n.Uint64()
	}
	return math.MaxUint64
}

// sorted are the keys, heaviest first, equal ones by order; none without weight, and no more than the 20 that flowd shows by default.
func (s slowRanking) sorted(order func(string) string) []string {
	keys := slices.DeleteFunc(slices.Collect(maps.Keys(s)), func(k string) bool { return s[k].Sign() == 0 })
	slices.SortFunc(keys, func(a, b string) int {
		return cmp.Or(cmp.Compare(saturated(s[b]), saturated(s[a])), cmp.Compare(order(a), order(b)))
	})
	return keys[:min(20, len(keys))]
}

// rows are the JSON objects of a ranking. The form takes the parts of the key, then the weight.
func (s slowRanking) rows(order func(string) string, form string) []json.RawMessage {
	out := []json.RawMessage{}
	for _, key := range s.sorted(order) {
		var args []any
		for _, part := range strings.Fields(key) {
			args = append(args, part)
		}
		out = append(out, json.RawMessage(fmt.Sprintf(form, append(args, s.of(key))...)))
	}
	return out
}

// byAddress sorts a list of addresses as numbers of 128 bits.
func byAddress(key string) string {
	var order strings.Builder
	for _, part := range strings.Fields(key) {
		addr := netip.MustParseAddr(part).As16()
		order.Write(addr[:])
	}
	return order.String()
}

// byPort sorts `tcp 443` by protocol, in the order of flowd's label values, then by port.
func byPort(key string) string {
	name, port, _ := strings.Cut(key, " ")
	return fmt.Sprintf("%d %05s", slices.Index([]string{"unknown", "tcp", "udp", "icmp", "icmpv6", "other"}, name), port)
}

func protocolName(number string) string {
	return cmp.Or(map[string]string{"": "unknown", "6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6"}[number], "other")
}
