package inflate

const (
	// fastInput is how many bytes must be ahead for a round of the fast loop: it loads eight, three times, and goes on by seven after each.
	fastInput = 32
	// fastOutput is the most that a round writes, with what it writes too much: two literals and the longest match, in words of 16 bytes.
	fastOutput = 2 + maxMatch + 16
)

// fast decodes symbols until it comes near the end of the input, to the goal, or to the end of the block. A round is up to three literals, or up to
// two and a match. It is one function, and long, because its variables must stay in registers.
//
// What the variables hold: buffer and count are those of [deflate], but only the low 8 bits of count are right, so that a whole entry can be
// subtracted from it. e is the entry of the next symbol, which was not taken yet.
func (d *deflate) fast(window []byte, o output) (uint, error) {
	in, t := d.in.b, &d.tables
	pos, inEnd := uint(d.in.pos), uint(len(in)-fastInput)
	at, goal := o.at, o.goal
	buffer, count := d.buffer, d.count
	var err error

	buffer |= load64(in, pos) << (count & 63)
	pos += (63 - count) >> 3 & 7
	count |= 56
	e := t.litlen[buffer&(1<<litlenBits-1)]
	for {
		before := buffer // With the extra bits of e.
		buffer >>= e & 63
		count -= uint(e)
		if int32(e) < 0 { // A literal, one of up to three.
			store8(window, at, byte(e>>valueShift))
			at++
			e = t.litlen[buffer&(1<<litlenBits-1)]
			before = buffer
			buffer >>= e & 63
			count -= uint(e)
			if int32(e) < 0 {
				store8(window, at, byte(e>>valueShift))
				at++
				e = t.litlen[buffer&(1<<litlenBits-1)]
				before = buffer
				buffer >>= e & 63
				count -= uint(e)
				if int32(e) < 0 {
					store8(window, at, byte(e>>valueShift))
					at++
					goto next
				}
			}
		}
		if e&flagSpecial != 0 { // Rare.
			if e&flagSubtable != 0 {
				e = t.litlen[subentry(e, buffer)]
				before = buffer
				buffer >>= e & 63
				count -= uint(e)
			}
			if int32(e) < 0 {
				store8(window, at, byte(e>>valueShift))
				at++
				goto next
			}
			if e&flagEnd != 0 {
				d.block = nil
				break
			}
			if e&flagSpecial != 0 {
				err = errCode
				break
			}
		}
		{ // A match.
			length := uint(e>>valueShift) + uint(extra(e, before))
			if count&0xff < maxCode+13 { // The longest distance with its extra bits.
				buffer |= load64(in, pos) << (count & 63)
				pos += (63 - count) >> 3 & 7
				count |= 56
			}
			e = t.dist[buffer&(1<<distBits-1)]
			if e&flagSpecial != 0 {
				if e&flagSubtable == 0 {
					err = errCode
					break
				}
				buffer >>= distBits
				count -= distBits
				e = t.dist[subentry(e, buffer)]
			}
			before = buffer
			buffer >>= e & 63
			count -= uint(e)
			distance := uint(e>>valueShift) + uint(extra(e, before))
			if distance > at-o.floor {
				err = errDistance
				break
			}

			// The next entry is on its way while the match is copied.
			buffer |= load64(in, pos) << (count & 63)
			pos += (63 - count) >> 3 & 7
			count |= 56
			e = t.litlen[buffer&(1<<litlenBits-1)]

			from, to := at-distance, at
			at += length
			switch {
			case distance >= 16:
				copy16(window, to, from)
				for length > 16 {
					to, from, length = to+16, from+16, length-16
					copy16(window, to, from)
				}
			case distance >= 8:
				for to < at {
					store64(window, to, load64(window, from))
					to, from = to+8, from+8
				}
			case distance == 1:
				for v := load64(window, from) & 0xff * 0x0101010101010101; to < at; to += 8 {
					store64(window, to, v)
				}
			default: // Each word has as many right bytes as the distance; the next one begins behind them.
				for to < at {
					store64(window, to, load64(window, from))
					to, from = to+distance, from+distance
				}
			}
			if pos > inEnd || at >= goal {
				break
			}
			continue
		}
	next:
		buffer |= load64(in, pos) << (count & 63)
		pos += (63 - count) >> 3 & 7
		count |= 56
		e = t.litlen[buffer&(1<<litlenBits-1)]
		if pos > inEnd || at >= goal {
			break
		}
	}
	d.in.pos, d.buffer, d.count = int(pos), buffer, count&0xff
	return at, err
}
