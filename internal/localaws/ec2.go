package localaws

import (
	"encoding/xml"
	"net/http"
	"slices"
	"strconv"
	"strings"
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
		err = s.describeFlowLogs(w, r)
	case "DeleteFlowLogs":
		err = s.deleteFlowLogs(w, r)
	case "DescribeSubnets", "DescribeNetworkInterfaces", "DescribeTransitGatewayAttachments":
		err = s.describeNetwork(w, r, action)
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

// refuses says why a resource cannot have the flow log: such refusals come inside a successful answer. AWS would write a bucket policy that is
// missing, if the caller may; the caller here may not, so that a set-up that relies on it is found out.
func (s *Server) refuses(fl *flowLog) (code, message string) {
	name, folder, _ := strings.Cut(strings.TrimPrefix(fl.LogDestination, "arn:aws:s3:::"), "/")
	b := s.buckets[name]
	if b == nil {
		return "400", "LogDestination: " + name + " does not exist."
	}
	if folder = strings.Trim(folder, "/"); folder != "" {
		folder += "/"
	}
	if !s.mayDeliver(b, folder+fl.firstFolders(s.cfg.AccountID)+"x") {
		return "400", "Access Denied for LogDestination: " + name + ". Please check LogDestination permission"
	}
	for _, other := range s.flowLogs {
		if other.ResourceID == fl.ResourceID && other.LogDestination == fl.LogDestination && other.TrafficType == fl.TrafficType && other.LogFormat == fl.LogFormat && other.MaxAggregationInterval == fl.MaxAggregationInterval {
			return "FlowLogAlreadyExists", "Error. There is an existing Flow Log with the same configuration and log destination."
		}
	}
	return "", ""
}

func (s *Server) deleteFlowLogs(w http.ResponseWriter, r *http.Request) *s3Error {
	var refused []unsuccessful
	ids := indexed(r, "FlowLogId")
	if len(ids) == 0 {
		return missingParameter("FlowLogId")
	}
	if err := dryRun(r); err != nil {
		return err
	}
	for _, id := range ids {
		before := len(s.flowLogs)
		s.flowLogs = slices.DeleteFunc(s.flowLogs, func(fl *flowLog) bool { return fl.FlowLogID == id })
		if len(s.flowLogs) == before {
			refused = append(refused, unsuccessful{id, "InvalidFlowLogId.NotFound", "The flow log does not exist."})
		}
		s.forget(id)
	}
	writeXML(w, http.StatusOK, struct {
		XMLName      xml.Name       `xml:"http://ec2.amazonaws.com/doc/2016-11-15/ DeleteFlowLogsResponse"`
		Unsuccessful []unsuccessful `xml:"unsuccessful>item"`
	}{Unsuccessful: refused})
	return nil
}

// Network is what EC2 knows of the account's network. What is not in it does not exist.
type Network struct {
	Subnets     map[string]string // Subnet ID to VPC ID.
	Interfaces  map[string]string // Interface ID to subnet ID.
	Attachments map[string]string // Transit gateway attachment ID to transit gateway ID.
}

type networkItem struct {
	Interface  string `xml:"networkInterfaceId,omitempty"`
	Subnet     string `xml:"subnetId,omitempty"`
	VPC        string `xml:"vpcId,omitempty"`
	Attachment string `xml:"transitGatewayAttachmentId,omitempty"`
	Gateway    string `xml:"transitGatewayId,omitempty"`
}

// describeNetwork shows what is asked for by ID, and understands no other filter. Like EC2, it leaves out what does not exist.
func (s *Server) describeNetwork(w http.ResponseWriter, r *http.Request, action string) *s3Error {
	byID := map[string]string{"DescribeSubnets": "subnet-id", "DescribeNetworkInterfaces": "network-interface-id"}[action]
	if r.Form.Get("Filter.1.Name") != orElse(byID, "transit-gateway-attachment-id") || r.Form.Has("Filter.2.Name") {
		return fault(http.StatusNotImplemented, "UnsupportedOperation", "%s with other filters than one by ID is not part of this endpoint", action)
	}
	n, items, set := s.cfg.Network, []networkItem{}, ""
	for _, id := range indexed(r, "Filter.1.Value") {
		parent, known := "", false
		switch action {
		case "DescribeSubnets":
			set = "subnetSet"
			if parent, known = n.Subnets[id]; known {
				items = append(items, networkItem{Subnet: id, VPC: parent})
			}
		case "DescribeNetworkInterfaces":
			set = "networkInterfaceSet"
			if parent, known = n.Interfaces[id]; known {
				items = append(items, networkItem{Interface: id, Subnet: parent, VPC: n.Subnets[parent]})
			}
		default:
			set = "transitGatewayAttachments"
			if parent, known = n.Attachments[id]; known {
				items = append(items, networkItem{Attachment: id, Gateway: parent})
			}
		}
	}
	type list struct {
		XMLName xml.Name
		Items   []networkItem `xml:"item"`
	}
	writeXML(w, http.StatusOK, struct {
		XMLName xml.Name
		Set     list
	}{xml.Name{Space: "http://ec2.amazonaws.com/doc/2016-11-15/", Local: action + "Response"}, list{xml.Name{Local: set}, items}})
	return nil
}
