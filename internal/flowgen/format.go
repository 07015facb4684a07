package flowgen

import "strings"

// FormatNames are the formats that [Config] takes, in the order in which objects take turns.
func FormatNames() []string {
	return []string{"recommended", "v2", "v3", "v4", "v5", "tgw", "v7", "v8", "v9", "v10", "v11", "custom"}
}

// fieldsOf are the fields of a format: what records of that version brought. The last is custom, in an odd order, with a field from the future.
// Source: https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html and .../tgw/tgw-flow-logs.html
func fieldsOf(name string) string {
	const v2 = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"
	const v3 = v2 + " vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr"
	const v4 = v3 + " region az-id sublocation-type sublocation-id"
	const v5 = v4 + " pkt-src-aws-service pkt-dst-aws-service flow-direction traffic-path"
	const v7 = v5 + " ecs-cluster-arn ecs-cluster-name ecs-container-instance-arn ecs-container-instance-id ecs-container-id ecs-second-container-id ecs-service-name ecs-task-definition-arn ecs-task-arn ecs-task-id"
	const v8 = v7 + " reject-reason"
	const v9 = v8 + " resource-id"
	const v10 = v9 + " encryption-status"
	const v11 = v10 + " instance-tag instance-tag-2 interface-tag interface-tag-2 asg-tag asg-tag-2 interface-type next-hop-interface-id next-hop-subnet-id next-hop-az-id next-hop-vpc-id next-hop-interface-type"
	const tgw = "version resource-type account-id tgw-id tgw-attachment-id tgw-src-vpc-account-id tgw-dst-vpc-account-id tgw-src-vpc-id tgw-dst-vpc-id tgw-src-subnet-id tgw-dst-subnet-id tgw-src-eni tgw-dst-eni tgw-src-az-id tgw-dst-az-id tgw-pair-attachment-id srcaddr dstaddr srcport dstport protocol packets bytes start end log-status type packets-lost-no-route packets-lost-blackhole packets-lost-mtu-exceeded packets-lost-ttl-expired tcp-flags region flow-direction pkt-src-aws-service pkt-dst-aws-service"
	const recommended = "version account-id vpc-id subnet-id instance-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status tcp-flags type pkt-srcaddr pkt-dstaddr region az-id flow-direction traffic-path reject-reason"
	const custom = "end bytes dstport action protocol srcaddr vpc-id some-future-field interface-id packets dstaddr flow-direction"
	return map[string]string{
		"v2": v2, "v3": v3, "v4": v4, "v5": v5, "v7": v7, "v8": v8, "v9": v9, "v10": v10, "v11": v11, "tgw": tgw, "recommended": recommended, "custom": custom,
	}[name]
}

// format is one column order, compiled.
type format struct {
	name    string
	header  string
	names   []string
	columns []column
	has     map[string]bool
}

// newFormat compiles a format for a region. The name is one of [FormatNames].
func newFormat(name, region string) *format {
	f := &format{name: name, header: fieldsOf(name), has: map[string]bool{}}
	f.names = strings.Fields(f.header)
	for _, field := range f.names {
		f.columns = append(f.columns, f.newColumn(field, region))
		f.has[field] = true
	}
	return f
}

// version is what the version column says: the highest version among the fields.
func (f *format) version() string {
	if n, ok := strings.CutPrefix(f.name, "v"); ok {
		return n
	}
	return map[string]string{"tgw": "6", "recommended": "8", "custom": "5"}[f.name]
}

// line appends a record in the format's order, without the end of the line. NODATA and SKIPDATA keep only who, when and status.
func (f *format) line(dst []byte, r *record) []byte {
	for i, c := range f.columns {
		if i > 0 {
			dst = append(dst, ' ')
		}
		before := len(dst)
		if c.isIdentity || r.status == statusOK {
			dst = c.write(dst, r)
		}
		if len(dst) == before {
			dst = append(dst, '-')
		}
	}
	return dst
}
