package bootstrap

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/smithy-go"
)

// Setup plans and applies. Make one with [New].
type Setup struct {
	cfg Config
	aws Clients
	// pause waits between tries of a call whose permission was just written; tests make it instant.
	pause func(ctx context.Context, try int) error
}

// New validates and does no I/O.
func New(cfg Config, clients Clients) (*Setup, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("configuring the set-up: %w", err)
	}
	return &Setup{cfg: cfg, aws: clients, pause: backOff}, nil
}

func backOff(ctx context.Context, try int) error {
	t := time.NewTimer(time.Second << try)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// Step is one thing that is missing, and what is done about it.
type Step struct {
	Resource string // What it is about, such as "bucket flowd-logs".
	Action   string // What will be done, in words.
	apply    func(ctx context.Context) error
}

// Plan is what is missing, in the order in which it must be made. An empty plan needs nothing.
type Plan struct {
	Steps []Step
}

// String is the plan for a person to check.
func (p Plan) String() string {
	if len(p.Steps) == 0 {
		return "Nothing is missing.\n"
	}
	var b strings.Builder
	for i, s := range p.Steps {
		fmt.Fprintf(&b, "  %2d. %s: %s\n", i+1, s.Resource, s.Action)
	}
	return b.String()
}

// Result is what flowd needs to run.
type Result struct {
	Bucket             string
	QueueURL           string
	DeadLetterQueueURL string
	FlowLogIDs         []string
}

// inspector looks at one kind of resource and says what is missing.
type inspector func(ctx context.Context) ([]Step, error)

// Plan makes read calls only. What depends on something that is missing itself is planned as missing.
func (s *Setup) Plan(ctx context.Context) (Plan, error) {
	var p Plan
	for _, inspect := range []inspector{s.inspectBucket, s.inspectPolicy, s.inspectQueues, s.inspectNotification, s.inspectFlowLogs} {
		steps, err := inspect(ctx)
		if err != nil {
			return Plan{}, err
		}
		p.Steps = append(p.Steps, steps...)
	}
	return p, nil
}

// ErrIncomplete says that something is still missing after everything was applied.
var ErrIncomplete = errors.New("the set-up is not complete")

// Apply does what the plan says, then reads again. An error says what was done, what was not, and that running again goes on from there.
func (s *Setup) Apply(ctx context.Context, p Plan) (Result, error) {
	for i, step := range p.Steps {
		if err := step.apply(ctx); err != nil {
			return Result{}, fmt.Errorf("%s: %s: %w\n%s", step.Resource, step.Action, err, p.state(i))
		}
	}
	again, err := s.Plan(ctx)
	if err != nil {
		return Result{}, fmt.Errorf("reading again what was set up: %w", err)
	}
	if len(again.Steps) > 0 {
		return Result{}, fmt.Errorf("%w; still missing:\n%s", ErrIncomplete, again)
	}
	return s.result(ctx)
}

// state says how far a failed plan got.
func (p Plan) state(failed int) string {
	return fmt.Sprintf("done:\n%snot done:\n%srun the same command again after mending the cause: it goes on from here",
		Plan{p.Steps[:failed]}.list(), Plan{p.Steps[failed:]}.list())
}

func (p Plan) list() string {
	if len(p.Steps) == 0 {
		return "      nothing\n"
	}
	return p.String()
}

func (s *Setup) result(ctx context.Context) (Result, error) {
	r := Result{Bucket: s.cfg.Bucket}
	var err error
	if r.QueueURL, err = s.queueURL(ctx, s.cfg.Queue); err != nil {
		return r, err
	}
	if r.DeadLetterQueueURL, err = s.queueURL(ctx, s.cfg.deadLetterQueue()); err != nil {
		return r, err
	}
	for _, id := range s.cfg.ResourceIDs {
		fl, err := s.findFlowLog(ctx, id)
		if err != nil {
			return r, err
		}
		r.FlowLogIDs = append(r.FlowLogIDs, fl)
	}
	return r, nil
}

// codeOf is the code of an AWS error; empty for others.
func codeOf(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

// absent says that an error means "there is none".
func absent(err error) bool {
	switch codeOf(err) {
	case "NotFound", "NoSuchBucket", "NoSuchBucketPolicy", "NoSuchPublicAccessBlockConfiguration",
		"ServerSideEncryptionConfigurationNotFoundError", "OwnershipControlsNotFoundError",
		"QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue":
		return true
	}
	return false
}

const propagationTries = 6 // 1 + 2 + 4 + 8 + 16 seconds: AWS says that policies take up to 60 seconds, and mostly they take 2.

// retry repeats a call that AWS refuses while a policy that was just written is on its way.
func (s *Setup) retry(ctx context.Context, refused func(error) bool, call func() error) error {
	for try := 0; ; try++ {
		err := call()
		if err == nil || !refused(err) || try == propagationTries-1 {
			return err
		}
		if pauseErr := s.pause(ctx, try); pauseErr != nil {
			return errors.Join(err, pauseErr)
		}
	}
}
