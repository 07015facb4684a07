package main

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"flowd/internal/flowgen"
)

func readGolden(t *testing.T, files map[string]string) goldenFile {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(files[goldenName]))
	d.DisallowUnknownFields()
	var g goldenFile
	if err := d.Decode(&g); err != nil {
		t.Fatal(err)
	}
	return g
}

// TestAnalyzeComesToTheGoldenTotals reads the files with what shares nothing with the generator, and compares every key that both have.
func TestAnalyzeComesToTheGoldenTotals(t *testing.T) {
	dir := generate(t, "--objects=12", "--records=1500")
	files := readTree(t, dir)
	var golden, analyzed map[string]any
	if err := json.Unmarshal([]byte(files[goldenName]), &golden); err != nil {
		t.Fatal(err)
	}
	out, err := flowd(t.Context(), "analyze", "--output=json", dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(out), &analyzed); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"files", "bytes", "records", "log_status", "malformed", "actions"} {
		if got := analyzed[key]; got == nil || !reflect.DeepEqual(got, golden[key]) {
			t.Errorf("%s: analyze says %v, the golden totals %v", key, got, golden[key])
		}
	}
	delete(files, goldenName)
	stored := 0
	for _, body := range files {
		stored += len(body)
	}
	if golden["compressed_bytes"] != float64(stored) {
		t.Errorf("got %v bytes as stored, the files have %d", golden["compressed_bytes"], stored)
	}
	if reasons := golden["malformed"].(map[string]any); len(reasons) < 5 {
		t.Errorf("got %d reasons only: %v", len(reasons), reasons)
	}
}

func TestGoldenTotalsAddUp(t *testing.T) {
	g := readGolden(t, readTree(t, generate(t, "--objects=12")))
	var flow, iface goldenCounts
	var port goldenCounts
	for _, f := range g.Flow {
		flow = goldenCounts{flow.Records + f.Records, flow.Packets + f.Packets, flow.Bytes + f.Bytes}
	}
	for _, f := range g.Interface {
		iface = goldenCounts{iface.Records + f.Records, iface.Packets + f.Packets, iface.Bytes + f.Bytes}
	}
	for _, f := range g.Port {
		port = goldenCounts{port.Records + f.Records, flow.Packets, port.Bytes + f.Bytes}
	}
	if flow.Records == 0 || flow != iface || flow != port || flow.Records != g.LogStatus["ok"] {
		t.Errorf("got %+v by flow, %+v by interface, %+v by port and %d records that are ok; want the same everywhere", flow, iface, port, g.LogStatus["ok"])
	}
	var actions goldenCounts
	for _, a := range g.Actions {
		actions = goldenCounts{actions.Records + a.Records, actions.Packets + a.Packets, actions.Bytes + a.Bytes}
	}
	if actions != flow || len(g.Actions) != 3 {
		t.Errorf("got %+v by %d actions, want %+v by 3", actions, len(g.Actions), flow)
	}
	if g.Rankings["source_bytes"] != flow.Bytes || g.Rankings["rejected_source_records"] != g.Actions["reject"].Records || len(g.Rankings) != 5 {
		t.Errorf("got rankings %v, want 5 that share %d bytes and %d rejected records", g.Rankings, flow.Bytes, g.Actions["reject"].Records)
	}
	if g.Records != g.LogStatus["ok"]+g.LogStatus["nodata"]+g.LogStatus["skipdata"] {
		t.Errorf("got %d records, want the sum of %v", g.Records, g.LogStatus)
	}
}

// TestGoldenListsAreSorted gives the lists many orders to come in: maps have one of their own each time.
func TestGoldenListsAreSorted(t *testing.T) {
	totals := &flowgen.Totals{
		Flows: map[flowgen.FlowKey]flowgen.Counts{}, Interfaces: map[flowgen.InterfaceKey]flowgen.Counts{}, Ports: map[flowgen.PortKey]flowgen.Counts{},
		SourceBytes: map[string]uint64{"10.0.0.1": 5, "10.0.0.2": 7, "10.0.0.3": 5},
	}
	for _, a := range []string{"b", "a"} {
		for _, b := range []string{"d", "c"} {
			for _, c := range []string{"f", "e"} {
				totals.Flows[flowgen.FlowKey{AccountID: "x", VPCID: "x", Action: a, FlowDirection: b, Protocol: c}] = flowgen.Counts{Records: 1}
				totals.Interfaces[flowgen.InterfaceKey{AccountID: "x", VPCID: "x", SubnetID: a, InterfaceID: b, Action: c}] = flowgen.Counts{Records: 1}
				totals.Ports[flowgen.PortKey{Protocol: a, DstPort: b, Action: c}] = flowgen.Counts{Records: 1}
			}
		}
	}
	g := newGoldenFile(generateFiles{}, totals)
	var flow, iface, port []string
	for i := range g.Flow {
		flow = append(flow, g.Flow[i].Action+g.Flow[i].FlowDirection+g.Flow[i].Protocol)
		iface = append(iface, g.Interface[i].SubnetID+g.Interface[i].InterfaceID+g.Interface[i].Action)
		port = append(port, g.Port[i].Protocol+g.Port[i].DstPort+g.Port[i].Action)
	}
	want := []string{"ace", "acf", "ade", "adf", "bce", "bcf", "bde", "bdf"}
	for name, got := range map[string][]string{"flow": flow, "interface": iface, "port": port} {
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
	if want := []goldenSource{{"10.0.0.2", 7}, {"10.0.0.1", 5}, {"10.0.0.3", 5}}; !slices.Equal(g.SourceBytes, want) {
		t.Errorf("got %v, want %v", g.SourceBytes, want)
	}
}
