package metrics

import (
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"flowd/pkg/parser"
)

// timed is an accepted record with a start and an end.
func timed(t testing.TB, vpc string, begin, end int64, bytes, packets uint64) *parser.Record {
	t.Helper()
	f, err := parser.ParseFormat("account-id vpc-id interface-id start end packets bytes action log-status")
	if err != nil {
		t.Fatal(err)
	}
	line := "123456789012 " + vpc + " eni-1 " + strconv.FormatInt(begin, 10) + " " + strconv.FormatInt(end, 10) +
		" " + strconv.FormatUint(packets, 10) + " " + strconv.FormatUint(bytes, 10) + " ACCEPT OK"
	r := new(parser.Record)
	if err := f.Parse([]byte(line), r); err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	return r
}

func minutesOf(m *vpcMinutes) map[int64]counts {
	got := map[int64]counts{}
	m.each(func(minute int64, c *minuteCells) { got[minute] = c[parser.ActionAccept] })
	return got
}

func TestMinutesOfARecord(t *testing.T) {
	const m = 30_000_000 // A minute.
	for _, c := range []struct {
		name       string
		start, end int64
		want       map[int64]counts
	}{
		{"exactly one minute", 60 * m, 60 * (m + 1), map[int64]counts{m: {1, 1000, 10}}},
		{"no length", 60*m + 30, 60*m + 30, map[int64]counts{m: {1, 1000, 10}}},
		{"no length, at the first second of a minute", 60 * m, 60 * m, map[int64]counts{m: {1, 1000, 10}}},
		{"two halves", 60*m + 30, 60*m + 90, map[int64]counts{m: {0, 500, 5}, m + 1: {1, 500, 5}}},
		{"a third and the rest, rounded so that the sum is exact", 60*m + 40, 60*m + 100, map[int64]counts{m: {0, 333, 3}, m + 1: {1, 667, 7}}},
		{"ten minutes", 60 * m, 60 * (m + 10), map[int64]counts{
			m: {0, 100, 1}, m + 1: {0, 100, 1}, m + 2: {0, 100, 1}, m + 3: {0, 100, 1}, m + 4: {0, 100, 1},
			m + 5: {0, 100, 1}, m + 6: {0, 100, 1}, m + 7: {0, 100, 1}, m + 8: {0, 100, 1}, m + 9: {1, 100, 1},
		}},
		{"milliseconds", 60*m*1000 + 30_000, 60*m*1000 + 90_000, map[int64]counts{m: {0, 500, 5}, m + 1: {1, 500, 5}}},
		{"a start after the end is not believed", 60 * (m + 5), 60*m + 1, map[int64]counts{m: {1, 1000, 10}}},
		{"a day is not believed", 60*m - 86400, 60*m + 1, map[int64]counts{m: {1, 1000, 10}}},
		{"no time at all", 0, 0, map[int64]counts{noMinute: {1, 1000, 10}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got vpcMinutes
			spare := 0
			got.add(timed(t, "vpc-1", c.start, c.end, 1000, 10), &spare)
			if m := minutesOf(&got); len(m) != len(c.want) {
				t.Fatalf("got %v, want %v", m, c.want)
			}
			for minute, want := range c.want {
				if minutesOf(&got)[minute] != want {
					t.Errorf("minute %d: got %v, want %v", minute, minutesOf(&got)[minute], want)
				}
			}
		})
	}
}

// TestMinutesKeepSums spreads anything over anything: what was added is there, and memory is bounded.
func TestMinutesKeepSums(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var m vpcMinutes
		spare, want := 0, counts{}
		for range rapid.IntRange(1, 60).Draw(rt, "records") {
			begin := rapid.Int64Range(0, 4_000_000_000).Draw(rt, "start")
			end := begin + rapid.Int64Range(-10, 5000).Draw(rt, "length")
			bytes, packets := rapid.Uint64Range(0, 1<<50).Draw(rt, "bytes"), rapid.Uint64Range(0, 1<<40).Draw(rt, "packets")
			m.add(timed(t, "vpc-1", begin, max(end, 0), bytes, packets), &spare)
			want[counterRecords]++
			want[counterBytes] += bytes
			want[counterPackets] += packets
		}
		got := counts{}
		for _, c := range minutesOf(&m) {
			for i := range c {
				got[i] += c[i]
			}
		}
		if got != want {
			rt.Fatalf("got %v, want %v", got, want)
		}
	})
}

func TestMinutesAreBounded(t *testing.T) {
	var m vpcMinutes
	spare := 0
	for i := range int64(5 * maxSpareMinutes) {
		m.add(timed(t, "vpc-1", 6000*(i+1), 6000*(i+1)+1, 1, 1), &spare)
	}
	if n := len(m.spare); n > maxSpareMinutes+1 {
		t.Errorf("a VPC has %d minutes outside of its table, want at most %d", n, maxSpareMinutes+1)
	}
	records := uint64(0)
	for _, c := range minutesOf(&m) {
		records += c[counterRecords]
	}
	if records != 5*maxSpareMinutes {
		t.Errorf("%d records, want %d", records, 5*maxSpareMinutes)
	}
}

// TestMinutesHaveTheirShare: up to the end of every minute, a record has counted its share of the seconds up to there, rounded down.
func TestMinutesHaveTheirShare(t *testing.T) {
	long := 0
	rapid.Check(t, func(rt *rapid.T) {
		begin, length := rapid.Int64Range(1_800_000_000, 1_800_000_119).Draw(rt, "start"), rapid.Int64Range(1, maxSpread).Draw(rt, "length")
		amount := rapid.OneOf(rapid.Uint64Range(0, 100), rapid.Uint64Range(0, 1<<40), rapid.Uint64())
		bytes, packets := amount.Draw(rt, "bytes"), amount.Draw(rt, "packets")
		var m vpcMinutes
		m.add(timed(t, "vpc-1", begin, begin+length, bytes, packets), new(int))
		got, sum := minutesOf(&m), counts{}
		for minute := begin / 60; minute <= (begin+length-1)/60; minute++ {
			c := got[minute]
			sum[counterRecords], sum[counterBytes], sum[counterPackets] = sum[counterRecords]+c[counterRecords], sum[counterBytes]+c[counterBytes], sum[counterPackets]+c[counterPackets]
			passed := uint64(min(60*(minute+1), begin+length) - begin)
			if want := (counts{passed / uint64(length), share(bytes, passed, uint64(length)), share(packets, passed, uint64(length))}); sum != want {
				rt.Fatalf("after minute %d of %d seconds: got %v, want %v", minute-begin/60, length, sum, want)
			}
			long += int(passed / 180)
		}
	})
	if long == 0 {
		t.Error("no record was longer than three minutes")
	}
}
