package metrics

import (
	"maps"
	"slices"
	"testing"
	"time"
)

func ready(t *testing.T, s *service) []string {
	t.Helper()
	var alerts []string
	got := gather(t, NewRuleReady(s.totals))
	for _, series := range slices.Sorted(maps.Keys(got)) {
		if got[series] == 1 {
			alerts = append(alerts, series[len("flowd_rule_ready{rule="):len(series)-1])
		}
	}
	if len(got) != len(rulesWithNeeds()) {
		t.Errorf("got %d series, want one for each of %d rules", len(got), len(rulesWithNeeds()))
	}
	return alerts
}

// TestRuleIsReadyOnceARecordHadItsFields counts one record of each kind; a ranking takes its members within a minute.
func TestRuleIsReadyOnceARecordHadItsFields(t *testing.T) {
	const (
		lost, ratio, vpc, eni, drop = "FlowdCoverageLost", "FlowdRejectRatioBurn", "FlowdRejectSpikeVPC", "FlowdRejectSpikeInterface", "FlowdTrafficDrop"
		source                      = "FlowdNewTopRejectedSource"
	)
	for name, c := range map[string]struct {
		line string
		want []string
	}{
		"everything":   {"123456789012 vpc-1 subnet-1 eni-1 10.0.0.1 10.0.0.2 443 6 1 40 1799999990 ACCEPT ingress OK", []string{lost, source, ratio, eni, vpc, drop}},
		"rejects only": {"123456789012 vpc-1 subnet-1 eni-1 10.0.0.1 10.0.0.2 443 6 1 40 1799999990 REJECT ingress OK", []string{lost, source, eni, vpc, drop}},
		"no action":    {"123456789012 vpc-1 subnet-1 eni-1 10.0.0.1 10.0.0.2 443 6 1 40 1799999990 - ingress OK", []string{lost, drop}},
		"default":      {"123456789012 - - eni-1 10.0.0.1 10.0.0.2 443 6 1 40 1799999990 ACCEPT - OK", []string{source, eni}},
		"no interface": {"123456789012 vpc-1 - - 10.0.0.1 10.0.0.2 443 6 1 40 1799999990 ACCEPT ingress OK", []string{lost, source, ratio, vpc, drop}},
		"no address":   {"123456789012 vpc-1 subnet-1 eni-1 - 10.0.0.2 443 6 1 40 1799999990 ACCEPT ingress OK", []string{lost, ratio, eni, vpc, drop}},
		"no bytes":     {"123456789012 vpc-1 subnet-1 eni-1 - 10.0.0.2 443 6 1 - 1799999990 ACCEPT ingress OK", []string{lost, ratio, eni, vpc}},
		"no data":      {"123456789012 vpc-1 subnet-1 eni-1 - - - - - - 1799999990 - - NODATA", nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := newService(t, nil)
			if got := ready(t, s); got != nil {
				t.Errorf("before any record: got %v, want none", got)
			}
			s.count(record(t, c.line))
			s.now = s.now.Add(time.Minute)
			s.commit()
			s.restart()
			if got := ready(t, s); !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}
