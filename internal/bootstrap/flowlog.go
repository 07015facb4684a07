package bootstrap

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// defaultLogFormat is what AWS shows for a flow log that was created without one.
const defaultLogFormat = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"

func (s *Setup) inspectFlowLogs(ctx context.Context) ([]Step, error) {
	var steps []Step
	for _, id := range s.cfg.ResourceIDs {
		found, err := s.findFlowLog(ctx, id)
		if err != nil {
			return nil, err
		}
		if found == "" {
			steps = append(steps, Step{"flow log of " + id, fmt.Sprintf("create it: %s traffic, %s interval, %s format, to %s", s.cfg.TrafficType, s.cfg.Interval, s.cfg.Format, s.destination()), func(ctx context.Context) error {
				return s.createFlowLog(ctx, id)
			}})
		}
	}
	return steps, nil
}

func (s *Setup) destination() string {
	return strings.TrimSuffix(s.cfg.bucketARN()+"/"+s.cfg.folder(), "/")
}

// findFlowLog returns the ID of the flow log that does what is wanted, or nothing. Flow logs cannot be changed, so one that differs is another.
func (s *Setup) findFlowLog(ctx context.Context, resource string) (string, error) {
	pages := ec2.NewDescribeFlowLogsPaginator(s.aws.EC2, &ec2.DescribeFlowLogsInput{
		Filter: []types.Filter{{Name: aws.String("resource-id"), Values: []string{resource}}},
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return "", fmt.Errorf("looking for flow logs of %s: %w", resource, err)
		}
		for _, fl := range page.FlowLogs {
			if s.wanted(fl) {
				return aws.ToString(fl.FlowLogId), nil
			}
		}
	}
	return "", nil
}

func (s *Setup) wanted(fl types.FlowLog) bool {
	format, err := logFormat(s.cfg.Format)
	if format == "" {
		format = dollars(defaultLogFormat)
	}
	kind, kindErr := kindOf(aws.ToString(fl.ResourceId))
	transit := strings.HasPrefix(string(kind), "TransitGateway")
	return err == nil && kindErr == nil && fl.LogDestinationType == types.LogDestinationTypeS3 &&
		strings.TrimSuffix(aws.ToString(fl.LogDestination), "/") == s.destination() &&
		(transit || fl.TrafficType == s.trafficType()) && aws.ToString(fl.LogFormat) == format
}

func (s *Setup) trafficType() types.TrafficType {
	return types.TrafficType(strings.ToUpper(s.cfg.TrafficType))
}

// errDenied is the refusal that passes when the bucket policy has reached every corner.
var errDenied = errors.New("access to the log destination is denied")

func (s *Setup) createFlowLog(ctx context.Context, resource string) error {
	return s.retry(ctx, func(err error) bool { return errors.Is(err, errDenied) }, func() error {
		out, err := s.aws.EC2.CreateFlowLogs(ctx, s.request(resource))
		if codeOf(err) == "FlowLogAlreadyExists" {
			return s.verifyExists(ctx, resource)
		}
		if err != nil {
			return err
		}
		return s.readOutcome(ctx, resource, out)
	})
}

func (s *Setup) request(resource string) *ec2.CreateFlowLogsInput {
	kind, _ := kindOf(resource)          // Validated by New.
	format, _ := logFormat(s.cfg.Format) // Validated by New.
	in := &ec2.CreateFlowLogsInput{
		ResourceIds: []string{resource}, ResourceType: kind, TrafficType: s.trafficType(),
		LogDestinationType: types.LogDestinationTypeS3, LogDestination: aws.String(s.destination()),
		MaxAggregationInterval: aws.Int32(int32(s.cfg.Interval / time.Second)),
		TagSpecifications: []types.TagSpecification{{
			ResourceType: types.ResourceTypeVpcFlowLog, Tags: []types.Tag{{Key: aws.String("created-by"), Value: aws.String("flowd")}},
		}},
	}
	if format != "" {
		in.LogFormat = &format
	}
	if strings.HasPrefix(string(kind), "TransitGateway") { // They log all traffic, every minute.
		in.TrafficType, in.MaxAggregationInterval = "", aws.Int32(60)
	}
	in.ClientToken = aws.String(token(resource, s.destination(), format, s.cfg.TrafficType, s.cfg.Interval.String()))
	return in
}

// token makes a repeated request the same request.
func token(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:16])
}

// readOutcome looks into the answer: failures come inside a success.
func (s *Setup) readOutcome(ctx context.Context, resource string, out *ec2.CreateFlowLogsOutput) error {
	for _, u := range out.Unsuccessful {
		code, message := aws.ToString(u.Error.Code), aws.ToString(u.Error.Message)
		switch {
		case code == "FlowLogAlreadyExists" || strings.Contains(message, "existing Flow Log"):
			return s.verifyExists(ctx, resource)
		case strings.Contains(message, "Access Denied"):
			return fmt.Errorf("%w: %s", errDenied, message)
		}
		return fmt.Errorf("EC2 refused %s: %s: %s", aws.ToString(u.ResourceId), code, message)
	}
	if len(out.FlowLogIds) == 0 {
		return fmt.Errorf("EC2 created no flow log for %s and gave no reason", resource)
	}
	return nil
}

// verifyExists believes "it exists already" only when it sees it.
func (s *Setup) verifyExists(ctx context.Context, resource string) error {
	found, err := s.findFlowLog(ctx, resource)
	if err == nil && found == "" {
		err = fmt.Errorf("EC2 says that %s has such a flow log, and does not show one that matches", resource)
	}
	return err
}
