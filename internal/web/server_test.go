package web

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
	"golang.org/x/crypto/bcrypt"
)

// running serves on the configured addresses until the test ends, and returns the addresses.
func running(t *testing.T, cfg Config, deps Deps) (addresses []string, stop func() error) {
	t.Helper()
	s := newServer(t, cfg, deps)
	ctx, cancel := context.WithCancel(t.Context())
	listeners, err := s.listen(ctx)
	if err != nil {
		t.Fatalf("listen: %v", err)
	}
	for _, l := range listeners {
		addresses = append(addresses, l.Addr().String())
	}
	done := make(chan error, 1)
	go func() { done <- s.serve(ctx, listeners) }()
	return addresses, func() error { cancel(); return <-done }
}

// get reads url with a client whose connections end with the test.
func get(t *testing.T, url, user, password string) (status int, body string) {
	t.Helper()
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} // The test's own certificate.
	defer transport.CloseIdleConnections()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if user != "" {
		request.SetBasicAuth(user, password)
	}
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		t.Fatalf("GET %s: %v", url, err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatalf("GET %s: %v", url, err)
	}
	return response.StatusCode, string(text)
}

func TestRunServesEveryAddressUntilItIsStopped(t *testing.T) {
	cfg, deps := everything()
	cfg.ListenAddresses = []string{"127.0.0.1:0", "localhost:0"}
	addresses, stop := running(t, cfg, deps)
	if len(addresses) != 2 {
		t.Fatalf("got %d addresses, want 2", len(addresses))
	}
	for _, a := range addresses {
		if status, _ := get(t, "http://"+a+"/-/healthy", "", ""); status != http.StatusOK {
			t.Errorf("%s: got %d, want 200", a, status)
		}
	}
	if err := stop(); err != nil {
		t.Errorf("got %v, want nil after the end of the context", err)
	}
	if c, err := net.Dial("tcp", addresses[0]); err == nil {
		t.Errorf("still listening after Run returned: %v", c.Close())
	}
}

func TestRunNamesTheAddressThatIsTaken(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	cfg, deps := everything()
	cfg.ListenAddresses = []string{"127.0.0.1:0", taken.Addr().String()}
	err = newServer(t, cfg, deps).Run(t.Context())
	if err == nil {
		t.Fatal("got nil, want an error")
	}
	wantContains(t, err.Error(), "listening on "+taken.Addr().String())
}

// T10 whoever reaches the port reads addresses: with a web configuration file every path asks for a password, over TLS.
func TestT10_TLSAndPasswords(t *testing.T) {
	cfg, deps := everything()
	cfg.ConfigFile = webConfig(t)
	cfg.ListenAddresses = []string{"127.0.0.1:0", "localhost:0"}
	if err := cfg.CheckFile(); err != nil {
		t.Fatalf("CheckFile: %v", err)
	}
	addresses, stop := running(t, cfg, deps)
	for _, a := range addresses {
		for _, path := range []string{"/", "/metrics", "/api/v1/status", "/api/v1/top", "/-/healthy", "/-/ready", "/debug/pprof/", "/none"} {
			if status, _ := get(t, "https://"+a+path, "", ""); status != http.StatusUnauthorized {
				t.Errorf("%s without a password: got %d, want 401", path, status)
			}
		}
		for user, password := range map[string]string{"prometheus": "wrong", "nobody": "correct"} {
			if status, _ := get(t, "https://"+a+"/metrics", user, password); status != http.StatusUnauthorized {
				t.Errorf("%s with %s password: got %d, want 401", user, password, status)
			}
		}
		status, body := get(t, "https://"+a+"/metrics", "prometheus", "correct")
		if status != http.StatusOK {
			t.Errorf("with the password: got %d, want 200", status)
		}
		wantContains(t, body, "flowd_ledger_durable")
	}
	if err := stop(); err != nil {
		t.Errorf("got %v, want nil", err)
	}
}

func TestBrokenConnectionsAreOneMessage(t *testing.T) {
	core, logs := observer.New(zap.WarnLevel)
	cfg, deps := everything()
	deps.Logger = zap.New(core)
	server := newServer(t, cfg, deps).httpServer()
	for i := range 3 {
		server.ErrorLog.Printf("http: TLS handshake error from 192.0.2.%d:4711: EOF", i)
	}
	if got := logs.FilterMessage("HTTP connection failed").Len(); got != 3 || logs.Len() != 3 {
		t.Errorf("got %d of %d lines with the one message, want 3 of 3", got, logs.Len())
	}
}

// webConfig writes a certificate and a web configuration file that asks for a password.
func webConfig(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"localhost"}}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	hash, err := bcrypt.GenerateFromPassword([]byte("correct"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "cert.pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}))
	write(t, filepath.Join(dir, "key.pem"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))
	path := filepath.Join(dir, "web.yaml")
	var text bytes.Buffer
	fmt.Fprintf(&text, "tls_server_config:\n  cert_file: cert.pem\n  key_file: key.pem\nbasic_auth_users:\n  prometheus: %s\n", hash)
	write(t, path, text.Bytes())
	return path
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}
