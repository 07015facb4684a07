package web

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestTheVerdictSaysWhatIsWrong goes through everything that can be wrong: the state, the stage that complains, and the words.
func TestTheVerdictSaysWhatIsWrong(t *testing.T) {
	cases := []struct {
		name    string
		change  func(l *Live, d *Deps)
		state   string
		stage   int // That complains; -1 is none.
		status  string
		problem string // Part of the only problem; empty when there is none.
	}{
		{"all is well", func(*Live, *Deps) {}, stateReady, -1, "", ""},
		{"starting", func(_ *Live, d *Deps) { d.Ready = func() error { return fmt.Errorf("the queue has not answered yet") } }, stateStarting, 1, statusWarn, "the queue has not answered yet"},
		{"draining", func(_ *Live, d *Deps) { d.Ready = func() error { return errDraining } }, stateDraining, 1, statusWarn, "draining"},
		{"an outage", func(l *Live, _ *Deps) {
			l.Pipeline.Outage, l.Pipeline.OutageCause, l.Pipeline.OutageSince = "credentials", "ExpiredToken", noon()
		}, stateCircuitOpen, 1, statusBad, "Receiving stopped at 2026-05-04 12:00 UTC: AWS refuses the credentials"},
		{"an outage before the first answer", func(l *Live, d *Deps) {
			l.Pipeline.Outage, d.Ready = "network", func() error { return fmt.Errorf("the queue has not answered yet") }
		}, stateCircuitOpen, 1, statusBad, "the network or a name does not answer"},
		{"lagging", func(l *Live, _ *Deps) {
			l.FlowLogs = append(l.FlowLogs, FlowLog{"fl-late", time.Now().Add(-2*time.Hour - time.Second)})
		}, stateLagging, -1, "", "Flow log fl-late is complete only up to"},
		{"dead letters", func(l *Live, _ *Deps) { l.Pipeline.Queue["dead_letter"] = 3 }, stateReady, 0, statusWarn, "3 messages are on the dead-letter queue"},
		{"calls fail", func(l *Live, _ *Deps) { l.Pipeline.Messages = map[string]uint64{"delete": 2, "object": 1} }, stateReady, 1, statusWarn, "2 messages or calls failed lately: delete 2."},
		{"objects fail", func(l *Live, _ *Deps) { l.Pipeline.Failures = map[string]uint64{"gzip": 1, "short_body": 4} }, stateReady, 2, statusWarn, "5 attempts at objects failed"},
		{"lines do not parse", func(l *Live, _ *Deps) { l.Coverage.Unparsed = 1 }, stateReady, 3, statusWarn, "1 line did not parse"},
		{"commits fail", func(l *Live, _ *Deps) { l.Pipeline.Failures = map[string]uint64{"commit": 1} }, stateReady, 4, statusBad, "1 commit failed lately"},
		{"AWS skipped", func(l *Live, _ *Deps) { l.Coverage.SkipData = 12 }, stateReady, -1, "", "12 of status SKIPDATA"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			cfg, deps := everything()
			l := live()
			c.change(&l, &deps)
			deps.Live = func() Live { return l }
			o := newServer(t, cfg, deps).overviewNow()
			if o.State != c.state {
				t.Errorf("got state %s, want %s", o.State, c.state)
			}
			for i, s := range o.Pipeline {
				want := statusOK
				if i == c.stage {
					want = c.status
				}
				if s.Status != want {
					t.Errorf("stage %s: got %s, want %s", s.Name, s.Status, want)
				}
			}
			text := strings.Join(o.Problems, "\n")
			if (c.problem == "") != (len(o.Problems) == 0) || len(o.Problems) > 1 || !strings.Contains(text, c.problem) {
				t.Errorf("got problems %q, want %q", o.Problems, c.problem)
			}
			if fine := strings.HasPrefix(o.Verdict, "Nothing is wrong."); fine != (c.problem == "") {
				t.Errorf("got verdict %q", o.Verdict)
			}
		})
	}
}

func TestTheWorstComesFirst(t *testing.T) {
	cfg, deps := everything()
	l := live()
	l.Pipeline.Queue["dead_letter"], l.Pipeline.Outage = 1, "ledger"
	deps.Live = func() Live { return l }
	o := newServer(t, cfg, deps).overviewNow()
	if len(o.Problems) != 2 || !strings.HasPrefix(o.Problems[0], "Receiving stopped") || o.Verdict != "Nothing new is counted: flowd cannot receive." {
		t.Errorf("got %q: %q", o.Verdict, o.Problems)
	}
}

// TestAYoungFlowdSaysSo: every page works before anything is known.
func TestAYoungFlowdSaysSo(t *testing.T) {
	cfg, deps := everything()
	deps.Live = func() Live { return Live{} }
	deps.Rankings = func() []Ranking { return []Ranking{{Name: "top_source", Unit: unitBytes}} }
	s := newServer(t, cfg, deps)
	page := ask(t, s, http.MethodGet, "/").Body.String()
	for _, want := range []string{"nothing has been counted yet", "Nobody yet.", "no records yet", `<span class="value">–</span>`} {
		wantContains(t, page, want)
	}
	if o := s.overviewNow(); o.CompleteUntil != 0 || len(o.Periods) != 0 || o.Pipeline[0].Value != nothing {
		t.Errorf("got %+v", o)
	}
}

// T11 many people look: the work of an overview is done once a second, however many ask for it.
func TestT11_AnOverviewIsMadeOnceASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg, deps := everything()
		made := 0
		deps.Rankings = func() []Ranking { made++; return rankings() }
		s := newServer(t, cfg, deps)
		for range 100 {
			ask(t, s, http.MethodGet, "/api/v1/overview")
			ask(t, s, http.MethodGet, "/")
		}
		if made != 1 {
			t.Errorf("200 requests at once: made %d times, want once", made)
		}
		time.Sleep(overviewAge)
		if ask(t, s, http.MethodGet, "/"); made != 2 {
			t.Errorf("a second later: made %d times, want 2", made)
		}
	})
}
