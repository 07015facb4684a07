package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"flowd/internal/ledger"
	"flowd/pkg/ingest"
)

// TestLedgerOfAServiceIsSound counts objects, looks into the state, and holds it against what the service showed.
func TestLedgerOfAServiceIsSound(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	s, stop := a.serve()
	const objects = 5
	a.deliver(objects)
	a.untilEqual(s)
	before := a.gather(s)
	if got := before["flowd_ledger_objects"][""]; got != objects {
		t.Errorf("flowd_ledger_objects: got %v, want %d", got, objects)
	}
	if before["flowd_ledger_size_bytes"][""] == 0 || before["flowd_ledger_oldest_row_timestamp_seconds"][""] == 0 {
		t.Errorf("got size %v and oldest row %v, want both", before["flowd_ledger_size_bytes"], before["flowd_ledger_oldest_row_timestamp_seconds"])
	}
	dir := a.demo.service.StateDir
	if out, err := ledgerSays(t, dir, "check"); err == nil || !strings.Contains(err.Error(), "another process has the ledger open") {
		t.Errorf("while the service runs: got %v, %s, want that it has the ledger", err, out)
	}
	stop()
	out, err := ledgerSays(t, dir, "check", "--output=json")
	var report ledgerReport
	if err := errors.Join(err, json.Unmarshal([]byte(out), &report)); err != nil {
		t.Fatal(err)
	}
	if report.Objects != objects || report.Totals.Objects != objects || len(report.Days) == 0 || len(report.Problems) != 0 || report.Pages == 0 {
		t.Errorf("got %+v, want %d objects and no problem", report, objects)
	}
	a.wantExport(dir, before, objects)
}

// ledgerSays runs the command.
func ledgerSays(t *testing.T, dir string, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	err := run(t.Context(), append([]string{"ledger"}, append(args, "--state.dir="+dir)...), &out, &out)
	return out.String(), err
}

// wantExport wants every counter of a scrape in the export, and every object.
func (a *account) wantExport(dir string, scrape scrape, objects int) {
	a.t.Helper()
	out, err := ledgerSays(a.t, dir, "export")
	if err != nil {
		a.t.Fatal(err)
	}
	lines, sums := map[string]int{}, map[string]float64{}
	for s := bufio.NewScanner(strings.NewReader(out)); s.Scan(); {
		var line exportedSeries
		if err := json.Unmarshal(s.Bytes(), &line); err != nil {
			a.t.Fatalf("%q: %v", s.Text(), err)
		}
		lines[line.Type]++
		sums[line.Metric] += line.Value
	}
	if lines["ledger"] != 1 || lines["object"] != objects || lines["series"] < 100 {
		a.t.Errorf("got lines %v, want one of the ledger, %d objects, and many series", lines, objects)
	}
	for _, family := range []string{"flowd_flow_bytes_total", "flowd_interface_records_total", "flowd_top_source_other_bytes_total", "flowd_records_read_total"} {
		want := 0.0
		for _, v := range scrape[family] {
			want += float64(v)
		}
		if sums[family] < want || want == 0 { // A birth that no scrape has read is in the export already.
			a.t.Errorf("%s: got %v, want at least the %v of the scrape", family, sums[family], want)
		}
	}
}

// TestDamageIsToldByTheCheck flips a byte of a counter page.
func TestDamageIsToldByTheCheck(t *testing.T) {
	dir := t.TempDir()
	state, err := ledger.Open(ledger.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	page := bytes.Repeat([]byte("a page of counters"), 1024)[:1024]
	_, err = state.Commit(nil, time.Now(), func(tx *ledger.Tx, _ []int) error { return tx.PutPage(0, page) })
	if err := errors.Join(err, state.Close()); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "ledger.db")
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	damaged := bytes.Replace(content, page, append([]byte("A"), page[1:]...), 1)
	if bytes.Equal(damaged, content) {
		t.Fatal("the page was not found in the file")
	}
	if err := os.WriteFile(path, damaged, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, form := range []string{"table", "json"} {
		out, err := ledgerSays(t, dir, "check", "--output="+form)
		if err == nil || !strings.Contains(err.Error(), "checksum") || !strings.Contains(out, "checksum") {
			t.Errorf("got %v and %s, want the checksum", err, out)
		}
	}
}

// TestTooOldIsNoOutage has the ledger's word in that of the ingest: one object is to blame, and not the disk.
func TestTooOldIsNoOutage(t *testing.T) {
	if err := tooOld(ledger.ErrForgotten); !errors.Is(err, ingest.ErrTooOld) || !errors.Is(err, ledger.ErrForgotten) {
		t.Errorf("got %v, want both", err)
	}
	if err := tooOld(ledger.ErrFull); errors.Is(err, ingest.ErrTooOld) {
		t.Errorf("got %v, want a full ledger to be an outage", err)
	}
	trusted := time.Unix(1, 0)
	if got := objectOf(ingest.Object{EventTime: time.Unix(2, 0), Written: trusted}).Written; !got.Equal(trusted) {
		t.Errorf("got %s, want what S3 answered", got)
	}
}

// TestHungDiskDoesNotHoldTheStop has a committer that never ends.
func TestHungDiskDoesNotHoldTheStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release, began := make(chan struct{}), time.Now()
		commits := background(t.Context(), "committing", func(error) {}, func(context.Context) error { <-release; return nil })
		if err := stopCommits(commits, nil); !errors.Is(err, errHungDisk) {
			t.Errorf("got %v, want %v", err, errHungDisk)
		}
		if got := time.Since(began); got != commitPatience {
			t.Errorf("got it after %s, want %s", got, commitPatience)
		}
		close(release)
		synctest.Wait()
	})
}

// TestLedgerMetricsAreLikeTheirDescriptions is for what a ledger without rows shows.
func TestLedgerMetricsAreLikeTheirDescriptions(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(&ledgerMetrics{func() ledger.Stats { return ledger.Stats{Bytes: 1} }})
	got, err := registry.Gather()
	if err != nil || len(got) != 4 {
		t.Fatalf("got %d families, %v, want 4", len(got), err)
	}
	for _, f := range got {
		if v := f.Metric[0].Gauge.GetValue(); v != 0 && f.GetName() != "flowd_ledger_size_bytes" {
			t.Errorf("%s: got %v, want 0", f.GetName(), v)
		}
	}
}
