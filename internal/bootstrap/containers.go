package bootstrap

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// containers asks EC2 what is inside what, as far as it matters here: interfaces in subnets and VPCs, subnets in VPCs, attachments on transit
// gateways. Without the right to ask, flowd says that it cannot tell.
func (p *planner) containers(ctx context.Context, watches []watch) (map[string][]string, error) {
	inside := map[string][]string{}
	ids := map[string][]string{}
	for _, w := range watches {
		kind, _ := kindOf(w.resource) // Kinds that flowd does not know are inside nothing that it knows.
		if !slices.Contains(ids[string(kind)], w.resource) {
			ids[string(kind)] = append(ids[string(kind)], w.resource)
		}
	}
	vpcs, subnets := ids[string(types.FlowLogsResourceTypeVpc)], ids[string(types.FlowLogsResourceTypeSubnet)]
	for _, ask := range []struct {
		ids, in []string
		call    func(context.Context, []string, map[string][]string) error
	}{
		{ids[string(types.FlowLogsResourceTypeNetworkInterface)], append(slices.Clone(vpcs), subnets...), p.askInterfaces},
		{subnets, vpcs, p.askSubnets},
		{ids[string(types.FlowLogsResourceTypeTransitGatewayAttachment)], ids[string(types.FlowLogsResourceTypeTransitGateway)], p.askAttachments},
	} {
		if len(ask.ids) == 0 || len(ask.in) == 0 {
			continue
		}
		for some := range slices.Chunk(ask.ids, maxFilterValues) {
			switch err := ask.call(ctx, some, inside); {
			case denied(err):
				p.warn("flowd cannot tell whether %s overlap with %s, which would count records twice: %v", strings.Join(some, ", "), strings.Join(ask.in, ", "), p.explain(err))
			case err != nil:
				return nil, err
			default:
				p.refuseUnknown(some, inside)
			}
		}
	}
	return inside, nil
}

// refuseUnknown names the wanted resources that EC2 does not know.
func (p *planner) refuseUnknown(ids []string, inside map[string][]string) {
	for _, id := range ids {
		if _, known := inside[id]; !known && slices.Contains(p.cfg.ResourceIDs, id) {
			p.refuse("%s does not exist in %s of account %s; correct --bootstrap.resource-id, or give --aws.region and the credentials that it belongs to", id, p.cfg.Region, p.cfg.AccountID)
		}
	}
}

// maxFilterValues is how many values EC2 takes in a filter.
const maxFilterValues = 200

// byID is a filter, not a list of IDs: EC2 fails a list when one of them does not exist.
func byID(name string, ids []string) []types.Filter {
	return []types.Filter{{Name: &name, Values: ids}}
}

func (s *Setup) askInterfaces(ctx context.Context, ids []string, inside map[string][]string) error {
	pages := ec2.NewDescribeNetworkInterfacesPaginator(s.aws.EC2, &ec2.DescribeNetworkInterfacesInput{Filters: byID("network-interface-id", ids)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("looking for the subnets of interfaces: %w", err)
		}
		for _, i := range page.NetworkInterfaces {
			inside[aws.ToString(i.NetworkInterfaceId)] = []string{aws.ToString(i.SubnetId), aws.ToString(i.VpcId)}
		}
	}
	return nil
}

func (s *Setup) askSubnets(ctx context.Context, ids []string, inside map[string][]string) error {
	pages := ec2.NewDescribeSubnetsPaginator(s.aws.EC2, &ec2.DescribeSubnetsInput{Filters: byID("subnet-id", ids)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("looking for the VPCs of subnets: %w", err)
		}
		for _, subnet := range page.Subnets {
			inside[aws.ToString(subnet.SubnetId)] = []string{aws.ToString(subnet.VpcId)}
		}
	}
	return nil
}

func (s *Setup) askAttachments(ctx context.Context, ids []string, inside map[string][]string) error {
	pages := ec2.NewDescribeTransitGatewayAttachmentsPaginator(s.aws.EC2, &ec2.DescribeTransitGatewayAttachmentsInput{Filters: byID("transit-gateway-attachment-id", ids)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("looking for the transit gateways of attachments: %w", err)
		}
		for _, a := range page.TransitGatewayAttachments {
			inside[aws.ToString(a.TransitGatewayAttachmentId)] = []string{aws.ToString(a.TransitGatewayId)}
		}
	}
	return nil
}
