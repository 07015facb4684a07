package bootstrap

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Apply does what the plan says, then reads again. Where nothing is missing it makes no call at all. The error is a [*StepError] when a step
// failed, and [ErrIncomplete] when AWS still does not show something that was made; either way, planning and applying again goes on from there.
func (s *Setup) Apply(ctx context.Context, p Plan) (Result, error) {
	for i, step := range p.Steps {
		s.progress("%s", step)
		if err := s.retry(ctx, passing, func() error { return step.apply(ctx) }); err != nil {
			return Result{}, &StepError{Done: p.Steps[:i], NotDone: p.Steps[i:], Next: s.advise(err), Err: err}
		}
	}
	if len(p.Steps) == 0 && p.found != nil {
		return s.result(p.found), nil
	}
	again, err := s.readAgain(ctx)
	if err != nil {
		return Result{}, err
	}
	return s.result(again.found), nil
}

// ErrIncomplete says that something is still missing after everything was applied.
var ErrIncomplete = errors.New("the set-up is not complete")

// readAgain believes the set-up when it sees it. AWS shows some changes only after a while.
func (s *Setup) readAgain(ctx context.Context) (Plan, error) {
	s.progress("reading again what was set up")
	var again Plan
	incomplete := func(err error) bool { return errors.Is(err, ErrIncomplete) }
	err := s.retry(ctx, incomplete, func() (err error) {
		again, err = s.Plan(ctx)
		if refused := (*RefusedError)(nil); errors.As(err, &refused) { // Its text says that nothing was changed, and much was.
			err = errors.Join(refused.Reasons...)
		}
		if err != nil {
			return fmt.Errorf("reading again what was set up: %w", err)
		}
		if len(again.Steps) > 0 {
			return fmt.Errorf("%w: everything was done, and AWS does not show all of it; run the same command again in a minute. Still missing:\n%s", ErrIncomplete, numbered(again.Steps, 1))
		}
		return nil
	})
	return again, err
}

// propagationTries bounds a wait of 1 + 2 + 4 + 8 + 16 + 32 seconds: AWS says that policies and queue attributes take up to 60 seconds, and
// that a queue's name is free again 60 seconds after the queue was deleted. Mostly it takes 2.
const propagationTries = 7

// retry repeats a call whose error passes with time.
func (s *Setup) retry(ctx context.Context, passes func(error) bool, call func() error) error {
	for try := 0; ; try++ {
		err := call()
		if err == nil || !passes(err) || try == propagationTries-1 {
			return err
		}
		wait := time.Second << try
		s.progress("waiting %s, because AWS passes on what was just made: %s", wait, reason(err))
		if pauseErr := s.pause(ctx, wait); pauseErr != nil {
			return errors.Join(err, pauseErr)
		}
	}
}

func (s *Setup) progress(format string, args ...any) {
	if s.cfg.Progress != nil {
		s.cfg.Progress(fmt.Sprintf(format, args...))
	}
}

// StepError says which step failed, what was done before it and what was not. What was done stays: planning again starts from there.
type StepError struct {
	Done    []Step
	NotDone []Step // The first one failed.
	Next    string // What to do about the cause; empty when flowd does not know.
	Err     error
}

// Error is several lines, for a person.
func (e *StepError) Error() string {
	next := "mend the cause"
	if e.Next != "" {
		next = e.Next
	}
	return fmt.Sprintf("%s: %v\ndone:\n%snot done:\n%snext: %s, then run the same command again: it goes on from here", e.NotDone[0], e.Err,
		orNothing(numbered(e.Done, 1)), numbered(e.NotDone, len(e.Done)+1), next)
}

// Unwrap returns what the step failed with.
func (e *StepError) Unwrap() error { return e.Err }

func orNothing(list string) string {
	if list == "" {
		return "      nothing\n"
	}
	return list
}
