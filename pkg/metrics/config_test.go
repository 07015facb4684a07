package metrics

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestConfigSaysWhatIsWrong(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Config)
		want   string // Empty when nothing is.
	}{
		{"the default", func(*Config) {}, ""},
		{"the most that is allowed", func(c *Config) { c.TopK, c.MaxInterfaces = maxTopK, maxInterfaces }, ""},
		{"no ports", func(c *Config) { c.Ports = nil }, ""},
		{"as many ports as are allowed", func(c *Config) { c.Ports = manyPorts(maxPorts) }, ""},
		{"no members", func(c *Config) { c.TopK = 0 }, "metrics.top-k must be between 1 and 200, got 0"},
		{"too many members", func(c *Config) { c.TopK = maxTopK + 1 }, "metrics.top-k"},
		{"no interfaces", func(c *Config) { c.MaxInterfaces = 0 }, "metrics.max-interfaces must be between 1 and 100000, got 0"},
		{"too many interfaces", func(c *Config) { c.MaxInterfaces = maxInterfaces + 1 }, "metrics.max-interfaces"},
		{"too many ports", func(c *Config) { c.Ports = manyPorts(maxPorts + 1) }, "at most 250 ports, got 251"},
		{"a port twice", func(c *Config) { c.Ports = []uint16{80, 443, 80} }, "port 80 twice"},
		{"no ranking interval", func(c *Config) { c.RankingInterval = 0 }, "ranking interval"},
		{"no birth timeout", func(c *Config) { c.BirthTimeout = -time.Second }, "birth timeout"},
		{"no idle timeout", func(c *Config) { c.IdleTimeout = 0 }, "idle timeout"},
		{"nothing at all", func(c *Config) { *c = Config{} }, "idle timeout must be positive, got 0s"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			cfg := DefaultConfig()
			test.change(&cfg)
			_, err := New(cfg, start())
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func manyPorts(n int) []uint16 {
	ports := make([]uint16, n)
	for i := range ports {
		ports[i] = uint16(i)
	}
	return ports
}

// TestLastPortHasItsOwnCell is about the ends of the port table.
func TestLastPortHasItsOwnCell(t *testing.T) {
	s := newService(t, func(c *Config) { c.Ports = manyPorts(maxPorts) })
	for _, port := range []string{"0", "249", "250", "65535"} {
		for _, proto := range []string{"6", "17", "1", "132", "-"} {
			s.count(record(t, "123456789012 vpc-1 subnet-1 eni-1 10.0.0.1 10.0.0.2 "+port+" "+proto+" 1 10 1799999990 - ingress OK"))
		}
	}
	s.scrape()
	got := s.scrape()
	for name, want := range map[string]float64{
		"{action=unknown,dstport=0,protocol=tcp}":         1,
		"{action=unknown,dstport=249,protocol=udp}":       1,
		"{action=unknown,dstport=other,protocol=tcp}":     2,
		"{action=unknown,dstport=other,protocol=icmp}":    4, // What is in that column is not a port.
		"{action=unknown,dstport=other,protocol=other}":   4,
		"{action=unknown,dstport=other,protocol=unknown}": 4,
	} {
		if name = "flowd_port_records_total" + name; got[name] != want {
			t.Errorf("%s: got %v, want %v", name, got[name], want)
		}
	}
	if sum := got.sum("flowd_port_records_total"); sum != 20 {
		t.Errorf("got %v records over all ports, want 20", sum)
	}
}

func TestDurableNamesAreDistinctAndOwned(t *testing.T) {
	names := Durable()
	sorted := slices.Sorted(slices.Values(names))
	if n := len(slices.Compact(sorted)); n != len(names) || n == 0 {
		t.Errorf("got %d names, %d of them distinct", len(names), n)
	}
	names[0] = "changed by a caller"
	if slices.Contains(Durable(), names[0]) {
		t.Error("a caller can change what the next one gets")
	}
	for _, name := range Durable() {
		if !strings.HasPrefix(name, "flowd_") {
			t.Errorf("%q is not the name of a metric", name)
		}
	}
}
