package e2e

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// alertmanager is a real one with the configuration of deploy, whose webhooks come back to the test.
type alertmanager struct {
	*process
	address string
	mu      sync.Mutex
	told    map[string][]string // Receiver → names of alerts, as they came.
}

func startAlertmanager(t *testing.T) *alertmanager {
	t.Helper()
	binary, dir, a := needs(t, "prometheus-alertmanager"), t.TempDir(), &alertmanager{address: freeAddress(t), told: map[string][]string{}}
	sink := httptest.NewServer(http.HandlerFunc(a.hear))
	t.Cleanup(sink.Close)
	settings := deployed(t, "alertmanager/alertmanager.yml", "localhost:9095", sink.Listener.Addr().String(), "group_wait: 30s", "group_wait: 1s")
	file := filepath.Join(dir, "alertmanager.yml")
	if err := os.WriteFile(file, []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	a.process = launch(t, binary, "--config.file="+file, "--storage.path="+filepath.Join(dir, "data"), "--web.listen-address="+a.address, "--cluster.listen-address=")
	a.until("Alertmanager to be ready", func() bool { return status("http://"+a.address+"/-/ready") == http.StatusOK })
	return a
}

func (a *alertmanager) hear(_ http.ResponseWriter, r *http.Request) {
	var message struct {
		Alerts []struct{ Labels map[string]string }
	}
	if err := json.NewDecoder(r.Body).Decode(&message); err != nil {
		a.t.Errorf("reading what Alertmanager sent: %v", err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, alert := range message.Alerts {
		receiver := strings.TrimPrefix(r.URL.Path, "/")
		a.told[receiver] = append(a.told[receiver], alert.Labels["alertname"]+" "+alert.Labels["vpc_id"])
	}
}

// heard is what a receiver was told.
func (a *alertmanager) heard(receiver string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return strings.Join(a.told[receiver], ", ")
}

// deployed reads a file of deploy and replaces parts of it, each of which must be there.
func deployed(t *testing.T, name string, replace ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "deploy", filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(replace); i += 2 {
		if !strings.Contains(string(text), replace[i]) {
			t.Fatalf("deploy/%s has no %q", name, replace[i])
		}
	}
	return strings.NewReplacer(replace...).Replace(string(text))
}
