package localaws

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// withDelivery makes the bucket, and lets the delivery service write to it.
func withDelivery(t *testing.T, a *account) {
	t.Helper()
	withBucket(t, a)
	_, err := a.s3.PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{Bucket: logs, Policy: aws.String(fromDelivery)})
	must(t, 0, err)
}

// wanted is a flow log that EC2 creates, with changes.
func wanted(changes ...func(*ec2.CreateFlowLogsInput)) *ec2.CreateFlowLogsInput {
	in := &ec2.CreateFlowLogsInput{
		ResourceIds: []string{"vpc-1"}, ResourceType: types.FlowLogsResourceTypeVpc, TrafficType: types.TrafficTypeAll,
		LogDestinationType: types.LogDestinationTypeS3, LogDestination: aws.String("arn:aws:s3:::flow-logs/my team/"),
	}
	for _, change := range changes {
		change(in)
	}
	return in
}

func (a *account) create(t *testing.T, in *ec2.CreateFlowLogsInput) string {
	t.Helper()
	out, err := a.ec2.CreateFlowLogs(t.Context(), in)
	if ids := must(t, out, err).FlowLogIds; len(ids) != 1 {
		t.Fatalf("got the flow logs %v, refused %v, want one", ids, out.Unsuccessful)
	}
	return out.FlowLogIds[0]
}

// describe returns the resources of the flow logs that match, page by page.
func (a *account) describe(t *testing.T, in *ec2.DescribeFlowLogsInput) string {
	t.Helper()
	pages := []string{}
	for p := ec2.NewDescribeFlowLogsPaginator(a.ec2, in); p.HasMorePages(); {
		page, err := p.NextPage(t.Context())
		var resources []string
		for _, fl := range must(t, page, err).FlowLogs {
			resources = append(resources, *fl.ResourceId)
		}
		pages = append(pages, strings.Join(resources, " "))
	}
	return strings.Join(pages, " | ")
}

