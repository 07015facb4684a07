package flowgen

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

var listedPorts = []uint16{443, 80, 53, 22, 3389}

func newGenerator(t *testing.T, cfg Config) *Generator {
	t.Helper()
	g, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestGoldenTotalsAreWhatASlowReaderCounts(t *testing.T) {
	malformed, oddities := map[string]uint64{}, map[string]int{}
	for seed, format := range FormatNames() {
		t.Run(format, func(t *testing.T) {
			g := newGenerator(t, Config{Seed: uint64(seed), Formats: []string{format}, RecordsPerObject: 200, Ports: listedPorts, CompressionLevel: 1})
			golden, read := new(Totals), newReading(listedPorts)
			for i := range 20 {
				if i%10 == 4 {
					g.Spike(1)
				}
				o := g.Object(noon().Add(time.Duration(i) * time.Minute))
				golden.Merge(o.Totals)
				read.object(t, o)
				if o.Format != format {
					t.Errorf("got an object of format %s, want %s", o.Format, format)
				}
			}
			if looked := compare(t, golden, read.totals); looked < 1000 {
				t.Errorf("looked at %d label sets, want at least 1,000", looked)
			}
			for reason, n := range read.totals.Malformed {
				malformed[reason] += n
			}
			for oddity, n := range read.oddity {
				oddities[oddity] += n
			}
		})
	}
	for _, reason := range []string{"too_few_values", "too_many_values", "bad_number", "out_of_range", "bad_address", "bad_action", "bad_log_status", "line_too_long"} {
		if malformed[reason] < 10 {
			t.Errorf("malformed lines of reason %s: got %d, want at least 10", reason, malformed[reason])
		}
	}
	for _, oddity := range []string{"two spaces", "blank line", "second header", "carriage return", "no last newline", "two members", "plain text"} {
		if oddities[oddity] < 10 {
			t.Errorf("%s: got %d, want at least 10", oddity, oddities[oddity])
		}
	}
}

func TestCleanObjectsAreNeitherOddNorMalformed(t *testing.T) {
	g, read := newGenerator(t, Config{Seed: 7, RecordsPerObject: 400, Ports: listedPorts, Clean: true, CompressionLevel: 1}), newReading(listedPorts)
	golden := new(Totals)
	for range 24 {
		o := g.Object(noon())
		golden.Merge(o.Totals)
		read.object(t, o)
	}
	if len(read.oddity) != 0 || len(read.totals.Malformed) != 0 || len(golden.Malformed) != 0 {
		t.Errorf("got oddities %v and malformed lines %v (golden: %v), want none", read.oddity, read.totals.Malformed, golden.Malformed)
	}
	if looked := compare(t, golden, read.totals); looked < 1000 {
		t.Errorf("looked at %d label sets, want at least 1,000", looked)
	}
}

func TestEveryFormatHasTheFieldsOfItsVersion(t *testing.T) {
	fields := map[string]int{"v2": 14, "v3": 21, "v4": 25, "v5": 29, "v7": 39, "v8": 40, "v9": 41, "v10": 42, "v11": 54, "tgw": 36, "recommended": 26, "custom": 12}
	versions := map[string]string{"v2": "2", "v3": "3", "v4": "4", "v5": "5", "v7": "7", "v8": "8", "v9": "9", "v10": "10", "v11": "11", "tgw": "6", "recommended": "8", "custom": ""}
	g := newGenerator(t, Config{Seed: 1, RecordsPerObject: 50, CompressionLevel: 1})
	for _, format := range FormatNames() {
		o, read := g.Object(noon()), newRecords()
		header, _, _ := strings.Cut(strings.ReplaceAll(read.object(t, o), "\r", ""), "\n")
		if o.Format != format || header != fieldsOf(format) || len(read.header) != fields[format] {
			t.Errorf("%s: got format %s with %d fields: %s; want %d fields", format, o.Format, len(read.header), header, fields[format])
		}
		if slices.Sort(read.header); len(slices.Compact(read.header)) != fields[format] {
			t.Errorf("%s has a field twice: %s", format, header)
		}
		for _, r := range read.records {
			if r.get("version") != versions[format] {
				t.Errorf("%s: got version %q, want %q", format, r.get("version"), versions[format])
			}
		}
	}
	if len(fields) != len(FormatNames()) {
		t.Errorf("there are %d formats, want %d", len(FormatNames()), len(fields))
	}
}

// making is everything that some objects have.
func making(t *testing.T, cfg Config) []Object {
	t.Helper()
	g, objects := newGenerator(t, cfg), []Object{}
	for i := range 24 {
		if i%5 == 0 {
			g.Spike(1)
		}
		objects = append(objects, g.Object(noon().Add(time.Duration(i)*time.Minute)))
	}
	return objects
}

func TestTheSameSeedMakesTheSameObjects(t *testing.T) {
	cfg := Config{Seed: 3, RecordsPerObject: 200, Ports: listedPorts, CompressionLevel: 1}
	one, two := making(t, cfg), making(t, cfg)
	for i := range one {
		if one[i].Key != two[i].Key || !bytes.Equal(one[i].Body, two[i].Body) {
			t.Errorf("object %d: got %s and %s, want the same keys and bodies", i, one[i].Key, two[i].Key)
		}
		compare(t, one[i].Totals, two[i].Totals)
	}
	cfg.Seed = 4
	for i, other := range making(t, cfg) {
		if one[i].Key == other.Key || bytes.Equal(one[i].Body, other.Body) {
			t.Errorf("object %d of another seed: got the same key or body, want others", i)
		}
	}
}

func TestAnObjectIsNotChangedByTheNext(t *testing.T) {
	g := newGenerator(t, Config{Seed: 3, RecordsPerObject: 300, Formats: []string{"v2"}})
	kept, bodies := []Object{}, [][]byte{}
	for range 12 { // The 7th is plain text.
		o := g.Object(noon())
		kept, bodies = append(kept, o), append(bodies, bytes.Clone(o.Body))
	}
	for i := range kept {
		if !bytes.Equal(kept[i].Body, bodies[i]) {
			t.Errorf("object %d changed when later ones were made", i)
		}
	}
}

func TestKeysAreLaidOutAsAWSDoes(t *testing.T) {
	layout := regexp.MustCompile(`^AWSLogs/(\d{12})/vpcflowlogs/([a-z0-9-]+)/(\d{4})/(\d\d)/(\d\d)/(\d{12})_vpcflowlogs_([a-z0-9-]+)_(fl-[0-9a-f]{17})_(\d{8}T\d{4}Z)_([0-9a-f]{8})\.log\.gz$`)
	g := newGenerator(t, Config{Seed: 1, RecordsPerObject: 1, Region: "us-gov-east-1", Account: "000000000042"})
	at := time.Date(2026, 11, 24, 23, 30, 0, 0, time.FixedZone("", -3600)) // The next day in UTC.
	parts := layout.FindStringSubmatch(g.Object(at).Key)
	if parts == nil {
		t.Fatalf("the key is not laid out as AWS does: %s", g.Object(at).Key)
	}
	got := fmt.Sprint(parts[1], parts[2], parts[3], parts[4], parts[5], parts[6], parts[7], parts[9])
	if want := fmt.Sprint("000000000042", "us-gov-east-1", "2026", "11", "25", "000000000042", "us-gov-east-1", "20261125T0030Z"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestNoTwoObjectsHaveTheSameKey(t *testing.T) {
	keys, made := map[string]bool{}, 0
	// As many as make two equal random numbers of 32 bits likely.
	for seed, objects := range map[uint64]int{0: 200_000, 1: 1000, 2: 1000, 1 << 31: 1000, 1 << 32: 1000, 1 << 63: 1000, 1<<64 - 1: 1000} {
		g := newGenerator(t, Config{Seed: seed})
		for range objects {
			g.made++
			made++
			keys[g.key(noon())] = true
		}
	}
	if len(keys) != made {
		t.Errorf("got %d keys of %d objects of the same minute, want as many", len(keys), made)
	}
}

func TestASpikeIsOneSourceThatScans(t *testing.T) {
	g := newGenerator(t, Config{Seed: 5, RecordsPerObject: 500, Formats: []string{"v5"}, CompressionLevel: 1})
	g.Spike(2)
	for i, spike := range []bool{true, true, false} {
		read := newRecords()
		read.object(t, g.Object(noon()))
		rejected, ports, targets := map[string]int{}, map[string]bool{}, map[string]bool{}
		most := ""
		for _, r := range read.records {
			if r.get("action") == "REJECT" && r.get("flow-direction") == "ingress" {
				if rejected[r.get("srcaddr")]++; rejected[r.get("srcaddr")] > rejected[most] {
					most = r.get("srcaddr")
				}
			}
		}
		for _, r := range read.records {
			if r.get("srcaddr") == most && r.get("action") == "REJECT" {
				ports[r.get("dstport")], targets[r.get("dstaddr")] = true, true
			}
		}
		if got := rejected[most] >= 500 && len(ports) >= 500 && len(targets) == 60; got != spike {
			t.Errorf("object %d: %s has %d rejects on %d ports of %d interfaces; want a spike: %t", i, most, rejected[most], len(ports), len(targets), spike)
		}
	}
}

func TestMergeAddsAndLeavesTheOtherAlone(t *testing.T) {
	objects := making(t, Config{Seed: 3, RecordsPerObject: 200, Ports: listedPorts, Formats: []string{"v5"}})
	sum, before := new(Totals), new(Totals)
	before.Merge(objects[0].Totals)
	for range 2 {
		sum.Merge(objects[0].Totals)
	}
	compare(t, objects[0].Totals, before)
	if len(sum.Flows) == 0 || sum.Objects != 2 || sum.TopSourceBytes != 2*before.TopSourceBytes {
		t.Errorf("got %d objects with %d bytes in %d flows, want twice %d bytes", sum.Objects, sum.TopSourceBytes, len(sum.Flows), before.TopSourceBytes)
	}
	for k, c := range sum.Flows {
		if w := before.Flows[k]; c != (Counts{2 * w.Records, 2 * w.Bytes, 2 * w.Packets}) {
			t.Errorf("flows of %v: got %v, want twice %v", k, c, w)
		}
	}
}

func TestConfigurationsThatAreRefused(t *testing.T) {
	for name, cfg := range map[string]Config{
		"a format that is not there":  {Formats: []string{"v2", "v6"}},
		"too many interfaces":         {Interfaces: maxInterfaces + 1},
		"fewer interfaces than none":  {Interfaces: -1},
		"fewer records than none":     {RecordsPerObject: -1},
		"a level that gzip lacks":     {CompressionLevel: 10},
		"an account of other letters": {Account: "12345678901x"},
	} {
		if g, err := New(cfg); err == nil || !strings.HasPrefix(err.Error(), "configuring the generator: ") {
			t.Errorf("%s: got %v, %v, want an error that says what was done", name, g, err)
		}
	}
	for name, cfg := range map[string]Config{"nothing but defaults": {}, "one interface": {Interfaces: 1}, "as many as there may be": {Interfaces: maxInterfaces}} {
		if o := newGenerator(t, cfg).Object(noon()); o.Totals.RecordsRead["ok"] == 0 {
			t.Errorf("%s: got an object without records", name)
		}
	}
}
