package bootstrap

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// lookAtFlowLogs wants one flow log for each resource. Flow logs cannot be changed, so one that differs is another, and the two would count every
// record twice.
func (p *planner) lookAtFlowLogs(ctx context.Context) error {
	if len(p.cfg.ResourceIDs) == 0 {
		p.warn("no resource is given, so nothing is logged yet: name VPCs, subnets, interfaces or transit gateways with --bootstrap.resource-id")
		return nil
	}
	all, err := p.flowLogs(ctx)
	if err != nil {
		return err
	}
	p.foundNeighbours(all)
	var missing []string
	for _, id := range p.cfg.ResourceIDs {
		fl := p.cfg.find(all, id)
		if fl == nil {
			missing = append(missing, id)
			continue
		}
		p.plan.found.flowLogs[id] = aws.ToString(fl.FlowLogId)
		p.foundFlowLog(id, fl)
	}
	if err := p.lookAtOverlaps(ctx, all, missing); err != nil {
		return err
	}
	for _, id := range missing {
		p.step("flow log of "+id, "create it: "+p.cfg.describe(id), func(ctx context.Context) error { return p.createFlowLog(ctx, id) })
	}
	p.explainFormat(missing)
	if len(missing) > 0 || p.newKey {
		p.warnOfKey()
	}
	return nil
}

// foundNeighbours names the flow logs of others that share the folder: flowd counts them, and its retention is theirs.
func (p *planner) foundNeighbours(all []types.FlowLog) {
	for _, fl := range all {
		if id := aws.ToString(fl.ResourceId); p.cfg.delivers(fl) && !slices.Contains(p.cfg.ResourceIDs, id) {
			retained := ""
			if p.cfg.Retention > 0 {
				retained = " and deletes its objects after " + p.cfg.kept()
			}
			p.found("flow log %s of %s, which is not asked for, delivers to the same folder: flowd counts it%s", aws.ToString(fl.FlowLogId), id, retained)
		}
	}
}

func (p *planner) foundFlowLog(id string, fl *types.FlowLog) {
	p.found("flow log %s of %s", aws.ToString(fl.FlowLogId), id)
	if status := aws.ToString(fl.DeliverLogsStatus); status != "" && status != "SUCCESS" {
		p.warn("flow log %s of %s does not deliver: %s %s; see that the policy and the key of the bucket admit %s", aws.ToString(fl.FlowLogId), id, status, aws.ToString(fl.DeliverLogsErrorMessage), deliveryService)
	}
}

// describe is a flow log in words.
func (c Config) describe(id string) string {
	format, _ := logFormat(c.Format, transit(id)) // Validated by New.
	fields := count(len(effectiveFormat(format)), "field")
	name := "the given format"
	if !strings.Contains(c.Format, "$") {
		name = "the " + c.Format + " format"
	}
	traffic := map[string]string{"all": "all traffic", "accept": "accepted traffic", "reject": "rejected traffic"}[c.trafficTypeOf(id)]
	text := fmt.Sprintf("%s, interval %s, %s of %s, to %s", traffic, strings.TrimSuffix(c.intervalOf(id).String(), "0s"), name, fields, c.destination())
	if c.Hive {
		text += ", Hive folders"
	}
	if c.Hourly {
		text += ", a folder for each hour"
	}
	return text
}

// trafficTypeOf and intervalOf know that transit gateways log all traffic, every minute.
// Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateFlowLogs.html
func (c Config) trafficTypeOf(id string) string {
	if transit(id) {
		return "all"
	}
	return c.TrafficType
}

func (c Config) intervalOf(id string) time.Duration {
	if transit(id) {
		return time.Minute
	}
	return c.Interval
}

// flowLogs are all that deliver to S3 from this Region, whatever they watch: EC2 has no filter for the destination.
func (s *Setup) flowLogs(ctx context.Context) ([]types.FlowLog, error) {
	var all []types.FlowLog
	pages := ec2.NewDescribeFlowLogsPaginator(s.aws.EC2, &ec2.DescribeFlowLogsInput{
		Filter: []types.Filter{{Name: aws.String("log-destination-type"), Values: []string{string(types.LogDestinationTypeS3)}}},
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("looking for flow logs: %w", err)
		}
		all = append(all, page.FlowLogs...)
	}
	return all, nil
}

