package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"flowd/pkg/metrics"
)

// samples is a scrape: series as the text format writes it → value.
type samples map[string]float64

// parseSamples reads the text format, which has no timestamps here.
func parseSamples(body []byte) (samples, error) {
	s := samples{}
	for line := range bytes.Lines(body) {
		text := strings.TrimSpace(string(line))
		if text == "" || text[0] == '#' {
			continue
		}
		at := strings.LastIndexByte(text, ' ')
		v, err := strconv.ParseFloat(text[at+1:], 64)
		if at < 0 || err != nil {
			return nil, fmt.Errorf("parsing a scrape: %q is no sample", text)
		}
		s[text[:at]] = v
	}
	if len(s) == 0 {
		return nil, fmt.Errorf("parsing a scrape: it has no samples")
	}
	return s, nil
}

// family is the name of the metric that a series belongs to.
func family(series string) string {
	name, _, _ := strings.Cut(series, "{")
	for _, suffix := range []string{"_bucket", "_sum", "_count"} {
		name = strings.TrimSuffix(name, suffix)
	}
	return name
}

// durable keeps the series that continue after a restart.
func (s samples) durable() samples {
	names := metrics.Durable()
	out := maps.Clone(s)
	maps.DeleteFunc(out, func(series string, _ float64) bool { return !slices.Contains(names, family(series)) })
	return out
}

// sum adds every series of some families.
func (s samples) sum(families ...string) (total float64) {
	for series, v := range s {
		if slices.Contains(families, family(series)) {
			total += v
		}
	}
	return total
}

// watch looks at what flowd shows, one answer after the other: no durable series may be lower than before, or gone. No member of a ranking leaves
// within a round, because that takes a process that lives for minutes.
type watch struct {
	last       samples
	objects    uint64 // As the JSON API has them.
	looks      int
	duplicates uint64 // Of the process that was looked at last.
	stepsBack  int    // Answers that had at least one number lower than the answer before.
	first      string // What the first of them was.
	firstKill  int
}

// look takes the next answers, which were made after some kills.
func (w *watch) look(now shown, kills int) error {
	if now.scrape != nil {
		s, err := parseSamples(now.scrape)
		if err != nil {
			return err
		}
		w.lookAt(s, kills)
	}
	if now.status != nil {
		var status struct{ Totals struct{ Objects *uint64 } }
		if err := json.Unmarshal(now.status, &status); err != nil || status.Totals.Objects == nil {
			return fmt.Errorf("parsing a status: %s: %w", now.status, err)
		}
		w.looks++
		if got := *status.Totals.Objects; got < w.objects {
			w.stepped(fmt.Sprintf("objects in the status went from %d to %d", w.objects, got), kills)
		}
		w.objects = *status.Totals.Objects
	}
	return nil
}

func (w *watch) lookAt(s samples, kills int) {
	now := s.durable()
	w.looks++
	if step := stepBack(w.last, now); step != "" {
		w.stepped(step, kills)
	}
	w.last, w.duplicates = now, uint64(s[series("flowd_objects_total", "result", "duplicate")])
}

func (w *watch) stepped(what string, kills int) {
	if w.stepsBack++; w.stepsBack == 1 {
		w.first, w.firstKill = what, kills
	}
}

// stepBack names the first series that is lower than before, or nothing.
func stepBack(before, after samples) string {
	for _, series := range slices.Sorted(maps.Keys(before)) {
		if got, there := after[series]; !there {
			return fmt.Sprintf("%s is gone, it was %.0f", series, before[series])
		} else if got < before[series] {
			return fmt.Sprintf("%s went from %.0f to %.0f", series, before[series], got)
		}
	}
	return ""
}
