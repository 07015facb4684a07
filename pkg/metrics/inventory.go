package metrics

import (
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// Inventory is what the counted records came from, by the labels that are exposed: what was idle for the idle timeout is not in it.
type Inventory struct {
	Accounts, VPCs, Subnets, Interfaces, FlowLogs int
	Budget                                        []Budget
}

// Budget is what a bounded family has and may have, in the unit of flowd_series.
type Budget struct {
	Family   string
	Used     int
	Limit    int
	Overflow uint64 // Records that counted as other because the family was at its limit, since this process began.
}

// Inventory reads the last published snapshot. It may be called by any goroutine, and the caller owns the result.
func (t *Totals) Inventory() Inventory {
	s := t.snapshot.Load()
	count := func(f family, position int) int {
		seen := map[string]bool{}
		for _, set := range s.sets[f] {
			if v := set.values[position]; v != labelOther && v != labelUnknown {
				seen[v] = true
			}
		}
		return len(seen)
	}
	i := Inventory{
		Accounts: count(familyFlow, 0), VPCs: count(familyFlow, 1), Subnets: count(familyInterface, 2), Interfaces: count(familyInterface, 3),
		FlowLogs: len(s.sets[familyWatermark]),
	}
	for _, f := range boundedFamilies() {
		b := Budget{Family: t.defs[f].short, Used: s.size(f), Limit: t.limit(f)}
		if c := t.instrument.overflow[f]; c != nil {
			b.Overflow = uint64(counterValue(c))
		}
		i.Budget = append(i.Budget, b)
	}
	return i
}

// counterValue is what a counter of this process stands at.
func counterValue(c prometheus.Counter) float64 {
	var m dto.Metric
	if err := c.Write(&m); err != nil {
		return 0 // Counters of client_golang do not fail.
	}
	return m.GetCounter().GetValue()
}
