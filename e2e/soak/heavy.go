package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"time"

	"flowd/internal/flowgen"
)

const (
	largeObjects      = 10
	bombs             = 10
	bombText          = 1 << 30 // Bytes; as gzip it is a thousandth of it.
	manyInterfaces    = 1_000_000
	interfacesObjects = 10
)

// heavy delivers what needs memory, all of it before flowd has read anything of it: workers take large objects, bombs and floods of interfaces at once.
func (s *soak) heavy(ctx context.Context) error {
	began := time.Now()
	large, err := s.largeObject(ctx)
	if err != nil {
		return err
	}
	bomb, err := gzipBomb()
	if err != nil {
		return err
	}
	var floods []flowgen.Object
	for i := range interfacesObjects {
		floods = append(floods, flood(large.Key, i*manyInterfaces/interfacesObjects))
	}
	fmt.Fprintf(s.progress, "%d large objects of %d bytes, %d bombs of %d, %d objects with %d interfaces, made in %s\n", largeObjects, len(large.Body), bombs, len(bomb),
		interfacesObjects, manyInterfaces, time.Since(began).Round(time.Second))
	for _, of := range []struct {
		n    int
		next func(i int) error
	}{
		{largeObjects, func(int) error { return s.deliver(ctx, large) }},
		{bombs, func(int) error { return s.plant(ctx, large.Key, "bomb", bomb) }},
		{interfacesObjects, func(i int) error { return s.deliver(ctx, floods[i]) }},
	} {
		for i := range of.n {
			s.sent++
			if err := of.next(i); err != nil {
				return err
			}
		}
	}
	return nil
}

// largeObject has as many gzip members as its size needs. All have the same header, which may be there again within an object.
func (s *soak) largeObject(ctx context.Context) (flowgen.Object, error) {
	const clean = true
	pool, err := s.pool(ctx, clean, flowgen.FormatNames()[0])
	if err != nil {
		return flowgen.Object{}, err
	}
	o := flowgen.Object{Key: pool[0].Key, Totals: new(flowgen.Totals)}
	var body bytes.Buffer
	for i := 0; body.Len() < int(s.large); i++ {
		part := pool[i%len(pool)]
		body.Write(part.Body)
		o.Totals.Merge(part.Totals)
		o.Uncompressed += part.Uncompressed
	}
	o.Totals.Objects, o.Body = 1, body.Bytes()
	return o, nil
}

// gzipBomb is a line that is repeated: nothing is wrong with it but what it inflates to.
func gzipBomb() ([]byte, error) {
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	_, _ = z.Write([]byte("version srcaddr bytes\n")) // A buffer takes everything.
	lines := bytes.Repeat([]byte("2 10.0.0.1 1000\n"), 1<<16)
	for n := 0; n < bombText; n += len(lines) {
		_, _ = z.Write(lines)
	}
	return out.Bytes(), z.Close()
}

// flood has an interface of its own in every record, and accounts and VPCs without end.
func flood(key string, first int) flowgen.Object {
	const records, size, packets = manyInterfaces / interfacesObjects, 1000, 10
	text := []byte("account-id vpc-id subnet-id interface-id srcaddr dstaddr dstport protocol packets bytes end action flow-direction log-status\n")
	end := time.Now().Unix()
	for i := range records {
		n := first + i
		text = fmt.Appendf(text, "%012d vpc-%08x subnet-%08x eni-%08x 10.%d.%d.%d 192.0.2.1 443 6 %d %d %d REJECT ingress OK\n", n/100, n/10, n, n, n>>16&255, n>>8&255, n&255,
			packets, size, end)
	}
	body := compressed(text)
	counts := flowgen.Counts{Records: records, Bytes: records * size, Packets: records * packets}
	return flowgen.Object{Key: key, Body: body, Uncompressed: len(text), Totals: &flowgen.Totals{
		Flows:       map[flowgen.FlowKey]flowgen.Counts{{Action: "reject"}: counts},
		Interfaces:  map[flowgen.InterfaceKey]flowgen.Counts{{Action: "reject"}: counts},
		Ports:       map[flowgen.PortKey]flowgen.Counts{{Action: "reject"}: counts},
		RecordsRead: map[string]uint64{"ok": records},
		ObjectBytes: struct{ Compressed, Uncompressed uint64 }{uint64(len(body)), uint64(len(text))},
		Objects:     1, RecordAges: records,
		TopSourceBytes: records * size, TopDestinationBytes: records * size, TopPairBytes: records * size,
		TopRejectedSourceRecords: records, TopRejectedPortRecords: records,
	}}
}
