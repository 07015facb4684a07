package web

import (
	"fmt"
	"maps"
	"time"
)

// queueStage is what waits. Messages that came back too often are on the dead-letter queue, and nobody counts them.
func queueStage(l *Live) Stage {
	s := Stage{Name: "Queue", Status: statusOK, Value: nothing, About: "messages that announce objects"}
	if n, seen := l.Pipeline.Queue["visible"]; seen {
		s.Value = countText(n+l.Pipeline.Queue["delayed"]) + " waiting"
	}
	if n := l.Pipeline.Queue["dead_letter"]; n > 0 {
		s.warn(statusWarn, plural(n, "message is", "messages are")+" on the dead-letter queue: nobody counted what they announced.")
	}
	return s
}

func receiveStage(l *Live, now time.Time) Stage {
	p := &l.Pipeline
	s := Stage{Name: "Receive", Status: statusOK, Value: countText(p.Received) + " received", About: plural(p.Queue["in_flight"], "message", "messages") + " in flight"}
	others := maps.Clone(p.Messages)
	delete(others, "object") // The next stage shows it.
	if n, text := reasons(others); n > 0 {
		s.warn(statusWarn, fmt.Sprintf("%s or calls failed lately: %s.", plural(n, "message", "messages"), text))
	}
	if p.Outage != "" {
		s.warn(statusBad, outageWords(p.Outage))
		s.problem = outageText(p, now)
	}
	return s
}

func objectStage(l *Live, now time.Time) Stage {
	p := &l.Pipeline
	s := Stage{Name: "Read", Status: statusOK, Value: plural(p.Objects["counted"], "object", "objects"), About: plural(p.Objects["duplicate"], "duplicate", "duplicates") + " set aside"}
	failures := maps.Clone(p.Failures)
	delete(failures, "commit")
	if n, text := reasons(failures); n > 0 {
		s.warn(statusWarn, fmt.Sprintf("%s at objects failed since %s UTC: %s. Their messages come back.", plural(n, "attempt", "attempts"), clock(p.RecentSince, now), text))
	}
	return s
}

func parseStage(l *Live, now time.Time) Stage {
	c := &l.Coverage
	s := Stage{Name: "Parse", Status: statusOK, Value: plural(c.OK+c.NoData+c.SkipData, "record", "records"), About: "since " + clock(c.Since, now) + " UTC"}
	if c.Unparsed > 0 {
		s.warn(statusWarn, fmt.Sprintf("%s did not parse since %s UTC.", plural(c.Unparsed, "line", "lines"), clock(c.Since, now)))
	}
	return s
}

func commitStage(l *Live, f *Facts, now time.Time) Stage {
	s := Stage{Name: "Commit", Status: statusOK, Value: "none yet", About: "kept on disk"}
	if !l.LastCommit.IsZero() {
		s.Value = span(now.Sub(l.LastCommit)) + " ago"
	}
	if f != nil && !f.LedgerDurable {
		s.About = "kept in memory: counters start at 0 after a restart"
	}
	if n := l.Pipeline.Failures["commit"]; n > 0 {
		s.warn(statusBad, plural(n, "commit", "commits")+" failed lately, and nothing of them was counted. Their messages come back.")
	}
	return s
}
