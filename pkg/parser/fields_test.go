package parser

import (
	"fmt"
	"net/netip"
	"reflect"
	"strconv"
	"strings"
	"testing"
)

// documented are the fields by the version that introduced them, from the two pages that the doc comment of Record names.
func documented() map[string]int {
	return map[string]int{
		"version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status": 2,
		"vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr":                                                3,
		"region az-id sublocation-type sublocation-id":                                                                       4,
		"pkt-src-aws-service pkt-dst-aws-service flow-direction traffic-path":                                                5,
		"resource-type tgw-id tgw-attachment-id tgw-src-vpc-account-id tgw-dst-vpc-account-id tgw-src-vpc-id tgw-dst-vpc-id " +
			"tgw-src-subnet-id tgw-dst-subnet-id tgw-src-eni tgw-dst-eni tgw-src-az-id tgw-dst-az-id tgw-pair-attachment-id " +
			"packets-lost-no-route packets-lost-blackhole packets-lost-mtu-exceeded packets-lost-ttl-expired": 6,
		"ecs-cluster-arn ecs-cluster-name ecs-container-instance-arn ecs-container-instance-id ecs-container-id " +
			"ecs-second-container-id ecs-service-name ecs-task-definition-arn ecs-task-arn ecs-task-id": 7,
		"reject-reason":     8,
		"resource-id":       9,
		"encryption-status": 10,
		"instance-tag instance-tag-2 interface-tag interface-tag-2 asg-tag asg-tag-2 interface-type next-hop-interface-id " +
			"next-hop-subnet-id next-hop-az-id next-hop-vpc-id next-hop-interface-type": 11,
	}
}

func TestFieldsAreTheOnesThatAWSDocuments(t *testing.T) {
	known := map[string]Field{}
	for _, f := range Fields() {
		if other, twice := known[f.String()]; twice {
			t.Errorf("fields %d and %d are both called %q", other, f, f)
		}
		known[f.String()] = f
	}
	looked := 0
	for names := range documented() {
		for name := range strings.FieldsSeq(names) {
			looked++
			if f, ok := fieldOf(name); !ok || f != known[name] {
				t.Errorf("fieldOf(%q): got %v, %v", name, f, ok)
			}
			if len(name) > longestName {
				t.Errorf("%q has %d bytes, more than longestName", name, len(name))
			}
			delete(known, name)
		}
	}
	if looked != 72 || NumFields != 72 || len(known) != 0 {
		t.Errorf("got %d documented names, %d fields, not documented: %v; want 72, 72 and none", looked, NumFields, known)
	}
}

// sampleOf is a value that no other field has, where the type allows that.
func sampleOf(f Field) (text string, want any) {
	name, number := " "+f.String()+" ", 100+uint64(f)
	switch {
	case f == FieldAction:
		return "REJECT", ActionReject
	case f == FieldLogStatus:
		return "SKIPDATA", LogStatusSkipData
	case f == FieldFlowDirection:
		return "egress", DirectionEgress
	case strings.Contains(addrNames, name):
		text = fmt.Sprintf("192.0.2.%d", number)
		return text, AddrOf(netip.MustParseAddr(text))
	case f == FieldProtocol, strings.Contains(int32Names+portNames+counterNames+timeNames, name):
		return strconv.FormatUint(number, 10), number
	}
	return "text-of-" + f.String(), "text-of-" + f.String()
}

func TestEveryFieldHasItsPlaceInRecord(t *testing.T) {
	looked := 0
	var r Record
	for _, f := range Fields() {
		looked++
		text, want := sampleOf(f)
		format := mustFormat(t, f.String())
		if err := format.Parse([]byte(text), &r); err != nil {
			t.Errorf("%s: %q: got %v, want a record", f, text, err)
			continue
		}
		mustEqual(t, valuesOf(t, &r), values{f.String(): want})
		if err := format.Parse([]byte("-"), &r); err != nil || r.Has(f) {
			t.Errorf("%s: `-`: got error %v, Has %v; want none, false", f, err, r.Has(f))
		}
		mustEqual(t, valuesOf(t, &r), values{})
	}
	exported := 0
	for f := range reflect.TypeFor[Record]().Fields() {
		if f.IsExported() {
			exported++
		}
	}
	if looked != 72 || exported != 72 {
		t.Errorf("looked at %d fields, Record exports %d; want 72 of both", looked, exported)
	}
}

// The same through one line with everything in it, so that no two fields share a place.
func TestEveryFieldAtOnce(t *testing.T) {
	var names, words []string
	want := values{}
	for _, f := range Fields() {
		text, v := sampleOf(f)
		names, words = append(names, f.String()), append(words, text)
		want[f.String()] = v
	}
	var r Record
	if err := mustFormat(t, strings.Join(names, " ")).Parse([]byte(strings.Join(words, " ")), &r); err != nil {
		t.Fatal(err)
	}
	mustEqual(t, valuesOf(t, &r), want)
	if len(want) != 72 {
		t.Errorf("looked at %d fields, want 72", len(want))
	}
}

func TestFieldSet(t *testing.T) {
	s := NewFieldSet(FieldVersion, FieldPacketsLostTTLExpired)
	in := 0
	for _, f := range Fields() {
		if !AllFields().Has(f) {
			t.Errorf("AllFields lacks %s", f)
		}
		if s.Has(f) {
			in++
		}
	}
	if in != 2 || !s.Has(FieldVersion) || !s.Has(FieldPacketsLostTTLExpired) || s.Empty() {
		t.Errorf("got %d fields in %v, want the first and the last", in, s)
	}
	if !(FieldSet{}).Empty() || AllFields().Empty() {
		t.Error("Empty: want true for the zero value only")
	}
	if got := Field(numFields).String(); got != "unknown" {
		t.Errorf("a field beyond the last: got %q, want unknown", got)
	}
}