// find returns the flow log that does what is wanted, or nil.
func (c Config) find(all []types.FlowLog, id string) *types.FlowLog {
	format, _ := logFormat(c.Format, transit(id)) // Validated by New.
	i := slices.IndexFunc(all, func(fl types.FlowLog) bool {
		return aws.ToString(fl.ResourceId) == id && c.delivers(fl) &&
			(transit(id) || strings.EqualFold(string(fl.TrafficType), c.TrafficType)) &&
			slices.Equal(effectiveFormat(aws.ToString(fl.LogFormat)), effectiveFormat(format)) &&
			time.Duration(aws.ToInt32(fl.MaxAggregationInterval))*time.Second == c.intervalOf(id) && c.sameOptions(fl.DestinationOptions)
	})
	if i < 0 {
		return nil
	}
	return &all[i]
}

// delivers says that a flow log writes text to our folder.
func (c Config) delivers(fl types.FlowLog) bool {
	parquet := fl.DestinationOptions != nil && fl.DestinationOptions.FileFormat == types.DestinationFileFormatParquet
	return !parquet && strings.TrimSuffix(aws.ToString(fl.LogDestination), "/") == c.destination()
}

// sameOptions takes options that are not shown for those that are wanted: some endpoints do not show them.
func (c Config) sameOptions(o *types.DestinationOptionsResponse) bool {
	return o == nil || aws.ToBool(o.HiveCompatiblePartitions) == c.Hive && aws.ToBool(o.PerHourPartition) == c.Hourly
}

func (s *Setup) createFlowLog(ctx context.Context, id string) error {
	out, err := s.aws.EC2.CreateFlowLogs(ctx, s.cfg.request(id))
	if codeOf(err) == "FlowLogAlreadyExists" {
		return s.verifyExists(ctx, id)
	}
	if err != nil {
		return err
	}
	return s.readOutcome(ctx, id, out)
}

func (c Config) request(id string) *ec2.CreateFlowLogsInput {
	kind, _ := kindOf(id)                         // Validated by New.
	format, _ := logFormat(c.Format, transit(id)) // Validated by New.
	in := &ec2.CreateFlowLogsInput{
		ResourceIds: []string{id}, ResourceType: kind,
		LogDestinationType: types.LogDestinationTypeS3, LogDestination: aws.String(c.destination()),
		MaxAggregationInterval: aws.Int32(int32(c.intervalOf(id) / time.Second)),
		TagSpecifications:      []types.TagSpecification{{ResourceType: types.ResourceTypeVpcFlowLog}},
		// A token of its own for each try: EC2 answers a token that it knows with the earlier answer, even when that was a refusal, or when the
		// flow log was deleted since. The SDK repeats a lost request with the same token.
		ClientToken: aws.String(rand.Text()),
	}
	if format != "" {
		in.LogFormat = &format
	}
	if !transit(id) {
		in.TrafficType = types.TrafficType(strings.ToUpper(c.TrafficType))
	}
	if c.Hive || c.Hourly {
		in.DestinationOptions = &types.DestinationOptionsRequest{FileFormat: types.DestinationFileFormatPlainText, HiveCompatiblePartitions: &c.Hive, PerHourPartition: &c.Hourly}
	}
	tags := c.allTags()
	for _, key := range sortedKeys(tags) {
		in.TagSpecifications[0].Tags = append(in.TagSpecifications[0].Tags, types.Tag{Key: aws.String(key), Value: aws.String(tags[key])})
	}
	return in
}

// readOutcome looks into the answer: failures come inside a success. A request has one resource, so there is one outcome.
func (s *Setup) readOutcome(ctx context.Context, id string, out *ec2.CreateFlowLogsOutput) error {
	switch {
	case len(out.Unsuccessful) > 0:
		return s.readFailure(ctx, id, cmp.Or(out.Unsuccessful[0].Error, &types.UnsuccessfulItemError{}))
	case len(out.FlowLogIds) == 0:
		return errors.New("EC2 created no flow log and gave no reason")
	}
	return nil
}

// readFailure matches texts loosely: the codes of these failures are often just "400".
func (s *Setup) readFailure(ctx context.Context, id string, e *types.UnsuccessfulItemError) error {
	code, message := aws.ToString(e.Code), aws.ToString(e.Message)
	switch {
	case code == "FlowLogAlreadyExists" || strings.Contains(message, "existing Flow Log"):
		return s.verifyExists(ctx, id)
	case strings.Contains(message, "Access Denied"):
		return fmt.Errorf("%w: %s", errDestinationDenied, message)
	}
	return fmt.Errorf("EC2 refused %s: %s", id, strings.TrimSpace(code+" "+message))
}

// verifyExists believes "it exists already" only when it sees it.
func (s *Setup) verifyExists(ctx context.Context, id string) error {
	all, err := s.flowLogs(ctx)
	if err == nil && s.cfg.find(all, id) == nil {
		err = fmt.Errorf("%w: EC2 says that %s has one with the same destination, and none matches what is wanted", errNotShown, id)
	}
	return err
}
