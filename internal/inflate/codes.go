package inflate

// beginFixed makes the tables of fixed codes, unless they are there.
// Source: RFC 1951, section 3.2.6.
func (d *deflate) beginFixed() error {
	if d.fixed {
		return nil
	}
	for i := range maxLitlen {
		switch {
		case i < 144 || i >= 280:
			d.lengths[i] = 8
		case i < 256:
			d.lengths[i] = 9
		default:
			d.lengths[i] = 7
		}
	}
	for i := range maxDist {
		d.lengths[maxLitlen+i] = 5
	}
	err := d.build(maxLitlen, maxDist)
	d.fixed = err == nil
	return err
}

// beginDynamic reads the lengths of the codes, which are written in a code of their own.
// Source: RFC 1951, section 3.2.7.
func (d *deflate) beginDynamic() error {
	litlen, dist, n := int(d.take(5))+257, int(d.take(5))+1, int(d.take(4))+4
	if litlen > 286 || dist > 30 {
		return errLengths
	}
	order := [...]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}
	var lengths [len(order)]uint8
	for _, symbol := range order[:n] {
		lengths[symbol] = uint8(d.take(3))
	}
	if err := d.missing(0); err != nil {
		return err
	}
	// The table is made where that of literals comes later: it is used only until then.
	if d.fixed = false; !d.builder.build(d.tables.litlen[:], lengthsBits, d.symbols.lengths[:], lengths[:]) {
		return errLengths
	}
	if err := d.readLengths(d.lengths[:litlen+dist]); err != nil {
		return err
	}
	return d.build(litlen, dist)
}

// readLengths reads lengths of both codes in one, runs of the same length in short.
func (d *deflate) readLengths(lengths []uint8) error {
	for i := 0; i < len(lengths); {
		if d.count < lengthsBits+7 {
			d.refill()
		}
		e := d.tables.litlen[d.buffer&(1<<lengthsBits-1)]
		if err := d.missing(uint(e & 0xff)); err != nil {
			return err
		}
		if e&flagSpecial != 0 {
			return errCode
		}
		d.buffer >>= e & 63
		d.count -= uint(e & 0xff)
		symbol := uint8(e >> valueShift)
		if symbol < 16 {
			lengths[i] = symbol
			i++
			continue
		}
		n, err := d.repeat(lengths, i, symbol)
		if err != nil {
			return err
		}
		i += n
	}
	return nil
}

// repeat sets lengths from i on: to the one before, or to none.
func (d *deflate) repeat(lengths []uint8, i int, symbol uint8) (n int, err error) {
	var length uint8
	switch symbol {
	case 16:
		if i == 0 {
			return 0, errLengths
		}
		length, n = lengths[i-1], 3+int(d.take(2))
	case 17:
		n = 3 + int(d.take(3))
	default:
		n = 11 + int(d.take(7))
	}
	if err := d.missing(0); err != nil {
		return 0, err
	}
	if i+n > len(lengths) {
		return 0, errLengths
	}
	for k := range n {
		lengths[i+k] = length
	}
	return n, nil
}

// build makes both tables of the lengths, those of distances behind those of literals.
func (d *deflate) build(litlen, dist int) error {
	if !d.builder.build(d.tables.litlen[:], litlenBits, d.symbols.litlen[:], d.lengths[:litlen]) ||
		!d.builder.build(d.tables.dist[:], distBits, d.symbols.dist[:], d.lengths[litlen:litlen+dist]) {
		return errLengths
	}
	return nil
}
