package e2e

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestTheDemoUnderPrometheusLeavesNothingBehind runs what `make demo-prometheus` runs, and interrupts it as Ctrl-C does.
func TestTheDemoUnderPrometheusLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	needs(t, "prometheus")
	script, err := filepath.Abs(filepath.Join("..", "deploy", "demo-prometheus.sh"))
	if err != nil {
		t.Fatal(err)
	}
	work, address, page := t.TempDir(), freeAddress(t), freeAddress(t)
	d := launchWith(t, []string{
		"TMPDIR=" + work, "FLOWD_BINARY=" + filepath.Join(binaries, "flowd"),
		"FLOWD_ADDRESS=" + page, "PROMETHEUS_ADDRESS=" + address, "ALERTMANAGER_ADDRESS=" + freeAddress(t),
	}, script, "--interval=500ms")
	p := &prometheus{d, "http://" + address}
	d.until("Prometheus to be ready", func() bool { return status(p.url+"/-/ready") == 200 })
	d.until("flow records to be stored", func() bool {
		for _, v := range p.query(`sum(flowd_flow_records_total{job="flowd"}) > 0`, 0) {
			return len(v) > 0
		}
		return false
	})
	d.signal(syscall.SIGINT)
	if code := d.end(); code != 0 {
		t.Errorf("exit code: got %d, want 0", code)
	}
	goldenOf(t, &flowd{d, "http://" + page})
	for _, url := range []string{p.url + "/-/healthy", "http://" + page + "/-/healthy"} {
		if got := status(url); got != 0 {
			t.Errorf("%s still answers: %d", url, got)
		}
	}
	left, err := os.ReadDir(work)
	if err != nil || len(left) > 0 {
		t.Errorf("files that it left: %v, %v", left, err)
	}
}
