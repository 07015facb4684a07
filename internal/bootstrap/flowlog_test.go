package bootstrap

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// created are the forms of the CreateFlowLogs requests that an account gets.
func (a *account) created() *[]url.Values {
	var forms []url.Values
	a.answer = func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPost && r.Header.Get("X-Amz-Target") == "" && r.ParseForm() == nil && r.Form.Get("Action") == "CreateFlowLogs" {
			forms = append(forms, r.Form)
		}
		return false
	}
	return &forms
}

func TestRequestsForFlowLogs(t *testing.T) {
	for _, tc := range []struct {
		name, resource string
		change         func(*Config)
		want           map[string]string // Empty: not there at all.
	}{
		{"a VPC", testVPC, nil, map[string]string{"ResourceType": "VPC", "TrafficType": "ALL", "MaxAggregationInterval": "60", "LogDestinationType": "s3", "LogDestination": "arn:aws:s3:::acme-flow-logs", "DeliverLogsPermissionArn": "", "DestinationOptions.FileFormat": ""}},
		{"a subnet, rejected traffic, every 10 minutes", testSubnet, func(c *Config) { c.TrafficType, c.Interval = "reject", 10*time.Minute }, map[string]string{"ResourceType": "Subnet", "TrafficType": "REJECT", "MaxAggregationInterval": "600"}},
		{"an interface, accepted traffic, in a folder", testENI, func(c *Config) { c.TrafficType, c.Prefix = "accept", "a/b" }, map[string]string{"ResourceType": "NetworkInterface", "TrafficType": "ACCEPT", "LogDestination": "arn:aws:s3:::acme-flow-logs/a/b"}},
		{"a transit gateway has no filter and no interval", testTransit, func(c *Config) { c.TrafficType, c.Interval = "reject", 10*time.Minute }, map[string]string{"ResourceType": "TransitGateway", "TrafficType": "", "MaxAggregationInterval": "60"}},
		{"an attachment", testAttach, nil, map[string]string{"ResourceType": "TransitGatewayAttachment", "TrafficType": ""}},
		{"Hive folders", testVPC, func(c *Config) { c.Hive = true }, map[string]string{"DestinationOptions.FileFormat": "plain-text", "DestinationOptions.HiveCompatiblePartitions": "true", "DestinationOptions.PerHourPartition": "false"}},
		{"hourly folders", testVPC, func(c *Config) { c.Hourly = true }, map[string]string{"DestinationOptions.HiveCompatiblePartitions": "false", "DestinationOptions.PerHourPartition": "true"}},
		{"tags", testVPC, func(c *Config) { c.Tags = map[string]string{"team": "net", "a": "b"} }, map[string]string{"TagSpecification.1.ResourceType": "vpc-flow-log", "TagSpecification.1.Tag.1.Key": "a", "TagSpecification.1.Tag.2.Value": "flowd", "TagSpecification.1.Tag.3.Key": "team"}},
		{"the default format", testVPC, func(c *Config) { c.Format = "default" }, map[string]string{"LogFormat": ""}},
		{"a given format", testVPC, func(c *Config) { c.Format = " ${srcaddr}  ${dstaddr} " }, map[string]string{"LogFormat": "${srcaddr} ${dstaddr}"}},
		{"everything of a transit gateway", testTransit, func(c *Config) { c.Format = "all" }, map[string]string{"LogFormat": dollars(transitFields)}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := newAccount(t)
			c := config(func(c *Config) { c.ResourceIDs = []string{tc.resource} })
			if tc.change != nil {
				tc.change(&c)
			}
			forms := a.created()
			a.apply(c)
			if len(*forms) != 1 {
				t.Fatalf("got %d requests, want one", len(*forms))
			}
			for name, want := range tc.want {
				if got := (*forms)[0].Get(name); got != want {
					t.Errorf("got %s %q, want %q", name, got, want)
				}
			}
			a.complete(c)
		})
	}
}

// TestEveryTryHasATokenOfItsOwn because EC2 answers a token that it knows with the earlier refusal.
func TestEveryTryHasATokenOfItsOwn(t *testing.T) {
	a := newAccount(t)
	forms := a.created()
	c := config()
	a.apply(c)
	a.deleteFlowLogs()
	a.apply(c)
	if len(*forms) != 2 || (*forms)[0].Get("ClientToken") == (*forms)[1].Get("ClientToken") || len((*forms)[0].Get("ClientToken")) > 64 {
		t.Errorf("got the requests %v, want two with tokens of their own", *forms)
	}
}

func (a *account) deleteFlowLogs() {
	a.t.Helper()
	all, err := a.setup(config()).flowLogs(a.t.Context())
	must(a.t, err)
	for _, fl := range all {
		_, err := a.ec2.DeleteFlowLogs(a.t.Context(), &ec2.DeleteFlowLogsInput{FlowLogIds: []string{*fl.FlowLogId}})
		must(a.t, err)
	}
}

