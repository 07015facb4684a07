package web

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// quantity writes three digits and a prefix of a thousand: 1.23 M.
func quantity(v float64) (number, prefix string) {
	prefixes := []string{"", "k", "M", "G", "T", "P", "E"}
	i := 0
	for v >= 999.5 && i < len(prefixes)-1 {
		v, i = v/1000, i+1
	}
	digits := 0
	switch {
	case i == 0 && v == math.Trunc(v), v >= 99.95:
	case v >= 9.995:
		digits = 1
	default:
		digits = 2
	}
	return strconv.FormatFloat(v, 'f', digits, 64), prefixes[i]
}

func countText(n uint64) string {
	if n < 10_000 {
		return strconv.FormatUint(n, 10)
	}
	number, prefix := quantity(float64(n))
	return number + " " + prefix
}

func bytesText(n uint64) string {
	number, prefix := quantity(float64(n))
	return number + " " + prefix + "B"
}

// unitText writes a number in the unit of a ranking.
func unitText(n uint64, unit string) string {
	if unit == unitBytes {
		return bytesText(n)
	}
	return countText(n)
}

const (
	unitBytes   = "bytes"
	unitRecords = "records"
)

// percent writes a ratio; next to nothing is not nothing.
func percent(ratio float64) string {
	switch p := 100 * ratio; {
	case p == 0:
		return "0 %"
	case p < 0.1:
		return "< 0.1 %"
	case p < 9.95:
		return strconv.FormatFloat(p, 'f', 1, 64) + " %"
	case p > 99 && p < 100:
		return "> 99 %"
	default:
		return strconv.FormatFloat(p, 'f', 0, 64) + " %"
	}
}

// ratio is 0 of nothing.
func ratio(part, whole uint64) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

// span writes a duration in at most two units.
func span(d time.Duration) string {
	switch d = max(d, 0); {
	case d < time.Minute:
		return fmt.Sprintf("%d s", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%d min", d/time.Minute)
	case d < 24*time.Hour && d%time.Hour < time.Minute:
		return fmt.Sprintf("%d h", d/time.Hour)
	case d < 24*time.Hour:
		return fmt.Sprintf("%d h %d min", d/time.Hour, d%time.Hour/time.Minute)
	}
	return fmt.Sprintf("%d d %d h", d/(24*time.Hour), d%(24*time.Hour)/time.Hour)
}

// clock writes a time of today without its day.
func clock(at, now time.Time) string {
	at, now = at.UTC(), now.UTC()
	if at.YearDay() == now.YearDay() && at.Year() == now.Year() {
		return at.Format("15:04")
	}
	return at.Format("2006-01-02 15:04")
}

// plural writes a number with its noun.
func plural(n uint64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return countText(n) + " " + many
}

// unix is 0 for a time that never was.
func unix(at time.Time) int64 {
	if at.IsZero() {
		return 0
	}
	return at.Unix()
}