func TestCreateFlowLogs(t *testing.T) {
	transit := func(in *ec2.CreateFlowLogsInput) {
		in.ResourceType, in.TrafficType, in.ResourceIds = types.FlowLogsResourceTypeTransitGateway, "", []string{"tgw-1"}
	}
	overEveryTransport(t, Config{}, []call{
		{"a flow log is shown as it was created, with the defaults of AWS", func(t *testing.T, a *account) {
			withDelivery(t, a)
			id := a.create(t, wanted(func(in *ec2.CreateFlowLogsInput) {
				in.TagSpecifications = []types.TagSpecification{{ResourceType: types.ResourceTypeVpcFlowLog, Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("blue")}}}}
			}))
			out, err := a.ec2.DescribeFlowLogs(t.Context(), &ec2.DescribeFlowLogsInput{FlowLogIds: []string{id}})
			fl := must(t, out, err).FlowLogs[0]
			got := fmt.Sprint(*fl.FlowLogStatus, " ", *fl.DeliverLogsStatus, " ", *fl.MaxAggregationInterval, " ", fl.TrafficType, " ", fl.DestinationOptions.FileFormat, " ", *fl.LogDestination, " ", *fl.Tags[0].Value)
			equals(t, "flow log", got, "ACTIVE SUCCESS 600 ALL plain-text arn:aws:s3:::flow-logs/my team/ blue")
			equals(t, "format", *fl.LogFormat, defaultFormat)
			equals(t, "a time", fl.CreationTime.IsZero(), false)
		}},
		{"a transit gateway has one interval, and no traffic type", func(t *testing.T, a *account) {
			withDelivery(t, a)
			a.create(t, wanted(transit))
			out, err := a.ec2.DescribeFlowLogs(t.Context(), &ec2.DescribeFlowLogsInput{})
			equals(t, "interval", *must(t, out, err).FlowLogs[0].MaxAggregationInterval, 60)
		}},
		{"a request that EC2 refuses creates nothing", func(t *testing.T, a *account) {
			withDelivery(t, a)
			for _, c := range []struct {
				name, code string
				change     func(*ec2.CreateFlowLogsInput)
			}{
				{"a role", "InvalidParameter", func(in *ec2.CreateFlowLogsInput) { in.DeliverLogsPermissionArn = aws.String("arn:aws:iam::1:role/r") }},
				{"a log group", "InvalidParameter", func(in *ec2.CreateFlowLogsInput) { in.LogGroupName = aws.String("g") }},
				{"no traffic type", "InvalidParameter", func(in *ec2.CreateFlowLogsInput) { in.TrafficType = "" }},
				{"a traffic type of a transit gateway", "InvalidParameter", func(in *ec2.CreateFlowLogsInput) { transit(in); in.TrafficType = types.TrafficTypeAll }},
				{"an interval of a transit gateway", "InvalidParameter", func(in *ec2.CreateFlowLogsInput) { transit(in); in.MaxAggregationInterval = aws.Int32(600) }},
				{"an interval", "InvalidParameter", func(in *ec2.CreateFlowLogsInput) { in.MaxAggregationInterval = aws.Int32(61) }},
				{"a field that is unknown", "InvalidParameter", func(in *ec2.CreateFlowLogsInput) { in.LogFormat = aws.String("${srcaddr} ${source-address}") }},
				{"a format without braces", "InvalidParameter", func(in *ec2.CreateFlowLogsInput) { in.LogFormat = aws.String("srcaddr") }},
				{"a folder that is reserved", "InvalidParameter", func(in *ec2.CreateFlowLogsInput) { in.LogDestination = aws.String("arn:aws:s3:::flow-logs/AWSLogs/") }},
				{"a destination that is no bucket", "InvalidParameter", func(in *ec2.CreateFlowLogsInput) { in.LogDestination = aws.String("flow-logs") }},
				{"a file format", "InvalidParameter", func(in *ec2.CreateFlowLogsInput) {
					in.DestinationOptions = &types.DestinationOptionsRequest{FileFormat: "csv"}
				}},
				{"a resource type", "InvalidParameter", func(in *ec2.CreateFlowLogsInput) { in.ResourceType = "Instance" }},
				{"no resource", "MissingParameter", func(in *ec2.CreateFlowLogsInput) { in.ResourceIds = []string{} }},
				{"too many transit gateways", "InvalidParameter", func(in *ec2.CreateFlowLogsInput) {
					transit(in)
					in.ResourceIds = strings.Fields(strings.Repeat("tgw-1 ", 26))
				}},
				{"a long token", "InvalidParameter", func(in *ec2.CreateFlowLogsInput) { in.ClientToken = aws.String(strings.Repeat("t", 65)) }},
				{"a dry run", "DryRunOperation", func(in *ec2.CreateFlowLogsInput) { in.DryRun = aws.Bool(true) }},
				{"CloudWatch, which is the default", "UnsupportedOperation", func(in *ec2.CreateFlowLogsInput) { in.LogDestinationType = "" }},
				{"tag fields", "UnsupportedOperation", func(in *ec2.CreateFlowLogsInput) {
					in.TagFieldSpecifications = []types.TagFieldSpecificationRequest{{ResourceType: "instance", TagKeys: []string{"team"}}}
				}},
			} {
				_, err := a.ec2.CreateFlowLogs(t.Context(), wanted(c.change))
				if err == nil {
					t.Errorf("%s: got no error, want %s", c.name, c.code)
				}
				wantCode(t, err, c.code)
			}
			equals(t, "flow logs", a.describe(t, &ec2.DescribeFlowLogsInput{}), "")
		}},
		{"a resource that is refused is named inside a success", func(t *testing.T, a *account) {
			refusal := func(in *ec2.CreateFlowLogsInput) string {
				out, err := a.ec2.CreateFlowLogs(t.Context(), in)
				if len(must(t, out, err).Unsuccessful) != 1 {
					t.Fatalf("got %v, want one refusal", out)
				}
				u := out.Unsuccessful[0]
				return *u.ResourceId + " " + *u.Error.Code + " " + *u.Error.Message
			}
			equals(t, "no bucket", refusal(wanted()), "vpc-1 400 LogDestination: flow-logs does not exist.")
			withBucket(t, a)
			equals(t, "no policy", refusal(wanted()), "vpc-1 400 Access Denied for LogDestination: flow-logs. Please check LogDestination permission")
			_, err := a.s3.PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{Bucket: logs, Policy: aws.String(fromDelivery)})
			must(t, 0, err)
			hive := func(in *ec2.CreateFlowLogsInput) {
				in.DestinationOptions = &types.DestinationOptionsRequest{HiveCompatiblePartitions: aws.Bool(true)}
			}
			equals(t, "a policy for other folders", refusal(wanted(hive)), "vpc-1 400 Access Denied for LogDestination: flow-logs. Please check LogDestination permission")
			a.create(t, wanted())
			equals(t, "the same again", refusal(wanted()), "vpc-1 FlowLogAlreadyExists Error. There is an existing Flow Log with the same configuration and log destination.")
			a.create(t, wanted(func(in *ec2.CreateFlowLogsInput) { in.LogFormat = aws.String("${srcaddr} ${tgw-id} ${reject-reason}") }))
		}},
		{"a client token makes a repeated request the same request", func(t *testing.T, a *account) {
			withDelivery(t, a)
			token := func(in *ec2.CreateFlowLogsInput) { in.ClientToken = aws.String("t") }
			id := a.create(t, wanted(token))
			equals(t, "flow log of the repetition", a.create(t, wanted(token)), id)
			_, err := a.ec2.CreateFlowLogs(t.Context(), wanted(token, func(in *ec2.CreateFlowLogsInput) { in.TrafficType = types.TrafficTypeReject }))
			wantCode(t, err, "IdempotentParameterMismatch")
			equals(t, "flow logs", a.describe(t, &ec2.DescribeFlowLogsInput{}), "vpc-1")
			_, err = a.ec2.DeleteFlowLogs(t.Context(), &ec2.DeleteFlowLogsInput{FlowLogIds: []string{id}})
			must(t, 0, err)
			equals(t, "the same flow log after its deletion", a.create(t, wanted(token)) == id, false)
		}},
	})
}

