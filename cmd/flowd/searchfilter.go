package main

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"flowd/internal/archive"
	"flowd/pkg/parser"
)

// searchFilter says which records are wanted.
type searchFilter struct {
	Addr      []addressRange    `placeholder:"ADDRESS|PREFIX" help:"Either side: srcaddr, dstaddr, pkt-srcaddr or pkt-dstaddr; repeatable, as all of these filters."`
	Src       []addressRange    `placeholder:"ADDRESS|PREFIX" help:"srcaddr."`
	Dst       []addressRange    `placeholder:"ADDRESS|PREFIX" help:"dstaddr."`
	Port      []uint16          `placeholder:"PORT" help:"Either side: srcport or dstport."`
	SrcPort   []uint16          `name:"srcport" placeholder:"PORT" help:"srcport."`
	DstPort   []uint16          `name:"dstport" placeholder:"PORT" help:"dstport."`
	Protocol  []wantedProtocol  `placeholder:"NAME|NUMBER" help:"tcp, udp, icmp, icmpv6, gre, esp, ah, sctp, or an IANA number."`
	Action    []wantedAction    `placeholder:"ACTION" help:"accept, reject, or unknown for records without one."`
	Interface []string          `placeholder:"ENI" help:"interface-id."`
	VPC       []string          `name:"vpc" placeholder:"VPC" help:"vpc-id."`
	LogStatus []wantedLogStatus `placeholder:"STATUS" help:"ok, nodata or skipdata; records that do not say are ok."`
	From      string            `placeholder:"TIME" help:"Records that end at this time or later."`
	To        string            `placeholder:"TIME" help:"Records that begin at this time or earlier."`
}

// compile turns the flags into one question, and into the time range that files may be skipped by.
func (f *searchFilter) compile(now time.Time) (match func(*parser.Record) bool, w archive.Window, err error) {
	if w.From, err = parseTime(f.From, now); err != nil {
		return nil, w, fmt.Errorf("from: %w", err)
	}
	if w.To, err = parseTime(f.To, now); err != nil {
		return nil, w, fmt.Errorf("to: %w", err)
	}
	if !w.From.IsZero() && !w.To.IsZero() && w.To.Before(w.From) {
		return nil, w, fmt.Errorf("to (%s) is before --from (%s): nothing can match", w.To.Format(time.RFC3339), w.From.Format(time.RFC3339))
	}
	return func(r *parser.Record) bool {
		return f.matchFlow(r) && f.matchOrigin(r) && touches(w, r)
	}, w, nil
}

// matchFlow looks at the five-tuple.
func (f *searchFilter) matchFlow(r *parser.Record) bool {
	return (len(f.Addr) == 0 || slices.ContainsFunc(f.Addr, func(a addressRange) bool {
		return a.holds(r, parser.FieldSrcAddr, r.SrcAddr) || a.holds(r, parser.FieldDstAddr, r.DstAddr) ||
			a.holds(r, parser.FieldPktSrcAddr, r.PktSrcAddr) || a.holds(r, parser.FieldPktDstAddr, r.PktDstAddr)
	})) &&
		(len(f.Src) == 0 || slices.ContainsFunc(f.Src, func(a addressRange) bool { return a.holds(r, parser.FieldSrcAddr, r.SrcAddr) })) &&
		(len(f.Dst) == 0 || slices.ContainsFunc(f.Dst, func(a addressRange) bool { return a.holds(r, parser.FieldDstAddr, r.DstAddr) })) &&
		(len(f.Port) == 0 || holds(f.Port, r, parser.FieldSrcPort, r.SrcPort) || holds(f.Port, r, parser.FieldDstPort, r.DstPort)) &&
		(len(f.SrcPort) == 0 || holds(f.SrcPort, r, parser.FieldSrcPort, r.SrcPort)) &&
		(len(f.DstPort) == 0 || holds(f.DstPort, r, parser.FieldDstPort, r.DstPort)) &&
		(len(f.Protocol) == 0 || holds(f.Protocol, r, parser.FieldProtocol, wantedProtocol(r.Protocol)))
}

// matchOrigin looks at where the record is from, and what it says of itself.
func (f *searchFilter) matchOrigin(r *parser.Record) bool {
	return (len(f.Action) == 0 || slices.Contains(f.Action, wantedAction(r.Action))) &&
		(len(f.LogStatus) == 0 || slices.Contains(f.LogStatus, wantedLogStatus(r.LogStatus))) &&
		(len(f.Interface) == 0 || slices.Contains(f.Interface, string(r.InterfaceID))) &&
		(len(f.VPC) == 0 || slices.Contains(f.VPC, string(r.VPCID)))
}

