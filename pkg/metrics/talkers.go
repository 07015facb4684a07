package metrics

import (
	"encoding/json"
	"net/http"
	"strconv"
)

// Talker is one row of a ranking as the sketch sees it now. Unlike the counters, estimates decay: they halve every 15 minutes.
type Talker struct {
	// Labels are the label values of the row, in the order of the family's label names.
	Labels []string `json:"labels"`
	// Estimate is in the unit of the ranking (bytes or records); the true decayed value is at most Error below it.
	Estimate uint64 `json:"estimate"`
	Error    uint64 `json:"error"`
	// Member says that the row has a series of its own.
	Member bool `json:"member"`
}

// Rankings are the longer lists behind the top families, by the short name of the family.
type Rankings map[string][]Talker

// Rankings returns up to n rows per ranking, heaviest first. The caller owns the result.
func (t *Totals) Rankings(n int) Rankings {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := Rankings{}
	list(t, r, &t.source, n)
	list(t, r, &t.destination, n)
	list(t, r, &t.pair, n)
	list(t, r, &t.rejectedSource, n)
	list(t, r, &t.rejectedPort, n)
	return r
}

func list[K comparable](t *Totals, r Rankings, p *top[K], n int) {
	rows := []Talker{}
	for _, e := range p.rank.top(n) {
		rows = append(rows, Talker{
			Labels: p.labels(e.key), Estimate: e.count, Error: e.err,
			Member: p.set(&t.state, e.key) != nil,
		})
	}
	r[t.defs[p.family].short] = rows
}

const (
	defaultRows = 100
	maxRows     = 1000
)

// RankingsHandler serves [Totals.Rankings] as JSON; `limit` is the number of rows per ranking, 1 to 1,000.
func (t *Totals) RankingsHandler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := defaultRows
		if q := r.URL.Query().Get("limit"); q != "" {
			var err error
			if n, err = strconv.Atoi(q); err != nil || n < 1 || n > maxRows {
				http.Error(w, "limit must be a number between 1 and "+strconv.Itoa(maxRows), http.StatusBadRequest)
				return
			}
		}
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		if err := json.NewEncoder(w).Encode(t.Rankings(n)); err != nil {
			return // The client went away: there is nobody left to tell.
		}
	})
}