func TestDescribeAndDeleteFlowLogs(t *testing.T) {
	filters := func(list ...string) []types.Filter {
		var all []types.Filter
		for _, f := range list {
			name, values, _ := strings.Cut(f, "=")
			all = append(all, types.Filter{Name: &name, Values: strings.Split(values, ",")})
		}
		return all
	}
	three := func(t *testing.T, a *account) []string {
		withDelivery(t, a)
		var ids []string
		for i, traffic := range []types.TrafficType{types.TrafficTypeAll, types.TrafficTypeReject, types.TrafficTypeAll} {
			ids = append(ids, a.create(t, wanted(func(in *ec2.CreateFlowLogsInput) {
				in.ResourceIds, in.TrafficType = []string{fmt.Sprint("vpc-", i)}, traffic
				in.TagSpecifications = []types.TagSpecification{{ResourceType: types.ResourceTypeVpcFlowLog, Tags: []types.Tag{{Key: aws.String("n"), Value: aws.String(fmt.Sprint(i))}}}}
			})))
		}
		return ids
	}
	overEveryTransport(t, Config{}, []call{
		{"filters are all to hold, and one value of each is enough", func(t *testing.T, a *account) {
			ids := three(t, a)
			for filter, want := range map[string]string{
				"resource-id=vpc-1": "vpc-1", "resource-id=vpc-1,vpc-2": "vpc-1 vpc-2", "resource-id=vpc-*": "vpc-0 vpc-1 vpc-2", "resource-id=VPC-1": "", "traffic-type=ALL": "vpc-0 vpc-2",
				"traffic-type=ALL resource-id=vpc-2": "vpc-2", "log-destination-type=s3": "vpc-0 vpc-1 vpc-2", "log-destination-type=cloud-watch-logs": "", "deliver-log-status=FAILED": "",
				"tag:n=1": "vpc-1", "tag:m=1": "", "tag-key=n": "vpc-0 vpc-1 vpc-2", "log-group-name=*": "", "flow-log-id=" + ids[2]: "vpc-2",
			} {
				equals(t, filter, a.describe(t, &ec2.DescribeFlowLogsInput{Filter: filters(strings.Fields(filter)...)}), want)
			}
			equals(t, "by ID", a.describe(t, &ec2.DescribeFlowLogsInput{FlowLogIds: ids[:2]}), "vpc-0 vpc-1")
		}},
		{"pages are as long as asked for, also with a filter", func(t *testing.T, a *account) {
			three(t, a)
			equals(t, "pages of one", a.describe(t, &ec2.DescribeFlowLogsInput{MaxResults: aws.Int32(1), Filter: filters("traffic-type=ALL")}), "vpc-0 | vpc-2")
			equals(t, "pages of two", a.describe(t, &ec2.DescribeFlowLogsInput{MaxResults: aws.Int32(2)}), "vpc-0 vpc-1 | vpc-2")
			_, err := a.ec2.DescribeFlowLogs(t.Context(), &ec2.DescribeFlowLogsInput{MaxResults: aws.Int32(1001)})
			wantCode(t, err, "InvalidParameterValue")
		}},
		{"a filter that is unknown is refused, even where there is nothing to find", func(t *testing.T, a *account) {
			_, err := a.ec2.DescribeFlowLogs(t.Context(), &ec2.DescribeFlowLogsInput{Filter: filters("log-destination=x")})
			wantCode(t, err, "InvalidParameterValue")
		}},
		{"what is deleted is gone, what is unknown is named, and a dry run deletes nothing", func(t *testing.T, a *account) {
			ids := three(t, a)
			_, err := a.ec2.DeleteFlowLogs(t.Context(), &ec2.DeleteFlowLogsInput{FlowLogIds: ids, DryRun: aws.Bool(true)})
			wantCode(t, err, "DryRunOperation")
			out, err := a.ec2.DeleteFlowLogs(t.Context(), &ec2.DeleteFlowLogsInput{FlowLogIds: []string{ids[1], "fl-nonesuch"}})
			equals(t, "not deleted", *must(t, out, err).Unsuccessful[0].ResourceId+" "+*out.Unsuccessful[0].Error.Code, "fl-nonesuch InvalidFlowLogId.NotFound")
			equals(t, "left", a.describe(t, &ec2.DescribeFlowLogsInput{}), "vpc-0 vpc-2")
			_, err = a.ec2.DeleteFlowLogs(t.Context(), &ec2.DeleteFlowLogsInput{FlowLogIds: []string{}})
			wantCode(t, err, "MissingParameter")
		}},
		{"a call that is not understood is answered 501", func(t *testing.T, a *account) {
			_, err := a.ec2.DescribeVpcs(t.Context(), &ec2.DescribeVpcsInput{})
			wantCode(t, err, "UnsupportedOperation")
			wantStatus(t, err, http.StatusNotImplemented)
		}},
		{"the caller is told who it is", func(t *testing.T, a *account) {
			answer, err := a.http.Post(a.url, "application/x-www-form-urlencoded; charset=utf-8", strings.NewReader("Action=GetCallerIdentity&Version=2011-06-15"))
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			body, err := io.ReadAll(answer.Body)
			if want := "<Account>123456789012</Account>"; !strings.Contains(string(must(t, body, err)), want) {
				t.Errorf("got %s, want %s in it", body, want)
			}
		}},
	})
}

