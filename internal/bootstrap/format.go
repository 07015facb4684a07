package bootstrap

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// FieldGroup is a part of the recommended format, and why it is in it. Every field is billed with every record, so each needs a reason.
type FieldGroup struct {
	Fields string // Names as AWS writes them, separated by blanks.
	Reason string
}

// RecommendedFormat is what flowd counts by and sums, and what an investigation asks next. Transit gateways have fields of their own.
func RecommendedFormat(transitGateway bool) []FieldGroup {
	if transitGateway {
		return []FieldGroup{
			{"version resource-type account-id tgw-id tgw-attachment-id tgw-pair-attachment-id tgw-src-vpc-id tgw-dst-vpc-id flow-direction protocol dstport", "what flowd counts by, and the two sides of the gateway"},
			{"packets bytes start end log-status", "what is summed, and when it was"},
			{"srcaddr dstaddr srcport", "top talkers, and who was the client"},
			{"packets-lost-no-route packets-lost-blackhole packets-lost-mtu-exceeded packets-lost-ttl-expired", "what only a transit gateway tells: packets lost, by cause"},
			{"type tcp-flags region", "what an investigation asks next"},
		}
	}
	return []FieldGroup{
		{"version account-id vpc-id subnet-id interface-id action flow-direction protocol dstport", "what flowd counts by"},
		{"packets bytes start end log-status", "what is summed, and when it was"},
		{"srcaddr dstaddr srcport", "top talkers, and who was the client"},
		{"instance-id type tcp-flags pkt-srcaddr pkt-dstaddr region az-id traffic-path reject-reason", "what an investigation asks next: whose interface it is, who opened the connection, the addresses before NAT, how traffic left, and why AWS refused it"},
	}
}

// The fields of VPC flow logs, by version, without the tag fields of version 11, and those of transit gateways, in the order of AWS's default.
// Source: https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html and https://docs.aws.amazon.com/vpc/latest/tgw/tgw-flow-logs.html
const (
	defaultFields = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"
	furtherFields = "vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr region az-id sublocation-type sublocation-id pkt-src-aws-service pkt-dst-aws-service flow-direction traffic-path"
	ecsFields     = "ecs-cluster-arn ecs-cluster-name ecs-container-instance-arn ecs-container-instance-id ecs-container-id ecs-second-container-id ecs-service-name ecs-task-definition-arn ecs-task-arn ecs-task-id"
	latestFields  = "reject-reason resource-id encryption-status interface-type next-hop-interface-id next-hop-subnet-id next-hop-az-id next-hop-vpc-id next-hop-interface-type"
	tagFields     = "instance-tag instance-tag-2 interface-tag interface-tag-2 asg-tag asg-tag-2"
	transitFields = "version resource-type account-id tgw-id tgw-attachment-id tgw-src-vpc-account-id tgw-dst-vpc-account-id tgw-src-vpc-id tgw-dst-vpc-id tgw-src-subnet-id tgw-dst-subnet-id tgw-src-eni tgw-dst-eni tgw-src-az-id tgw-dst-az-id tgw-pair-attachment-id srcaddr dstaddr srcport dstport protocol packets bytes start end log-status type packets-lost-no-route packets-lost-blackhole packets-lost-mtu-exceeded packets-lost-ttl-expired tcp-flags region flow-direction pkt-src-aws-service pkt-dst-aws-service"
)

// countedFields are those without which flowd counts under "unknown" or not at all.
const countedFields = "vpc-id subnet-id interface-id action flow-direction protocol dstport srcaddr dstaddr packets bytes start end log-status"

// logFormat is the LogFormat of a flow log; empty leaves AWS's default. The default of transit gateways is all that they have.
func logFormat(name string, transitGateway bool) (string, error) {
	switch {
	case transitGateway && (name == "default" || name == "all"): // Spelled out: how EC2 shows this default is not documented.
		return dollars(transitFields), nil
	case name == "default":
		return "", nil
	case name == "all":
		return dollars(vpcFields()), nil
	case name == "recommended":
		var fields []string
		for _, g := range RecommendedFormat(transitGateway) {
			fields = append(fields, g.Fields)
		}
		return dollars(strings.Join(fields, " ")), nil
	}
	return customFormat(name, transitGateway)
}

