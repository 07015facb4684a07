package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"flowd/pkg/parser"
)

// RuleReady collects flowd_rule_ready: for each alert of deploy/prometheus/rules that needs a field which a flow log may lack, whether a record
// had it. An alert whose field is missing is silent whatever happens, or takes all traffic for that of one VPC, and this says so.
//
// It judges by what is in the published snapshot, so by the label sets of the last 24 hours, and survives a restart with them. 0 until something
// was counted. FlowdSkipData is not in it: whether a record has a log status leaves no trace in a label set, since those without one count as ok.
type RuleReady struct {
	totals *Totals
	desc   *prometheus.Desc
}

// NewRuleReady returns a collector over t, which stays the caller's. It keeps nothing between scrapes.
func NewRuleReady(t *Totals) *RuleReady {
	return &RuleReady{t, prometheus.NewDesc("flowd_rule_ready", "1 when records had the fields that an alert needs, 0 while none had.", []string{"rule"}, nil)}
}

// Describe implements [prometheus.Collector].
func (r *RuleReady) Describe(ch chan<- *prometheus.Desc) { ch <- r.desc }

// Collect implements [prometheus.Collector].
func (r *RuleReady) Collect(ch chan<- prometheus.Metric) {
	seen := r.totals.snapshot.Load().fieldsSeen()
	for _, rule := range rulesWithNeeds() {
		ch <- prometheus.MustNewConstMetric(r.desc, prometheus.GaugeValue, map[bool]float64{true: 1}[seen&rule.needs == rule.needs], rule.alert)
	}
}

// fields is a set of what counted records had.
type fields uint8

const (
	fieldsVPC             fields = 1 << iota // vpc-id
	fieldsVPCAction                          // vpc-id and action, in one record
	fieldsVPCAccept                          // vpc-id, and that it was accepted: the flow log does not record rejects only
	fieldsVPCBytes                           // vpc-id and bytes
	fieldsInterfaceAction                    // interface-id and action
	fieldsAction                             // action
	fieldsSource                             // srcaddr
)

// ruleNeeds is an alert, by its name in the rule files, and the fields without which it has nothing to look at.
type ruleNeeds struct {
	alert string
	needs fields
}

func rulesWithNeeds() []ruleNeeds {
	return []ruleNeeds{
		{"FlowdRejectSpikeVPC", fieldsVPCAction},
		{"FlowdRejectSpikeInterface", fieldsInterfaceAction},
		{"FlowdRejectRatioBurn", fieldsVPCAccept},
		{"FlowdNewTopRejectedSource", fieldsSource | fieldsAction},
		{"FlowdTrafficDrop", fieldsVPCBytes},
		{"FlowdCoverageLost", fieldsVPC},
	}
}

func (s *snapshot) fieldsSeen() (seen fields) {
	for _, set := range s.sets[familyFlow] {
		seen |= s.flowFields(set)
	}
	for _, set := range s.sets[familyInterface] {
		if id, action := set.values[3], set.values[4]; named(id) && named(action) && s.pages.get(set.slot+counterRecords) > 0 {
			seen |= fieldsInterfaceAction
		}
	}
	return seen | s.sourceFields()
}

func (s *snapshot) flowFields(set *labelSet) (seen fields) {
	vpc, action := set.values[1], set.values[2]
	if s.pages.get(set.slot+counterRecords) == 0 {
		return 0
	}
	if named(action) {
		seen |= fieldsAction
	}
	if named(vpc) {
		seen |= fieldsVPC | vpcFields(action, s.pages.get(set.slot+counterBytes))
	}
	return seen
}

func vpcFields(action string, bytes uint64) (seen fields) {
	if named(action) {
		seen |= fieldsVPCAction
	}
	if action == parser.ActionAccept.String() {
		seen |= fieldsVPCAccept
	}
	if bytes > 0 {
		seen |= fieldsVPCBytes
	}
	return seen
}

// sourceFields looks for an address that is or was a member of a ranking: without one, everything is the others'.
func (s *snapshot) sourceFields() fields {
	if len(s.sets[familyTopSource]) > 0 {
		return fieldsSource
	}
	for _, set := range s.sets[familyTopSourceDeparted] {
		if s.pages.get(set.slot) > 0 {
			return fieldsSource
		}
	}
	return 0
}

// named says whether a label value is one that a record had.
func named(value string) bool { return value != labelUnknown && value != labelOther }
