package flowgen

import (
	"strconv"
	"strings"
)

// column appends the value of one field; nothing is `-`.
type column struct {
	isIdentity bool // NODATA and SKIPDATA keep it.
	write      func(dst []byte, r *record) []byte
}

func (f *format) newColumn(field, region string) column {
	if write := f.identity(field, region); write != nil {
		return column{true, write}
	}
	for _, group := range []func(string) func([]byte, *record) []byte{address, number, word} {
		if write := group(field); write != nil {
			return column{false, write}
		}
	}
	return column{false, filler(field, region)}
}

// identity are the fields that say whose record it is, of when, and whether there is one.
func (f *format) identity(field, region string) func([]byte, *record) []byte {
	version := f.version()
	switch field {
	case "version":
		return func(dst []byte, _ *record) []byte { return append(dst, version...) }
	case "account-id":
		return func(dst []byte, r *record) []byte { return append(dst, r.endpoint.account...) }
	case "interface-id":
		return func(dst []byte, r *record) []byte { return append(dst, r.endpoint.eni...) }
	case "vpc-id":
		return func(dst []byte, r *record) []byte { return append(dst, r.endpoint.vpc...) }
	case "subnet-id":
		return func(dst []byte, r *record) []byte { return append(dst, r.endpoint.subnet...) }
	case "instance-id":
		return func(dst []byte, r *record) []byte { return append(dst, r.endpoint.instance...) }
	case "region":
		return func(dst []byte, _ *record) []byte { return append(dst, region...) }
	case "az-id":
		return func(dst []byte, r *record) []byte { return append(dst, r.endpoint.az...) }
	case "start":
		return func(dst []byte, r *record) []byte { return strconv.AppendInt(dst, r.start, 10) }
	case "end":
		return func(dst []byte, r *record) []byte { return strconv.AppendInt(dst, r.end, 10) }
	case "log-status":
		return func(dst []byte, r *record) []byte { return append(dst, r.status.text()...) }
	}
	return nil
}

func address(field string) func([]byte, *record) []byte {
	switch field {
	case "srcaddr", "pkt-srcaddr":
		return func(dst []byte, r *record) []byte { return r.src.AppendTo(dst) }
	case "dstaddr", "pkt-dstaddr":
		return func(dst []byte, r *record) []byte { return r.dst.AppendTo(dst) }
	}
	return nil
}

func number(field string) func([]byte, *record) []byte {
	of := func(value func(*record) uint64) func([]byte, *record) []byte {
		return func(dst []byte, r *record) []byte { return strconv.AppendUint(dst, value(r), 10) }
	}
	switch field {
	case "srcport":
		return of(func(r *record) uint64 { return uint64(r.srcPort) })
	case "dstport":
		return of(func(r *record) uint64 { return uint64(r.dstPort) })
	case "protocol":
		return of(func(r *record) uint64 { return r.transport.number() })
	case "packets":
		return of(func(r *record) uint64 { return r.packets })
	case "bytes":
		return of(func(r *record) uint64 { return r.bytes })
	case "tcp-flags":
		return of(func(r *record) uint64 { return r.flags })
	case "encryption-status":
		return of(func(r *record) uint64 { return uint64(r.hash % 4) })
	case "packets-lost-no-route", "packets-lost-blackhole", "packets-lost-mtu-exceeded", "packets-lost-ttl-expired":
		return of(func(*record) uint64 { return 0 })
	}
	return nil
}

func word(field string) func([]byte, *record) []byte {
	of := func(value func(*record) string) func([]byte, *record) []byte {
		return func(dst []byte, r *record) []byte { return append(dst, value(r)...) }
	}
	switch field {
	case "action":
		return of(func(r *record) string { return r.action.text() })
	case "flow-direction":
		return of(func(r *record) string { return r.direction.text() })
	case "type":
		return of(func(r *record) string {
			if r.src.Is6() {
				return "IPv6"
			}
			return "IPv4"
		})
	case "traffic-path":
		return of(func(r *record) string { return [...]string{"", "1", "2", "3", "4", "5", "6", "7", "8"}[r.path] })
	case "reject-reason":
		return of(func(r *record) string {
			if r.action == actionReject && r.hash%50 == 0 {
				return "BPA"
			}
			return ""
		})
	case "pkt-src-aws-service":
		return of(func(r *record) string { return service(r.src.As16()) })
	case "pkt-dst-aws-service":
		return of(func(r *record) string { return service(r.dst.As16()) })
	}
	return nil
}

// service takes some public addresses for AWS's own.
func service(address [16]byte) string {
	if address[12] != publicRange {
		return ""
	}
	return [...]string{"", "", "AMAZON", "S3", "EC2", "DYNAMODB"}[address[15]%6]
}

// filler is a plausible value of a field that flowd does not count by, or nothing.
func filler(field, region string) func([]byte, *record) []byte {
	hashed := func(prefix string) func([]byte, *record) []byte {
		return func(dst []byte, r *record) []byte { return appendHash(append(dst, prefix...), r.hash) }
	}
	switch {
	case field == "resource-type":
		return func(dst []byte, _ *record) []byte { return append(dst, "TransitGateway"...) }
	case strings.HasPrefix(field, "ecs-") && strings.HasSuffix(field, "-arn"):
		prefix := "arn:aws:ecs:" + region + ":"
		return func(dst []byte, r *record) []byte {
			return appendHash(append(append(append(dst, prefix...), r.endpoint.account...), ":thing/"...), r.hash)
		}
	case strings.HasPrefix(field, "tgw-") && strings.HasSuffix(field, "account-id"):
		return func(dst []byte, r *record) []byte { return append(dst, r.endpoint.account...) }
	case strings.HasPrefix(field, "tgw-") || strings.HasPrefix(field, "next-hop-") || strings.HasPrefix(field, "ecs-"):
		return hashed(field + "-")
	case strings.HasSuffix(field, "-tag"):
		return func(dst []byte, _ *record) []byte { return append(dst, "team%20blue%2Fgr%C3%BCn"...) }
	case field == "some-future-field":
		return hashed("what=ever:")
	}
	return func(dst []byte, _ *record) []byte { return dst }
}

// appendHash appends 8 hexadecimal digits.
func appendHash(dst []byte, hash uint32) []byte {
	const digits = "0123456789abcdef"
	for shift := 28; shift >= 0; shift -= 4 {
		dst = append(dst, digits[hash>>shift&15])
	}
	return dst
}
