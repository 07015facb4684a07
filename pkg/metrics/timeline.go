package metrics

import (
	"strconv"
	"time"

	"flowd/pkg/parser"
)

// The timeline is what happened when: for each account, VPC and action a ring of minutes, with the same numbers as the flow families. It lies in the same
// pages as every counter, in label sets of one hour each that no scrape shows, so it is durable with them.
//
// A minute that is closed never changes again. What comes later for it counts in the first minute that is still open, so that totals stay right,
// and in flowd_late_records_total.

const (
	hourMinutes = 60
	// hourWidth is the counters of one hour: records, bytes and packets of each minute.
	hourWidth = hourMinutes * len(counts{})
	// maxTimelines bounds account × VPC × action: about 100 VPCs. Further ones count as other.
	maxTimelines = 300
)

// addMinutes books the minutes of a batch.
func (s *stage) addMinutes(b *Batch) {
	own := b.objectTime
	if own == 0 {
		own = s.now.Unix()
	}
	latest := (own + int64(futureTolerance/time.Second)) / 60
	for _, v := range b.rows.vpcs {
		v.minutes.each(func(minute int64, c *minuteCells) {
			if minute <= noMinute || minute > latest {
				minute = own / 60
			}
			s.addMinute(v, minute, c)
		})
	}
}

func (s *stage) addMinute(v *vpcRow, minute int64, c *minuteCells) {
	if closed := s.closedUntil(); minute <= closed {
		for a := range c {
			s.bump(s.set(familyLate), 0, c[a][counterRecords])
		}
		minute = closed + 1
	}
	for a := range c {
		if c[a] != (counts{}) {
			s.addToTimeline(v, parser.Action(a).String(), minute, &c[a])
		}
	}
}

// addToTimeline books one minute. One that is older than the ring, or than what a new flowd begins with, is only in the total.
func (s *stage) addToTimeline(v *vpcRow, action string, minute int64, c *counts) {
	total := s.timelineTotal(v, action)
	s.addCounts(total, c)
	if minute >= s.oldestMinute() {
		s.addToRing(total.values, minute, c)
	}
}

func (s *stage) addToRing(timeline []string, minute int64, c *counts) {
	hour := s.set(familyHour, timeline[0], timeline[1], timeline[2], strconv.FormatInt(minute/hourMinutes, 10))
	at := uint32(minute%hourMinutes) * uint32(len(c))
	for i, n := range c {
		s.bump(hour, at+uint32(i), n)
	}
}

// timelineTotal finds the total of a timeline, or adds one below the limit.
func (s *stage) timelineTotal(v *vpcRow, action string) *labelSet {
	if set := s.find(familyTimeline, v.accountID, v.vpcID, action); set != nil {
		return set
	}
	if len(s.t.state.sets[familyTimeline]) < maxTimelines {
		return s.set(familyTimeline, v.accountID, v.vpcID, action)
	}
	return s.set(familyTimeline, labelOther, labelOther, action)
}

func (s *stage) oldestMinute() int64 { return s.t.oldestMinute(s.now) }

// oldestMinute is the first minute of the ring: it holds whole hours.
func (t *Totals) oldestMinute(now time.Time) int64 {
	return now.Add(-t.cfg.TimelineSpan).Unix() / 3600 * hourMinutes
}

// closedUntil is the last closed minute, 0 when none is.
func (s *stage) closedUntil() int64 {
	if set := s.find(familyClosed); set != nil {
		return int64(s.pages.get(set.slot))
	}
	return 0
}

// close closes the minutes that every flow log has delivered, with a margin for what is late.
func (s *stage) close() {
	until, any := int64(0), false
	for _, set := range s.t.state.sets[familyWatermark] {
		if w := int64(s.pages.get(set.slot)); w > 0 && (!any || w < until) {
			until, any = w, true
		}
	}
	until -= int64(s.t.cfg.Lateness / time.Second)
	if closed := until/60 - 1; any && closed > 0 {
		s.raise(s.set(familyClosed), uint64(closed))
	}
}

// forgetHours drops the hours that have left the ring.
func (s *stage) forgetHours() {
	oldest := s.oldestMinute() / hourMinutes
	s.t.state.rewrite(familyHour, func(set *labelSet) *labelSet {
		if hour, err := strconv.ParseInt(set.values[hourPosition], 10, 64); err == nil && hour >= oldest {
			return set
		}
		s.drop(set)
		return nil
	})
}

// hourPosition is that of the hour among the labels of familyHour.
const hourPosition = 3
