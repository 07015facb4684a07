package ingest

import (
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"syscall"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"
)

// Outages: what every message would suffer from. They are the label values of flowd_circuit_open.
const (
	outageCredentials  = "credentials"   // None, expired, or refused; a clock that is wrong looks like this too.
	outageDenied       = "denied"        // No permission.
	outageQueueMissing = "queue_missing" // Deleted.
	outageBucket       = "bucket"        // Deleted, or in another region.
	outageThrottled    = "throttled"     // Most calls are.
	outageNetwork      = "network"       // Names, connections, or TLS.
	outageLedger       = "ledger"        // Nothing can be made durable.
	outageDescriptors  = "descriptors"   // No file or connection can be opened any more.
)

// outageMemory is a label value beside them, and no outage: see [memory].
const outageMemory = "memory"

func outages() []string {
	return []string{outageCredentials, outageDenied, outageQueueMissing, outageBucket, outageThrottled, outageNetwork, outageLedger, outageDescriptors}
}

// outageOf says which outage an error may be a sign of. It is empty for what is the matter with one object or one message.
func outageOf(err error) string {
	switch reasonOf(err, "") {
	case reasonLedger, reasonCommit:
		return outageLedger
	case reasonStalled:
		return outageNetwork
	case reasonDrained:
		return ""
	}
	if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) {
		return outageDescriptors
	}
	// The SDK has no type for credentials that it could not get, and what is inside may be any error of whoever was asked for them.
	if err != nil && strings.Contains(err.Error(), "get identity: ") {
		return outageCredentials
	}
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return outageOfCode(api.ErrorCode())
	}
	return outageOfNetwork(err)
}

// outageOfCode knows the codes of S3, SQS, STS and KMS.
// Sources: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html,
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html
func outageOfCode(code string) string {
	switch code {
	case "ExpiredToken", "ExpiredTokenException", "InvalidToken", "InvalidClientTokenId", "InvalidAccessKeyId", "UnrecognizedClientException",
		"MissingAuthenticationToken", "IncompleteSignature", "SignatureDoesNotMatch", "InvalidSignatureException", "RequestTimeTooSkewed",
		"RequestExpired", "AuthFailure", "NotSignedUp", "OptInRequired":
		return outageCredentials
	case "AccessDenied", "AccessDeniedException", "Forbidden", "AllAccessDisabled", "AccountProblem", "KmsAccessDenied", "KmsDisabled",
		"KmsInvalidState", "KmsNotFound", "KmsOptInRequired", "KMS.DisabledException", "KMS.AccessDeniedException", "KMS.NotFoundException",
		"KMS.KMSInvalidStateException":
		return outageDenied
	case "QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue":
		return outageQueueMissing
	case "NoSuchBucket", "PermanentRedirect", "TemporaryRedirect", "Redirect", "MovedPermanently", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException":
		return outageBucket
	case "KmsThrottled", "KMS.ThrottlingException", "OverLimit", "RequestThrottled", "ServiceUnavailable":
		return outageThrottled
	}
	if _, ok := retry.DefaultThrottleErrorCodes[code]; ok {
		return outageThrottled
	}
	return ""
}

// outageOfNetwork tells what never got an answer. [net.Error] has names that do not resolve, connections that are refused, and time-outs.
func outageOfNetwork(err error) string {
	if _, ok := errors.AsType[net.Error](err); ok {
		return outageNetwork
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return outageNetwork
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return outageNetwork
	}
	return ""
}
