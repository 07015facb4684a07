package web

import (
	"errors"
	"fmt"
	"net"
	"strconv"

	toolkit "github.com/prometheus/exporter-toolkit/web"
)

// DefaultListenAddress is every address of the host.
const DefaultListenAddress = ":10420"

// Config says where to listen and what to offer there. Start from [DefaultConfig].
type Config struct {
	// ListenAddresses are `host:port` each; an empty host is every address of the machine, port 0 is any free port.
	ListenAddresses []string
	// ConfigFile configures TLS and basic auth in exporter-toolkit's format; empty serves plain HTTP to everybody who reaches the port.
	ConfigFile string
	// EnableLifecycle offers POST /-/reload.
	EnableLifecycle bool
	// EnablePprof offers /debug/pprof, on loopback only: a profile shows memory, and taking one costs time.
	EnablePprof bool
}

// DefaultConfig serves plain HTTP on port 10420, without reloading and profiling.
func DefaultConfig() Config {
	return Config{ListenAddresses: []string{DefaultListenAddress}}
}

// Validate says what is wrong with the configuration, every fault at once. It does no I/O; see [Config.CheckFile].
func (c Config) Validate() error {
	var errs []error
	if len(c.ListenAddresses) == 0 {
		errs = append(errs, errors.New("web.listen-address is missing: name at least one host:port"))
	}
	seen := map[string]bool{}
	for _, address := range c.ListenAddresses {
		if err := checkAddress(address); err != nil {
			errs = append(errs, fmt.Errorf("web.listen-address: %w", err))
		}
		if seen[address] {
			errs = append(errs, fmt.Errorf("web.listen-address names %q twice", address))
		}
		seen[address] = true
		if c.EnablePprof && !isLoopback(address) {
			errs = append(errs, fmt.Errorf("web.enable-pprof needs every listen address on loopback, and %q is not: use 127.0.0.1", address))
		}
	}
	return errors.Join(errs...)
}

// CheckFile reads ConfigFile and says what is wrong with it.
func (c Config) CheckFile() error {
	if err := toolkit.Validate(c.ConfigFile); err != nil {
		return fmt.Errorf("web.config.file: reading %s: %w", c.ConfigFile, err)
	}
	return nil
}

func checkAddress(address string) error {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("%q is not host:port: %w", address, err)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("%q has no port between 0 and 65535", address)
	}
	return nil
}

// isLoopback resolves no names but the one that every host has.
func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}
