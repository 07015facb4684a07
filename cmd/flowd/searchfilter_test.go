package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"flowd/pkg/parser"
)

// TestSearchShowsEveryField that the parser knows, each under its own name and with its own value.
func TestSearchShowsEveryField(t *testing.T) {
	words := map[string]string{
		"srcaddr": "10.0.0.1", "dstaddr": "2001:db8::2", "pkt-srcaddr": "10.0.0.3", "pkt-dstaddr": "10.0.0.4",
		"action": "ACCEPT", "log-status": "OK", "flow-direction": "ingress",
	}
	numbers := strings.Fields("version srcport dstport protocol packets bytes start end tcp-flags traffic-path encryption-status " +
		"packets-lost-no-route packets-lost-blackhole packets-lost-mtu-exceeded packets-lost-ttl-expired")
	var header, line []string
	want := map[string]any{}
	for i, f := range parser.Fields() {
		name, value := f.String(), strconv.Itoa(i+100)
		if word, ok := words[name]; ok {
			value = word
		}
		header, line, want[name] = append(header, name), append(line, value), value
		if slices.Contains(numbers, name) {
			want[name] = json.Number(value)
		}
	}
	folderOf(t, map[string]string{"a.log": strings.Join(header, " ") + "\n" + strings.Join(line, " ") + "\n"})
	d := json.NewDecoder(strings.NewReader(searched(t, "--output=json", "a.log")[0]))
	d.UseNumber()
	var got map[string]any
	if err := d.Decode(&got); err != nil || !maps.Equal(got, want) || len(got) != parser.NumFields {
		t.Errorf("got %v, %v\nwant %v", got, err, want)
	}
}

func TestSearchFilters(t *testing.T) {
	folderOf(t, map[string]string{"a.log": "bytes srcaddr dstaddr srcport dstport protocol start end action log-status interface-id vpc-id pkt-srcaddr pkt-dstaddr\n" +
		"1 10.0.0.1 10.0.0.2 40000 443 6 1000 1060 ACCEPT OK eni-1 vpc-1 10.0.0.1 52.1.1.1\n" +
		"2 10.0.0.2 10.0.0.1 443 40000 6 1060 1120 ACCEPT OK eni-1 vpc-1 52.1.1.1 10.0.0.1\n" +
		"3 2001:db8::1 2001:db8:1::2 0 0 58 1120 1180 REJECT OK eni-2 vpc-2 - -\n" +
		"4 ::ffff:10.0.0.1 192.0.2.1 53 0 17 1180 1240 REJECT - eni-2 vpc-2 - -\n" +
		"5 - - - - - 1240000000000 1300000000000 - NODATA eni-1 vpc-1 - -\n" +
		"6 - - - - - - - - SKIPDATA eni-10 - - -\n" +
		"7 - 192.0.2.1 - 0 0 1300 - - OK - - - -\n"})
	for args, want := range map[string]string{
		"":                                       "1 2 3 4 5 6 7",
		"--addr=10.0.0.1":                        "1 2 4",
		"--addr=52.0.0.0/8":                      "1 2",
		"--addr=2001:db8::/32":                   "3",
		"--addr=2001:db8:1::2":                   "3",
		"--addr=0.0.0.0/0":                       "1 2 4 7",
		"--addr=::/0":                            "3",
		"--addr=::ffff:10.0.0.2":                 "1 2",
		"--addr=10.0.0.9/24 --addr=192.0.2.0/24": "1 2 4 7",
		"--src=10.0.0.1":                         "1 4",
		"--dst=10.0.0.1":                         "2",
		"--src=52.1.1.1":                         "",
		"--port=443":                             "1 2",
		"--port=0":                               "3 4 7",
		"--port=443,53":                          "1 2 4",
		"--srcport=443":                          "2",
		"--dstport=443":                          "1",
		"--srcport=0":                            "3",
		"--protocol=tcp":                         "1 2",
		"--protocol=UDP --protocol=icmpv6":       "3 4",
		"--protocol=0":                           "7",
		"--action=accept":                        "1 2",
		"--action=Reject":                        "3 4",
		"--action=unknown":                       "5 6 7",
		"--log-status=ok":                        "1 2 3 4 7",
		"--log-status=nodata,skipdata":           "5 6",
		"--interface=eni-1":                      "1 2 5",
		"--vpc=vpc-2 --vpc=vpc-3":                "3 4",
		"--vpc=vpc-1 --action=accept --dstport=443": "1",
		"--addr=10.0.0.1 --action=accept":           "1 2",
		"--from=1180":                               "3 4 5 7",
		"--from=1181 --to=9999":                     "4 7",
		"--to=1060":                                 "1 2",
		"--from=1061 --to=1119":                     "2",
		"--from=1970-01-01T00:20:30Z --to=1970-01-01T01:20:30+01:00": "4",
		"--from=1240000000":                 "5",
		"--to=1240000000 --interface=eni-1": "1 2 5",
		"--from=1h":                         "",
		"--to=1d --vpc=vpc-2":               "3 4",
	} {
		var got []string
		for _, line := range searched(t, append(strings.Fields(args), "--output=json", "a.log")...) {
			var record struct{ Bytes json.Number }
			if err := json.Unmarshal([]byte(line), &record); err != nil {
				t.Fatal(err)
			}
			got = append(got, record.Bytes.String())
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: got records %v, want %s", args, got, want)
		}
	}
}

