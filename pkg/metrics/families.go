package metrics

import (
	"github.com/prometheus/client_golang/prometheus"
)

// family is a group of label sets that share label names and bounds. The numbers are on disk: never reuse one.
type family uint8

const (
	familyFlow                      family = 1
	familyInterface                 family = 2
	familyPort                      family = 3
	familyRecordsRead               family = 4
	familyRecordsMalformed          family = 5
	familyObjectBytes               family = 6
	familyRecordAge                 family = 7
	familyObjectsCounted            family = 8
	familyNewestRecord              family = 9
	familyTopSource                 family = 10
	familyTopSourceOther            family = 11
	familyTopSourceDeparted         family = 12
	familyTopDestination            family = 13
	familyTopDestinationOther       family = 14
	familyTopDestinationDeparted    family = 15
	familyTopPair                   family = 16
	familyTopPairOther              family = 17
	familyTopPairDeparted           family = 18
	familyTopRejectedSource         family = 19
	familyTopRejectedSourceOther    family = 20
	familyTopRejectedSourceDeparted family = 21
	familyTopRejectedPort           family = 22
	familyTopRejectedPortOther      family = 23
	familyTopRejectedPortDeparted   family = 24
	familyLate                      family = 25
	familyTimeline                  family = 26 // Totals of account, VPC and action.
	familyHour                      family = 27 // The minutes of one hour of a timeline.
	familyClosed                    family = 28 // The last minute that is closed.
	familyWatermark                 family = 29 // Up to when a flow log is complete.
	familyRemote                    family = 30 // Up to when a remote-write endpoint has everything.
	numFamilies                     family = 31
)

// hidden says that no scrape ever shows the family as it is stored, so that a new label set need not be read at 0.
func (f family) hidden() bool {
	switch f {
	case familyNewestRecord, familyTimeline, familyHour, familyClosed, familyWatermark, familyRemote:
		return true
	}
	return false
}

// Positions of the counters inside a label set of the flow, interface and port families.
const (
	counterRecords = 0
	counterBytes   = 1
	counterPackets = 2
)

// ageBuckets are the upper bounds of flowd_record_age_seconds, in seconds. Delivery takes 5 to 16 minutes, so the bounds are dense there.
func ageBuckets() []float64 {
	return []float64{60, 120, 300, 450, 600, 750, 900, 1200, 1800, 3600, 7200, 21600, 86400}
}

const (
	numAgeBuckets = 14                // The bounds above and +Inf.
	ageSum        = numAgeBuckets     // Position of the sum, in whole seconds.
	ageWidth      = numAgeBuckets + 1 // Counters in the label set.
)

// definition is everything that is fixed about a family: the one place where names, labels and help of the durable metrics stand.
type definition struct {
	id     family
	short  string // Value of the `family` label of flowd_series.
	labels []string
	names  []string // One metric for each counter of a label set.
	help   []string
}

func (d *definition) width() uint32 {
	switch d.id {
	case familyRecordAge:
		return ageWidth
	case familyTimeline:
		return uint32(len(counts{}))
	case familyHour:
		return uint32(hourWidth)
	}
	return uint32(max(len(d.names), 1))
}

func (d *definition) descs() []*prometheus.Desc {
	descs := make([]*prometheus.Desc, len(d.names))
	for i := range d.names {
		descs[i] = prometheus.NewDesc(d.names[i], d.help[i], d.labels, nil)
	}
	return descs
}

// Durable returns the names of the metrics that continue after a restart as long as the state survives, in the order of their families.
// Every other metric of flowd lives with the process. The caller owns the result.
func Durable() []string {
	var names []string
	for _, d := range definitions() {
		if d != nil {
			names = append(names, d.names...)
		}
	}
	return names
}

func definitions() [numFamilies]*definition {
	var table [numFamilies]*definition
	for _, list := range [][]definition{trafficDefinitions(), objectDefinitions(), topDefinitions(), timeDefinitions()} {
		for i := range list {
			table[list[i].id] = &list[i]
		}
	}
	return table
}

func trafficDefinitions() []definition {
	return []definition{
		{familyFlow, "flow", []string{"account_id", "vpc_id", "action", "flow_direction", "protocol"},
			[]string{"flowd_flow_records_total", "flowd_flow_bytes_total", "flowd_flow_packets_total"},
			[]string{
				"Flow log records with status OK, by what security groups and network ACLs decided.",
				"Bytes transferred in those flows.",
				"Packets transferred in those flows.",
			}},
		{familyInterface, "interface", []string{"account_id", "vpc_id", "subnet_id", "interface_id", "action"},
			[]string{"flowd_interface_records_total", "flowd_interface_bytes_total", "flowd_interface_packets_total"},
			[]string{
				"Flow log records with status OK, by network interface.",
				"Bytes transferred in those flows, by network interface.",
				"Packets transferred in those flows, by network interface.",
			}},
		{familyPort, "port", []string{"protocol", "dstport", "action"},
			[]string{"flowd_port_records_total", "flowd_port_bytes_total"},
			[]string{
				"Flow log records with status OK, by destination port; ports that are not configured count as other.",
				"Bytes transferred in those flows, by destination port.",
			}},
	}
}

