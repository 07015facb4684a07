package bootstrap

import (
	"context"
	"fmt"
	"time"
)

// Setup plans and applies. Make one with [New]; it keeps nothing between calls.
type Setup struct {
	cfg Config
	aws Clients
	// pause waits between tries of a call that passes with time.
	pause func(ctx context.Context, wait time.Duration) error
}

// New validates and does no I/O. The error names every fault of the configuration.
func New(cfg Config, clients Clients) (*Setup, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("configuring the set-up: %w", err)
	}
	return &Setup{cfg: cfg, aws: clients, pause: pause}, nil
}

func pause(ctx context.Context, wait time.Duration) error {
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// Plan makes read calls only. What depends on something that is missing itself is planned as missing. A [*RefusedError] says that the set-up may
// not be made as asked, with every reason; any other error is a call that failed.
func (s *Setup) Plan(ctx context.Context) (Plan, error) {
	p := &planner{Setup: s}
	p.plan.found = &facts{flowLogs: map[string]string{}}
	if err := p.findBucket(ctx); err != nil {
		return Plan{}, s.explain(err)
	}
	for _, look := range []func(context.Context) error{
		p.lookAtPublicAccess, p.lookAtEncryption, p.lookAtOwnership, p.lookAtRetention, p.lookAtPolicy, p.lookAtQueues, p.lookAtNotification, p.lookAtFlowLogs,
	} {
		err := look(ctx)
		if denied(err) { // Go on, so that every right that is missing is named at once.
			p.refusals = append(p.refusals, s.explain(err))
		} else if err != nil {
			return Plan{}, s.explain(err)
		}
	}
	if len(p.refusals) > 0 {
		return Plan{}, &RefusedError{p.refusals}
	}
	return p.plan, nil
}

// planner is one reading of the account.
type planner struct {
	*Setup
	plan     Plan
	refusals []error
	fresh    bool // The bucket does not exist yet, so nothing in it does.
	newKey   bool // The bucket goes over to another key.
}

func (p *planner) step(resource, action string, apply func(context.Context) error) {
	p.plan.Steps = append(p.plan.Steps, Step{resource, action, apply})
}

func (p *planner) found(format string, args ...any) {
	p.plan.Found = append(p.plan.Found, fmt.Sprintf(format, args...))
}

func (p *planner) note(format string, args ...any) {
	p.plan.Notes = append(p.plan.Notes, fmt.Sprintf(format, args...))
}

func (p *planner) warn(format string, args ...any) {
	p.plan.Warnings = append(p.plan.Warnings, fmt.Sprintf(format, args...))
}

func (p *planner) refuse(format string, args ...any) {
	p.refusals = append(p.refusals, fmt.Errorf(format, args...))
}
