package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"flowd/internal/flowgen"
)

// goldenFile is golden.json: what must come out for the files beside it. Lists are sorted by their labels, so the same files have the same
// text. The keys are an API of flowd and described by the help of the command.
type goldenFile struct {
	Generated       goldenFlags             `json:"generated"`
	Files           uint64                  `json:"files"`
	Bytes           uint64                  `json:"bytes"`            // Of text.
	CompressedBytes uint64                  `json:"compressed_bytes"` // As stored.
	Records         uint64                  `json:"records"`          // The sum of LogStatus.
	LogStatus       map[string]uint64       `json:"log_status"`
	Malformed       map[string]uint64       `json:"malformed"` // By reason; reasons without a line are absent.
	Actions         map[string]goldenCounts `json:"actions"`   // Of records with log status ok.
	RecordAges      uint64                  `json:"record_ages"`
	Rankings        map[string]uint64       `json:"rankings"`
	Flow            []goldenFlow            `json:"flow"`
	Interface       []goldenInterface       `json:"interface"`
	Port            []goldenPort            `json:"port"`
	SourceBytes     []goldenSource          `json:"source_bytes"`
}

// goldenFlags write the same files again.
type goldenFlags struct {
	Seed       uint64   `json:"seed"`
	Objects    int      `json:"objects"`
	Records    int      `json:"records"`
	Format     []string `json:"format"`
	Account    string   `json:"account"`
	Region     string   `json:"region"`
	Start      string   `json:"start"`
	Interval   string   `json:"interval"`
	SpikeEvery int      `json:"spike_every"`
	Clean      bool     `json:"clean"`
}

type goldenCounts struct {
	Records uint64 `json:"records"`
	Packets uint64 `json:"packets"`
	Bytes   uint64 `json:"bytes"`
}

type goldenFlow struct {
	AccountID     string `json:"account_id"`
	VPCID         string `json:"vpc_id"`
	Action        string `json:"action"`
	FlowDirection string `json:"flow_direction"`
	Protocol      string `json:"protocol"`
	goldenCounts
}

type goldenInterface struct {
	AccountID   string `json:"account_id"`
	VPCID       string `json:"vpc_id"`
	SubnetID    string `json:"subnet_id"`
	InterfaceID string `json:"interface_id"`
	Action      string `json:"action"`
	goldenCounts
}

type goldenPort struct {
	Protocol string `json:"protocol"`
	DstPort  string `json:"dstport"`
	Action   string `json:"action"`
	Records  uint64 `json:"records"`
	Bytes    uint64 `json:"bytes"`
}

type goldenSource struct {
	SrcAddr string `json:"srcaddr"`
	Bytes   uint64 `json:"bytes"`
}

func newGoldenFile(flags generateFiles, t *flowgen.Totals) goldenFile {
	g := goldenFile{
		Generated: goldenFlags{
			Seed: flags.Seed, Objects: flags.Objects, Records: flags.Records, Format: flags.Format, Account: flags.Account, Region: flags.Region,
			Start: flags.Start.UTC().Format(time.RFC3339), Interval: flags.Interval.String(), SpikeEvery: flags.SpikeEvery, Clean: flags.Clean,
		},
		Files: t.Objects, Bytes: t.ObjectBytes.Uncompressed, CompressedBytes: t.ObjectBytes.Compressed,
		LogStatus: map[string]uint64{"ok": 0, "nodata": 0, "skipdata": 0}, Malformed: t.Malformed, RecordAges: t.RecordAges,
		Actions: map[string]goldenCounts{"accept": {}, "reject": {}, "unknown": {}},
		Rankings: map[string]uint64{
			"source_bytes": t.TopSourceBytes, "destination_bytes": t.TopDestinationBytes, "pair_bytes": t.TopPairBytes,
			"rejected_source_records": t.TopRejectedSourceRecords, "rejected_port_records": t.TopRejectedPortRecords,
		},
		Interface: goldenInterfaceList(t), Port: goldenPortList(t), SourceBytes: goldenSourceList(t),
	}
	maps.Copy(g.LogStatus, t.RecordsRead)
	for _, n := range g.LogStatus {
		g.Records += n
	}
	g.Flow = goldenFlowList(t)
	for _, f := range g.Flow {
		a := g.Actions[f.Action]
		g.Actions[f.Action] = goldenCounts{a.Records + f.Records, a.Packets + f.Packets, a.Bytes + f.Bytes}
	}
	return g
}

func countsOf(c flowgen.Counts) goldenCounts { return goldenCounts{c.Records, c.Packets, c.Bytes} }

func goldenFlowList(t *flowgen.Totals) (list []goldenFlow) {
	for k, c := range t.Flows {
		list = append(list, goldenFlow{k.AccountID, k.VPCID, k.Action, k.FlowDirection, k.Protocol, countsOf(c)})
	}
	slices.SortFunc(list, func(a, b goldenFlow) int {
		return cmp.Or(strings.Compare(a.AccountID, b.AccountID), strings.Compare(a.VPCID, b.VPCID), strings.Compare(a.Action, b.Action),
			strings.Compare(a.FlowDirection, b.FlowDirection), strings.Compare(a.Protocol, b.Protocol))
	})
	return list
}

func goldenInterfaceList(t *flowgen.Totals) (list []goldenInterface) {
	for k, c := range t.Interfaces {
		list = append(list, goldenInterface{k.AccountID, k.VPCID, k.SubnetID, k.InterfaceID, k.Action, countsOf(c)})
	}
	slices.SortFunc(list, func(a, b goldenInterface) int {
		return cmp.Or(strings.Compare(a.AccountID, b.AccountID), strings.Compare(a.VPCID, b.VPCID), strings.Compare(a.SubnetID, b.SubnetID),
			strings.Compare(a.InterfaceID, b.InterfaceID), strings.Compare(a.Action, b.Action))
	})
	return list
}

func goldenPortList(t *flowgen.Totals) (list []goldenPort) {
	for k, c := range t.Ports {
		list = append(list, goldenPort{k.Protocol, k.DstPort, k.Action, c.Records, c.Bytes})
	}
	slices.SortFunc(list, func(a, b goldenPort) int {
		return cmp.Or(strings.Compare(a.Protocol, b.Protocol), strings.Compare(a.DstPort, b.DstPort), strings.Compare(a.Action, b.Action))
	})
	return list
}

// goldenSourceList has the heaviest first, as a ranking has.
func goldenSourceList(t *flowgen.Totals) (list []goldenSource) {
	for address, n := range t.SourceBytes {
		list = append(list, goldenSource{address, n})
	}
	slices.SortFunc(list, func(a, b goldenSource) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), strings.Compare(a.SrcAddr, b.SrcAddr))
	})
	return list
}

// report is the short form, for a person.
func (g goldenFile) report(table *tabwriter.Writer, path string) error {
	fmt.Fprintf(table, "files\t%d\t%s of text, %s stored\n", g.Files, byteText(g.Bytes), byteText(g.CompressedBytes))
	fmt.Fprintf(table, "records\t%d\t%s\n", g.Records, nonZero(g.LogStatus))
	for _, action := range []string{"accept", "reject", "unknown"} {
		a := g.Actions[action]
		fmt.Fprintf(table, "%s\t%d\t%s in %d packets\n", action, a.Records, byteText(a.Bytes), a.Packets)
	}
	var malformed uint64
	for _, n := range g.Malformed {
		malformed += n
	}
	fmt.Fprintf(table, "malformed\t%d\t%s\n", malformed, nonZero(g.Malformed))
	_, err := fmt.Fprintf(table, "\nGolden totals: %s\n", path)
	return errors.Join(err, table.Flush())
}
