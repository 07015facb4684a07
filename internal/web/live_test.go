package web

import "time"

// noon is when most of what the tests show happened.
func noon() time.Time { return time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC) }

// live is a flowd that works: four hours of traffic, complete up to ten minutes ago.
func live() Live {
	now := time.Now()
	l := Live{
		CompleteUntil: now.Add(-10 * time.Minute), NewestRecord: now.Add(-4 * time.Minute), LastCommit: now.Add(-3 * time.Second),
		FlowLogs: []FlowLog{{"fl-0a1b2c3d4e5f60718", now.Add(-10 * time.Minute)}},
		Coverage: Coverage{Since: now.Add(-40 * time.Minute), OK: 9000, NoData: 1000},
		Pipeline: Pipeline{
			Queue: map[string]uint64{"visible": 2, "in_flight": 1, "delayed": 0, "dead_letter": 0}, Received: 12, Deleted: 11,
			Objects: map[string]uint64{"counted": 11, "duplicate": 1}, RecentSince: now.Add(-15 * time.Minute),
		},
	}
	for at := now.Add(-4 * time.Hour).Truncate(time.Minute); at.Before(now.Add(-4 * time.Minute)); at = at.Add(time.Minute) {
		l.Minutes = append(l.Minutes, Minute{Time: at, Accept: 540, Reject: 60, Records: 600, Bytes: 6_000_000})
	}
	return l
}

func rankings() []Ranking {
	return []Ranking{{
		Name: "top_source", Title: "Bytes by source", Of: "source", Unit: unitBytes, About: "Estimates.", Total: 1000,
		Rows: []Talker{{Labels: []string{"10.0.0.1"}, Title: "10.0.0.1", Value: 400, Error: 40}, {Labels: []string{"10.0.0.2"}, Title: "10.0.0.2", Value: 100}},
	}}
}

func history(ranking string, labels []string) (History, bool) {
	if ranking != "top_source" || len(labels) != 1 {
		return History{}, false
	}
	h := History{Ranking: rankings()[0], Talker: Talker{Labels: labels, Title: labels[0]}, Search: "flowd search --src=" + labels[0] + " flow-logs"}
	for i := range 10 {
		from := noon().Add(time.Duration(i) * time.Minute)
		h.Points = append(h.Points, Point{from, from.Add(time.Minute), uint64(100 * i)})
	}
	return h, true
}
