package localaws

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// describeFlowLogs pages only when it is asked to. The token is the ID of the last flow log of the page: IDs grow.
// Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeFlowLogs.html
func (s *Server) describeFlowLogs(w http.ResponseWriter, r *http.Request) *s3Error {
	if _, err := new(flowLog).matches(r); err != nil { // A filter that is invalid is so without a flow log, too.
		return err
	}
	ids, most := indexed(r, "FlowLogId"), len(s.flowLogs)
	if text := r.Form.Get("MaxResults"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 1000 {
			return fault(http.StatusBadRequest, "InvalidParameterValue", "MaxResults must be a number from 1 to 1000")
		}
		most = n
	}
	var page []*flowLog
	next := ""
	for _, fl := range s.flowLogs {
		if len(ids) > 0 && !slices.Contains(ids, fl.FlowLogID) || fl.FlowLogID <= r.Form.Get("NextToken") {
			continue
		}
		switch matches, _ := fl.matches(r); {
		case matches && len(page) == most:
			next = page[most-1].FlowLogID
		case matches:
			page = append(page, fl)
		}
	}
	if err := dryRun(r); err != nil {
		return err
	}
	writeXML(w, http.StatusOK, struct {
		XMLName   xml.Name   `xml:"http://ec2.amazonaws.com/doc/2016-11-15/ DescribeFlowLogsResponse"`
		FlowLogs  []*flowLog `xml:"flowLogSet>item"`
		NextToken string     `xml:"nextToken,omitempty"`
	}{FlowLogs: page, NextToken: next})
	return nil
}

// matches wants every filter to hold; a filter holds when one of its values does, in which `*` and `?` are wild.
func (fl *flowLog) matches(r *http.Request) (bool, *s3Error) {
	all := true
	for i := 1; r.Form.Has(fmt.Sprintf("Filter.%d.Name", i)); i++ {
		name := r.Form.Get(fmt.Sprintf("Filter.%d.Name", i))
		have, known := fl.filterValues(name)
		if !known {
			return false, fault(http.StatusBadRequest, "InvalidParameterValue", "The filter '%s' is invalid", name)
		}
		wanted := indexed(r, fmt.Sprintf("Filter.%d.Value", i))
		all = all && slices.ContainsFunc(have, func(value string) bool {
			return slices.ContainsFunc(wanted, func(pattern string) bool { return like(pattern, value) })
		})
	}
	return all, nil
}

// filterValues is what a filter looks at.
func (fl *flowLog) filterValues(name string) (values []string, known bool) {
	switch name {
	case "resource-id":
		return []string{fl.ResourceID}, true
	case "flow-log-id":
		return []string{fl.FlowLogID}, true
	case "traffic-type":
		return []string{fl.TrafficType}, true
	case "log-destination-type":
		return []string{fl.LogDestinationType}, true
	case "deliver-log-status":
		return []string{fl.DeliverLogsStatus}, true
	case "log-group-name": // Only flow logs to CloudWatch have one.
		return nil, true
	case "tag-key":
		for _, t := range fl.Tags {
			values = append(values, t.Key)
		}
		return values, true
	}
	key, known := strings.CutPrefix(name, "tag:")
	for _, t := range fl.Tags {
		if t.Key == key {
			values = append(values, t.Value)
		}
	}
	return values, known
}
