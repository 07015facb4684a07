package parser

import (
	"net/netip"
	"strings"
	"testing"
)

// headerTGW is the default format of transit gateway flow logs, all 36 fields.
const headerTGW = "version resource-type account-id tgw-id tgw-attachment-id tgw-src-vpc-account-id tgw-dst-vpc-account-id tgw-src-vpc-id" +
	" tgw-dst-vpc-id tgw-src-subnet-id tgw-dst-subnet-id tgw-src-eni tgw-dst-eni tgw-src-az-id tgw-dst-az-id tgw-pair-attachment-id" +
	" srcaddr dstaddr srcport dstport protocol packets bytes start end log-status type packets-lost-no-route packets-lost-blackhole" +
	" packets-lost-mtu-exceeded packets-lost-ttl-expired tcp-flags region flow-direction pkt-src-aws-service pkt-dst-aws-service"

// parseCase is a line and what it holds. Values are text as AWS writes it; [parseCase.values] gives them their types.
type parseCase struct {
	name   string
	header string
	line   string
	want   string // `name=value name=value`; what is not here is absent.
}

// wellFormed has every kind of record that AWS documents, and the oddities that were met in the field.
func wellFormed() []parseCase {
	return []parseCase{
		{"an accepted TCP flow in the default format", headerV2,
			"2 210987654321 eni-0f00ba4 10.9.8.7 10.1.2.3 51515 22 6 12 3456 1700000001 1700000042 ACCEPT OK",
			"version=2 account-id=210987654321 interface-id=eni-0f00ba4 srcaddr=10.9.8.7 dstaddr=10.1.2.3 srcport=51515 dstport=22 protocol=6" +
				" packets=12 bytes=3456 start=1700000001 end=1700000042 action=ACCEPT log-status=OK"},
		{"a rejected flow without bytes, as Block Public Access drops it", "srcaddr bytes action reject-reason",
			"198.51.100.9 - REJECT BPA", "srcaddr=198.51.100.9 action=REJECT reject-reason=BPA"},
		{"an ICMP flow has ports 0", "protocol srcport dstport action", "1 0 0 REJECT", "protocol=1 srcport=0 dstport=0 action=REJECT"},
		{"GRE, a protocol without ports", "protocol srcport dstport", "47 0 0", "protocol=47 srcport=0 dstport=0"},
		{"an IPv6 flow", "srcaddr dstaddr protocol type", "2001:db8::1:0:7 2001:DB8:0:0:0:0:203.0.113.9 58 IPv6",
			"srcaddr=2001:db8::1:0:7 dstaddr=2001:db8::cb00:7109 protocol=58 type=IPv6"},
		{"an interval without traffic", headerV2, "2 210987654321 eni-0f00ba4 - - - - - - - 1700000000 1700000060 - NODATA",
			"version=2 account-id=210987654321 interface-id=eni-0f00ba4 start=1700000000 end=1700000060 log-status=NODATA"},
		{"lost records", headerV2, "2 210987654321 eni-0f00ba4 - - - - - - - 1700000000 1700000060 - SKIPDATA",
			"version=2 account-id=210987654321 interface-id=eni-0f00ba4 start=1700000000 end=1700000060 log-status=SKIPDATA"},
		{"lost records with times in milliseconds, kept as written", "start end log-status", "1700000000123 1700000060456 SKIPDATA",
			"start=1700000000123 end=1700000060456 log-status=SKIPDATA"},
		{"lost records whose interval has no length", "end start log-status region az-id", "1700000000 1700000000 SKIPDATA eu-north-1 eun1-az2",
			"start=1700000000 end=1700000000 log-status=SKIPDATA region=eu-north-1 az-id=eun1-az2"},
		{"an end before the start is AWS's business", "start end", "1700000060 1700000000", "start=1700000060 end=1700000000"},
		{"an account that AWS does not name", "account-id interface-id log-status", "unknown eni-0f00ba4 NODATA",
			"account-id=unknown interface-id=eni-0f00ba4 log-status=NODATA"},
		{"an account keeps its leading zeros", "account-id", "000000000042", "account-id=000000000042"},
		{"TCP flags of a short connection, seen from the server", "version tcp-flags bytes packets", "3 19 777 8", "version=3 tcp-flags=19 bytes=777 packets=8"},
		{"TCP flags that make no sense are absent", "tcp-flags dstport", "- 443", "dstport=443"},
		{"an instance behind a NAT gateway", "instance-id srcaddr dstaddr pkt-srcaddr pkt-dstaddr", "- 10.1.2.3 10.1.9.9 10.1.2.3 203.0.113.80",
			"srcaddr=10.1.2.3 dstaddr=10.1.9.9 pkt-srcaddr=10.1.2.3 pkt-dstaddr=203.0.113.80"},
		{"a regional NAT gateway has no interface", "resource-id instance-id interface-id subnet-id srcaddr", "nat-0c0ffee - - - 10.1.2.3",
			"resource-id=nat-0c0ffee srcaddr=10.1.2.3"},
		{"egress to an AWS service", "region az-id sublocation-type sublocation-id pkt-src-aws-service pkt-dst-aws-service flow-direction traffic-path",
			"eu-north-1 - localzone eun1-hel1-az1 - DYNAMODB egress 7",
			"region=eu-north-1 sublocation-type=localzone sublocation-id=eun1-hel1-az1 pkt-dst-aws-service=DYNAMODB flow-direction=egress traffic-path=7"},
		{"ingress has no traffic path", "flow-direction traffic-path", "ingress -", "flow-direction=ingress"},
		{"a direction of another word counts as unknown", "flow-direction bytes", "sideways 5", "flow-direction=sideways bytes=5"},
		{"an ECS task, with a version that contradicts its columns", "version ecs-cluster-arn ecs-cluster-name ecs-container-instance-arn ecs-task-id",
			"5 arn:aws:ecs:eu-north-1:210987654321:cluster/blue blue - 0123abcd",
			"version=5 ecs-cluster-arn=arn:aws:ecs:eu-north-1:210987654321:cluster/blue ecs-cluster-name=blue ecs-task-id=0123abcd"},
		{"encryption controls", "flow-direction encryption-status", "egress 3", "flow-direction=egress encryption-status=3"},
		{"tags stay percent-encoded", "instance-tag instance-tag-2 asg-tag interface-type next-hop-interface-id next-hop-az-id",
			"caf%C3%A9%20bar - web nat_gateway eni-0badcafe eun1-az3",
			"instance-tag=caf%C3%A9%20bar asg-tag=web interface-type=nat_gateway next-hop-interface-id=eni-0badcafe next-hop-az-id=eun1-az3"},
		{"a transit gateway flow with lost packets", headerTGW,
			"6 TransitGateway 210987654321 tgw-0a tgw-attach-0b 111111111111 222222222222 vpc-0c vpc-0d subnet-0e subnet-0f eni-0a eni-0b eun1-az1 eun1-az2" +
				" tgw-attach-0c 10.0.0.1 10.1.0.1 40000 443 6 9 900 1700000000 1700000060 OK IPv4 1 2 3 4 2 eu-north-1 ingress - S3",
			"version=6 resource-type=TransitGateway account-id=210987654321 tgw-id=tgw-0a tgw-attachment-id=tgw-attach-0b" +
				" tgw-src-vpc-account-id=111111111111 tgw-dst-vpc-account-id=222222222222 tgw-src-vpc-id=vpc-0c tgw-dst-vpc-id=vpc-0d" +
				" tgw-src-subnet-id=subnet-0e tgw-dst-subnet-id=subnet-0f tgw-src-eni=eni-0a tgw-dst-eni=eni-0b tgw-src-az-id=eun1-az1" +
				" tgw-dst-az-id=eun1-az2 tgw-pair-attachment-id=tgw-attach-0c srcaddr=10.0.0.1 dstaddr=10.1.0.1 srcport=40000 dstport=443" +
				" protocol=6 packets=9 bytes=900 start=1700000000 end=1700000060 log-status=OK type=IPv4 packets-lost-no-route=1" +
				" packets-lost-blackhole=2 packets-lost-mtu-exceeded=3 packets-lost-ttl-expired=4 tcp-flags=2 region=eu-north-1" +
				" flow-direction=ingress pkt-dst-aws-service=S3"},
		{"a column that flowd does not know is skipped", "srcport colour-of-packet dstport", "1 mauve 2", "srcport=1 dstport=2"},
		{"every number at its upper end", "version srcport protocol packets start tcp-flags",
			"2147483647 65535 255 18446744073709551615 9223372036854775807 2147483647",
			"version=2147483647 srcport=65535 protocol=255 packets=18446744073709551615 start=9223372036854775807 tcp-flags=2147483647"},
		{"numbers with leading zeros", "srcport bytes", "00080 0000000000000000000000007", "srcport=80 bytes=7"},
		{"two spaces, tabs, and spaces around the line", "srcport dstport bytes", "  1  2\t3 \t", "srcport=1 dstport=2 bytes=3"},
		{"a carriage return at the end", "srcport action", "1 ACCEPT\r", "srcport=1 action=ACCEPT"},
		{"a lone hyphen is a record with nothing in it", "srcport", "-", ""},
		{"nothing but hyphens", headerV2, "- - - - - - - - - - - - - -", ""},
	}
}