func TestDescribeTheNetwork(t *testing.T) {
	filter := func(name string, ids ...string) []types.Filter { return []types.Filter{{Name: &name, Values: ids}} }
	overEveryTransport(t, Config{Network: Network{
		Subnets: map[string]string{"subnet-1": "vpc-1"}, Interfaces: map[string]string{"eni-1": "subnet-1"}, Attachments: map[string]string{"tgw-attach-1": "tgw-1"},
	}}, []call{
		{"what is there is shown with what it is in, what is not is left out", func(t *testing.T, a *account) {
			subnets, err := a.ec2.DescribeSubnets(t.Context(), &ec2.DescribeSubnetsInput{Filters: filter("subnet-id", "subnet-1", "subnet-2")})
			equals(t, "subnets", len(must(t, subnets, err).Subnets), 1)
			equals(t, "VPC of the subnet", *subnets.Subnets[0].VpcId, "vpc-1")
			interfaces, err := a.ec2.DescribeNetworkInterfaces(t.Context(), &ec2.DescribeNetworkInterfacesInput{Filters: filter("network-interface-id", "eni-2", "eni-1")})
			equals(t, "interfaces", len(must(t, interfaces, err).NetworkInterfaces), 1)
			equals(t, "VPC of the interface", *interfaces.NetworkInterfaces[0].VpcId, "vpc-1")
			attachments, err := a.ec2.DescribeTransitGatewayAttachments(t.Context(), &ec2.DescribeTransitGatewayAttachmentsInput{Filters: filter("transit-gateway-attachment-id", "tgw-attach-1")})
			equals(t, "gateway of the attachment", *must(t, attachments, err).TransitGatewayAttachments[0].TransitGatewayId, "tgw-1")
		}},
		{"other filters, and none, are answered 501", func(t *testing.T, a *account) {
			_, err := a.ec2.DescribeSubnets(t.Context(), &ec2.DescribeSubnetsInput{Filters: filter("vpc-id", "vpc-1")})
			wantStatus(t, err, http.StatusNotImplemented)
			_, err = a.ec2.DescribeNetworkInterfaces(t.Context(), &ec2.DescribeNetworkInterfacesInput{})
			wantStatus(t, err, http.StatusNotImplemented)
		}},
	})
}
