package bootstrap

import (
	"context"
	"errors"
	"strings"

	"github.com/aws/smithy-go"
)

// advise says what a person can do about an error of AWS; empty when flowd does not know more than the error says.
func (s *Setup) advise(err error) string {
	var refused *RefusedError
	switch {
	case errors.As(err, &refused): // It says so itself.
		return ""
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return "give it the time it needs"
	case denied(err):
		return s.adviseRights(err)
	case notValidated(err):
		return "see that nothing in the policy of queue " + s.cfg.Queue + " denies s3.amazonaws.com, that its key, if it has one, lets S3 use it, and that every destination of the rules of others still exists and lets S3 send: S3 looks at all of them again"
	case errors.Is(err, errDestinationDenied):
		return "see that no statement in the policy of bucket " + s.cfg.Bucket + " and no policy of the organisation denies delivery.logs.amazonaws.com"
	case strings.Contains(err.Error(), "undeliverable"):
		return "see that the key of bucket " + s.cfg.Bucket + " is a customer managed one whose policy lets delivery.logs.amazonaws.com use it"
	}
	return adviceFor(codeOf(err))
}

// adviceFor is what to do about the codes that need more than a right.
func adviceFor(code string) string {
	switch code {
	case "ExpiredToken", "ExpiredTokenException", "RequestExpired":
		return "renew the credentials"
	case "InvalidClientTokenId", "InvalidAccessKeyId", "SignatureDoesNotMatch", "AuthFailure":
		return "look whose credentials these are, and whether they are right"
	case "RequestTimeTooSkewed":
		return "set the clock of this host"
	case "BucketAlreadyExists":
		return "the name belongs to another account: give another one with --bootstrap.bucket"
	case "TooManyBuckets":
		return "reuse a bucket with --bootstrap.bucket, or ask AWS for a higher quota"
	case "OperationAborted":
		return "S3 is still busy with the bucket, for up to an hour after one of that name was deleted: wait, or give another name with --bootstrap.bucket"
	case "QueueDeletedRecently", "AWS.SimpleQueueService.QueueDeletedRecently":
		return "wait a minute, because a queue of that name was just deleted"
	case "FlowLogsLimitExceeded":
		return "delete flow logs that nobody reads"
	case "MalformedPolicy", "InvalidPolicyDocument":
		return "mend the statement that AWS names: one of others may name a principal that was deleted"
	case "InvalidBucketAclWithObjectOwnership":
		return "take what the ACL of the bucket grants into its policy"
	case "LogDestinationNotFoundException", "LogDestinationPermissionIssueException":
		return "see that the bucket exists and that its policy is below 20 KB"
	case "InvalidVpcId.NotFound", "InvalidVpcID.NotFound", "InvalidSubnetId.NotFound", "InvalidSubnetID.NotFound", "InvalidNetworkInterfaceID.NotFound":
		return "give resources of this Region and account"
	case "InvalidTransitGatewayID.NotFound", "InvalidTransitGatewayAttachmentID.NotFound":
		return "give a transit gateway of this Region that this account owns, or whose owner permits it"
	}
	return ""
}

// adviseRights names the permissions of the call that was refused.
func (s *Setup) adviseRights(err error) string {
	var op *smithy.OperationError
	if !errors.As(err, &op) {
		return "ask for the right to do it"
	}
	for _, a := range Actions() {
		if a.Service == op.Service() && a.Operation == op.Operation() {
			var names []string
			for _, p := range a.Permissions {
				names = append(names, p.Action)
			}
			return "the role that sets up needs " + strings.Join(names, ", ") + " (and no policy of the organisation may deny it)"
		}
	}
	return "ask for the right to call " + op.Operation()
}
