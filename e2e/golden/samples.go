package golden

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"flowd/pkg/metrics"
)

// Samples is a scrape: series as the text format writes it → value.
type Samples map[string]float64

// Parse reads the text format, which has no timestamps here. A scrape without samples is an error.
func Parse(body []byte) (Samples, error) {
	s := Samples{}
	for line := range bytes.Lines(body) {
		text := strings.TrimSpace(string(line))
		if text == "" || text[0] == '#' {
			continue
		}
		at := strings.LastIndexByte(text, ' ')
		v, err := strconv.ParseFloat(text[at+1:], 64)
		if at < 0 || err != nil {
			return nil, fmt.Errorf("parsing a scrape: %q is no sample", text)
		}
		s[text[:at]] = v
	}
	if len(s) == 0 {
		return nil, fmt.Errorf("parsing a scrape: it has no samples")
	}
	return s, nil
}

// family is the name of the metric that a series belongs to.
func family(series string) string {
	name, _, _ := strings.Cut(series, "{")
	for _, suffix := range []string{"_bucket", "_sum", "_count"} {
		name = strings.TrimSuffix(name, suffix)
	}
	return name
}

// Durable keeps the series that continue after a restart.
func (s Samples) Durable() Samples {
	names := metrics.Durable()
	out := maps.Clone(s)
	maps.DeleteFunc(out, func(series string, _ float64) bool { return !slices.Contains(names, family(series)) })
	return out
}

// Sum adds every series of some families.
func (s Samples) Sum(families ...string) (total float64) {
	for series, v := range s {
		if slices.Contains(families, family(series)) {
			total += v
		}
	}
	return total
}
