package localaws

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// creation is an answered CreateFlowLogs. The same client token must come with the same parameters, and gets the same answer.
type creation struct {
	parameters string
	answer     createFlowLogsAnswer
}

type createFlowLogsAnswer struct {
	XMLName      xml.Name       `xml:"http://ec2.amazonaws.com/doc/2016-11-15/ CreateFlowLogsResponse"`
	ClientToken  string         `xml:"clientToken,omitempty"`
	FlowLogIDs   []string       `xml:"flowLogIdSet>item"`
	Unsuccessful []unsuccessful `xml:"unsuccessful>item"`
}

// createFlowLogs makes one flow log for each resource.
// Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateFlowLogs.html
func (s *Server) createFlowLogs(w http.ResponseWriter, r *http.Request) *s3Error {
	wanted, err := wantedFlowLog(r)
	if err != nil {
		return err
	}
	if err := dryRun(r); err != nil {
		return err
	}
	token, parameters := r.Form.Get("ClientToken"), r.Form.Encode()
	done := s.created[token]
	if token == "" || done == nil {
		done = &creation{parameters, s.makeFlowLogs(r, wanted)}
	}
	if done.parameters != parameters {
		return fault(http.StatusBadRequest, "IdempotentParameterMismatch", "The client token was used with other parameters before")
	}
	if token != "" && len(done.answer.Unsuccessful) == 0 {
		s.created[token] = done
	}
	writeXML(w, http.StatusOK, done.answer)
	return nil
}

func (s *Server) makeFlowLogs(r *http.Request, wanted flowLog) createFlowLogsAnswer {
	answer := createFlowLogsAnswer{ClientToken: r.Form.Get("ClientToken")}
	for _, resource := range indexed(r, "ResourceId") {
		made := wanted
		made.ResourceID, made.FlowLogID = resource, fmt.Sprintf("fl-%017x", s.next())
		if code, message := s.refuses(&made); code != "" {
			answer.Unsuccessful = append(answer.Unsuccessful, unsuccessful{resource, code, message})
			continue
		}
		s.flowLogs = append(s.flowLogs, &made)
		answer.FlowLogIDs = append(answer.FlowLogIDs, made.FlowLogID)
	}
	return answer
}

// forget lets the client tokens of a deleted flow log be used again.
func (s *Server) forget(flowLogID string) {
	for token, c := range s.created {
		if slices.Contains(c.answer.FlowLogIDs, flowLogID) {
			delete(s.created, token)
		}
	}
}

// dryRun is how EC2 says that a call would have succeeded.
func dryRun(r *http.Request) *s3Error {
	if r.Form.Get("DryRun") != "true" {
		return nil
	}
	return fault(http.StatusPreconditionFailed, "DryRunOperation", "Request would have succeeded, but DryRun flag is set.")
}

func invalidEC2(format string, args ...any) *s3Error {
	return fault(http.StatusBadRequest, "InvalidParameter", format, args...)
}

func missingParameter(name string) *s3Error {
	return fault(http.StatusBadRequest, "MissingParameter", "The request must contain the parameter %s", name)
}

// wantedFlowLog reads what does not depend on the resource.
func wantedFlowLog(r *http.Request) (flowLog, *s3Error) {
	f := r.Form
	fl := flowLog{
		CreationTime: timestamp(time.Now()), DeliverLogsStatus: "SUCCESS", FlowLogStatus: "ACTIVE",
		LogDestination: f.Get("LogDestination"), LogDestinationType: f.Get("LogDestinationType"), LogFormat: orElse(f.Get("LogFormat"), defaultFormat),
		TrafficType: f.Get("TrafficType"), MaxAggregationInterval: 600,
	}
	if isTransit(f) {
		fl.MaxAggregationInterval = 60
	}
	if text := f.Get("MaxAggregationInterval"); text != "" {
		fl.MaxAggregationInterval, _ = strconv.Atoi(text) // What is no number is no interval either.
	}
	fl.Options.FileFormat = orElse(f.Get("DestinationOptions.FileFormat"), "plain-text")
	fl.Options.HiveCompatiblePartitions = f.Get("DestinationOptions.HiveCompatiblePartitions") == "true"
	fl.Options.PerHourPartition = f.Get("DestinationOptions.PerHourPartition") == "true"
	for i := 1; f.Has(fmt.Sprintf("TagSpecification.1.Tag.%d.Key", i)); i++ {
		fl.Tags = append(fl.Tags, tag{f.Get(fmt.Sprintf("TagSpecification.1.Tag.%d.Key", i)), f.Get(fmt.Sprintf("TagSpecification.1.Tag.%d.Value", i))})
	}
	if err := fl.check(r); err != nil {
		return fl, err
	}
	return fl, fl.checkFormat()
}

