package ledger

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// model is what a ledger is to be, in a page: rows in days, a total, and a horizon. It knows nothing of files.
type model struct {
	days    map[day]map[int]bool // Rows, by the day on which their object was written last.
	total   uint64
	horizon time.Time
	dropped time.Time // When this process dropped a day.
}

func (m *model) find(n int) (day, bool) {
	for d, rows := range m.days {
		if rows[n] {
			return d, true
		}
	}
	return 0, false
}

func (m *model) put(n int, d day) {
	if m.days[d] == nil {
		m.days[d] = map[int]bool{}
	}
	m.days[d][n] = true
}

// forget drops the oldest day, when this clock and the newest object agree that it ended 30 days ago, and an hour after the last one.
func (m *model) forget(clock time.Time) {
	if len(m.days) == 0 || clock.Sub(m.dropped) < time.Hour {
		return
	}
	all := slices.Sorted(maps.Keys(m.days))
	oldest, today := all[0], min(all[len(all)-1], dayOf(clock))
	if int(today)-int(oldest) <= 30 {
		return
	}
	delete(m.days, oldest)
	m.dropped = clock
	if m.horizon.Before(oldest.end()) {
		m.horizon = oldest.end()
	}
}

// commit says what becomes of each object.
func (m *model) commit(group []drawn, clock time.Time) (fates []string) {
	m.forget(clock)
	fresh, made := map[int]bool{}, map[day]bool{} // Rows of this commit, and days that only they made.
	for _, o := range group {
		known, ok := m.find(o.n)
		switch {
		case ok:
			delete(m.days[known], o.n)
			if fresh[o.n] && made[known] && len(m.days[known]) == 0 {
				delete(m.days, known) // The row never was there: it is put where it is in the end.
			}
			to := max(known, dayOf(o.written))
			made[to] = fresh[o.n] && (made[to] || m.days[to] == nil)
			m.put(o.n, to)
			fates = append(fates, "duplicate")
		case o.written.Before(m.horizon):
			fates = append(fates, "forgotten")
		default:
			m.total += weight(o.n)
			to := o.day(clock)
			fresh[o.n], made[to] = true, made[to] || m.days[to] == nil
			m.put(o.n, to)
			fates = append(fates, "counted")
		}
	}
	return fates
}

// drawn is an object; its time is zero when nobody knows it.
type drawn struct {
	n       int
	written time.Time
}

func (d drawn) day(clock time.Time) day {
	if d.written.IsZero() {
		return dayOf(clock)
	}
	return dayOf(d.written)
}

// weight is what an object adds to the total: a different one for each sum of objects.
func weight(n int) uint64 { return 1 << n }

// modelled is a ledger beside its model.
type modelled struct {
	*rapid.T
	dir     string
	ledger  *Ledger
	model   *model
	clock   time.Time // Of this machine.
	s3      time.Time // Of S3, which only goes on.
	written map[int]time.Time
	ever    map[int]bool    // Counted, in any life;
	uploads map[string]bool // and which of its uploads was: with the same content it is the same object, until its row is gone.
	saw     map[string]int
}

// TestLedgerIsItsModel lets both do the same: commits of new objects, of those that are known, and of those that are too old; transactions that fail;
// other days; clocks that are wrong; and other processes. Then they must agree, and nothing may ever be counted twice.
func TestLedgerIsItsModel(t *testing.T) {
	saw := map[string]int{}
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "")
		if err != nil {
			t.Fatal(err)
		}
		m := &modelled{
			T: rt, dir: dir, ledger: openUnsynced(t, dir), model: &model{days: map[day]map[int]bool{}}, clock: now(), s3: now(),
			written: map[int]time.Time{}, ever: map[int]bool{}, uploads: map[string]bool{}, saw: saw,
		}
		defer func() { closed(t, m.ledger) }()
		for range rapid.IntRange(1, 60).Draw(rt, "steps") {
			m.step(t, rapid.SampledFrom([]string{"commit", "commit", "commit", "fail", "panic", "reopen", "day", "weeks", "clock"}).Draw(rt, "step"))
			m.compare()
		}
	})
	for _, what := range []string{"counted", "duplicate", "forgotten", "fail", "panic", "reopen", "dropped"} {
		if saw[what] == 0 {
			t.Errorf("nothing was ever %s in %v", what, saw)
		}
	}
	t.Log(saw)
}

// openUnsynced saves the time of the disk: no power is lost here.
func openUnsynced(t *testing.T, dir string) *Ledger {
	l := open(t, dir)
	l.db.NoSync = true
	return l
}

func (m *modelled) step(t *testing.T, name string) {
	m.saw[name]++
	switch name {
	case "commit":
		m.commit(m.group())
	case "fail", "panic":
		m.fail(m.group(), name == "panic")
	case "reopen":
		closed(t, m.ledger)
		m.ledger, m.model.dropped = openUnsynced(t, m.dir), time.Time{}
	case "day":
		m.goOn(time.Duration(rapid.IntRange(1, 3*24).Draw(m.T, "hours")) * time.Hour)
	case "weeks":
		m.goOn(time.Duration(rapid.IntRange(10, 40).Draw(m.T, "days")) * aDay)
	case "clock": // Until it is set right.
		m.clock = m.s3.Add(time.Duration(rapid.IntRange(-400, 400).Draw(m.T, "days off")) * aDay)
	}
}

