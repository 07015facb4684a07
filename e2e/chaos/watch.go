package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"flowd/e2e/golden"
)

// watch looks at what flowd shows, one answer after the other: no durable series may be lower than before, or gone. No member of a ranking leaves
// within a round, because that takes a process that lives for minutes.
type watch struct {
	last       golden.Samples
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
		s, err := golden.Parse(now.scrape)
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

func (w *watch) lookAt(s golden.Samples, kills int) {
	now := s.Durable()
	w.looks++
	if step := stepBack(w.last, now); step != "" {
		w.stepped(step, kills)
	}
	w.last, w.duplicates = now, uint64(s[golden.Series("flowd_objects_total", "result", "duplicate")])
}

func (w *watch) stepped(what string, kills int) {
	if w.stepsBack++; w.stepsBack == 1 {
		w.first, w.firstKill = what, kills
	}
}

// stepBack names the first series that is lower than before, or nothing.
func stepBack(before, after golden.Samples) string {
	for _, series := range slices.Sorted(maps.Keys(before)) {
		if got, there := after[series]; !there {
			return fmt.Sprintf("%s is gone, it was %.0f", series, before[series])
		} else if got < before[series] {
			return fmt.Sprintf("%s went from %.0f to %.0f", series, before[series], got)
		}
	}
	return ""
}
