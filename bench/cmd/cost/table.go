package main

import (
	"fmt"
	"io"
	"time"
)

// callsTable is what was counted.
func (m measured) callsTable(w io.Writer) {
	loads := []load{m.backlog, m.single, m.steady}
	fmt.Fprintf(w, "Measured on %s: %d objects of a backlog, %d that came one at a time, %d at %s, and %s of nothing.\n\n", time.Now().UTC().Format("2 January 2006"),
		m.backlog.objects, m.single.objects, m.steady.objects, m.steady.what, m.idle.took.Round(time.Second))
	fmt.Fprintf(w, "| call | an object of a %s | %s | %s | a month of nothing |\n|---|---|---|---|---|\n", m.backlog.what, m.single.what, m.steady.what)
	for _, call := range m.names() {
		fmt.Fprintf(w, "| %s ", call)
		for _, l := range loads {
			if standing(call) {
				fmt.Fprint(w, "| ")
			} else {
				fmt.Fprintf(w, "| %.3f ", l.perObject(call))
			}
		}
		fmt.Fprintf(w, "| %s |\n", m.often(call))
	}
	fmt.Fprintf(w, "| SQS SendMessage, by S3 | %.3f | %.3f | %.3f | 0 |\n", sends, sends, sends)
	fmt.Fprintf(w, "| **dollars** | **%.2f** a million | **%.2f** a million | **%.2f** a million | **%.2f** |\n\n",
		m.backlog.objectDollars(), m.single.objectDollars(), m.steady.objectDollars(), m.standingDollars())
}

// often is how often a call is made with nothing to do.
func (m measured) often(call string) string {
	if standing(call) && m.idle.calls[call] == 0 {
		return "once a start"
	}
	return fmt.Sprintf("%.0f", m.monthly(call))
}

// dollarsTable is the formula for several loads.
func (m measured) dollarsTable(w io.Writer) {
	fmt.Fprint(w, "| objects | in a month | dollars for the objects | dollars for waiting | dollars in a month | dollars for a million objects |\n|---|---|---|---|---|---|\n")
	for _, at := range []struct {
		what  string
		every time.Duration
	}{
		{"1 in 5 minutes", 5 * time.Minute}, {"1 a minute", time.Minute}, {"1 a second", time.Second}, {"10 a second", time.Second / 10}, {"100 a second", time.Second / 100},
	} {
		objects := float64(month) / float64(at.every)
		forObjects := m.of(objects).objectDollars() * objects / 1e6
		sum := forObjects + m.standingDollars()
		fmt.Fprintf(w, "| %s | %.0f | %.2f | %.2f | %.2f | %.2f |\n", at.what, objects, forObjects, m.standingDollars(), sum, sum/objects*1e6)
	}
	fmt.Fprintln(w)
}
