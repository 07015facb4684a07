package e2e

import (
	"fmt"
	"math"
	"net/http"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

const (
	flowLog = "fl-0123456789abcdef0"
	spiky   = "vpc-0a1b2c3d4e5f60718"
	// faster is by how much the rules wait less here: their interval, for and keep_firing_for. Their windows are what they are.
	faster = 60
	// A day of it is the baseline, in records per second.
	usualRejects, usualAccepts = 1.0, 5.0
)

// TestARejectSpikeReachesAlertmanager, through the rules of deploy, a real Prometheus and a real Alertmanager: 9,000 rejects on time are 10/s in the
// window, ten times the day before.
func TestARejectSpikeReachesAlertmanager(t *testing.T) {
	t.Parallel()
	w := newWatch(t, "spike")
	w.deliver(5*time.Minute, 9000, 5000)
	w.p.until("the pager to hear of the spike", func() bool { return strings.Contains(w.am.heard("pager"), "FlowdRejectSpikeVPC "+spiky) })
	if got := w.am.heard("tickets"); strings.Contains(got, "FlowdRejectSpikeVPC") {
		t.Errorf("the tickets heard: got %s, want nothing critical", got)
	}
}

// TestALateFileDoesNotReachAlertmanager delivers as many rejects, beside as many accepted records as usual, two hours late. Whoever looks at the
// rate alone sees a spike for twice as long as the alert waits.
func TestALateFileDoesNotReachAlertmanager(t *testing.T) {
	t.Parallel()
	w := newWatch(t, "late")
	w.deliver(2*time.Hour, 9000, 45_000)
	const wait = 5 * 60 / faster // Seconds, and evaluations, until the alert fires.
	const rate = `vpc_action:flowd_flow_records:rate15m{action="reject"} > ignoring (action) vpc:flowd_flow_records_reject:threshold`
	w.p.until("the rate alone to look like a spike", func() bool {
		held := w.p.query("count_over_time(("+rate+")[1h:1s])", 0)
		for _, samples := range held {
			return samples[0].value > 2*wait
		}
		return false
	})
	// A scrape that is stored between two rules of one evaluation shows them different counts: an alert may look pending for one.
	if got := w.p.query(`count_over_time(ALERTS{alertname=~"FlowdReject.*"}[1h]) > 2 or count_over_time(ALERTS{alertname=~"FlowdReject.*",alertstate="firing"}[1h])`, 0); len(got) != 0 {
		t.Errorf("alerts that were pending for more than an evaluation, or fired: got %v, want none", got)
	}
	if got := w.am.heard("pager"); strings.Contains(got, "FlowdReject") {
		t.Errorf("the pager heard: got %s, want nothing about rejects", got)
	}
	if got := w.p.query("flowd_late_records_total", 0); len(got) != 1 || got["flowd_late_records_total{}"][0].value != 54_000 {
		t.Errorf("late records: got %v, want 54000", got)
	}
	if got := w.p.query("vpc:flowd_flow_records_reject:bound15m", 0); len(got) != 1 {
		t.Errorf("what the alert looks at: got %v, want one series", got)
	}
}

// watch is a flowd, and who watches over it, with a usual day behind them.
type watch struct {
	*site
	d  *flowd
	p  *prometheus
	am *alertmanager
}

func newWatch(t *testing.T, name string) *watch {
	t.Helper()
	promtool := needs(t, "promtool")
	w := &watch{am: startAlertmanager(t), site: newSite(t, name)}
	w.d = w.start(w.flags(t.TempDir()))
	w.p = startWatching(t, promtool, strings.TrimPrefix(w.d.url, "http://"), w.am.address)
	w.p.untilScraped()
	w.deliver(6*time.Minute, 5, 25)
	w.p.until("the flow log to be complete until a short while ago", func() bool {
		return len(w.p.query("flowd_data_complete_until_timestamp_seconds > time() - 900", 0)) > 0
	})
	return w
}

// deliver puts an object with so many records that ended some time ago.
func (w *watch) deliver(ago time.Duration, rejects, accepts int) {
	w.t.Helper()
	end := time.Now().Add(-ago)
	var text strings.Builder
	text.WriteString("version account-id vpc-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status\n")
	for action, n := range map[string]int{"REJECT": rejects, "ACCEPT": accepts} {
		line := fmt.Sprintf("5 %s %s eni-0e2e 203.0.113.9 10.0.0.5 40000 443 6 1 40 %d %d %s OK\n", account, spiky, end.Unix()-60, end.Unix(), action)
		text.WriteString(strings.Repeat(line, n))
	}
	stamp := end.UTC()
	w.put(path.Join("AWSLogs", account, "vpcflowlogs", region, stamp.Format("2006/01/02"),
		fmt.Sprintf("%s_vpcflowlogs_%s_%s_%s_0e2e.log.gz", account, region, flowLog, stamp.Format("20060102T1504Z"))), []byte(text.String()))
}

// startWatching runs Prometheus with the configuration and the rules of deploy.
func startWatching(t *testing.T, promtool, target, manager string) *prometheus {
	t.Helper()
	dir, address := t.TempDir(), freeAddress(t)
	data := filepath.Join(dir, "data")
	backfill(t, promtool, dir, data)
	hurry(t, dir)
	settings := deployed(t, "prometheus/prometheus.yml", "localhost:10420", target, "localhost:9093", manager,
		"scrape_interval: 30s", "scrape_interval: 1s", "evaluation_interval: 1m", "evaluation_interval: 1s")
	file := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(file, []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	p := &prometheus{launch(t, needs(t, "prometheus"), "--config.file="+file, "--storage.tsdb.path="+data, "--web.listen-address="+address), "http://" + address}
	p.until("Prometheus to be ready", func() bool { return status(p.url+"/-/ready") == http.StatusOK })
	return p
}

// hurry writes the rules beside the configuration, with all that they wait divided by faster.
func hurry(t *testing.T, dir string) {
	t.Helper()
	files, err := filepath.Glob("../deploy/prometheus/rules/*.yml")
	if err != nil || len(files) == 0 {
		t.Fatalf("got rules %v, %v", files, err)
	}
	if err := os.Mkdir(filepath.Join(dir, "rules"), 0o700); err != nil {
		t.Fatal(err)
	}
	waits := regexp.MustCompile(`(?m)^( *(?:interval|for|keep_firing_for): )(\S+)$`)
	for _, name := range files {
		text := waits.ReplaceAllStringFunc(deployed(t, "prometheus/rules/"+filepath.Base(name)), func(line string) string {
			parts := waits.FindStringSubmatch(line)
			d, err := time.ParseDuration(parts[2])
			if err != nil {
				t.Fatal(err)
			}
			return parts[1] + strconv.Itoa(int(d.Seconds()/faster)) + "s"
		})
		if err := os.WriteFile(filepath.Join(dir, "rules", filepath.Base(name)), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// backfill stores what the rules would have recorded in the day that ended an hour ago: a usual day, which swings by a tenth.
func backfill(t *testing.T, promtool, dir, data string) {
	t.Helper()
	var text strings.Builder
	end := time.Now().Add(-time.Hour).Truncate(time.Minute)
	for name, mean := range map[string]float64{
		"vpc:flowd_flow_records_reject:capped15m{":               usualRejects,
		`vpc_action:flowd_flow_records:rate15m{action="accept",`: usualAccepts,
	} {
		fmt.Fprintf(&text, "# TYPE %s gauge\n", strings.Split(name, "{")[0])
		for at := end.Add(-24 * time.Hour); at.Before(end); at = at.Add(time.Minute) {
			value := mean * (1 + 0.1*math.Sin(float64(at.Unix())/3600))
			fmt.Fprintf(&text, "%sjob=\"flowd\",account_id=%q,vpc_id=%q} %g %d\n", name, account, spiky, value, at.Unix())
		}
	}
	text.WriteString("# EOF\n")
	file := filepath.Join(dir, "day.om")
	if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), promtool, "tsdb", "create-blocks-from", "openmetrics", "--quiet", file, data).CombinedOutput(); err != nil {
		t.Fatalf("storing a day: %v\n%s", err, out)
	}
}
