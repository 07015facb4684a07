package metrics

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
)

// Talker is one row of a ranking as the sketch sees it now. Unlike the counters, estimates decay: they halve every 15 minutes.
type Talker struct {
	// Labels are the label values of the row, in the order of the family's label names.
	Labels []string `json:"labels"`
	// Estimate is in the unit of the ranking (bytes or records). The true decayed value is at most Error away from it: below, where the key
	// came to a full sketch, or above, where it was too light to be kept from some objects with very many keys.
	Estimate uint64 `json:"estimate"`
	Error    uint64 `json:"error"`
	// Member says that the row has a series of its own.
	Member bool `json:"member"`
}

// Rankings are the longer lists behind the top families, by the short name of the family.
type Rankings map[string][]Talker

// Rankings returns up to n rows per ranking, heaviest first. The caller owns the result.
func (t *Totals) Rankings(n int) Rankings {
	source, destination, pair := copyOf(t, &t.source), copyOf(t, &t.destination), copyOf(t, &t.pair)
	rejectedSource, rejectedPort := copyOf(t, &t.rejectedSource), copyOf(t, &t.rejectedPort)
	return Rankings{
		t.defs[familyTopSource].short:         source.rows(n),
		t.defs[familyTopDestination].short:    destination.rows(n),
		t.defs[familyTopPair].short:           pair.rows(n),
		t.defs[familyTopRejectedSource].short: rejectedSource.rows(n),
		t.defs[familyTopRejectedPort].short:   rejectedPort.rows(n),
	}
}

// topCopy is what a ranking was at one moment. Sorting it keeps nobody from committing.
type topCopy[K comparable] struct {
	entries []entry[K]
	slack   uint64
	members []K
	labels  func(K) []string
}

func copyOf[K comparable](t *Totals, p *top[K]) topCopy[K] {
	t.mu.Lock()
	defer t.mu.Unlock()
	return topCopy[K]{slices.Clone(p.rank.sketch.entries), p.rank.sketch.slack, p.rank.order, p.labels}
}

func (c *topCopy[K]) rows(n int) []Talker {
	rows := []Talker{}
	for _, e := range heaviest(c.entries, n, everyEntry) {
		rows = append(rows, Talker{Labels: c.labels(e.key), Estimate: e.count, Error: max(e.err, c.slack), Member: slices.Contains(c.members, e.key)})
	}
	return append(rows, c.forgotten(n-len(rows))...)
}

// forgotten are members that the sketch does not know, as after a restart: they have series, so they are in the list.
func (c *topCopy[K]) forgotten(n int) (rows []Talker) {
	for _, key := range c.members {
		known := slices.ContainsFunc(c.entries, func(e entry[K]) bool { return e.key == key })
		if !known && len(rows) < n {
			rows = append(rows, Talker{Labels: c.labels(key), Error: c.slack, Member: true})
		}
	}
	return rows
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
