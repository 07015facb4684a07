package localaws

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// flowLog is the resource that CreateFlowLogs makes, as DescribeFlowLogs shows it.
type flowLog struct {
	CreationTime           string `xml:"creationTime"`
	DeliverLogsStatus      string `xml:"deliverLogsStatus"`
	FlowLogID              string `xml:"flowLogId"`
	FlowLogStatus          string `xml:"flowLogStatus"`
	LogDestination         string `xml:"logDestination"`
	LogDestinationType     string `xml:"logDestinationType"`
	LogFormat              string `xml:"logFormat"`
	MaxAggregationInterval int    `xml:"maxAggregationInterval"`
	ResourceID             string `xml:"resourceId"`
	TrafficType            string `xml:"trafficType,omitempty"`
	Options                struct {
		FileFormat               string `xml:"fileFormat"`
		HiveCompatiblePartitions bool   `xml:"hiveCompatiblePartitions"`
		PerHourPartition         bool   `xml:"perHourPartition"`
	} `xml:"destinationOptions"`
	Tags []tag `xml:"tagSet>item"`
}

type tag struct {
	Key   string `xml:"key"`
	Value string `xml:"value"`
}

// defaultFormat is what a flow log without LogFormat has.
const defaultFormat = "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} ${bytes} ${start} ${end} ${action} ${log-status}"

// serveQuery answers the query protocol: a form in, XML out.
func (s *Server) serveQuery(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		writeEC2Error(w, fault(http.StatusBadRequest, "MalformedQueryString", "The form does not parse: %v", err))
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var err *s3Error
	switch action := r.Form.Get("Action"); action {
	case "CreateFlowLogs":
		err = s.createFlowLogs(w, r)
	case "DescribeFlowLogs":
		s.describeFlowLogs(w, r)
	case "DeleteFlowLogs":
		s.deleteFlowLogs(w, r)
	case "GetCallerIdentity":
		s.callerIdentity(w)
	default:
		err = fault(http.StatusNotImplemented, "UnsupportedOperation", "%s is not part of this endpoint", action)
	}
	if err != nil {
		writeEC2Error(w, err)
	}
}

func writeEC2Error(w http.ResponseWriter, e *s3Error) {
	type item struct{ Code, Message string }
	writeXML(w, e.status, struct {
		XMLName   xml.Name `xml:"Response"`
		Errors    []item   `xml:"Errors>Error"`
		RequestID string
	}{Errors: []item{{e.code, e.message}}, RequestID: w.Header().Get("x-amz-request-id")})
}

func (s *Server) callerIdentity(w http.ResponseWriter) {
	type result struct{ Arn, UserId, Account string }
	writeXML(w, http.StatusOK, struct {
		XMLName xml.Name `xml:"https://sts.amazonaws.com/doc/2011-06-15/ GetCallerIdentityResponse"`
		Result  result   `xml:"GetCallerIdentityResult"`
	}{Result: result{"arn:aws:iam::" + s.cfg.AccountID + ":user/local", "AIDALOCAL", s.cfg.AccountID}})
}

// indexed reads Name.1, Name.2, … of a form.
func indexed(r *http.Request, name string) []string {
	var out []string
	for i := 1; r.Form.Has(name + "." + strconv.Itoa(i)); i++ {
		out = append(out, r.Form.Get(name+"."+strconv.Itoa(i)))
	}
	return out
}

type unsuccessful struct {
	ResourceID string `xml:"resourceId"`
	Code       string `xml:"error>code"`
	Message    string `xml:"error>message"`
}

func (s *Server) createFlowLogs(w http.ResponseWriter, r *http.Request) *s3Error {
	wanted, err := s.wantedFlowLog(r)
	if err != nil {
		return err
	}
	var ids []string
	var refused []unsuccessful
	for _, resource := range indexed(r, "ResourceId") {
		made := wanted
		made.ResourceID, made.FlowLogID = resource, fmt.Sprintf("fl-%017x", s.next())
		if code, message := s.refuses(&made); code != "" {
			refused = append(refused, unsuccessful{resource, code, message})
			continue
		}
		s.flowLogs = append(s.flowLogs, &made)
		ids = append(ids, made.FlowLogID)
	}
	writeXML(w, http.StatusOK, struct {
		XMLName      xml.Name       `xml:"http://ec2.amazonaws.com/doc/2016-11-15/ CreateFlowLogsResponse"`
		ClientToken  string         `xml:"clientToken"`
		FlowLogIDs   []string       `xml:"flowLogIdSet>item"`
		Unsuccessful []unsuccessful `xml:"unsuccessful>item"`
	}{ClientToken: r.Form.Get("ClientToken"), FlowLogIDs: ids, Unsuccessful: refused})
	return nil
}

