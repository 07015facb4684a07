package main

import (
	"math"
	"runtime"
	"runtime/metrics"
	"time"
)

const (
	// worthACollection is the share from which on it is worth to find out how much of it is garbage,
	worthACollection = 0.75
	// collectEvery at most: a collection takes longer, the more memory there is.
	collectEvery = 10 * time.Second
)

// memoryUse tells how much of the memory limit is in use.
type memoryUse struct {
	limit     float64 // Bytes.
	read      func() map[string]uint64
	collect   func()
	collected time.Time
}

// shareOfMemory returns what the ingest asks every second, for a limit in bytes as [debug.SetMemoryLimit] has it; nil when there is none. The function
// belongs to one goroutine.
func shareOfMemory(limit int64) func() float64 {
	if limit == math.MaxInt64 {
		return nil
	}
	m := &memoryUse{limit: float64(limit), read: readMemory, collect: runtime.GC}
	return m.share
}

// share is what would still be in use after a collection. What lives is known from the last one only: nothing would start another while nothing is
// received, so this does.
func (m *memoryUse) share() float64 {
	share := m.inUse() / m.limit
	if share < worthACollection || time.Since(m.collected) < collectEvery {
		return share
	}
	m.collect()
	m.collected = time.Now()
	return m.inUse() / m.limit
}

// Names of runtime/metrics.
const (
	memTotal    = "/memory/classes/total:bytes"
	memReleased = "/memory/classes/heap/released:bytes" // Given back to the system.
	memObjects  = "/memory/classes/heap/objects:bytes"  // With garbage that was not collected yet.
	memFree     = "/memory/classes/heap/free:bytes"
	memUnused   = "/memory/classes/heap/unused:bytes"
	memLive     = "/gc/heap/live:bytes" // At the last collection.
)

func memoryNames() []string {
	return []string{memTotal, memReleased, memObjects, memFree, memUnused, memLive}
}

// inUse is what the limit counts, without what can be allocated again.
func (m *memoryUse) inUse() float64 {
	v := m.read()
	return float64(v[memTotal]-v[memReleased]-v[memObjects]-v[memFree]-v[memUnused]) + float64(v[memLive])
}

func readMemory() map[string]uint64 {
	var samples []metrics.Sample
	for _, name := range memoryNames() {
		samples = append(samples, metrics.Sample{Name: name})
	}
	metrics.Read(samples)
	all := map[string]uint64{}
	for _, s := range samples {
		if s.Value.Kind() == metrics.KindUint64 {
			all[s.Name] = s.Value.Uint64()
		}
	}
	return all
}