// holds is false for a record without the field, whose value is 0 then.
func holds[T comparable](wanted []T, r *parser.Record, field parser.Field, value T) bool {
	return r.Has(field) && slices.Contains(wanted, value)
}

// touches says whether the aggregation interval has a second in common with the window. A record with only one of the two times is a point.
func touches(w archive.Window, r *parser.Record) bool {
	if w.From.IsZero() && w.To.IsZero() {
		return true
	}
	start, end := seconds(r.Start), seconds(r.End)
	switch hasStart, hasEnd := r.Has(parser.FieldStart), r.Has(parser.FieldEnd); {
	case !hasStart && !hasEnd:
		return false
	case !hasStart:
		start = end
	case !hasEnd:
		end = start
	}
	return (w.From.IsZero() || end >= w.From.Unix()) && (w.To.IsZero() || start <= w.To.Unix())
}

// millisecondsFrom is the first number that is taken for milliseconds. As seconds it is in the year 5138, as milliseconds in 1973.
const millisecondsFrom = 100_000_000_000

// seconds normalises a time of a record: SKIPDATA records were seen with milliseconds.
func seconds(t int64) int64 {
	if t >= millisecondsFrom {
		return t / 1000
	}
	return t
}

// parseTime returns no time for no text.
func parseTime(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if unix, err := strconv.ParseInt(text, 10, 64); err == nil {
		if unix >= millisecondsFrom {
			return time.Time{}, fmt.Errorf("%q has the size of milliseconds; give seconds: %d", text, unix/1000)
		}
		return time.Unix(unix, 0).UTC(), nil
	}
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t.UTC(), nil
	}
	var age duration
	if err := age.UnmarshalText([]byte(text)); err == nil {
		return now.Add(-age.value()).UTC(), nil
	}
	return time.Time{}, fmt.Errorf("%q is neither a time such as 2026-01-31T09:00:00Z, nor Unix seconds, nor an age such as 90m or 2d", text)
}

// addressRange is an address or a prefix.
type addressRange netip.Prefix

// UnmarshalText implements [encoding.TextUnmarshaler].
func (a *addressRange) UnmarshalText(text []byte) error {
	if addr, err := netip.ParseAddr(string(text)); err == nil {
		addr = addr.Unmap().WithZone("")
		*a = addressRange(netip.PrefixFrom(addr, addr.BitLen()))
		return nil
	}
	prefix, err := netip.ParsePrefix(string(text))
	if err != nil {
		return fmt.Errorf("%q is neither an address nor a prefix such as 10.0.0.0/8", text)
	}
	*a = addressRange(prefix)
	return nil
}

// holds is false for an address that is not there.
func (a addressRange) holds(r *parser.Record, field parser.Field, addr parser.Addr) bool {
	return r.Has(field) && netip.Prefix(a).Contains(addr.Netip())
}

// wantedProtocol is an IANA protocol number.
type wantedProtocol uint8

// UnmarshalText implements [encoding.TextUnmarshaler].
// Source: https://www.iana.org/assignments/protocol-numbers
func (p *wantedProtocol) UnmarshalText(text []byte) error {
	names := map[string]wantedProtocol{"icmp": 1, "tcp": 6, "udp": 17, "gre": 47, "esp": 50, "ah": 51, "icmpv6": 58, "sctp": 132}
	if n, ok := names[strings.ToLower(string(text))]; ok {
		*p = n
		return nil
	}
	n, err := strconv.ParseUint(string(text), 10, 8)
	if err != nil {
		return fmt.Errorf("%q is neither the name of a protocol nor its number", text)
	}
	*p = wantedProtocol(n)
	return nil
}

// wantedAction is an action, by name.
type wantedAction parser.Action

// UnmarshalText implements [encoding.TextUnmarshaler].
func (a *wantedAction) UnmarshalText(text []byte) error {
	for _, action := range []parser.Action{parser.ActionAccept, parser.ActionReject, parser.ActionUnknown} {
		if strings.EqualFold(action.String(), string(text)) {
			*a = wantedAction(action)
			return nil
		}
	}
	return errors.New("it must be accept, reject or unknown")
}

// wantedLogStatus is a log status, by name.
type wantedLogStatus parser.LogStatus

// UnmarshalText implements [encoding.TextUnmarshaler].
func (s *wantedLogStatus) UnmarshalText(text []byte) error {
	for _, status := range []parser.LogStatus{parser.LogStatusOK, parser.LogStatusNoData, parser.LogStatusSkipData} {
		if strings.EqualFold(status.String(), string(text)) {
			*s = wantedLogStatus(status)
			return nil
		}
	}
	return errors.New("it must be ok, nodata or skipdata")
}
