package main

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"time"
)

// verify reads /metrics as Prometheus would until it shows what was delivered, and prints both. New label sets are at 0 in the first read.
func (d *demo) verify(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(d.settle, settleTimeout))
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	var all []check
	for {
		got, err := d.read(ctx)
		if err != nil && ctx.Err() == nil {
			return err
		}
		if err == nil {
			all = checks(d.golden, got)
		}
		if allEqual(all) || ctx.Err() != nil {
			break
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
	fmt.Fprintf(d.stdout, "\nWhat the generator wrote, and what %d objects made of /metrics:\n\n", d.delivered)
	if !report(d.stdout, all) {
		return errDemoDiffers
	}
	return nil
}

func allEqual(all []check) bool {
	for _, c := range all {
		if !c.equal() {
			return false
		}
	}
	return len(all) > 0
}

func (d *demo) read(ctx context.Context) (scrape, error) {
	url := "http://" + reachable(d.service.Web.ListenAddresses[0]) + "/metrics"
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", url, err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", url, err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("reading %s: %s", url, response.Status)
	}
	return readScrape(response.Body)
}

// reachable turns a listen address into one that can be dialled.
func reachable(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return listen
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}
