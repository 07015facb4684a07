package web

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// How well a part of flowd does.
const (
	statusOK   = "ok"
	statusWarn = "warn" // Something is to be looked at; counting goes on.
	statusBad  = "bad"  // Nothing is counted.
)

// lagLimit is how far behind complete data may be before flowd calls itself lagging. AWS delivers within 10 minutes what it aggregated over
// up to 10, and the watermark of an idle flow log follows at 20.
const lagLimit = 30 * time.Minute

// Stage is a step of the way from the queue to what is durable.
type Stage struct {
	Name   string `json:"name"`
	Status string `json:"status"` // ok, warn or bad.
	Value  string `json:"value"`  // Where it stands.
	About  string `json:"about"`  // What is wrong, or what it does, in words.

	problem string // What is wrong, where there is more to say than About.
}

func (s *Stage) warn(status, about string) { s.Status, s.About = status, about }

// health is a state, its reason, and what each stage says.
type health struct {
	state, reason string
	stages        []Stage
	coverage      string // What is wrong with what AWS wrote; empty when nothing is.
}

func (s *Server) healthOf(l *Live, now time.Time) health {
	h := health{stages: []Stage{queueStage(l), receiveStage(l, now), objectStage(l, now), parseStage(l, now), commitStage(l, s.deps.Facts, now)}}
	h.state, h.reason = s.stateOf(l, now)
	if h.state == stateStarting || h.state == stateDraining {
		h.stages[1].warn(statusWarn, h.reason)
	}
	if n := l.Coverage.SkipData; n > 0 {
		h.coverage = fmt.Sprintf("AWS skipped records: %s of status SKIPDATA since %s UTC. What they would have said is in no number here.", countText(n), clock(l.Coverage.Since, now))
	}
	return h
}

// stateOf says in one word how flowd is, and why.
func (s *Server) stateOf(l *Live, now time.Time) (state, reason string) {
	err := s.deps.Ready()
	switch {
	case err != nil && s.deps.Draining != nil && errors.Is(err, s.deps.Draining):
		return stateDraining, err.Error()
	case l.Pipeline.Outage != "":
		return stateCircuitOpen, outageText(&l.Pipeline, now)
	case err != nil:
		return stateStarting, err.Error()
	}
	if late, lag := l.latest(now); lag > lagLimit {
		return stateLagging, fmt.Sprintf("Flow log %s is complete only up to %s UTC, %s ago.", late.ID, clock(late.CompleteUntil, now), span(lag))
	}
	return stateReady, ""
}

// latest is the flow log that is furthest behind.
func (l *Live) latest(now time.Time) (late FlowLog, lag time.Duration) {
	for _, f := range l.FlowLogs {
		if d := now.Sub(f.CompleteUntil); !f.CompleteUntil.IsZero() && d > lag {
			late, lag = f, d
		}
	}
	return late, lag
}

func outageText(p *Pipeline, now time.Time) string {
	return fmt.Sprintf("Receiving stopped at %s UTC: %s. flowd tries again by itself. (%s)", clock(p.OutageSince, now), outageWords(p.Outage), p.OutageCause)
}

func outageWords(outage string) string {
	words := map[string]string{
		"credentials": "AWS refuses the credentials, or there are none", "denied": "a permission is missing", "queue_missing": "the queue does not exist",
		"bucket": "the bucket does not exist, or is in another region", "throttled": "AWS throttles most calls", "network": "the network or a name does not answer",
		"ledger": "nothing can be written to the ledger",
	}
	return cmp.Or(words[outage], outage)
}

// problems are what every stage complains of, worst first.
func (h *health) problems() []string {
	problems := []string{}
	for _, status := range []string{statusBad, statusWarn} {
		for _, s := range h.stages {
			if s.Status == status {
				problems = append(problems, cmp.Or(s.problem, s.About))
			}
		}
	}
	if h.state == stateLagging {
		problems = append(problems, h.reason)
	}
	if h.coverage != "" {
		problems = append(problems, h.coverage)
	}
	return problems
}

func (h *health) verdict(l *Live, now time.Time) string {
	n := len(h.problems())
	switch {
	case h.state == stateCircuitOpen:
		return "Nothing new is counted: flowd cannot receive."
	case h.state == stateStarting:
		return "flowd is starting, and does not receive yet."
	case h.state == stateDraining:
		return "flowd is stopping."
	case h.state == stateLagging:
		return "The data are late."
	case n == 1:
		return "One thing needs a look."
	case n > 1:
		return fmt.Sprintf("%d things need a look.", n)
	case l.NewestRecord.IsZero():
		return "Nothing is wrong, and nothing has been counted yet."
	case l.CompleteUntil.IsZero():
		return "Nothing is wrong. The first minutes are still arriving."
	}
	return fmt.Sprintf("Nothing is wrong. Everything up to %s UTC is counted.", clock(l.CompleteUntil, now))
}

// reasons writes failures by reason, most first.
func reasons(failures map[string]uint64) (sum uint64, text string) {
	var words []string
	names := slices.SortedFunc(maps.Keys(failures), func(a, b string) int { return cmp.Or(cmp.Compare(failures[b], failures[a]), cmp.Compare(a, b)) })
	for _, name := range names {
		sum += failures[name]
		words = append(words, fmt.Sprintf("%s %d", strings.ReplaceAll(name, "_", " "), failures[name]))
	}
	return sum, strings.Join(words, ", ")
}
