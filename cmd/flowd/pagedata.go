package main

import (
	"context"
	"regexp"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"flowd/internal/web"
	"flowd/pkg/ingest"
	"flowd/pkg/metrics"
)

// pageData tells the page, in its own words, what counting and ingest know.
type pageData struct {
	options   *serviceOptions
	totals    *metrics.Totals
	talkers   *metrics.History
	reporter  *ingest.Reporter
	rankingOf map[string]rankingWords
}

func (s *service) newPageData(consumer *ingest.Consumer) *pageData {
	p := &pageData{options: &s.options, totals: s.totals, talkers: metrics.NewHistory(s.totals, time.Now()), reporter: ingest.NewReporter(consumer), rankingOf: map[string]rankingWords{}}
	for _, r := range rankingsOnPage() {
		p.rankingOf[r.name] = r
	}
	return p
}

// run keeps what was, until ctx ends.
func (p *pageData) run(ctx context.Context) error {
	var group errgroup.Group
	group.Go(func() error { return p.talkers.Run(ctx) })
	group.Go(func() error { return p.reporter.Run(ctx) })
	return group.Wait()
}

func (p *pageData) live() web.Live {
	events, fresh := p.totals.EventTime(), p.totals.Freshness()
	coverage, since := p.talkers.Window()
	l := web.Live{
		CompleteUntil: timeOf(events.CompleteUntil), NewestRecord: fresh.NewestRecord, LastCommit: fresh.LastCommit, Pipeline: p.pipeline(),
		Coverage: web.Coverage{Since: since, OK: coverage.OK, NoData: coverage.NoData, SkipData: coverage.SkipData, Unparsed: coverage.Malformed},
	}
	for _, m := range events.Minutes {
		l.Minutes = append(l.Minutes, web.Minute{
			Time: time.Unix(m.Time, 0), Accept: m.Accept.Records, Reject: m.Reject.Records,
			Records: m.Accept.Records + m.Reject.Records + m.Unknown.Records, Bytes: m.Accept.Bytes + m.Reject.Bytes + m.Unknown.Bytes,
		})
	}
	for _, f := range fresh.FlowLogs {
		l.FlowLogs = append(l.FlowLogs, web.FlowLog(f))
	}
	return l
}

// timeOf takes 0 for a time that nobody knows.
func timeOf(unix int64) time.Time {
	if unix == 0 {
		return time.Time{}
	}
	return time.Unix(unix, 0)
}

func (p *pageData) pipeline() web.Pipeline {
	r := p.reporter.Report()
	return web.Pipeline{
		Queue: r.Queue, Outage: r.Outage, OutageCause: withoutSecrets(r.OutageCause), OutageSince: r.OutageSince, Received: r.Received, Deleted: r.Deleted,
		Objects: r.Objects, Failures: r.Failures, Messages: r.Messages, RecentSince: r.RecentSince,
	}
}

func (p *pageData) inventory() web.Inventory {
	i := p.totals.Inventory()
	shown := web.Inventory{Accounts: i.Accounts, VPCs: i.VPCs, Subnets: i.Subnets, Interfaces: i.Interfaces, FlowLogs: i.FlowLogs, Series: []web.Budget{}}
	for _, b := range i.Budget {
		shown.Series = append(shown.Series, web.Budget(b))
	}
	return shown
}

// settings are the effective configuration. Passwords in URLs are hidden already; what is secret by its name is hidden whole.
func (p *pageData) settings() []web.Setting {
	var all []web.Setting
	for _, s := range p.options.Settings {
		if secretName(s.Name) && s.Value != "" {
			s.Value = "<secret>"
		}
		all = append(all, web.Setting(s))
	}
	return all
}

func secretName(flag string) bool {
	return regexp.MustCompile(`(^|[.-])(password|passphrase|secret|token|credentials?|authorization)([.-]|$)`).MatchString(flag)
}

// withoutSecrets hides passwords in URLs: errors of the SDK carry what they asked.
func withoutSecrets(text string) string {
	var shown strings.Builder
	if _, err := redacting(&shown).Write([]byte(text)); err != nil {
		return "" // A strings.Builder does not fail.
	}
	return shown.String()
}
