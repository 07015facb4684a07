package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// snapshot is one published state: all of it durable, none of it ever written again. A scrape reads exactly one.
type snapshot struct {
	generation uint64
	pages      pageTable
	sets       [numFamilies][]*labelSet
	interfaces int       // How many have label sets in the interface family.
	lastCommit time.Time // Of objects; zero when this process has committed none.
}

// exposed is what a scrape shows: 0 until a scrape has read the 0.
func (s *snapshot) exposed(set *labelSet, counter uint32) uint64 {
	if !set.live {
		return 0
	}
	return s.pages.get(set.slot + counter)
}

// recordAge emits the histogram. Buckets are stored apart and summed here, so that a record changes one of them.
func (s *snapshot) recordAge(desc *prometheus.Desc, ch chan<- prometheus.Metric) {
	for _, set := range s.sets[familyRecordAge] {
		count, buckets := uint64(0), map[float64]uint64{}
		for i, bound := range ageBuckets() {
			count += s.exposed(set, uint32(i))
			buckets[bound] = count
		}
		count += s.exposed(set, numAgeBuckets-1)
		sum := float64(s.exposed(set, ageSum))
		if set.created == 0 {
			ch <- prometheus.MustNewConstHistogram(desc, count, sum, buckets)
			continue
		}
		ch <- prometheus.MustNewConstHistogramWithCreatedTimestamp(desc, count, sum, buckets, time.Unix(set.created, 0))
	}
}

// size is what counts against the limit of a family.
func (s *snapshot) size(f family) int {
	if f == familyInterface {
		return s.interfaces
	}
	return len(s.sets[f])
}

// newestRecord is a gauge and has no birth: it is shown as it is, 0 when no record was counted.
func (s *snapshot) newestRecord() uint64 { return s.single(familyNewestRecord) }

// single is the counter of a family that has one label set, 0 when it has none.
func (s *snapshot) single(f family) uint64 {
	for _, set := range s.sets[f] {
		return s.pages.get(set.slot)
	}
	return 0
}