func customFormat(text string, transitGateway bool) (string, error) {
	fields := strings.Fields(text)
	if len(fields) == 0 {
		return "", fmt.Errorf("bootstrap.format is empty; give default, recommended, all, or a list of fields")
	}
	wellFormed := regexp.MustCompile(`^\$\{[a-z0-9-]+\}$`)
	for i, f := range fields {
		name := strings.Trim(f, "${}")
		switch {
		case !wellFormed.MatchString(f):
			return "", fmt.Errorf("bootstrap.format: %q is not of the form ${field}; give default, recommended, all, or a list of fields", f)
		case slices.Contains(fields[:i], f):
			return "", fmt.Errorf("bootstrap.format: %s is there twice", f)
		case has(tagFields, name):
			return "", fmt.Errorf("bootstrap.format: %s needs tag keys, which flowd does not set up; leave it out", f)
		case transitGateway && !has(transitFields, name) && has(vpcFields(), name):
			return "", fmt.Errorf("bootstrap.format: transit gateways have no field %s; set them up in a run of their own, with --bootstrap.format=recommended", f)
		case !transitGateway && has(transitFields, name) && !has(vpcFields(), name):
			return "", fmt.Errorf("bootstrap.format: only transit gateways have the field %s; set them up in a run of their own", f)
		}
	}
	return strings.Join(fields, " "), nil
}

func vpcFields() string {
	return strings.Join([]string{defaultFields, furtherFields, ecsFields, latestFields}, " ")
}

func has(fields, name string) bool { return slices.Contains(strings.Fields(fields), name) }

func dollars(fields string) string {
	return "${" + strings.ReplaceAll(fields, " ", "} ${") + "}"
}

// effectiveFormat is the fields that a flow log has in the end, AWS's default spelled out.
func effectiveFormat(format string) []string {
	if format == "" {
		format = dollars(defaultFields)
	}
	return strings.Fields(format)
}

// explainFormat says why the recommended format has its fields, or what another one lacks. It speaks of the flow logs that are to be made.
func (p *planner) explainFormat(missing []string) {
	vpc := slices.ContainsFunc(missing, func(id string) bool { return !transit(id) })
	if p.cfg.Format == "recommended" {
		if vpc {
			p.noteRecommended("VPCs, subnets and interfaces", false)
		}
		if slices.ContainsFunc(missing, transit) {
			p.noteRecommended("transit gateways", true)
		}
		return
	}
	format, _ := logFormat(p.cfg.Format, false) // Validated by New.
	var lacking, unknown []string
	for _, f := range strings.Fields(format) {
		if name := strings.Trim(f, "${}"); !has(vpcFields(), name) && !has(transitFields, name) {
			unknown = append(unknown, f)
		}
	}
	if len(unknown) > 0 {
		p.warn("the format has %s, which flowd does not know: unless AWS has added it since, no flow log can be created with it", strings.Join(unknown, ", "))
	}
	for _, f := range strings.Fields(countedFields) {
		if vpc && !slices.Contains(effectiveFormat(format), dollars(f)) {
			lacking = append(lacking, f)
		}
	}
	if len(lacking) > 0 {
		p.warn("the format has no %s: what flowd counts by them will be unknown; --bootstrap.format=recommended has them", strings.Join(lacking, ", "))
	}
	if vpc && p.cfg.Format == "all" {
		p.warn("the ECS fields of format all stay empty unless the role that sets up has ecs:ListClusters, ecs:ListServices, ecs:ListTasks, ecs:ListTaskDefinitions and ecs:ListContainerInstances")
	}
}

func (p *planner) noteRecommended(what string, transitGateway bool) {
	var b strings.Builder
	for _, g := range RecommendedFormat(transitGateway) {
		fmt.Fprintf(&b, "\n%s: %s", g.Reason, g.Fields)
	}
	p.note("the recommended format for %s has a reason for each field:%s", what, b.String())
}
