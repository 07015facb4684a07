package inflate

// careful decodes one symbol, with a check before each step. It is for the last bytes of the data.
func (d *deflate) careful(window []byte, o output) (uint, error) {
	d.refill() // Of 57 bits, a length takes 20 at the most and a distance 28.
	e, more, err := d.next(d.tables.litlen[:], litlenBits)
	switch {
	case err != nil:
		return o.at, err
	case e&flagLiteral != 0:
		window[o.at] = byte(e >> valueShift)
		return o.at + 1, nil
	case e&flagEnd != 0:
		d.block = nil
		return o.at, nil
	}
	length := e>>valueShift + more
	e, more, err = d.next(d.tables.dist[:], distBits)
	if err != nil {
		return o.at, err
	}
	distance := uint(e>>valueShift + more)
	if distance > o.at-o.floor {
		return o.at, errDistance
	}
	for range length { // Byte by byte: a match may reach into itself.
		window[o.at] = window[o.at-distance]
		o.at++
	}
	return o.at, nil
}

// next takes a symbol and its extra bits.
func (d *deflate) next(table []uint32, width uint) (entry, more uint32, err error) {
	e := table[d.buffer&(1<<width-1)]
	code := d.buffer
	if e&flagSubtable != 0 {
		if err := d.missing(width); err != nil {
			return 0, 0, err
		}
		code >>= width
		d.count -= width
		e = table[subentry(e, code)]
	}
	size := uint(e & 0xff)
	if err := d.missing(size); err != nil {
		return 0, 0, err
	}
	if e&flagSpecial != 0 && e&flagEnd == 0 {
		return 0, 0, errCode
	}
	d.buffer = code >> size
	d.count -= size
	return e, uint32(extra(e, code)), nil
}