// values gives the wanted values their types by the table of the slow parser; a value that it refuses is a mistake in the test.
func (c parseCase) values(t *testing.T) values {
	t.Helper()
	want := values{}
	for pair := range strings.FieldsSeq(c.want) {
		name, word, _ := strings.Cut(pair, "=")
		v, err := slowValue(name, word)
		if err != nil {
			t.Fatalf("the test's own %s: %v", pair, err)
		}
		want[name] = v
	}
	return want
}

func TestParse(t *testing.T) {
	var r Record // One for all: what a case leaves behind must not show in the next.
	for _, c := range wellFormed() {
		t.Run(c.name, func(t *testing.T) {
			if err := mustFormat(t, c.header).Parse([]byte(c.line), &r); err != nil {
				t.Fatalf("%q: got %v, want a record", c.line, err)
			}
			mustEqual(t, valuesOf(t, &r), c.values(t))
		})
	}
}

func TestTextAliasesTheLine(t *testing.T) {
	line := []byte("eni-0a 443")
	var r Record
	if err := mustFormat(t, "interface-id dstport").Parse(line, &r); err != nil {
		t.Fatal(err)
	}
	line[4] = '9'
	if got := string(r.InterfaceID); got != "eni-9a" {
		t.Errorf("got %q after the line changed, want eni-9a: text must not be copied", got)
	}
}

