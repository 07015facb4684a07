package main

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"flowd/internal/web"
	"flowd/pkg/metrics"
)

// rowsOnPage is how many talkers a ranking shows. /api/v1/top has more.
const rowsOnPage = 10

const (
	bytesUnit   = "bytes"
	recordsUnit = "records"
)

const (
	aboutEstimate = "Estimates that halve every 15 minutes: who is heavy now."
	aboutExact    = "Exact, as counted since "
)

// rankingWords say what a ranking is to a person, and what of a talker a search asks for.
type rankingWords struct {
	name, title, of, unit string
	flags                 []string // Of flowd search, one for each label; empty where the label is none of its filters.
	rejects               bool     // Only rejected records are in it.
}

// rankingsOnPage are in the order of the page.
func rankingsOnPage() []rankingWords {
	return []rankingWords{
		{"top_source", "Bytes by source", "source", bytesUnit, []string{"--src"}, false},
		{"top_rejected_source", "Rejects by source", "source", recordsUnit, []string{"--src"}, true},
		{"top_rejected_port", "Rejects by port", "port", recordsUnit, []string{"--protocol", "--dstport"}, true},
		{"interface_bytes", "Bytes by interface", "interface", bytesUnit, []string{"", "--vpc", "", "--interface"}, false},
		{"interface_rejects", "Rejects by interface", "interface", recordsUnit, []string{"", "--vpc", "", "--interface"}, true},
		{"top_pair", "Bytes by pair", "pair", bytesUnit, []string{"--src", "--dst"}, false},
		{"top_destination", "Bytes by destination", "destination", bytesUnit, []string{"--dst"}, false},
	}
}

func (p *pageData) rankings() []web.Ranking {
	views := map[string]metrics.View{}
	for _, v := range append(p.totals.Views(rowsOnPage), p.talkers.Interfaces(rowsOnPage)...) {
		views[v.Name] = v
	}
	var all []web.Ranking
	for _, words := range rankingsOnPage() {
		v := views[words.name]
		r := words.ranking(v.Since)
		r.Total = v.Total
		for _, row := range v.Rows {
			t := words.talker(row.Labels)
			t.Value, t.Error = row.Estimate, row.Error
			r.Rows = append(r.Rows, t)
		}
		all = append(all, r)
	}
	return all
}

func (w *rankingWords) ranking(since time.Time) web.Ranking {
	r := web.Ranking{Name: w.name, Title: w.title, Of: w.of, Unit: w.unit, About: aboutEstimate}
	if !since.IsZero() {
		r.About = aboutExact + since.UTC().Format("15:04") + " UTC."
	}
	return r
}

// talker names a row by its labels: an interface by its own, with the rest beside it.
func (w *rankingWords) talker(labels []string) web.Talker {
	t := web.Talker{Labels: labels}
	switch {
	case len(labels) == 4:
		t.Title, t.About = labels[3], labels[1]
	case w.name == "top_pair":
		t.Title = strings.Join(labels, " → ")
	default:
		t.Title = strings.Join(labels, "/")
	}
	return t
}

func (p *pageData) history(ranking string, labels []string) (web.History, bool) {
	words, known := p.rankingOf[ranking]
	track, ok := p.talkers.Track(ranking, labels)
	if !known || !ok || len(labels) != len(words.flags) {
		return web.History{}, false
	}
	h := web.History{Ranking: words.ranking(time.Time{}), Talker: words.talker(labels), Search: p.searchFor(words, labels, time.Now())}
	for _, point := range track.Points {
		h.Points = append(h.Points, web.Point(point))
	}
	return h, true
}

// searchFor is the command that shows a talker's records of the last hour. It reads files, so it says how to get them.
func (p *pageData) searchFor(w rankingWords, labels []string, now time.Time) string {
	const folder = "flow-logs"
	args := []string{"flowd", "search"}
	for i, flag := range w.flags {
		if known := labels[i] != "unknown" && labels[i] != "other"; flag != "" && known {
			args = append(args, flag+"="+quoted(labels[i]))
		}
	}
	if w.rejects {
		args = append(args, "--action=reject")
	}
	args = append(args, "--from="+now.Add(-time.Hour).UTC().Format(time.RFC3339), folder)
	var lines []string
	for _, bucket := range p.options.Ingest.Buckets {
		lines = append(lines, p.fetch(bucket, folder, now))
	}
	return strings.Join(append(lines, strings.Join(args, " ")), "\n")
}

// fetch is the command that copies what was delivered since the day on which the last hour began, whether or not the folders are Hive's.
func (p *pageData) fetch(bucket, folder string, now time.Time) string {
	args := []string{"aws", "s3", "sync", "s3://" + quoted(bucket) + "/", folder}
	if endpoint := p.options.AWS.BaseEndpoint; endpoint != nil {
		args = append(args, "--endpoint-url="+quoted(withoutSecrets(*endpoint)))
	}
	args = append(args, "--exclude='*'")
	days := []string{now.Add(-time.Hour).UTC().Format("'*2006*01*02*'"), now.UTC().Format("'*2006*01*02*'")}
	for _, day := range slices.Compact(days) {
		args = append(args, "--include="+day)
	}
	return strings.Join(args, " ")
}

// quoted is a word for a shell. Whoever writes to the bucket chooses what labels hold, and somebody may paste the command.
func quoted(word string) string {
	if regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.:/_-]*$`).MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