// unsuccessful answers CreateFlowLogs so many times with an entry that failed, as EC2 does inside a success.
func unsuccessful(times int, code, message string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("X-Amz-Target") != "" || r.Method != http.MethodPost || r.ParseForm() != nil || r.Form.Get("Action") != "CreateFlowLogs" || times == 0 {
			return false
		}
		times--
		item := ""
		if code != "" {
			item = fmt.Sprintf("<item><resourceId>%s</resourceId><error><code>%s</code><message>%s</message></error></item>", testVPC, code, message)
		}
		fmt.Fprintf(w, "<CreateFlowLogsResponse><flowLogIdSet/><unsuccessful>%s</unsuccessful></CreateFlowLogsResponse>", item)
		return true
	}
}

func TestEntriesInUnsuccessfulAreErrors(t *testing.T) {
	for _, tc := range []struct {
		name, code, message string
		want                []string
	}{
		{"no such bucket", "400", "LogDestination: acme-flow-logs does not exist.", []string{"EC2 refused " + testVPC + ": 400 LogDestination: acme-flow-logs does not exist."}},
		{"a key that cannot be used", "400", "LogDestination: acme-flow-logs is undeliverable", []string{"is undeliverable", "a customer managed one whose policy lets delivery.logs.amazonaws.com use it"}},
		{"nothing at all", "", "", []string{"EC2 created no flow log and gave no reason"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := newAccount(t)
			a.answer = unsuccessful(always, tc.code, tc.message)
			_, err := a.setup(config()).Apply(t.Context(), a.plan(config()))
			contains(t, fmt.Sprint(err), append(tc.want, "not done:", "flow log of "+testVPC)...)
			a.answer = nil
			a.apply(config())
			a.complete(config())
		})
	}
}

func TestADestinationThatIsDeniedForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount(t)
		a.patient = true
		a.answer = unsuccessful(3, "400", "Access Denied for LogDestination: acme-flow-logs. Please check LogDestination permission")
		start := time.Now()
		a.apply(config())
		if took := time.Since(start); took != 7*time.Second {
			t.Errorf("got a flow log after %s, want 1 + 2 + 4 seconds", took)
		}
		a.deleteFlowLogs()
		a.answer = unsuccessful(always, "400", "Access Denied for LogDestination: acme-flow-logs. Please check LogDestination permission")
		_, err := a.setup(config()).Apply(t.Context(), a.plan(config()))
		contains(t, fmt.Sprint(err), "Please check LogDestination permission", "denies delivery.logs.amazonaws.com")
	})
}

// TestAFlowLogThatExistsAlready is told in two ways, and believed when it is seen.
func TestAFlowLogThatExistsAlready(t *testing.T) {
	const message = "Error. There is an existing Flow Log with the same configuration and log destination."
	for name, plant := range map[string]func(a *account){
		"as an error of the request": func(a *account) {
			a.fail = failing("EC2 CreateFlowLogs", always, awsError("FlowLogAlreadyExists", message))
		},
		"inside a success":                   func(a *account) { a.answer = unsuccessful(always, "FlowLogAlreadyExists", message) },
		"inside a success, by its text only": func(a *account) { a.answer = unsuccessful(always, "400", message) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newAccount(t)
				a.patient = true
				plan := a.plan(config())
				a.apply(config()) // Somebody else is faster.
				plant(a)
				r, err := a.setup(config()).Apply(t.Context(), plan)
				if err != nil || r.FlowLogIDs[0] == "" {
					t.Errorf("got %+v, %v; want the flow log that exists", r, err)
				}
				a.deleteFlowLogs()
				_, err = a.setup(config()).Apply(t.Context(), a.plan(config()))
				contains(t, fmt.Sprint(err), "none matches what is wanted")
			})
		})
	}
}

