package main

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"flowd/internal/web"
	"flowd/pkg/metrics"
)

// largeScrape is a collector with more text than the buffers of a connection take. It waits at its gate, and says that it did.
type largeScrape struct {
	desc    *prometheus.Desc
	entered chan struct{}
	gate    chan struct{}
}

const largeSeries = 100

func (c *largeScrape) Describe(ch chan<- *prometheus.Desc) { ch <- c.desc }

func (c *largeScrape) Collect(ch chan<- prometheus.Metric) {
	c.entered <- struct{}{}
	<-c.gate
	for i := range largeSeries {
		ch <- prometheus.MustNewConstMetric(c.desc, prometheus.GaugeValue, 1, strings.Repeat("x", 100_000+i))
	}
}

// scraped is a service that answers /metrics with its own limits, without a queue.
func scraped(t *testing.T) (url string, c *largeScrape) {
	t.Helper()
	s, err := newService(serviceOptions{Metrics: metrics.DefaultConfig()}, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	c = &largeScrape{
		desc: prometheus.NewDesc("large", "Large.", []string{"l"}, nil), entered: make(chan struct{}, 1000), gate: make(chan struct{}),
	}
	s.registry.MustRegister(c)
	served, err := web.New(web.DefaultConfig(), web.Deps{Logger: zap.NewNop(), Metrics: s.scrapes(), Live: func() web.Live { return web.Live{} }, Ready: func() error { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(served.Handler())
	t.Cleanup(server.Close)
	t.Cleanup(server.CloseClientConnections)
	return server.URL, c
}

// scrapeOnce is the status of a scrape that is read to its end.
func scrapeOnce(t *testing.T, url string) int {
	t.Helper()
	response, err := http.Get(url + "/metrics")
	if err != nil {
		t.Error(err)
		return 0
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		t.Errorf("reading a scrape: %v", err)
	}
	return response.StatusCode
}

// F82 scrape storm, and clients that read slowly or not at all: four scrapes are gathered at once, further ones are refused with 503 at once; an
// answer that nobody reads holds no place, so the next scrape is served.
func TestF82_ScrapeStorm(t *testing.T) {
	url, c := scraped(t)
	t.Run("two hundred at once", func(t *testing.T) {
		const storm = 200
		statuses := make(chan int, storm)
		var clients sync.WaitGroup
		scrape := func() { clients.Go(func() { statuses <- scrapeOnce(t, url) }) }
		for range maxScrapes {
			scrape()
			<-c.entered
		}
		for range storm - maxScrapes {
			scrape()
		}
		for range storm - maxScrapes {
			if got := <-statuses; got != http.StatusServiceUnavailable {
				t.Errorf("while %d are gathered: got %d, want 503", maxScrapes, got)
			}
		}
		close(c.gate)
		clients.Wait()
		for range maxScrapes {
			if got := <-statuses; got != http.StatusOK {
				t.Errorf("one of the first %d: got %d, want 200", maxScrapes, got)
			}
		}
		if len(c.entered) > 0 {
			t.Errorf("%d more were gathered than fit", len(c.entered))
		}
	})
	t.Run("ten that do not read", func(t *testing.T) {
		for range 10 {
			conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if _, err := io.WriteString(conn, "GET /metrics HTTP/1.1\r\nHost: flowd\r\n\r\n"); err != nil {
				t.Fatal(err)
			}
			<-c.entered
			// The first byte comes when everything was gathered.
			if _, err := conn.Read(make([]byte, 1)); err != nil {
				t.Fatal(err)
			}
		}
		if got := scrapeOnce(t, url); got != http.StatusOK {
			t.Errorf("a scrape beside them: got %d, want 200", got)
		}
	})
}
