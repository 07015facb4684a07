package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// healthcheckCommand is for containers that have no shell and no curl.
type healthcheckCommand struct {
	configFile
	Web     healthcheckWeb `embed:"" prefix:"web."`
	URL     string         `placeholder:"URL" help:"Health endpoint to ask, instead of the one of the listen address."`
	Timeout duration       `default:"5s" help:"How long to wait for the answer."`
}

// healthcheckWeb are the flags of the service that say where it can be reached.
type healthcheckWeb struct {
	webAddress
	ConfigFile string `name:"config.file" placeholder:"FILE" help:"The service's own; with one, the endpoint is asked over TLS."`
}

// Run asks once. Whoever needs patience, such as Kubernetes or Docker, asks again.
func (c *healthcheckCommand) Run(ctx context.Context, line *commandLine, to streams) error {
	if err := c.validate(); err != nil {
		return usageError{line.origins.explain(err)}
	}
	ctx, cancel := context.WithTimeout(ctx, c.Timeout.value())
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url(), http.NoBody)
	if err != nil {
		return usageError{fmt.Errorf("making the request: %w", err)}
	}
	response, err := c.client().Do(request)
	if err != nil {
		return fmt.Errorf("asking for health: %w", err)
	}
	defer response.Body.Close()
	const enough = 1024
	body, err := io.ReadAll(io.LimitReader(response.Body, enough))
	if err != nil {
		return fmt.Errorf("asking %s for health: %w", request.URL, err)
	}
	// Behind basic auth the answer is 401, and says as well that the process serves.
	if response.StatusCode != http.StatusOK && response.StatusCode != http.StatusUnauthorized {
		return fmt.Errorf("asking %s for health: %s: %s", request.URL, response.Status, strings.TrimSpace(string(body)))
	}
	_, err = fmt.Fprintln(to.out, "healthy")
	return err
}

func (c *healthcheckCommand) validate() error {
	var errs []error
	if c.Timeout <= 0 {
		errs = append(errs, fmt.Errorf("timeout must be positive, got %s", c.Timeout))
	}
	if c.URL != "" {
		errs = append(errs, checkURL("url", c.URL))
	}
	return errors.Join(errs...)
}

func (c *healthcheckCommand) url() string {
	if c.URL != "" {
		return c.URL
	}
	scheme := "http"
	if c.Web.ConfigFile != "" {
		scheme = "https"
	}
	address := defaultListenAddress
	if len(c.Web.ListenAddress) > 0 {
		address = c.Web.ListenAddress[0]
	}
	return scheme + "://" + reachable(address) + "/-/healthy"
}

// client does not check the name in the certificate: it asks its own host, by address, whether anybody serves at all, and sends nothing secret.
func (c *healthcheckCommand) client() *http.Client {
	return &http.Client{Timeout: time.Duration(c.Timeout), Transport: &http.Transport{
		DisableKeepAlives: true,
		TLSClientConfig:   &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: true},
	}}
}