func TestFlowLogsThatAreTheWantedOne(t *testing.T) {
	have := func(change func(*types.FlowLog)) types.FlowLog {
		format, _ := logFormat("recommended", false)
		fl := types.FlowLog{
			FlowLogId: aws.String("fl-1"), ResourceId: aws.String(testVPC), LogDestination: aws.String("arn:aws:s3:::acme-flow-logs/net/"), TrafficType: "ALL", LogFormat: &format, MaxAggregationInterval: aws.Int32(60),
			DestinationOptions: &types.DestinationOptionsResponse{FileFormat: "plain-text", HiveCompatiblePartitions: aws.Bool(false), PerHourPartition: aws.Bool(false)},
		}
		change(&fl)
		return fl
	}
	for _, tc := range []struct {
		name   string
		change func(*types.FlowLog)
		want   bool
	}{
		{"the same", func(*types.FlowLog) {}, true},
		{"without its options", func(fl *types.FlowLog) { fl.DestinationOptions = nil }, true},
		{"another resource", func(fl *types.FlowLog) { fl.ResourceId = aws.String("vpc-1") }, false},
		{"another folder", func(fl *types.FlowLog) { fl.LogDestination = aws.String("arn:aws:s3:::acme-flow-logs") }, false},
		{"other traffic", func(fl *types.FlowLog) { fl.TrafficType = "REJECT" }, false},
		{"another format", func(fl *types.FlowLog) { fl.LogFormat = aws.String("${version}") }, false},
		{"another interval", func(fl *types.FlowLog) { fl.MaxAggregationInterval = aws.Int32(600) }, false},
		{"Parquet", func(fl *types.FlowLog) { fl.DestinationOptions.FileFormat = "parquet" }, false},
		{"Hive folders", func(fl *types.FlowLog) { fl.DestinationOptions.HiveCompatiblePartitions = aws.Bool(true) }, false},
		{"hourly folders", func(fl *types.FlowLog) { fl.DestinationOptions.PerHourPartition = aws.Bool(true) }, false},
	} {
		if got := config(func(c *Config) { c.Prefix = "net" }).find([]types.FlowLog{have(tc.change)}, testVPC) != nil; got != tc.want {
			t.Errorf("%s: got found %t, want %t", tc.name, got, tc.want)
		}
	}
}

func TestAFlowLogThatDoesNotDeliverIsTold(t *testing.T) {
	a := newAccount(t)
	a.apply(config())
	p := &planner{Setup: a.setup(config())}
	p.foundFlowLog(testVPC, &types.FlowLog{FlowLogId: aws.String("fl-1"), DeliverLogsStatus: aws.String("FAILED"), DeliverLogsErrorMessage: aws.String("Access error")})
	contains(t, p.plan.String(), "flow log fl-1 of "+testVPC+" does not deliver: FAILED Access error")
}

func TestWithoutResources(t *testing.T) {
	a, c := newAccount(t), config(func(c *Config) { c.ResourceIDs = nil })
	a.apply(c)
	contains(t, a.complete(c).String(), "name VPCs, subnets, interfaces or transit gateways with --bootstrap.resource-id")
}

func TestFormats(t *testing.T) {
	for _, tc := range []struct {
		name, format string
		transit      bool
		want, err    string
	}{
		{"default", "default", false, "", ""},
		{"a list", "${version} ${srcaddr}", false, "${version} ${srcaddr}", ""},
		{"a field of tomorrow", "${tomorrow}", true, "${tomorrow}", ""},
		{"nothing", " ", false, "", "is empty"},
		{"a name without its braces", "version", false, "", "is not of the form ${field}"},
		{"twice", "${version} ${version}", false, "", "is there twice"},
		{"a tag field", "${instance-tag}", false, "", "needs tag keys"},
		{"a field of VPCs", "${version} ${action}", true, "", "transit gateways have no field ${action}"},
		{"a field of transit gateways", "${tgw-id}", false, "", "only transit gateways have the field ${tgw-id}"},
	} {
		got, err := logFormat(tc.format, tc.transit)
		if got != tc.want || (tc.err == "") != (err == nil) || !strings.Contains(fmt.Sprint(err), tc.err) {
			t.Errorf("%s: got %q, %v; want %q, %q", tc.name, got, err, tc.want, tc.err)
		}
	}
}

func TestTheRecommendedFormatHasWhatFlowdCounts(t *testing.T) {
	format, err := logFormat("recommended", false)
	must(t, err)
	fields := strings.Fields(format)
	for _, f := range strings.Fields(countedFields) {
		if !slices.Contains(fields, dollars(f)) {
			t.Errorf("the recommended format lacks %s", f)
		}
	}
	for _, transitGateway := range []bool{false, true} {
		format, err := logFormat("recommended", transitGateway)
		must(t, err)
		if again, err := logFormat(format, transitGateway); err != nil || again != format {
			t.Errorf("the recommended format does not pass as a given one: %v", err)
		}
		for _, g := range RecommendedFormat(transitGateway) {
			if g.Reason == "" || g.Fields == "" {
				t.Errorf("got the group %+v, want fields and their reason", g)
			}
		}
	}
}

func TestAFormatThatLacksWhatFlowdCountsIsTold(t *testing.T) {
	text := newAccount(t).plan(config(func(c *Config) { c.Format = "default" })).String()
	contains(t, text, "the format has no vpc-id, subnet-id, flow-direction: what flowd counts by them will be unknown")
}

func TestAFieldThatNobodyKnowsIsInThePlan(t *testing.T) {
	a := newAccount(t)
	for format, want := range map[string]bool{"${version} ${srcadr}": true, "${version} ${srcaddr}": false, "all": false, "default": false, "recommended": false} {
		plan, err := a.setup(config(func(c *Config) { c.Format = format })).Plan(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(plan.String(), "the format has ${srcadr}, which flowd does not know"); got != want {
			t.Errorf("%s: got it in the plan: %t, want %t:\n%s", format, got, want, plan)
		}
	}
}