func orElse(value, fallback string) string {
	if value == "" {
		return fallback
	}
	return value
}

func isTransit(f url.Values) bool { return strings.HasPrefix(f.Get("ResourceType"), "TransitGateway") }

func (fl *flowLog) check(r *http.Request) *s3Error {
	f, transit, most := r.Form, isTransit(r.Form), 300
	if transit {
		most = 25
	}
	_, folder, _ := strings.Cut(strings.TrimPrefix(fl.LogDestination, "arn:aws:s3:::"), "/")
	switch resources := len(indexed(r, "ResourceId")); {
	case resources == 0:
		return missingParameter("ResourceId")
	case resources > most:
		return invalidEC2("a request may name %d resources at most", most)
	case !slices.Contains([]string{"VPC", "Subnet", "NetworkInterface", "TransitGateway", "TransitGatewayAttachment", "RegionalNatGateway"}, f.Get("ResourceType")):
		return invalidEC2("ResourceType %q is unknown", f.Get("ResourceType"))
	case fl.LogDestinationType != "s3":
		return fault(http.StatusNotImplemented, "UnsupportedOperation", "flow logs to %s are not part of this endpoint", orElse(fl.LogDestinationType, "cloud-watch-logs"))
	case f.Has("TagFieldSpecification.1.ResourceType"):
		return fault(http.StatusNotImplemented, "UnsupportedOperation", "tag fields are not part of this endpoint")
	case f.Get("DeliverLogsPermissionArn") != "":
		return invalidEC2("DeliverLogsPermissionArn is not applicable for s3 delivery")
	case f.Get("LogGroupName") != "":
		return invalidEC2("LogGroupName is not applicable for s3 delivery")
	case !strings.HasPrefix(fl.LogDestination, "arn:aws:s3:::"):
		return invalidEC2("LogDestination: %s is not the ARN of a bucket", fl.LogDestination)
	case slices.Contains(strings.Split(folder, "/"), "AWSLogs"):
		return invalidEC2("LogDestination: %s has a folder named AWSLogs, which is reserved", fl.LogDestination)
	case transit && fl.TrafficType != "":
		return invalidEC2("TrafficType is not supported for transit gateways")
	case !transit && !slices.Contains([]string{"ACCEPT", "REJECT", "ALL"}, fl.TrafficType):
		return invalidEC2("TrafficType must be ACCEPT, REJECT or ALL")
	case fl.MaxAggregationInterval != 60 && fl.MaxAggregationInterval != 600, transit && fl.MaxAggregationInterval != 60:
		return invalidEC2("Invalid Flow Log Max Aggregation Interval")
	case fl.Options.FileFormat != "plain-text" && fl.Options.FileFormat != "parquet":
		return invalidEC2("FileFormat must be plain-text or parquet")
	case len(f.Get("ClientToken")) > 64:
		return invalidEC2("ClientToken is longer than 64 characters")
	}
	return nil
}

// knownFields are those of VPC flow logs, versions 2 to 11 but for the tags, and of transit gateway flow logs.
// Source: https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html
const knownFields = " version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status" +
	" vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr region az-id sublocation-type sublocation-id" +
	" pkt-src-aws-service pkt-dst-aws-service flow-direction traffic-path ecs-cluster-arn ecs-cluster-name ecs-container-instance-arn" +
	" ecs-container-instance-id ecs-container-id ecs-second-container-id ecs-service-name ecs-task-definition-arn ecs-task-arn ecs-task-id" +
	" reject-reason resource-id encryption-status interface-type next-hop-interface-id next-hop-subnet-id next-hop-az-id next-hop-vpc-id" +
	" next-hop-interface-type resource-type tgw-id tgw-attachment-id tgw-src-vpc-account-id tgw-dst-vpc-account-id tgw-src-vpc-id tgw-dst-vpc-id" +
	" tgw-src-subnet-id tgw-dst-subnet-id tgw-src-eni tgw-dst-eni tgw-src-az-id tgw-dst-az-id tgw-pair-attachment-id packets-lost-no-route" +
	" packets-lost-blackhole packets-lost-mtu-exceeded packets-lost-ttl-expired "

func (fl *flowLog) checkFormat() *s3Error {
	for field := range strings.SplitSeq(fl.LogFormat, " ") {
		name, opened := strings.CutPrefix(field, "${")
		name, closed := strings.CutSuffix(name, "}")
		if !opened || !closed || !strings.Contains(knownFields, " "+name+" ") {
			return invalidEC2("LogFormat has the unknown field %q", field)
		}
	}
	return nil
}

// firstFolders are the folders that the bucket policy is about.
func (fl *flowLog) firstFolders(account string) string {
	if fl.Options.HiveCompatiblePartitions {
		return "AWSLogs/aws-account-id=" + account + "/"
	}
	return "AWSLogs/" + account + "/"
}