func (m *modelled) goOn(d time.Duration) { m.s3, m.clock = m.s3.Add(d), m.s3.Add(d) }

// group draws objects: some were written before, some are written anew with the same content, and of some nobody knows when.
func (m *modelled) group() (group []drawn) {
	for range rapid.IntRange(0, 4).Draw(m.T, "objects") {
		n := rapid.IntRange(0, 29).Draw(m.T, "object")
		if _, known := m.written[n]; !known || rapid.IntRange(0, 9).Draw(m.T, "again") == 0 {
			m.written[n] = m.s3
		}
		if n%10 == 0 {
			m.written[n] = time.Time{}
		}
		group = append(group, drawn{n, m.written[n]})
	}
	return group
}

func objectsOf(group []drawn) (objects []Object) {
	for _, o := range group {
		objects = append(objects, at(o.n, o.written))
	}
	return objects
}

// commit stores a total, and a series for every object.
func (m *modelled) commit(group []drawn) {
	before := len(m.model.days)
	want, total := m.model.commit(group, m.clock), m.total()
	outcomes, err := m.ledger.Commit(objectsOf(group), m.clock, func(tx *Tx, fresh []int) (err error) {
		for _, i := range fresh {
			total += weight(group[i].n)
			err = errors.Join(err, tx.PutSeries(uint32(group[i].n), fmt.Append(nil, group[i].n)))
		}
		return errors.Join(err, tx.PutPage(0, binary.BigEndian.AppendUint64(nil, total)))
	})
	if err != nil {
		m.Fatal(err)
	}
	if len(m.model.days) < before {
		m.saw["dropped"]++
	}
	for i, o := range group {
		got := fateOf(outcomes[i])
		m.saw[got]++
		if got != want[i] {
			m.Fatalf("object %d of %s: got %s, want %s", o.n, o.written, got, want[i])
		}
		if got == "counted" {
			m.counted(o.n)
		}
	}
}

func (m *modelled) counted(n int) {
	upload := fmt.Sprint(n, m.written[n])
	if m.uploads[upload] {
		m.Fatalf("object %d, written at %s, was counted twice", n, m.written[n])
	}
	m.ever[n], m.uploads[upload] = true, true
}

func fateOf(o Outcome) string {
	switch {
	case errors.Is(o.Err, ErrForgotten):
		return "forgotten"
	case o.Err != nil:
		return o.Err.Error()
	case o.Duplicate:
		return "duplicate"
	}
	return "counted"
}

// fail is a transaction that writes, and then fails. The model does nothing.
func (m *modelled) fail(group []drawn, panics bool) {
	failure := errors.New("stage failed")
	_, err := m.ledger.Commit(objectsOf(group), m.clock, func(tx *Tx, _ []int) error {
		err := errors.Join(tx.PutPage(0, []byte("nonsense")), tx.PutPage(1, nil), tx.PutSeries(99, nil), tx.DeleteSeries(0))
		if panics {
			panic(failure)
		}
		return errors.Join(err, failure)
	})
	if err == nil {
		m.Fatal("a transaction that failed: got no error")
	}
}

// total is what the ledger has.
func (m *modelled) total() (total uint64) {
	err := m.ledger.Pages(func(n uint32, content []byte) error {
		if n != 0 || len(content) != 8 {
			return fmt.Errorf("page %d is %q", n, content)
		}
		total = binary.BigEndian.Uint64(content)
		return nil
	})
	if err != nil {
		m.Fatal(err)
	}
	return total
}

// compare holds the ledger to the model: rows, days, horizon, total, series, and every look-up.
func (m *modelled) compare() {
	rows := uint64(0)
	for _, d := range m.model.days {
		rows += uint64(len(d))
	}
	stats := m.ledger.Stats()
	if stats.Rows != rows || !stats.Horizon.Equal(m.model.horizon) || m.total() != m.model.total {
		m.Fatalf("got %d rows, horizon %s, total %b; want %d, %s, %b", stats.Rows, stats.Horizon, m.total(), rows, m.model.horizon, m.model.total)
	}
	series := map[int]bool{}
	if err := m.ledger.Series(func(id uint32, _ []byte) error { series[int(id)] = true; return nil }); err != nil {
		m.Fatal(err)
	}
	for n := range 30 {
		_, known := m.model.find(n)
		if got, err := m.ledger.Counted(at(n, time.Time{})); got != known || err != nil {
			m.Fatalf("look-up of object %d: got %v, %v, want %v", n, got, err, known)
		}
		if series[n] != m.ever[n] {
			m.Fatalf("series of object %d: got %v, want %v", n, series[n], m.ever[n])
		}
	}
}
