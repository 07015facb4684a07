package main

import (
	"fmt"
	"io"
	"strconv"
)

// table writes a race as a table in Markdown: medians of the rounds, ratios as medians of the ratios inside of a round.
func (r *race) table(w io.Writer, floor int64) {
	d := r.data
	fmt.Fprintf(w, "### %s: %.0f MB of text, %d records, %.1f MB of gzip in %s\n\n", d.name, millions(d.text), d.records, millions(d.stored), plural(len(d.files), "file"))
	fmt.Fprintf(w, "Medians of %s.\n\n", plural(len(r.rounds), "round"))
	fmt.Fprint(w, "| | CPU s | records/s | MB/s | peak MB | CPU, × flowd |\n|---|---|---|---|---|---|\n")
	for _, p := range r.peers {
		cpu := r.median(p.name, usage.seconds)
		ratio, _ := r.ratio(p.name, r.peers[0].name, usage.seconds)
		fmt.Fprintf(w, "| %s | %.3f | %.2f M | %.0f | %s | %.2f |\n", p.name, cpu, millions(d.records)/cpu, millions(d.text)/cpu,
			peak(r.median(p.name, usage.resident), floor), ratio)
	}
	fmt.Fprintln(w)
}

// peak shows what is not above the floor as such.
func peak(bytes float64, floor int64) string {
	if bytes <= 1.02*float64(floor) {
		return fmt.Sprintf("≤ %.0f", bytes/megabyte)
	}
	return fmt.Sprintf("%.0f", bytes/megabyte)
}

// coresTable compares by the clock: that is what a second core is for.
func coresTable(w io.Writer, races []*race) {
	fmt.Fprint(w, "### Two cores against one\n\nSeconds by the clock, so other load counts in full.\n\n")
	fmt.Fprint(w, "| | 1 core, s | 2 cores, s | times as fast | CPU, × 1 core |\n|---|---|---|---|---|\n")
	for _, r := range races {
		faster, _ := r.ratio(oneCore, twoCores, usage.elapsed)
		cpu, _ := r.ratio(twoCores, oneCore, usage.seconds)
		fmt.Fprintf(w, "| %s | %.2f | %.2f | %.2f | %.2f |\n", filesOf(r.data), r.median(oneCore, usage.elapsed), r.median(twoCores, usage.elapsed), faster, cpu)
	}
	fmt.Fprintln(w)
}

func memoryTable(w io.Writer, races []*race) {
	fmt.Fprint(w, "### Memory of `flowd analyze`\n\n| text | peak MB |\n|---|---|\n")
	for _, r := range races {
		fmt.Fprintf(w, "| %.0f MB, %s | %.1f |\n", millions(r.data.text), filesOf(r.data), r.median(flowdAnalyze, usage.resident)/megabyte)
	}
	fmt.Fprintln(w)
}

func serviceTable(w io.Writer, r *race) {
	fmt.Fprintf(w, "### End to end\n\n%d objects with %d records, one core for flowd, the in-process endpoint on the rest of the machine; start and stop of the process count.\n\n",
		len(r.data.files), r.data.records)
	fmt.Fprint(w, "| | CPU s | records/s | rate, of analyze |\n|---|---|---|---|\n")
	for _, name := range []string{flowdAnalyze, endToEnd} {
		cpu := r.median(name, usage.seconds)
		rate, _ := r.ratio(flowdAnalyze, name, usage.seconds)
		fmt.Fprintf(w, "| %s | %.3f | %.2f M | %.0f %% |\n", name, cpu, millions(r.data.records)/cpu, 100*rate)
	}
	fmt.Fprintf(w, "\nThe peak of `flowd run` was %.0f MB.\n", r.median(endToEnd, usage.resident)/megabyte)
	fmt.Fprintln(w)
}

func filesOf(d dataset) string { return plural(len(d.files), "file") }

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}

func millions(n int64) float64 { return float64(n) / 1e6 }

func word(n int64) string { return strconv.FormatInt(n, 10) }
