package web

import (
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/zap"
)

func TestValidate(t *testing.T) {
	cases := []struct {
		name string
		cfg  Config
		want string // Part of the message; empty is valid.
	}{
		{"the default", DefaultConfig(), ""},
		{"two addresses", Config{ListenAddresses: []string{"10.0.0.1:80", "[::1]:80"}}, ""},
		{"profiling on loopback", Config{ListenAddresses: []string{"127.0.0.2:80", "[::1]:80", "localhost:80"}, EnablePprof: true}, ""},
		{"nowhere to listen", Config{}, "web.listen-address is missing"},
		{"no port", Config{ListenAddresses: []string{"localhost"}}, `"localhost" is not host:port`},
		{"a port too high", Config{ListenAddresses: []string{":65536"}}, `":65536" has no port`},
		{"an empty port", Config{ListenAddresses: []string{"localhost:"}}, `"localhost:" has no port`},
		{"twice the same", Config{ListenAddresses: []string{":1", ":1"}}, `names ":1" twice`},
		{"profiling on every address", Config{ListenAddresses: []string{"127.0.0.1:1", ":2"}, EnablePprof: true}, `":2" is not`},
		{"profiling on a name", Config{ListenAddresses: []string{"host:1"}, EnablePprof: true}, `"host:1" is not`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			err := c.cfg.Validate()
			if c.want == "" && err != nil {
				t.Errorf("got %v, want nil", err)
			}
			if c.want != "" {
				if err == nil {
					t.Fatalf("got nil, want %q", c.want)
				}
				wantContains(t, err.Error(), c.want)
			}
		})
	}
}

func TestCheckFile(t *testing.T) {
	if err := (Config{}).CheckFile(); err != nil {
		t.Errorf("without a file: got %v, want nil", err)
	}
	path := filepath.Join(t.TempDir(), "web.yaml")
	if err := os.WriteFile(path, []byte("tls_server_config:\n  cert_file: none.pem\n  key_file: none.key\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	err := Config{ConfigFile: path}.CheckFile()
	if err == nil {
		t.Fatal("got nil, want a missing certificate")
	}
	wantContains(t, err.Error(), path)
}

func TestNewNeedsItsParts(t *testing.T) {
	cfg, deps := everything()
	deps.Reload = nil
	if _, err := New(cfg, deps); err == nil {
		t.Error("a life cycle without a reload: got nil")
	}
	if _, err := New(DefaultConfig(), Deps{Logger: zap.NewNop()}); err == nil {
		t.Error("no metrics: got nil")
	}
	if _, err := New(Config{}, deps); err == nil {
		t.Error("no address: got nil")
	}
}
