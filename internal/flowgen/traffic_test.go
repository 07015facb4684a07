package flowgen

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// readMany reads some objects.
func readMany(t *testing.T, cfg Config, objects int) *reading {
	t.Helper()
	cfg.CompressionLevel = 1
	g, read := newGenerator(t, cfg), newRecords()
	for range objects {
		read.object(t, g.Object(noon()))
	}
	return read
}

// tallied counts the values of a field.
func tallied(records []row, field string) map[string]int {
	n := map[string]int{}
	for _, r := range records {
		n[r.get(field)]++
	}
	return n
}

func TestTheEstateIsAsLargeAsConfigured(t *testing.T) {
	for _, interfaces := range []int{4, 60, 100} {
		g := newGenerator(t, Config{Seed: 2, Interfaces: interfaces, RecordsPerObject: 300, Formats: []string{"v5"}, CompressionLevel: 1})
		g.Spike(5) // Every interface is scanned.
		read := newRecords()
		for range 5 {
			read.object(t, g.Object(noon()))
		}
		for field, want := range map[string]int{"interface-id": interfaces, "vpc-id": 4, "subnet-id": min(24, interfaces)} {
			if got := len(tallied(read.records, field)); got != want {
				t.Errorf("values of %s among %d interfaces: got %d, want %d", field, interfaces, got, want)
			}
		}
		for field, container := range map[string]string{"interface-id": "subnet-id", "subnet-id": "vpc-id"} {
			within := map[string]string{}
			for _, r := range read.records {
				if first, seen := within[r.get(field)]; seen && first != r.get(container) {
					t.Errorf("%s %s is in %s %s and %s", field, r.get(field), container, first, r.get(container))
				}
				within[r.get(field)] = r.get(container)
			}
		}
	}
}

func TestAccountsAreTextAndSomeInterfacesAreNobodys(t *testing.T) {
	read := readMany(t, Config{Seed: 2, Formats: []string{"v3"}, Account: "999999999999"}, 10)
	accounts := tallied(read.records, "account-id")
	if got := slices.Sorted(maps.Keys(accounts)); !slices.Equal(got, []string{"012345678901", "999999999999", "unknown"}) {
		t.Errorf("got the accounts %v, want the one configured, one with a zero in front, and unknown", got)
	}
	if tallied(read.records, "instance-id")["-"] == 0 {
		t.Error("every interface has an instance, want some that AWS made")
	}
}

// TestAddressesAreSkewed bounds what rankings are tried on: few addresses have much, and many have little.
func TestAddressesAreSkewed(t *testing.T) {
	read := readMany(t, Config{Seed: 2, RecordsPerObject: 2000, Formats: []string{"v5"}}, 10)
	peers, records := map[string]int{}, 0
	for _, r := range read.records {
		if peer := r.get("srcaddr"); r.get("log-status") == "OK" && r.get("flow-direction") == "ingress" && r.get("type") == "IPv4" && !strings.HasPrefix(peer, "198.51.100.") {
			peers[peer]++
			records++
		}
	}
	ordered := slices.SortedFunc(maps.Values(peers), func(a, b int) int { return b - a })
	top := func(n int) (total int) {
		for _, c := range ordered[:n] {
			total += c
		}
		return total
	}
	share(t, "records of the heaviest peer", top(1), records, 0.10, 0.17)
	share(t, "records of the 100 heaviest peers", top(100), records, 0.50, 0.65)
	if len(peers) < 2000 {
		t.Errorf("got %d peers, want at least 2,000", len(peers))
	}
}