func TestParseAddr(t *testing.T) {
	tests := []struct {
		text string
		ok   bool
	}{
		{"0.0.0.0", true}, {"255.255.255.255", true}, {"1.2.3.256", false}, {"1.2.3", false}, {"1.2.3.4.5", false}, {"1.2.3.", false}, {".1.2.3", false},
		{"1..2.3", false}, {"01.2.3.4", false}, {"1.2.3.00", false}, {"1.2.3.4x", false}, {"1.2.3.-4", false}, {"1000.2.3.4", false},
		{"::", true}, {"::1", true}, {"1::", true}, {"1:2:3:4:5:6:7:8", true}, {"1:2:3:4:5:6:7::", true}, {"::2:3:4:5:6:7:8", true},
		{"ffff:FFFF:abcd:EF01:0:0:0:0", true}, {"::ffff:192.0.2.1", true}, {"1:2:3:4:5:6:192.0.2.1", true}, {"1:2:3:4:5::192.0.2.1", true},
		{":", false}, {":::", false}, {"1:", false}, {":1", false}, {"1:2:3:4:5:6:7", false}, {"1:2:3:4:5:6:7:8:9", false}, {"1:2:3:4:5:6:7:8::", false},
		{"1:2:3:4::5:6:7:8", false}, {"1::2::3", false}, {"12345::", false}, {"::g", false}, {"::1:", false}, {":1::", false}, {"1:2", false},
		{"::192.0.2.256", false}, {"192.0.2.1::", false}, {"::192.0.2.1:1", false}, {"1:2:3:4:5:6:7:192.0.2.1", false}, {"1:2:3:4:5:6::192.0.2.1", false},
		{"fe80::1%eth0", false}, {"[::1]", false}, {"::1/64", false}, {"localhost", false},
	}
	for _, test := range tests {
		got, ok := parseAddr([]byte(test.text))
		want, err := netip.ParseAddr(test.text)
		if wantOK := err == nil && want.Zone() == ""; ok != test.ok || ok != wantOK || ok && got != AddrOf(want) {
			t.Errorf("%q: got %v, %v; want %v; netip has %v, %v", test.text, got, ok, test.ok, want, err)
		}
	}
}
