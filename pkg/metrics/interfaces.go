package metrics

import (
	"cmp"
	"slices"

	"flowd/pkg/parser"
)

// Rankings of interfaces. They are exact: every interface below the bound has counters of its own.
const (
	interfaceBytes   = "interface_bytes"
	interfaceRejects = "interface_rejects"
)

// interfaceLabels are account, VPC, subnet and interface: what comes before the action.
const interfaceLabels = len(identifiers{})

// ranked finds a ranking by its name: the family of its counters, and what of a counter is its value.
func (t *Totals) ranked(name string) (f family, value func(counterAt) uint64, ok bool) {
	switch name {
	case interfaceBytes:
		return familyInterface, func(c counterAt) uint64 { return c.value }, true
	case interfaceRejects:
		return familyInterface, rejectedRecords, true
	}
	for _, f := range rankedFamilies() {
		if t.defs[f].short == name {
			return f, func(c counterAt) uint64 { return c.value }, true
		}
	}
	return 0, nil, false
}

func rejectedRecords(c counterAt) uint64 {
	if c.set.values[interfaceLabels] == parser.ActionReject.String() {
		return c.more
	}
	return 0
}

// Interfaces returns up to n interfaces by bytes and as many by rejected records, as counted in the window of [History.Window].
func (h *History) Interfaces(n int) []View {
	before := h.before()
	grown := grownInterfaces(h.totals.snapshot.Load(), before.snapshot)
	views := []View{{Name: interfaceBytes, Since: before.at}, {Name: interfaceRejects, Since: before.at}}
	for i := range views {
		_, value, _ := h.totals.ranked(views[i].Name)
		views[i].Total, views[i].Rows = rankInterfaces(grown, n, value)
	}
	return views
}

func rankInterfaces(grown []counterAt, n int, value func(counterAt) uint64) (total uint64, rows []Talker) {
	byInterface := map[string]*Talker{}
	for _, c := range grown {
		v, key := value(c), interfaceKey(c.set.values)
		total = addSaturating(total, v)
		if v > 0 && byInterface[key] == nil {
			byInterface[key] = &Talker{Labels: slices.Clone(c.set.values[:interfaceLabels]), Member: true}
		}
		if v > 0 {
			byInterface[key].Estimate = addSaturating(byInterface[key].Estimate, v)
		}
	}
	for _, row := range byInterface {
		rows = append(rows, *row)
	}
	slices.SortFunc(rows, func(a, b Talker) int {
		return cmp.Or(cmp.Compare(b.Estimate, a.Estimate), slices.Compare(a.Labels, b.Labels))
	})
	return total, rows[:min(n, len(rows))]
}

// grownInterfaces is what each label set of the interface family counted since an older snapshot.
func grownInterfaces(now, before *snapshot) []counterAt {
	old := make(map[uint32]*labelSet, len(before.sets[familyInterface]))
	for _, set := range before.sets[familyInterface] {
		old[set.slot] = set
	}
	all := make([]counterAt, 0, len(now.sets[familyInterface]))
	for _, set := range now.sets[familyInterface] {
		c := counterAt{set: set, value: now.pages.get(set.slot + counterBytes), more: now.pages.get(set.slot + counterRecords)}
		if was := old[set.slot]; was != nil && slices.Equal(was.values, set.values) {
			c.value = grown(c.value, before.pages.get(set.slot+counterBytes))
			c.more = grown(c.more, before.pages.get(set.slot+counterRecords))
		}
		all = append(all, c)
	}
	return all
}

// heavyInterfaces are the counters of those interfaces that the views show. The caller holds the lock.
func (h *History) heavyInterfaces(s *snapshot) (heavy []counterAt) {
	grown, wanted := grownInterfaces(s, h.older.snapshot), map[string]bool{}
	for _, name := range []string{interfaceBytes, interfaceRejects} {
		_, value, _ := h.totals.ranked(name)
		_, rows := rankInterfaces(grown, h.totals.cfg.TopK, value)
		for _, row := range rows {
			wanted[interfaceKey(row.Labels)] = true
		}
	}
	for _, set := range s.sets[familyInterface] {
		if wanted[interfaceKey(set.values)] {
			heavy = append(heavy, counterAt{set, s.pages.get(set.slot + counterBytes), s.pages.get(set.slot + counterRecords)})
		}
	}
	return heavy
}