// wantedFlowLog checks what does not depend on the resource. Source: the CreateFlowLogs page of the EC2 API reference.
func (s *Server) wantedFlowLog(r *http.Request) (flowLog, *s3Error) {
	f := r.Form
	fl := flowLog{
		CreationTime: time.Now().UTC().Format(time.RFC3339), DeliverLogsStatus: "SUCCESS", FlowLogStatus: "ACTIVE",
		LogDestination: f.Get("LogDestination"), LogDestinationType: f.Get("LogDestinationType"), LogFormat: f.Get("LogFormat"),
		TrafficType: f.Get("TrafficType"), MaxAggregationInterval: 600,
	}
	if v := f.Get("MaxAggregationInterval"); v != "" {
		fl.MaxAggregationInterval, _ = strconv.Atoi(v)
	}
	if fl.LogFormat == "" {
		fl.LogFormat = defaultFormat
	}
	fl.Options.FileFormat = "plain-text"
	if v := f.Get("DestinationOptions.FileFormat"); v != "" {
		fl.Options.FileFormat = v
	}
	fl.Options.HiveCompatiblePartitions = f.Get("DestinationOptions.HiveCompatiblePartitions") == "true"
	fl.Options.PerHourPartition = f.Get("DestinationOptions.PerHourPartition") == "true"
	for i := 1; f.Has(fmt.Sprintf("TagSpecification.1.Tag.%d.Key", i)); i++ {
		fl.Tags = append(fl.Tags, tag{f.Get(fmt.Sprintf("TagSpecification.1.Tag.%d.Key", i)), f.Get(fmt.Sprintf("TagSpecification.1.Tag.%d.Value", i))})
	}
	transit := strings.HasPrefix(f.Get("ResourceType"), "TransitGateway")
	switch {
	case fl.LogDestinationType != "s3":
		return fl, fault(http.StatusBadRequest, "InvalidParameter", "only S3 destinations are part of this endpoint")
	case f.Get("DeliverLogsPermissionArn") != "":
		return fl, fault(http.StatusBadRequest, "InvalidParameter", "DeliverLogsPermissionArn is not applicable for s3 delivery")
	case transit && fl.TrafficType != "":
		return fl, fault(http.StatusBadRequest, "InvalidParameter", "TrafficType is not supported for transit gateways")
	case !transit && !slices.Contains([]string{"ACCEPT", "REJECT", "ALL"}, fl.TrafficType):
		return fl, fault(http.StatusBadRequest, "InvalidParameter", "TrafficType must be ACCEPT, REJECT or ALL")
	case fl.MaxAggregationInterval != 60 && fl.MaxAggregationInterval != 600, transit && fl.MaxAggregationInterval != 60:
		return fl, fault(http.StatusBadRequest, "InvalidParameter", "Invalid Flow Log Max Aggregation Interval")
	case len(indexed(r, "ResourceId")) == 0:
		return fl, fault(http.StatusBadRequest, "MissingParameter", "The request must contain the parameter ResourceId")
	}
	return fl, nil
}

// refuses says why a resource cannot have the flow log: such refusals come inside a successful answer.
func (s *Server) refuses(fl *flowLog) (code, message string) {
	name, folder, _ := strings.Cut(strings.TrimPrefix(fl.LogDestination, "arn:aws:s3:::"), "/")
	b := s.buckets[name]
	if b == nil {
		return "400", "LogDestination: " + name + " does not exist."
	}
	if folder = strings.Trim(folder, "/"); folder != "" {
		folder += "/"
	}
	if !s.mayDeliver(b, folder+"AWSLogs/"+s.cfg.AccountID+"/vpcflowlogs/"+s.cfg.Region+"/x") {
		return "400", "Access Denied for LogDestination: " + name + ". Please check LogDestination permission"
	}
	for _, other := range s.flowLogs {
		if other.ResourceID == fl.ResourceID && other.LogDestination == fl.LogDestination && other.TrafficType == fl.TrafficType && other.LogFormat == fl.LogFormat && other.MaxAggregationInterval == fl.MaxAggregationInterval {
			return "FlowLogAlreadyExists", "Error. There is an existing Flow Log with the same configuration and log destination."
		}
	}
	return "", ""
}

func (s *Server) describeFlowLogs(w http.ResponseWriter, r *http.Request) {
	ids := indexed(r, "FlowLogId")
	var found []*flowLog
	for _, fl := range s.flowLogs {
		if (len(ids) == 0 || slices.Contains(ids, fl.FlowLogID)) && fl.matches(r) {
			found = append(found, fl)
		}
	}
	writeXML(w, http.StatusOK, struct {
		XMLName  xml.Name   `xml:"http://ec2.amazonaws.com/doc/2016-11-15/ DescribeFlowLogsResponse"`
		FlowLogs []*flowLog `xml:"flowLogSet>item"`
	}{FlowLogs: found})
}

func (fl *flowLog) matches(r *http.Request) bool {
	for i := 1; r.Form.Has(fmt.Sprintf("Filter.%d.Name", i)); i++ {
		values := indexed(r, fmt.Sprintf("Filter.%d.Value", i))
		have := map[string]string{
			"resource-id": fl.ResourceID, "flow-log-id": fl.FlowLogID, "traffic-type": fl.TrafficType,
			"log-destination-type": fl.LogDestinationType, "deliver-log-status": fl.DeliverLogsStatus,
		}[r.Form.Get(fmt.Sprintf("Filter.%d.Name", i))]
		if !slices.Contains(values, have) {
			return false
		}
	}
	return true
}

func (s *Server) deleteFlowLogs(w http.ResponseWriter, r *http.Request) {
	var refused []unsuccessful
	for _, id := range indexed(r, "FlowLogId") {
		before := len(s.flowLogs)
		s.flowLogs = slices.DeleteFunc(s.flowLogs, func(fl *flowLog) bool { return fl.FlowLogID == id })
		if len(s.flowLogs) == before {
			refused = append(refused, unsuccessful{id, "InvalidFlowLogId.NotFound", "The flow log does not exist."})
		}
	}
	writeXML(w, http.StatusOK, struct {
		XMLName      xml.Name       `xml:"http://ec2.amazonaws.com/doc/2016-11-15/ DeleteFlowLogsResponse"`
		Unsuccessful []unsuccessful `xml:"unsuccessful>item"`
	}{Unsuccessful: refused})
}
