package main

import (
	"fmt"
	"io"
)

// target is a promise: one contender shall take at least so many times what another takes.
type target struct {
	data       string
	slow, fast string
	of         func(usage) float64
	least      float64
	what       string
}

// targets are those of the whole process on one core, by CPU time, but for the second core, which is by the clock.
func targets() []target {
	cpu := usage.seconds
	return []target{
		{versionTwo, otelWhole, flowdAnalyze, cpu, 12, "OpenTelemetry needs"},
		{versionTwo, mawkMinimal, flowdAnalyze, cpu, 4.5, "`zcat \\| mawk` needs"},
		{versionTwo, duckSame, flowdAnalyze, cpu, 5.5, "DuckDB needs"},
		{versionTwo, onlyKlaus, flowdAnalyze, cpu, 1, "klauspost needs to inflate alone (goal 1.4)"},
		{fieldsName, otelWhole, flowdAnalyze, cpu, 15, "OpenTelemetry needs"},
		{fieldsName, onlyKlaus, flowdAnalyze, cpu, 0.95, "klauspost needs to inflate alone"},
		{versionTwo, onlyKlaus, onlyFlowd, cpu, 2.2, "inflating alone: klauspost needs"},
		{versionTwo, onlyDeflate, onlyFlowd, cpu, 0.65, "inflating alone: libdeflate needs"},
		{filesName, oneCore, twoCores, usage.elapsed, 1.7, "one core takes, by the clock, of two cores"},
		{versionTwo, oneCore, twoCores, usage.elapsed, 1.7, "one core takes, by the clock, of two cores"},
		{filesName, flowdAnalyze, endToEnd, cpu, 0.8, "`flowd analyze` needs of `flowd run`"},
	}
}

// promisedSize is what the promises are about, in MB: of little data, starting a process is most of the work.
const promisedSize = 100

func (t target) verdict(ratio float64, size int) string {
	switch {
	case size < promisedSize:
		return "too little data to judge"
	case ratio < t.least:
		return "**missed**"
	}
	return "reached"
}

// verdicts is the table of promises. It looks for each in the races, and says so when none had both contenders.
func verdicts(w io.Writer, races []*race, size int) {
	fmt.Fprint(w, "### What was promised\n\nTimes what flowd needs, where nothing else is said.\n\n| data | | promised | measured | |\n|---|---|---|---|---|\n")
	for _, t := range targets() {
		measured, verdict := "not measured", "–"
		for _, r := range races {
			if ratio, ok := r.ratio(t.slow, t.fast, t.of); ok && r.data.name == t.data {
				measured, verdict = fmt.Sprintf("%.2f", ratio), t.verdict(ratio, size)
			}
		}
		fmt.Fprintf(w, "| %s | %s | ≥ %.4g | %s | %s |\n", t.data, t.what, t.least, measured, verdict)
	}
	fmt.Fprintln(w)
}
