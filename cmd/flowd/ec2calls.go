package main

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
)

// call is one operation of EC2.
type call[I, O any] func(context.Context, *I, ...func(*ec2.Options)) (*O, error)

// ec2Calls are the operations of EC2 that the set-up makes, as functions and not as a client: a client behind an interface keeps all of its 800
// operations in the binary, because the command line finds methods by name and the linker cannot know which. That is 30 MB.
type ec2Calls struct {
	describeFlowLogs           call[ec2.DescribeFlowLogsInput, ec2.DescribeFlowLogsOutput]
	createFlowLogs             call[ec2.CreateFlowLogsInput, ec2.CreateFlowLogsOutput]
	describeNetworkInterfaces  call[ec2.DescribeNetworkInterfacesInput, ec2.DescribeNetworkInterfacesOutput]
	describeSubnets            call[ec2.DescribeSubnetsInput, ec2.DescribeSubnetsOutput]
	describeTransitAttachments call[ec2.DescribeTransitGatewayAttachmentsInput, ec2.DescribeTransitGatewayAttachmentsOutput]
}

func newEC2Calls(cfg aws.Config) *ec2Calls {
	c := ec2.NewFromConfig(cfg)
	return &ec2Calls{
		func(ctx context.Context, in *ec2.DescribeFlowLogsInput, o ...func(*ec2.Options)) (*ec2.DescribeFlowLogsOutput, error) {
			return c.DescribeFlowLogs(ctx, in, o...)
		},
		func(ctx context.Context, in *ec2.CreateFlowLogsInput, o ...func(*ec2.Options)) (*ec2.CreateFlowLogsOutput, error) {
			return c.CreateFlowLogs(ctx, in, o...)
		},
		func(ctx context.Context, in *ec2.DescribeNetworkInterfacesInput, o ...func(*ec2.Options)) (*ec2.DescribeNetworkInterfacesOutput, error) {
			return c.DescribeNetworkInterfaces(ctx, in, o...)
		},
		func(ctx context.Context, in *ec2.DescribeSubnetsInput, o ...func(*ec2.Options)) (*ec2.DescribeSubnetsOutput, error) {
			return c.DescribeSubnets(ctx, in, o...)
		},
		func(ctx context.Context, in *ec2.DescribeTransitGatewayAttachmentsInput, o ...func(*ec2.Options)) (*ec2.DescribeTransitGatewayAttachmentsOutput, error) {
			return c.DescribeTransitGatewayAttachments(ctx, in, o...)
		},
	}
}

func (c *ec2Calls) DescribeFlowLogs(ctx context.Context, in *ec2.DescribeFlowLogsInput, o ...func(*ec2.Options)) (*ec2.DescribeFlowLogsOutput, error) {
	return c.describeFlowLogs(ctx, in, o...)
}

func (c *ec2Calls) CreateFlowLogs(ctx context.Context, in *ec2.CreateFlowLogsInput, o ...func(*ec2.Options)) (*ec2.CreateFlowLogsOutput, error) {
	return c.createFlowLogs(ctx, in, o...)
}

func (c *ec2Calls) DescribeNetworkInterfaces(ctx context.Context, in *ec2.DescribeNetworkInterfacesInput, o ...func(*ec2.Options)) (*ec2.DescribeNetworkInterfacesOutput, error) {
	return c.describeNetworkInterfaces(ctx, in, o...)
}

func (c *ec2Calls) DescribeSubnets(ctx context.Context, in *ec2.DescribeSubnetsInput, o ...func(*ec2.Options)) (*ec2.DescribeSubnetsOutput, error) {
	return c.describeSubnets(ctx, in, o...)
}

func (c *ec2Calls) DescribeTransitGatewayAttachments(ctx context.Context, in *ec2.DescribeTransitGatewayAttachmentsInput, o ...func(*ec2.Options)) (*ec2.DescribeTransitGatewayAttachmentsOutput, error) {
	return c.describeTransitAttachments(ctx, in, o...)
}
