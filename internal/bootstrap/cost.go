package bootstrap

import (
	"fmt"
	"strings"
	"time"
)

// Prices in US dollars, of us-east-1, as third parties published them in 2026; other Regions cost up to half as much again.
const (
	priceStorage = 0.023     // A GB of S3 Standard for a month.
	pricePut     = 0.000005  // A PUT.
	priceGet     = 0.0000004 // A GET.
	priceSQS     = 0.0000004 // A request, without the million a month that is free.
)

// vendedTiers are what AWS takes for delivering logs to S3, a GB, up to so many GB a month.
func vendedTiers() []struct{ upTo, price float64 } {
	const tb = 1024
	return []struct{ upTo, price float64 }{{10 * tb, 0.25}, {30 * tb, 0.15}, {50 * tb, 0.075}, {1e18, 0.05}}
}

// What the estimate takes for granted.
const (
	daysAMonth     = 30
	compression    = 10            // Text to gzip; 10 to 13 were measured.
	windowsADay    = 24 * 12       // AWS delivers every 5 minutes, at least one object for each flow log.
	objectRequests = 3             // On the queue, for each object: sent, received, deleted.
	pollsADay      = 16 * 24 * 180 // 16 workers that each wait 20 s for a message.
	assumedGB      = 1.0           // A day.
)

// Estimate is what the set-up costs in a month of 30 days, in US dollars.
type Estimate struct {
	GBPerDay float64 // Of records, before compression.
	Assumed  bool    // Nobody gave the volume.
	Delivery float64 // What AWS takes for flow logs.
	// Storage is the bill once the retention is full; without a retention it is what every further month adds to the monthly bill.
	Storage  float64
	Forever  bool    // There is no retention, so Storage goes on growing.
	Requests float64 // S3 and SQS requests, at the least: busy flow logs write more objects.
}

// CostEstimate is for the volume of the configuration, or an assumed one of 1 GB a day.
func (r Result) CostEstimate() Estimate {
	e := Estimate{GBPerDay: r.cfg.VolumeGBPerDay, Assumed: r.cfg.VolumeGBPerDay == 0, Forever: r.cfg.Retention == 0}
	if e.Assumed {
		e.GBPerDay = assumedGB
	}
	month := e.GBPerDay * daysAMonth
	below := 0.0
	for _, tier := range vendedTiers() {
		e.Delivery += max(0, min(month, tier.upTo)-below) * tier.price
		below = tier.upTo
	}
	kept := month
	if !e.Forever {
		kept = e.GBPerDay * float64(r.cfg.Retention/(24*time.Hour))
	}
	e.Storage = kept / compression * priceStorage
	objects := float64(len(r.cfg.ResourceIDs) * windowsADay * daysAMonth)
	e.Requests = objects*(pricePut+priceGet+objectRequests*priceSQS) + pollsADay*daysAMonth*priceSQS
	return e
}

// String is the estimate for people.
func (e Estimate) String() string {
	var b strings.Builder
	origin := "as given"
	if e.Assumed {
		origin = "assumed; give yours with --bootstrap.volume-gb-per-day"
	}
	fmt.Fprintf(&b, "for %g GB of records a day before compression (%s), in a month of %d days:\n", e.GBPerDay, origin, daysAMonth)
	fmt.Fprintf(&b, "  delivery  %10.2f USD  flow logs to S3, by volume\n", e.Delivery)
	storage := "S3, once the retention is full"
	if e.Forever {
		storage = "S3, and as much again every further month: there is no retention"
	}
	fmt.Fprintf(&b, "  storage   %10.2f USD  %s\n", e.Storage, storage)
	fmt.Fprintf(&b, "  requests  %10.2f USD  S3 and SQS, at least\n", e.Requests)
	b.WriteString("List prices of us-east-1 in 2026, as third parties quote them; yours are on https://aws.amazon.com/cloudwatch/pricing/ (vended logs).\n")
	b.WriteString("Rejected traffic alone (--bootstrap.traffic-type=reject) costs less. An interval of 10 minutes helps only before Nitro instances.\n")
	return b.String()
}