func objectDefinitions() []definition {
	return []definition{
		{familyRecordsRead, "records_read", []string{"log_status"}, []string{"flowd_records_read_total"},
			[]string{"Well-formed records of counted objects, by log status."}},
		{familyRecordsMalformed, "records_malformed", []string{"reason"}, []string{"flowd_records_malformed_total"},
			[]string{"Lines of counted objects that did not parse and were skipped, by reason."}},
		{familyObjectBytes, "object_bytes", []string{"encoding"}, []string{"flowd_object_bytes_total"},
			[]string{"Bytes of counted objects, as stored and as text."}},
		{familyRecordAge, "record_age", nil, []string{"flowd_record_age_seconds"},
			[]string{"Age of records when they were counted, in seconds: time of the commit minus end of the record."}},
		{familyObjectsCounted, "objects_counted", nil, []string{"flowd_objects_counted_total"},
			[]string{"Objects whose records are in the totals."}},
		{id: familyNewestRecord, short: "newest_record"},
	}
}

func timeDefinitions() []definition {
	return []definition{
		{familyLate, "late", nil, []string{"flowd_late_records_total"},
			[]string{"Records of minutes that were closed already; in event time they count in the first minute that was still open."}},
		{id: familyTimeline, short: "timeline", labels: []string{"account_id", "vpc_id", "action"}},
		{id: familyHour, short: "hour", labels: []string{"account_id", "vpc_id", "action", "hour"}},
		{id: familyClosed, short: "closed"},
		{id: familyWatermark, short: "watermark", labels: []string{"flow_log_id"}},
		{id: familyRemote, short: "remote", labels: []string{"endpoint"}},
	}
}

func topDefinitions() []definition {
	src, dst := []string{"srcaddr"}, []string{"dstaddr"}
	return []definition{
		{familyTopSource, "top_source", src, []string{"flowd_top_source_bytes_total"}, []string{"Bytes sent by the heaviest source addresses, since each became a member of the ranking."}},
		{familyTopSourceOther, "top_source_other", nil, []string{"flowd_top_source_other_bytes_total"}, []string{"Bytes sent by source addresses that were not members of the ranking."}},
		{familyTopSourceDeparted, "top_source_departed", nil, []string{"flowd_top_source_departed_bytes_total"}, []string{"Bytes that former members of the ranking had when they left."}},
		{familyTopDestination, "top_destination", dst, []string{"flowd_top_destination_bytes_total"}, []string{"Bytes sent to the heaviest destination addresses, since each became a member of the ranking."}},
		{familyTopDestinationOther, "top_destination_other", nil, []string{"flowd_top_destination_other_bytes_total"}, []string{"Bytes sent to destination addresses that were not members of the ranking."}},
		{familyTopDestinationDeparted, "top_destination_departed", nil, []string{"flowd_top_destination_departed_bytes_total"}, []string{"Bytes that former members of the ranking had when they left."}},
		{familyTopPair, "top_pair", []string{"srcaddr", "dstaddr"}, []string{"flowd_top_pair_bytes_total"}, []string{"Bytes between the heaviest pairs of addresses, since each became a member of the ranking."}},
		{familyTopPairOther, "top_pair_other", nil, []string{"flowd_top_pair_other_bytes_total"}, []string{"Bytes between pairs that were not members of the ranking."}},
		{familyTopPairDeparted, "top_pair_departed", nil, []string{"flowd_top_pair_departed_bytes_total"}, []string{"Bytes that former members of the ranking had when they left."}},
		{familyTopRejectedSource, "top_rejected_source", src, []string{"flowd_top_rejected_source_records_total"}, []string{"Rejected records of the most rejected source addresses, since each became a member of the ranking."}},
		{familyTopRejectedSourceOther, "top_rejected_source_other", nil, []string{"flowd_top_rejected_source_other_records_total"}, []string{"Rejected records of sources that were not members of the ranking."}},
		{familyTopRejectedSourceDeparted, "top_rejected_source_departed", nil, []string{"flowd_top_rejected_source_departed_records_total"}, []string{"Rejected records that former members of the ranking had when they left."}},
		{familyTopRejectedPort, "top_rejected_port", []string{"protocol", "dstport"}, []string{"flowd_top_rejected_port_records_total"}, []string{"Rejected records of the most rejected destination ports, since each became a member of the ranking."}},
		{familyTopRejectedPortOther, "top_rejected_port_other", nil, []string{"flowd_top_rejected_port_other_records_total"}, []string{"Rejected records of ports that were not members of the ranking."}},
		{familyTopRejectedPortDeparted, "top_rejected_port_departed", nil, []string{"flowd_top_rejected_port_departed_records_total"}, []string{"Rejected records that former members of the ranking had when they left."}},
	}
}
