package web

import (
	"fmt"
	"testing"
	"time"
)

// minutes are n of 600 records each, up to a time.
func minutes(n int, until time.Time) (all []Minute) {
	for i := n; i > 0; i-- {
		all = append(all, Minute{Time: until.Add(-time.Duration(i) * time.Minute), Accept: 540, Reject: 60, Records: 600, Bytes: 60_000_000})
	}
	return all
}

func textOf(l *Live, now time.Time) (all []string) {
	for _, t := range l.tiles(now) {
		all = append(all, fmt.Sprintf("%s %s (%s) %s", t.Text, t.Unit, t.About, t.Status))
	}
	return all
}

func TestTilesAreOfWhatIsComplete(t *testing.T) {
	now := noon()
	cases := []struct {
		name string
		live Live
		want []string
	}{
		{"four hours", Live{Minutes: minutes(240, now.Add(-4*time.Minute)), CompleteUntil: now.Add(-8 * time.Minute), NewestRecord: now.Add(-4 * time.Minute)}, []string{
			"10 /s (11:42–11:52, complete) ok", "10 % (10 % in the 1 h before) ok", "1.00 MB/s (11:42–11:52, complete) ok", "8 min  (newest record is 4 min old) ok"}},
		{"nothing complete yet", Live{Minutes: minutes(3, now)}, []string{
			"10 /s (11:57–12:00, still arriving) ok", "10 % (180 records in 3 min) ok", "1.00 MB/s (11:57–12:00, still arriving) ok", "–  (no flow log is complete yet) ok"}},
		{"a quiet night", Live{Minutes: minutes(60, now.Add(-2*time.Hour)), CompleteUntil: now.Add(-20 * time.Minute)}, []string{
			"0 /s (11:30–11:40, complete) ok", "0 % (0 records in 10 min) ok", "0 B/s (11:30–11:40, complete) ok", "20 min  (no flow log is complete yet) ok"}},
		{"far behind", Live{Minutes: minutes(60, now.Add(-2*time.Hour)), CompleteUntil: now.Add(-2 * time.Hour)}, []string{
			"10 /s (09:50–10:00, complete) ok", "10 % (10 % in the 50 min before) ok", "1.00 MB/s (09:50–10:00, complete) ok", "2 h  (no flow log is complete yet) warn"}},
		{"nothing", Live{}, []string{"– /s (no records yet) ok", "– % (no records yet) ok", "– B/s (no records yet) ok", "–  (no flow log is complete yet) ok"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := textOf(&c.live, now)
			for i := range c.want {
				if got[i] != c.want[i] {
					t.Errorf("got  %s\nwant %s", got[i], c.want[i])
				}
			}
		})
	}
}

func TestPeriodsCoverEveryTenMinutes(t *testing.T) {
	l := Live{CompleteUntil: noon().Add(-15 * time.Minute)}
	l.Minutes = append(minutes(10, noon().Add(-30*time.Minute)), minutes(5, noon().Add(-5*time.Minute))...)
	got := fmt.Sprint(l.periods())
	at := noon().Unix()
	want := fmt.Sprint([]Period{{at - 600, 2700, 300, 300_000_000, true}, {at - 1200, 0, 0, 0, true}, {at - 1800, 0, 0, 0, false}, {at - 2400, 5400, 600, 600_000_000, false}})
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestSharesAddUpToTheTotal(t *testing.T) {
	r := rankings()[0]
	v := r.view()
	if v.Rest != 500 || v.Share != "50 %" || v.Rows[0].Share != "40 %" || v.Rows[0].Bound != "± 40 B" || v.Rows[1].Bound != "" {
		t.Errorf("got %+v", v)
	}
	if row := v.Rows[0]; row.Bar != 100 || row.Low != 90 || row.High != 100 {
		t.Errorf("the first bar: got %v from %v to %v, want 100 from 90 to 100", row.Bar, row.Low, row.High)
	}
	if row := v.Rows[1]; row.Bar != 25 || row.Low != 25 || row.High != 25 {
		t.Errorf("the second bar: got %v from %v to %v, want 25 and no error", row.Bar, row.Low, row.High)
	}
	r.Total = 0 // As after a restart, when members are known and their weights are not.
	if v := r.view(); v.Rest != 0 || v.Share != "0 %" {
		t.Errorf("without a total: got %+v", v)
	}
}

func TestNumbersAreShort(t *testing.T) {
	for n, want := range map[uint64]string{0: "0 B", 999: "999 B", 1000: "1.00 kB", 12_345: "12.3 kB", 999_900: "1.00 MB", 1<<64 - 1: "18.4 EB"} {
		if got := bytesText(n); got != want {
			t.Errorf("%d bytes: got %q, want %q", n, got, want)
		}
	}
	for v, want := range map[float64]string{0: "0 %", 0.0001: "< 0.1 %", 0.0421: "4.2 %", 0.5: "50 %", 0.9999: "> 99 %", 1: "100 %"} {
		if got := percent(v); got != want {
			t.Errorf("%v: got %q, want %q", v, got, want)
		}
	}
	for d, want := range map[time.Duration]string{0: "0 s", 59 * time.Second: "59 s", 90 * time.Second: "1 min", time.Hour: "1 h", 25 * time.Hour: "1 d 1 h", 61 * time.Minute: "1 h 1 min"} {
		if got := span(d); got != want {
			t.Errorf("%v: got %q, want %q", d, got, want)
		}
	}
}
