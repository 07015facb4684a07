package main

import (
	"encoding/json"

	"flowd/internal/bootstrap"
)

// setupJSON is what `flowd bootstrap --output=json` prints.
type setupJSON struct {
	Plan   planJSON    `json:"plan"`
	Result *resultJSON `json:"result,omitempty"` // Not of a dry run.
}

type planJSON struct {
	Found    []string   `json:"found"`
	Steps    []stepJSON `json:"steps"`
	Notes    []string   `json:"notes"`
	Warnings []string   `json:"warnings"`
}

type stepJSON struct {
	Resource string `json:"resource"`
	Action   string `json:"action"`
}

type resultJSON struct {
	Bucket             string   `json:"bucket"`
	Prefixes           []string `json:"prefixes"`
	QueueURL           string   `json:"queue_url"`
	DeadLetterQueueURL string   `json:"dead_letter_queue_url"`
	FlowLogIDs         []string `json:"flow_log_ids"`
	RunFlags           []string `json:"run_flags"`
	runNeeds
}

// runNeeds is what a person must know of a run on the set-up, beside its flags.
type runNeeds struct {
	RunPolicy     json.RawMessage `json:"run_policy"`
	CostUSDAMonth costJSON        `json:"cost_usd_a_month"`
}

// costJSON is an estimate in US dollars for a month of 30 days.
type costJSON struct {
	GBPerDay float64 `json:"gb_per_day"`
	Assumed  bool    `json:"assumed"` // Nobody gave the volume.
	Delivery float64 `json:"delivery"`
	Storage  float64 `json:"storage"`
	Growing  bool    `json:"storage_grows_each_month"` // There is no retention.
	Requests float64 `json:"requests"`
}

func needsOf(r bootstrap.Result) runNeeds {
	e := r.CostEstimate()
	return runNeeds{json.RawMessage(r.RuntimePolicy()), costJSON{e.GBPerDay, e.Assumed, e.Delivery, e.Storage, e.Forever, e.Requests}}
}

func (s stepJSON) String() string { return s.Resource + ": " + s.Action }

func planJSONOf(p bootstrap.Plan) planJSON {
	out := planJSON{Found: notNil(p.Found), Steps: []stepJSON{}, Notes: notNil(p.Notes), Warnings: notNil(p.Warnings)}
	for _, s := range p.Steps {
		out.Steps = append(out.Steps, stepJSON{s.Resource, s.Action})
	}
	return out
}

func resultJSONOf(r bootstrap.Result) *resultJSON {
	return &resultJSON{r.Bucket, notNil(r.Prefixes), r.QueueURL, r.DeadLetterQueueURL, notNil(r.FlowLogIDs), notNil(r.RunFlags()), needsOf(r)}
}

// notNil makes an empty list of none: `[]` in JSON, and not null.
func notNil(list []string) []string { return append([]string{}, list...) }