func TestParseTime(t *testing.T) {
	now := time.Date(2026, 2, 1, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"":                          {},
		"1767225600":                time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
		"2026-01-31T09:00:00Z":      time.Date(2026, 1, 31, 9, 0, 0, 0, time.UTC),
		"2026-01-31T09:00:00+02:00": time.Date(2026, 1, 31, 7, 0, 0, 0, time.UTC),
		"90m":                       time.Date(2026, 2, 1, 10, 30, 0, 0, time.UTC),
		"2d":                        time.Date(2026, 1, 30, 12, 0, 0, 0, time.UTC),
	} {
		if got, err := parseTime(text, now); err != nil || !got.Equal(want) {
			t.Errorf("%q: got %v, %v, want %v", text, got, err, want)
		}
	}
}

// slowMatch is the obvious filter: values by name, as text.
func slowMatch(v map[string]string, flags map[string]string) bool {
	in := func(field, value string) bool {
		addr, err := netip.ParseAddr(v[field])
		prefix, single := netip.ParsePrefix(value)
		return err == nil && (single != nil && addr.String() == value || single == nil && prefix.Contains(addr))
	}
	number := func(field string) int64 { n, _ := strconv.ParseInt(v[field], 10, 64); return n }
	for flag, value := range flags {
		ok := false
		switch flag {
		case "addr":
			ok = in("srcaddr", value) || in("dstaddr", value) || in("pkt-srcaddr", value)
		case "src":
			ok = in("srcaddr", value)
		case "port":
			ok = v["srcport"] == value || v["dstport"] == value
		case "dstport":
			ok = v["dstport"] == value
		case "protocol":
			ok = v["protocol"] == map[string]string{"tcp": "6", "udp": "17"}[value]
		case "action":
			ok = strings.ToLower(v["action"]) == value || v["action"] == "-" && value == "unknown"
		case "interface":
			ok = v["interface-id"] == value
		case "from":
			ok = v["end"] != "-" && number("end") >= mustInt(value)
		case "to":
			ok = v["start"] != "-" && number("start") <= mustInt(value)
		}
		if !ok {
			return false
		}
	}
	return true
}

func mustInt(text string) int64 { n, _ := strconv.ParseInt(text, 10, 64); return n }

// TestSearchAgreesWithTheSlowFilter on records and filters that nobody thought of.
func TestSearchAgreesWithTheSlowFilter(t *testing.T) {
	choices := map[string][]string{
		"srcaddr": {"-", "10.0.0.1", "10.0.1.1", "2001:db8::1"}, "dstaddr": {"-", "10.0.0.1", "10.0.1.2"}, "pkt-srcaddr": {"-", "10.0.0.1", "52.0.0.1"},
		"srcport": {"-", "0", "22", "443"}, "dstport": {"-", "0", "22", "443"}, "protocol": {"-", "6", "17", "1"}, "action": {"-", "ACCEPT", "REJECT"},
		"interface-id": {"-", "eni-1", "eni-2"}, "start": {"1000", "1060"}, "end": {"1060", "1120"},
	}
	flags := map[string][]string{
		"addr": {"10.0.0.1", "10.0.0.0/23", "2001:db8::/32", "52.0.0.1"}, "src": {"10.0.0.1", "10.0.0.0/16", "2001:db8::1"}, "port": {"0", "22"}, "dstport": {"443", "0"},
		"protocol": {"tcp", "udp"}, "action": {"accept", "reject", "unknown"}, "interface": {"eni-1"}, "from": {"1060", "1061", "1121"}, "to": {"0999", "1059", "1060"},
	}
	path, matched := filepath.Join(t.TempDir(), "a.log"), 0
	rapid.Check(t, func(rt *rapid.T) {
		columns := rapid.SliceOfNDistinct(rapid.SampledFrom(slices.Sorted(maps.Keys(choices))), 1, len(choices), rapid.ID).Draw(rt, "columns")
		asked := map[string]string{}
		for _, flag := range rapid.SliceOfNDistinct(rapid.SampledFrom(slices.Sorted(maps.Keys(flags))), 0, 2, rapid.ID).Draw(rt, "flags") {
			asked[flag] = rapid.SampledFrom(flags[flag]).Draw(rt, "value")
		}
		if asked["from"] > asked["to"] {
			delete(asked, "to") // A range that is the wrong way round is a mistake of the command line.
		}
		args := []string{"search", "--output=json", path}
		for flag, value := range asked {
			args = append(args, "--"+flag+"="+value)
		}
		text, want := strings.Join(columns, " ")+" bytes\n", []string{}
		for n := range rapid.IntRange(1, 30).Draw(rt, "records") {
			values := map[string]string{}
			for name := range choices {
				values[name] = "-"
			}
			for _, name := range columns {
				values[name] = rapid.SampledFrom(choices[name]).Draw(rt, name)
				text += values[name] + " "
			}
			text += strconv.Itoa(n) + "\n"
			// A record with one of the two times is a point.
			if values["start"] == "-" {
				values["start"] = values["end"]
			} else if values["end"] == "-" {
				values["end"] = values["start"]
			}
			if slowMatch(values, asked) {
				want = append(want, fmt.Sprintf(`"bytes":%d`, n))
			}
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			rt.Fatal(err)
		}
		stdout, stderr, code := onFiles(t, args...)
		lines := strings.FieldsFunc(stdout, func(c rune) bool { return c == '\n' })
		if code != exitOK || len(lines) != len(want) {
			rt.Fatalf("%q: got %d records, %s; want %d\n%s", args, len(lines), stderr, len(want), text)
		}
		for i, line := range lines {
			if !strings.Contains(line+",", want[i]+",") && !strings.Contains(line, want[i]+"}") {
				rt.Fatalf("%q: got %s, want the record with %s\n%s", args, line, want[i], text)
			}
			matched++
		}
	})
	if matched == 0 {
		t.Error("no record ever matched: the filters were not put to a test")
	}
}
