package metrics

import (
	"errors"
	"fmt"
	"time"
)

// Bounds that no flag moves. Each is a limit on label sets, not on series: a flow label set is three series.
const (
	maxFlowSets     = 4000 // 4,000 × 3 series: about 100 VPCs with 40 combinations of action, direction and protocol each.
	maxPorts        = 250  // Keeps the port table of a batch below 80 kB.
	maxTopK         = 200
	maxInterfaces   = 100_000
	maxTimelineSpan = 24 * time.Hour // What is idle for longer leaves.
	maxLabelBytes   = 128            // AWS identifiers are below 64 bytes.
)

// Config bounds what is exposed. The zero value is not valid: start from [DefaultConfig].
type Config struct {
	// TopK is the number of members per ranking.
	TopK int
	// MaxInterfaces bounds the interfaces that have series of their own; further ones count under "other".
	// An interface has up to three label sets, one for each action, and a label set three series.
	MaxInterfaces int
	// Ports are the destination ports that get a label value of their own in the port families.
	Ports []uint16
	// RankingInterval is the time between two looks at who is heavy.
	RankingInterval time.Duration
	// BirthTimeout is how long a new label set stays at 0 when no scrape reads it.
	BirthTimeout time.Duration
	// IdleTimeout is how long a label set without records stays exposed.
	IdleTimeout time.Duration
	// TimelineSpan is how far back the minutes of event time reach, in whole hours.
	TimelineSpan time.Duration
	// Lateness is how long a minute stays open after every flow log is complete up to its end.
	Lateness time.Duration
	// Durable says whether the writer that stages go to survives the process.
	Durable bool
}

// DefaultConfig returns the bounds that flowd runs with when nothing else is asked for.
func DefaultConfig() Config {
	return Config{
		TopK:            20,
		MaxInterfaces:   2000,
		Ports:           DefaultPorts(),
		RankingInterval: time.Minute,
		BirthTimeout:    90 * time.Second,
		IdleTimeout:     24 * time.Hour,
		TimelineSpan:    6 * time.Hour,
		Lateness:        10 * time.Minute,
		Durable:         true,
	}
}

// DefaultPorts returns the service ports that people ask about most: remote access, names, web, mail, files, databases, caches, queues.
func DefaultPorts() []uint16 {
	return []uint16{
		20, 21, 22, 23, 25, 53, 80, 88, 110, 123, 135, 139, 143, 161, 389, 443, 445, 465, 514, 587, 636, 853, 993, 995,
		1433, 1521, 2049, 2379, 3128, 3306, 3389, 5060, 5432, 5672, 5900, 5985, 6379, 6443, 8080, 8443, 9092, 9200, 11211, 27017,
	}
}

// Validate says what is wrong with the configuration, every fault at once.
func (c Config) Validate() error {
	var errs []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	check(c.TopK >= 1 && c.TopK <= maxTopK, "metrics.top-k must be between 1 and %d, got %d", maxTopK, c.TopK)
	check(c.MaxInterfaces >= 1 && c.MaxInterfaces <= maxInterfaces, "metrics.max-interfaces must be between 1 and %d, got %d", maxInterfaces, c.MaxInterfaces)
	check(len(c.Ports) <= maxPorts, "metrics.ports takes at most %d ports, got %d", maxPorts, len(c.Ports))
	check(c.RankingInterval > 0, "the ranking interval must be positive, got %s", c.RankingInterval)
	check(c.BirthTimeout > 0, "the birth timeout must be positive, got %s", c.BirthTimeout)
	check(c.IdleTimeout > 0, "the idle timeout must be positive, got %s", c.IdleTimeout)
	check(c.TimelineSpan >= time.Hour && c.TimelineSpan <= maxTimelineSpan, "metrics.event-time-span must be between 1h and %s, got %s", maxTimelineSpan, c.TimelineSpan)
	check(c.Lateness >= 0 && c.Lateness < c.TimelineSpan, "metrics.event-time-lateness must be between 0s and the span of %s, got %s", c.TimelineSpan, c.Lateness)
	seen := map[uint16]bool{}
	for _, p := range c.Ports {
		check(!seen[p], "metrics.ports names port %d twice", p)
		seen[p] = true
	}
	return errors.Join(errs...)
}
