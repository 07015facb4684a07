package ledger

import (
	"time"

	"go.etcd.io/bbolt"
)

// Stats is how large the ledger is.
type Stats struct {
	Bytes   int64     // Of the file.
	Rows    uint64    // Objects that it knows to be counted.
	Oldest  time.Time // The beginning of the oldest day that has rows; zero when none has.
	Horizon time.Time // Objects that were written before it and have no row are not counted; zero when nothing was forgotten.
}

// Stats are those after the last transaction. It reads no disk, so that a disk that hangs does not hold a scrape.
func (l *Ledger) Stats() Stats { return *l.stats.Load() }

func statsOf(tx *bbolt.Tx) Stats {
	rows := openDays(tx)
	s := Stats{Bytes: tx.Size(), Rows: rows.count(), Horizon: horizonOf(tx)}
	for _, d := range rows.each {
		if s.Oldest.IsZero() || d.begin().Before(s.Oldest) {
			s.Oldest = d.begin()
		}
	}
	return s
}
