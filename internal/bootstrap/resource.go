package bootstrap

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// kindOf tells the kind of a resource from its ID.
func kindOf(id string) (ec2types.FlowLogsResourceType, error) {
	for _, k := range []struct {
		prefix string
		kind   ec2types.FlowLogsResourceType
	}{
		{"vpc-", ec2types.FlowLogsResourceTypeVpc},
		{"subnet-", ec2types.FlowLogsResourceTypeSubnet},
		{"eni-", ec2types.FlowLogsResourceTypeNetworkInterface},
		{"tgw-attach-", ec2types.FlowLogsResourceTypeTransitGatewayAttachment},
		{"tgw-", ec2types.FlowLogsResourceTypeTransitGateway},
	} {
		if digits, ok := strings.CutPrefix(id, k.prefix); ok && digits != "" && strings.Trim(digits, "0123456789abcdef") == "" {
			return k.kind, nil
		}
	}
	return "", fmt.Errorf("bootstrap.resource-id: %q is not the ID of a VPC, subnet, network interface, transit gateway or attachment", id)
}

// transit says that a resource is a transit gateway or an attachment of one: their records have other fields.
func transit(id string) bool { return strings.HasPrefix(id, "tgw-") }

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
