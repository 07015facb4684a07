package bootstrap

import (
	"fmt"
	"regexp"
	"strings"
)

// recommendedFields are what flowd counts by, and what an investigation asks next: who the interface belongs to, the addresses before NAT, the
// flags that tell client from server, how traffic left, and why AWS refused it. Every further field is billed with every record.
const recommendedFields = "version account-id vpc-id subnet-id instance-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status tcp-flags type pkt-srcaddr pkt-dstaddr region az-id flow-direction traffic-path reject-reason"

// allFields are versions 2 to 11 but for the tag fields, which need tags to be configured.
const allFields = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr region az-id sublocation-type sublocation-id pkt-src-aws-service pkt-dst-aws-service flow-direction traffic-path ecs-cluster-arn ecs-cluster-name ecs-container-instance-arn ecs-container-instance-id ecs-container-id ecs-second-container-id ecs-service-name ecs-task-definition-arn ecs-task-arn ecs-task-id reject-reason resource-id encryption-status interface-type next-hop-interface-id next-hop-subnet-id next-hop-az-id next-hop-vpc-id next-hop-interface-type"

// logFormat is the LogFormat of a flow log; empty leaves AWS's default.
func logFormat(name string) (string, error) {
	switch name {
	case "default":
		return "", nil
	case "recommended":
		return dollars(recommendedFields), nil
	case "all":
		return dollars(allFields), nil
	}
	field := regexp.MustCompile(`^\$\{[a-z0-9-]+\}$`)
	fields := strings.Fields(name)
	for _, f := range fields {
		if !field.MatchString(f) {
			return "", fmt.Errorf("bootstrap.format: %q is not of the form ${field}; give default, recommended, all, or a list of fields", f)
		}
	}
	if len(fields) == 0 {
		return "", fmt.Errorf("bootstrap.format is empty; give default, recommended, all, or a list of fields")
	}
	return strings.Join(fields, " "), nil
}

func dollars(fields string) string {
	return "${" + strings.ReplaceAll(fields, " ", "} ${") + "}"
}
