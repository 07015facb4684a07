package flowgen

import (
	"fmt"
	"strconv"
	"strings"
)

// Formats are the names that [Config] takes, with the fields that records of that version brought; the last is custom, in an odd order.
func formats() map[string]string {
	const v2 = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"
	const v3 = v2 + " vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr"
	const v4 = v3 + " region az-id sublocation-type sublocation-id"
	const v5 = v4 + " pkt-src-aws-service pkt-dst-aws-service flow-direction traffic-path"
	const v7 = v5 + " ecs-cluster-arn ecs-cluster-name ecs-container-instance-arn ecs-container-instance-id ecs-container-id ecs-second-container-id ecs-service-name ecs-task-definition-arn ecs-task-arn ecs-task-id"
	const v8 = v7 + " reject-reason"
	const v9 = v8 + " resource-id"
	const v10 = v9 + " encryption-status"
	return map[string]string{
		"v2": v2, "v3": v3, "v4": v4, "v5": v5, "v7": v7, "v8": v8, "v9": v9, "v10": v10,
		"v11":         v10 + " instance-tag instance-tag-2 interface-tag interface-tag-2 asg-tag asg-tag-2 interface-type next-hop-interface-id next-hop-subnet-id next-hop-az-id next-hop-vpc-id next-hop-interface-type",
		"tgw":         "version resource-type account-id tgw-id tgw-attachment-id tgw-src-vpc-account-id tgw-dst-vpc-account-id tgw-src-vpc-id tgw-dst-vpc-id tgw-src-subnet-id tgw-dst-subnet-id tgw-src-eni tgw-dst-eni tgw-src-az-id tgw-dst-az-id tgw-pair-attachment-id srcaddr dstaddr srcport dstport protocol packets bytes start end log-status type packets-lost-no-route packets-lost-blackhole packets-lost-mtu-exceeded packets-lost-ttl-expired tcp-flags region flow-direction pkt-src-aws-service pkt-dst-aws-service",
		"recommended": "version account-id vpc-id subnet-id instance-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status tcp-flags type pkt-srcaddr pkt-dstaddr region az-id flow-direction traffic-path reject-reason",
		"custom":      "end bytes dstport action protocol srcaddr vpc-id some-future-field interface-id packets dstaddr flow-direction",
	}
}

// format is one column order.
type format struct {
	name    string
	columns []string
	has     map[string]bool
}

func newFormat(name string) (*format, error) {
	text, ok := formats()[name]
	if !ok {
		return nil, fmt.Errorf("flowgen: there is no format %q", name)
	}
	f := &format{name: name, columns: strings.Fields(text), has: map[string]bool{}}
	for _, c := range f.columns {
		f.has[c] = true
	}
	return f, nil
}

func (f *format) header() string { return strings.Join(f.columns, " ") }

// line writes a record in the format's order. NODATA and SKIPDATA keep only who, when and status.
func (f *format) line(dst []byte, r *record) []byte {
	for i, c := range f.columns {
		if i > 0 {
			dst = append(dst, ' ')
		}
		if v := r.value(c); v != "" {
			dst = append(dst, v...)
		} else {
			dst = append(dst, '-')
		}
	}
	return dst
}

// version is what the version column says for the format.
func (f *format) version() string {
	if n, ok := strings.CutPrefix(f.name, "v"); ok {
		return n
	}
	return map[string]string{"tgw": "6", "recommended": "8", "custom": "5"}[f.name]
}

// record is what a line is written from. Empty is `-`.
type record struct {
	version, account, eni, vpc, subnet, instance string
	src, dst, action, status, direction          string
	srcPort, dstPort                             uint16
	protocol                                     int
	packets, bytes                               uint64
	start, end                                   int64
	flags, path                                  string
	region, az, family                           string
	hash                                         string // Makes up the values that do not matter.
}

// identity are the columns that NODATA and SKIPDATA keep.
func (r *record) identity(column string) (string, bool) {
	switch column {
	case "version":
		return r.version, true
	case "account-id":
		return r.account, true
	case "interface-id":
		return r.eni, true
	case "vpc-id":
		return r.vpc, true
	case "subnet-id":
		return r.subnet, true
	case "instance-id":
		return r.instance, true
	case "region":
		return r.region, true
	case "az-id":
		return r.az, true
	case "start":
		return strconv.FormatInt(r.start, 10), true
	case "end":
		return strconv.FormatInt(r.end, 10), true
	case "log-status":
		return r.status, true
	}
	return "", false
}

func (r *record) value(column string) string {
	if v, ok := r.identity(column); ok || r.status != "OK" {
		return v
	}
	switch column {
	case "srcaddr", "pkt-srcaddr":
		return r.src
	case "dstaddr", "pkt-dstaddr":
		return r.dst
	case "srcport":
		return strconv.Itoa(int(r.srcPort))
	case "dstport":
		return strconv.Itoa(int(r.dstPort))
	case "protocol":
		return strconv.Itoa(r.protocol)
	case "packets":
		return strconv.FormatUint(r.packets, 10)
	case "bytes":
		return strconv.FormatUint(r.bytes, 10)
	case "action":
		return r.action
	case "flow-direction":
		return r.direction
	case "tcp-flags":
		return r.flags
	case "traffic-path":
		return r.path
	case "type":
		return r.family
	}
	return r.filler(column)
}

// filler are plausible values of columns that flowd does not count by.
func (r *record) filler(column string) string {
	switch {
	case column == "resource-type":
		return "TransitGateway"
	case strings.HasPrefix(column, "packets-lost-"):
		return "0"
	case column == "encryption-status":
		return "1"
	case strings.HasPrefix(column, "ecs-") && strings.HasSuffix(column, "-arn"):
		return "arn:aws:ecs:" + r.region + ":" + r.account + ":thing/" + r.hash
	case strings.HasPrefix(column, "tgw-") && strings.HasSuffix(column, "account-id"):
		return r.account
	case strings.HasPrefix(column, "tgw-") || strings.HasPrefix(column, "next-hop-") || strings.HasPrefix(column, "ecs-"):
		return column + "-" + r.hash
	case strings.HasSuffix(column, "-tag"):
		return "team%20blue%2Fgr%C3%BCn"
	}
	return ""
}
