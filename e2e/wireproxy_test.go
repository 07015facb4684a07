package e2e

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	client "github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
)

// toxic is something that happens to a connection: one of toxiproxy's, with its attributes, or the proxy being down.
type toxic struct {
	kind       string
	attributes map[string]any
	// fails says that calls fail while it is there; otherwise they take longer, or their answers come in other pieces, and objects must be counted all
	// the same.
	fails bool
}

const down = "down"

// toxics are all of toxiproxy's that a connection can have. The numbers are chosen against flowd's own: an object here has some 15 kB, and an answer of
// SQS some 2 kB.
// Source: https://github.com/Shopify/toxiproxy/blob/v2.12.0/README.md#toxics
func toxics() []toxic {
	return []toxic{
		{kind: "latency", attributes: map[string]any{"latency": 400, "jitter": 300}},
		{kind: "bandwidth", attributes: map[string]any{"rate": 20}}, // kB/s.
		{kind: "slow_close", attributes: map[string]any{"delay": 2000}},
		{kind: "slicer", attributes: map[string]any{"average_size": 60, "size_variation": 50, "delay": 500}}, // Bytes, and microseconds.
		{kind: "reset_peer", attributes: map[string]any{"timeout": 0}, fails: true},
		{kind: "limit_data", attributes: map[string]any{"bytes": 900}, fails: true},
		{kind: "timeout", attributes: map[string]any{"timeout": 0}, fails: true}, // Nothing comes, and the connection stays.
		{kind: down, fails: true},
	}
}

// newProxy stands between flowd and one service of the endpoint.
func newProxy(t *testing.T, name, endpoint string) *toxiproxy.Proxy {
	t.Helper()
	upstream, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	zerolog.SetGlobalLevel(zerolog.Disabled) // Toxics have a logger of their own.
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(client.NewRegistry()), zerolog.Nop())
	proxy := toxiproxy.NewProxy(server, name, "127.0.0.1:0", upstream.Host)
	if err := proxy.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Stop)
	return proxy
}

// poison adds the toxic, and returns what takes it away.
func (x toxic) poison(t *testing.T, proxy *toxiproxy.Proxy) (cure func()) {
	t.Helper()
	if x.kind == down {
		proxy.Stop()
		return func() {
			t.Helper()
			if err := proxy.Start(); err != nil {
				t.Fatal(err)
			}
		}
	}
	text, err := json.Marshal(map[string]any{"name": x.kind, "type": x.kind, "attributes": x.attributes})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := proxy.Toxics.AddToxicJson(strings.NewReader(string(text))); err != nil {
		t.Fatal(err)
	}
	return func() {
		t.Helper()
		if err := proxy.Toxics.RemoveToxic(t.Context(), x.kind); err != nil {
			t.Fatal(err)
		}
	}
}
