package bootstrap

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

func TestResourcesThatOverlap(t *testing.T) {
	const otherSubnet, otherENI = "subnet-01", "eni-02"
	with := func(ids ...string) func(*Config) { return func(c *Config) { c.ResourceIDs = ids } }
	traffic := func(traffic string) func(*Config) { return func(c *Config) { c.TrafficType = traffic } }
	for _, tc := range []struct {
		name   string
		there  []func(*Config) // The set-up that exists already; nil: none.
		wanted []func(*Config)
		want   string // What the refusal says; empty: there is none.
	}{
		{"an interface in a subnet", nil, []func(*Config){with(testENI, testSubnet)}, testENI + " is inside " + testSubnet},
		{"an interface in a VPC", nil, []func(*Config){with(testVPC, testENI)}, testENI + " is inside " + testVPC},
		{"a subnet in a VPC", nil, []func(*Config){with(testSubnet, testVPC)}, testSubnet + " is inside " + testVPC},
		{"an attachment of a transit gateway", nil, []func(*Config){with(testTransit, testAttach)}, testAttach + " is inside " + testTransit},
		{"a VPC and a transit gateway", nil, []func(*Config){with(testVPC, testTransit)}, ""},
		{"a subnet beside an interface's", nil, []func(*Config){with(testENI, otherSubnet)}, ""},
		{"an interface, and its VPC is logged already", []func(*Config){with(testVPC)}, []func(*Config){with(testENI)}, " of " + testVPC + " and the flow log wanted for " + testENI},
		{"a VPC, and an interface in it is logged already", []func(*Config){with(testENI)}, []func(*Config){with(testVPC)}, testENI + " is inside " + testVPC},
		{"the same VPC with another format", []func(*Config){with(testVPC)}, []func(*Config){func(c *Config) { c.Format = "all" }}, "they have the same resource"},
		{"the same VPC, accepted and rejected apart", []func(*Config){traffic("accept")}, []func(*Config){traffic("reject")}, ""},
		{"the same VPC, all and rejected", []func(*Config){traffic("reject")}, []func(*Config){traffic("all")}, "they have the same resource"},
		{"the same VPC into another folder", []func(*Config){with(testVPC)}, []func(*Config){func(c *Config) { c.Prefix, c.Format = "net", "all" }}, ""},
		{"an interface that does not exist", nil, []func(*Config){with(testVPC, otherENI)}, otherENI + " does not exist in eu-central-1 of account 123456789012"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := newAccount(t)
			if tc.there != nil {
				a.apply(config(tc.there...))
			}
			c := config(tc.wanted...)
			if tc.want == "" {
				a.plan(c)
				return
			}
			text := a.refused(c)
			contains(t, text, tc.want)
			if strings.Contains(tc.want, "does not exist") {
				return
			}
			contains(t, text, "every record counts twice", "--bootstrap.force")
			c.Force = true
			contains(t, a.plan(c).String(), tc.want, "forced")
			a.apply(c)
			c.Force = false
			contains(t, a.complete(c).String(), "every record counts twice; delete one of them")
		})
	}
}

// TestWithoutTheRightToDescribe says that nobody can tell, and goes on.
func TestWithoutTheRightToDescribe(t *testing.T) {
	for _, tc := range []struct {
		call, permission string
		resources        []string
	}{
		{"EC2 DescribeNetworkInterfaces", "ec2:DescribeNetworkInterfaces", []string{testVPC, testENI}},
		{"EC2 DescribeSubnets", "ec2:DescribeSubnets", []string{testVPC, testSubnet}},
		{"EC2 DescribeTransitGatewayAttachments", "ec2:DescribeTransitGatewayAttachments", []string{testTransit, testAttach}},
	} {
		t.Run(tc.call, func(t *testing.T) {
			a, c := newAccount(t), config(func(c *Config) { c.ResourceIDs = tc.resources })
			a.fail = failing(tc.call, always, awsError("UnauthorizedOperation", "You are not authorized"))
			contains(t, a.plan(c).String(), fmt.Sprintf("flowd cannot tell whether %s overlap with %s", tc.resources[1], tc.resources[0]), tc.permission)
			a.apply(c)
			a.complete(c)
			a.fail = failing(tc.call, always, awsError("InternalError", "oops"))
			if _, err := a.setup(c).Plan(t.Context()); err == nil {
				t.Error("got no error of a call that failed otherwise")
			}
		})
	}
}

// TestOneResourceNeedsNoDescribe keeps the rights small for most people.
func TestOneResourceNeedsNoDescribe(t *testing.T) {
	a := newAccount(t)
	a.apply(config())
	a.complete(config())
	for _, call := range a.calls {
		if strings.HasPrefix(call, "EC2 Describe") && call != "EC2 DescribeFlowLogs" {
			t.Errorf("got the call %s for a single VPC, want none", call)
		}
	}
}

// TestManyInterfaces are asked for in as many calls as the filter needs.
func TestManyInterfaces(t *testing.T) {
	a := newAccount(t)
	watches := []watch{{resource: testVPC, traffic: "all"}}
	for i := range maxFilterValues + 1 {
		watches = append(watches, watch{resource: fmt.Sprintf("eni-%x", i), traffic: "all"})
	}
	p := &planner{Setup: a.setup(config())}
	_, err := p.containers(t.Context(), watches)
	if must(t, err); len(a.calls) != 2 {
		t.Errorf("got the calls %v, want 2 for 201 interfaces", a.calls)
	}
}

func TestNeighboursInTheFolderAreNamed(t *testing.T) {
	a := newAccount(t)
	a.apply(config())
	c := config(func(c *Config) { c.ResourceIDs, c.Retention = []string{testTransit}, 30*day })
	contains(t, a.plan(c).String(), "of "+testVPC+", which is not asked for, delivers to the same folder: flowd counts it and deletes its objects after 30 days")
}

func TestKinds(t *testing.T) {
	for id, want := range map[string]types.FlowLogsResourceType{
		testVPC: "VPC", testSubnet: "Subnet", testENI: "NetworkInterface", testTransit: "TransitGateway", testAttach: "TransitGatewayAttachment",
		"vpc-": "", "vpc-xyz": "", "i-0123": "", "nat-0123": "", "": "", "VPC-01": "", "tgw-rtb-01": "",
	} {
		if got, err := kindOf(id); got != want || (err == nil) != (want != "") {
			t.Errorf("%q: got %q, %v; want %q", id, got, err, want)
		}
	}
}