func TestTrafficIsAsItIsSaidToBe(t *testing.T) {
	read := readMany(t, Config{Seed: 2, RecordsPerObject: 2000, Formats: []string{"v8"}, Clean: true}, 8)
	all := len(read.records)
	share(t, "NODATA", tallied(read.records, "log-status")["NODATA"], all, 0.003, 0.007)
	share(t, "SKIPDATA", tallied(read.records, "log-status")["SKIPDATA"], all, 0.0003, 0.002)
	ok := slices.DeleteFunc(slices.Clone(read.records), func(r row) bool { return r.get("log-status") != "OK" })
	for _, c := range []struct {
		field, value string
		from, to     float64
	}{
		{"type", "IPv6", 0.04, 0.06}, {"action", "REJECT", 0.04, 0.06}, {"flow-direction", "egress", 0.44, 0.50}, {"protocol", "6", 0.78, 0.83}, {"protocol", "17", 0.15, 0.19},
		{"protocol", "1", 0.01, 0.03}, {"protocol", "58", 0.0002, 0.003}, {"protocol", "47", 0.005, 0.015}, {"dstport", "443", 0.08, 0.20}, {"tcp-flags", "2", 0.07, 0.12},
		{"tcp-flags", "18", 0.03, 0.10}, {"tcp-flags", "19", 0.08, 0.20}, {"traffic-path", "8", 0.04, 0.12}, {"pkt-src-aws-service", "S3", 0.01, 0.10}, {"reject-reason", "BPA", 0.0003, 0.003},
	} {
		share(t, c.field+" "+c.value, tallied(ok, c.field)[c.value], len(ok), c.from, c.to)
	}
}

// TestFieldsOfARecordAgree reads every record for contradictions.
func TestFieldsOfARecordAgree(t *testing.T) {
	read := readMany(t, Config{Seed: 2, Formats: []string{"v8"}, Region: "eu-central-1", Clean: true}, 5)
	identity := []string{"version", "account-id", "interface-id", "vpc-id", "subnet-id", "instance-id", "region", "az-id", "start", "end", "log-status"}
	for _, r := range read.records {
		seconds := len(r.get("end")) == 10
		switch {
		case r.get("region") != "eu-central-1" || !strings.HasPrefix(r.get("az-id"), "euc1-az"):
			t.Errorf("got zone %s in region %s", r.get("az-id"), r.get("region"))
		case r.get("log-status") != "OK":
			for name := range r.columns {
				if v := r.get(name); v != "-" && !slices.Contains(identity, name) {
					t.Errorf("%s has %s %q, want only who, when and status", r.get("log-status"), name, v)
				}
			}
			if seconds == (r.get("log-status") == "SKIPDATA") {
				t.Errorf("%s ends at %s", r.get("log-status"), r.get("end"))
			}
		case !seconds || r.get("start") >= r.get("end") || r.get("end") > "1795521600" /* noon */ || r.get("end") < "1795521000":
			t.Errorf("got a record from %s to %s in a file of 1795521600", r.get("start"), r.get("end"))
		case strings.Contains(r.get("srcaddr"), ":") != (r.get("type") == "IPv6") || strings.Contains(r.get("dstaddr"), ":") != (r.get("type") == "IPv6"):
			t.Errorf("got %s and %s in a record of type %s", r.get("srcaddr"), r.get("dstaddr"), r.get("type"))
		case r.get("protocol") != "6" && r.get("tcp-flags") != "0":
			t.Errorf("got TCP flags %s of protocol %s", r.get("tcp-flags"), r.get("protocol"))
		case r.get("protocol") != "6" && r.get("protocol") != "17" && r.get("srcport")+r.get("dstport") != "00":
			t.Errorf("got ports %s and %s of protocol %s", r.get("srcport"), r.get("dstport"), r.get("protocol"))
		case (r.get("traffic-path") != "-") != (r.get("flow-direction") == "egress"):
			t.Errorf("got traffic path %s of %s", r.get("traffic-path"), r.get("flow-direction"))
		}
	}
	if len(read.records) < 10_000 {
		t.Errorf("looked at %d records, want 10,000", len(read.records))
	}
}

func TestZonesAreNamedAsAWSDoes(t *testing.T) {
	for region, want := range map[string]string{"us-east-1": "use1", "eu-central-1": "euc1", "ap-southeast-2": "apse2", "us-gov-west-1": "usgw1", "me-south-1": "mes1"} {
		if got := zonePrefix(region); got != want {
			t.Errorf("zones of %s: got %s, want %s", region, got, want)
		}
	}
}
