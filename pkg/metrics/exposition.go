package metrics

import (
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// exposition is what scrapes show of one family again and again: its label sets in the order in which they are written, and their labels as the
// encoder wants them. It is good for one list of label sets, which hardly ever changes between two scrapes, and is never written. It takes about 80 bytes for
// each label.
type exposition struct {
	of     []*labelSet // The list, as snapshots share it.
	sets   []*labelSet
	labels [][]*dto.LabelPair       // Of the sets, in the same order.
	began  []*timestamppb.Timestamp // When each set was 0; nil when nobody knows.
}

// expositionOf makes one only for a list that no scrape has seen before.
func (t *Totals) expositionOf(d *definition, list []*labelSet) *exposition {
	if e := t.expositions[d.id].Load(); e != nil && sameList(e.of, list) {
		return e
	}
	e := newExposition(d, list)
	t.expositions[d.id].Store(e)
	return e
}

// sameList is true for the same memory. A list that a snapshot has is replaced, never written.
func sameList(a, b []*labelSet) bool { return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0]) }

func newExposition(d *definition, list []*labelSet) *exposition {
	order := labelOrder(d)
	e := &exposition{of: list, sets: slices.Clone(list), labels: make([][]*dto.LabelPair, len(list)), began: make([]*timestamppb.Timestamp, len(list))}
	slices.SortFunc(e.sets, func(a, b *labelSet) int {
		for _, at := range order {
			if c := strings.Compare(a.values[at], b.values[at]); c != 0 {
				return c
			}
		}
		return 0
	})
	pairs := make([]dto.LabelPair, len(list)*len(order))
	for i, set := range e.sets {
		labels := make([]*dto.LabelPair, len(order))
		for j, at := range order {
			labels[j] = &pairs[i*len(order)+j]
			labels[j].Name, labels[j].Value = &d.labels[at], &set.values[at]
		}
		e.labels[i], e.began[i] = labels, set.began()
	}
	return e
}

// began is the start timestamp of the set's counters. Of the formats only protobuf carries it.
func (s *labelSet) began() *timestamppb.Timestamp {
	if s.created == 0 {
		return nil
	}
	return &timestamppb.Timestamp{Seconds: s.created}
}

// labelOrder are the positions of the labels in the order of their names, as every encoder wants them.
func labelOrder(d *definition) []int {
	order := make([]int, len(d.labels))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return strings.Compare(d.labels[a], d.labels[b]) })
	return order
}

// constCounter is one counter of one snapshot. Unlike those of [prometheus.NewConstMetric] it shares its labels with every other scrape.
type constCounter struct {
	desc    *prometheus.Desc
	labels  []*dto.LabelPair
	value   float64
	began   *timestamppb.Timestamp
	counter dto.Counter
}

// Desc implements [prometheus.Metric].
func (s *constCounter) Desc() *prometheus.Desc { return s.desc }

// Write implements [prometheus.Metric]. The labels are never changed: that is the contract of those who get them.
func (s *constCounter) Write(m *dto.Metric) error {
	s.counter.Value, s.counter.CreatedTimestamp = &s.value, s.began
	m.Label, m.Counter = s.labels, &s.counter
	return nil
}

// counters emits every label set of a family that is made of plain counters, one metric after the other.
func (s *snapshot) counters(e *exposition, descs []*prometheus.Desc, ch chan<- prometheus.Metric) {
	samples := make([]constCounter, len(descs)*len(e.sets))
	for i, desc := range descs {
		for j, set := range e.sets {
			m := &samples[i*len(e.sets)+j]
			m.desc, m.labels, m.began, m.value = desc, e.labels[j], e.began[j], float64(s.exposed(set, uint32(i)))
			ch <- m
		}
	}
}
