package bootstrap

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// RefusedError says why the set-up may not be made as asked. Nothing was changed.
type RefusedError struct{ Reasons []error }

// Error lists every reason.
func (e *RefusedError) Error() string {
	if len(e.Reasons) == 1 {
		return "nothing was changed: " + e.Reasons[0].Error()
	}
	var b strings.Builder
	b.WriteString("nothing was changed, for these reasons:")
	for _, r := range e.Reasons {
		b.WriteString("\n   - " + r.Error())
	}
	return b.String()
}

// Unwrap returns the reasons.
func (e *RefusedError) Unwrap() []error { return e.Reasons }

// codeOf is the code of an AWS error; empty for others.
func codeOf(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

// reason is an AWS error without the call and the request ID around it.
func reason(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return strings.TrimSpace(api.ErrorCode() + " " + api.ErrorMessage())
	}
	return strings.SplitN(err.Error(), "\n", 2)[0]
}

// answerOf is what the HTTP response behind an error says; nothing when there was none.
func answerOf(err error) (status int, header http.Header) {
	var r *smithyhttp.ResponseError
	if !errors.As(err, &r) || r.Response == nil {
		return 0, nil
	}
	return r.Response.StatusCode, r.Response.Header
}

// absent says that an error means "there is none".
func absent(err error) bool {
	return slices.Contains([]string{
		"NotFound", "NoSuchBucket", "NoSuchBucketPolicy", "NoSuchPublicAccessBlockConfiguration", "NoSuchLifecycleConfiguration",
		"ServerSideEncryptionConfigurationNotFoundError", "OwnershipControlsNotFoundError",
		"QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue",
	}, codeOf(err))
}

// present drops an error that only says that there is none.
func present(err error) error {
	if absent(err) {
		return nil
	}
	return err
}

// denied says that the caller lacks a right.
func denied(err error) bool {
	return slices.Contains([]string{"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError", "Forbidden"}, codeOf(err))
}

// errDestinationDenied is the refusal of EC2 while the bucket policy is on its way, and also when it is wrong.
var errDestinationDenied = errors.New("log delivery may not write to the destination")

// errNotShown is a flow log that EC2 says exists, and does not show yet.
var errNotShown = errors.New("the flow log is not shown")

// passing says that an error may pass by waiting, because what it complains about was made, or deleted, a moment ago.
func passing(err error) bool {
	switch codeOf(err) {
	case "NoSuchBucket", "OperationAborted", "QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue", "QueueDeletedRecently", "AWS.SimpleQueueService.QueueDeletedRecently":
		return true
	}
	noTarget := strings.Contains(err.Error(), "Dead-letter target does not exist")
	return noTarget || notValidated(err) || errors.Is(err, errDestinationDenied) || errors.Is(err, errNotShown)
}

// notValidated is how S3 answers while the queue or its policy is still on its way, and also when they are wrong.
func notValidated(err error) bool {
	return codeOf(err) == "InvalidArgument" && strings.Contains(err.Error(), "Unable to validate the following destination configurations")
}

// explain adds what to do to what went wrong.
func (s *Setup) explain(err error) error {
	if next := s.advise(err); next != "" {
		return fmt.Errorf("%w; %s", err, next)
	}
	return err
}
