package metrics

import (
	"math/bits"

	"flowd/pkg/parser"
)

const (
	// tableMinutes is the span that most objects lie in: AWS delivers every five minutes what at most ten minutes hold.
	tableMinutes = 32
	// tableLead is how much of it lies before the first record.
	tableLead = 24
	// maxSpareMinutes bounds the minutes of a batch that lie outside of the tables of its VPCs. What comes after counts in the object's minute.
	maxSpareMinutes = 1024
	// maxSpread is the longest record that is spread, in seconds. AWS aggregates over ten minutes at most, so a longer one has a wrong time.
	maxSpread = 3600
	// noMinute stands for the minute of the object.
	noMinute = 0
)

// minuteCells are what the records of one minute hold, by action.
type minuteCells [numActions]counts

// vpcMinutes are the minutes in which the records of one VPC happened, by number since 1970.
type vpcMinutes struct {
	first int64 // Of the table; 0 before the first record.
	table [tableMinutes]minuteCells
	spare map[int64]*minuteCells
}

// add spreads a record over the minutes that it covers: bytes and packets by seconds, so that their sums are exact. The record itself, which
// cannot be cut, counts where it ended.
func (m *vpcMinutes) add(r *parser.Record, spare *int) {
	start, end, ok := coveredSeconds(r)
	if !ok {
		m.cell(noMinute, spare)[r.Action].add(r.Bytes, r.Packets)
		return
	}
	first, last := start/60, (end-1)/60
	if last-first > 1 {
		m.spread(r, start, end, spare)
		return
	}
	// One minute or two: whether it is one is anybody's guess, so nothing is decided by that.
	passed, length := uint64(min(60*(first+1), end)-start), uint64(end-start)
	bytes, packets := share(r.Bytes, passed, length), share(r.Packets, passed, length)
	c := &m.cell(first, spare)[r.Action]
	c[counterBytes], c[counterPackets] = addSaturating(c[counterBytes], bytes), addSaturating(c[counterPackets], packets)
	m.cell(last, spare)[r.Action].add(r.Bytes-bytes, r.Packets-packets)
}

// coveredSeconds is the half-open time of a record in Unix seconds; it is never empty. It is not ok without an end.
func coveredSeconds(r *parser.Record) (start, end int64, ok bool) {
	if !r.Has(parser.FieldEnd) || r.End <= 0 {
		return 0, 0, false
	}
	end = toSeconds(r.End)
	if r.Has(parser.FieldStart) {
		if start = toSeconds(r.Start); start > 0 && start < end && end-start <= maxSpread {
			return start, end, true
		}
	}
	return end, end + 1, true
}

// toSeconds normalises times that were written in milliseconds.
func toSeconds(t int64) int64 {
	if t >= millisecondsFrom {
		return t / 1000
	}
	return t
}

func (m *vpcMinutes) spread(r *parser.Record, start, end int64, spare *int) {
	length, bytes, packets := uint64(end-start), uint64(0), uint64(0)
	for minute := start / 60; minute <= (end-1)/60; minute++ {
		passed := uint64(min(60*(minute+1), end) - start)
		c := &m.cell(minute, spare)[r.Action]
		upToBytes, upToPackets := share(r.Bytes, passed, length), share(r.Packets, passed, length)
		c[counterBytes] = addSaturating(c[counterBytes], upToBytes-bytes)
		c[counterPackets] = addSaturating(c[counterPackets], upToPackets-packets)
		bytes, packets = upToBytes, upToPackets
	}
	m.cell((end-1)/60, spare)[r.Action][counterRecords]++
}

// share is n × part ÷ whole, rounded down; part is whole at most.
func share(n, part, whole uint64) uint64 {
	high, low := bits.Mul64(n, part)
	if high|(low|whole)>>32 == 0 { // Most flows are that small, and a short division is far cheaper.
		return uint64(uint32(low) / uint32(whole))
	}
	q, _ := bits.Div64(high, low, whole) // part ≤ whole, so the quotient is at most n.
	return q
}

// cell is the place of a minute, nearly always in the table.
func (m *vpcMinutes) cell(minute int64, spare *int) *minuteCells {
	if at := uint64(minute - m.first); at < uint64(len(m.table)) && m.first != 0 { // No minute is before the first one of a table.
		return &m.table[at]
	}
	return m.find(minute, spare)
}

// find makes the table with the first minute, and finds or makes the place of one outside of it.
func (m *vpcMinutes) find(minute int64, spare *int) *minuteCells {
	if minute != noMinute && m.first == 0 {
		m.first = max(minute-tableLead, 1)
		return &m.table[minute-m.first]
	}
	if c := m.spare[minute]; c != nil {
		return c
	}
	if *spare >= maxSpareMinutes {
		minute = noMinute
		if c := m.spare[minute]; c != nil {
			return c
		}
	}
	*spare++
	if m.spare == nil {
		m.spare = map[int64]*minuteCells{}
	}
	c := new(minuteCells)
	m.spare[minute] = c
	return c
}

// each yields every minute that holds something, in no order.
func (m *vpcMinutes) each(yield func(minute int64, c *minuteCells)) {
	for i := range m.table {
		if c := &m.table[i]; *c != (minuteCells{}) {
			yield(m.first+int64(i), c)
		}
	}
	for minute, c := range m.spare {
		yield(minute, c)
	}
}
