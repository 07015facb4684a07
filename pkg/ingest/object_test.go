package ingest

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"flowd/pkg/parser"
)

// read reads one object as a worker does, without a queue. The batch was not committed.
func (r *rig) read(o Object) (*fakeBatch, Object, error) {
	r.Helper()
	if r.consumer == nil {
		r.build()
	}
	batch, err := r.consumer.readObject(r.Context(), newReader(r.consumer.chunks), &o)
	if err != nil {
		return nil, o, err
	}
	batch.Discard()
	return batch.(*fakeBatch), o, nil
}

// announced is what the notification of a stored object says.
func announced(key string, o *fakeObject) Object {
	return Object{Bucket: bucket, Key: key, ETag: o.etag, Size: int64(len(o.content))}
}

// content is one object, and what should come of it: either a reason or the numbers.
type content struct {
	bytes     []byte
	reason    string
	records   int
	malformed int
}

func checkContents(t *testing.T, all map[string]content) {
	t.Helper()
	for name, c := range all {
		inBubble(t, func(r *rig) {
			batch, _, err := r.read(announced(key, r.store.put(key, c.bytes)))
			if c.reason != "" {
				if got := reasonOf(err, "none"); got != c.reason {
					t.Errorf("%s: got %s (%v), want %s", name, got, err, c.reason)
				}
				return
			}
			if err != nil {
				t.Errorf("%s: got %v, want no error", name, err)
				return
			}
			if batch.records != c.records || batch.malformed != c.malformed || batch.compressed != uint64(len(c.bytes)) {
				t.Errorf("%s: got %d records, %d malformed, %d bytes; want %d, %d, %d",
					name, batch.records, batch.malformed, batch.compressed, c.records, c.malformed, len(c.bytes))
			}
		})
	}
}

func TestContents(t *testing.T) {
	plain := text(3)
	good := zip(t, plain)
	header, records, _ := strings.Cut(plain, "\n")
	flipped := bytes.Clone(good)
	flipped[len(flipped)-8] ^= 1
	wrongSize := bytes.Clone(good)
	wrongSize[len(wrongSize)-1] ^= 1
	checkContents(t, map[string]content{
		"one member":                        {good, "", 3, 0},
		"two members":                       {slices.Concat(zip(t, header+"\n"), zip(t, records)), "", 3, 0},
		"a header in each member":           {slices.Concat(good, zip(t, text(5))), "", 8, 0},
		"a record cut by the end of member": {slices.Concat(zip(t, plain[:100]), zip(t, plain[100:])), "", 3, 0},
		"lines that end as in DOS":          {zip(t, strings.ReplaceAll(plain, "\n", "\r\n")), "", 3, 0},
		"no newline at the end":             {zip(t, strings.TrimSuffix(plain, "\n")), "", 3, 0},
		"a header and nothing else":         {zip(t, header+"\n"), "", 0, 0},
		"zero bytes":                        {nil, "", 0, 0},
		"a member of nothing":               {zip(t, ""), "", 0, 0},
		"plain text":                        {[]byte(plain), "", 3, 0},
		"malformed lines":                   {zip(t, plain+"2 eni-1\nnonsense\n"), "", 3, 2},
		"nothing but malformed lines":       {zip(t, header+"\n"+strings.Repeat("x\n", 1000)), "", 0, 1000},
		"truncated":                         {good[:len(good)-9], reasonGzip, 0, 0},
		"truncated in the trailer":          {good[:len(good)-1], reasonGzip, 0, 0},
		"truncated in the header":           {good[:5], reasonGzip, 0, 0},
		"a wrong checksum":                  {flipped, reasonGzip, 0, 0},
		"a wrong length":                    {wrongSize, reasonGzip, 0, 0},
		"garbage behind the end":            {slices.Concat(good, []byte("garbage")), reasonGzip, 0, 0},
		"a second member that is broken":    {slices.Concat(good, flipped), reasonGzip, 0, 0},
		"gzip inside gzip":                  {zip(t, string(good)), "", 3, 0},
		"gzip inside gzip inside gzip":      {zip(t, string(zip(t, string(good)))), reasonHeader, 0, 0},
		"records without a header":          {zip(t, records), reasonHeader, 0, 0},
		"plain text of something else":      {[]byte("hello, world\n"), reasonHeader, 0, 0},
		"Parquet":                           {[]byte("PAR1\x15\x04\x15\x10"), reasonFormat, 0, 0},
	})
}

// TestSampleContents reads the samples, when they are there.
func TestSampleContents(t *testing.T) {
	samples := os.Getenv("FLOWD_SAMPLES")
	if samples == "" {
		t.Skip("FLOWD_SAMPLES is not set")
	}
	all := map[string]content{
		"broken/V2.log.gz":                          {nil, "", 21, 0},
		"broken/V2_bad_crc.log.gz":                  {nil, reasonGzip, 0, 0},
		"broken/V2_crlf.log.gz":                     {nil, "", 21, 0},
		"broken/V2_header_only.log.gz":              {nil, "", 0, 0},
		"broken/V2_multimember.log.gz":              {nil, "", 21, 0},
		"broken/V2_multimember_header_twice.log.gz": {nil, "", 21, 0},
		"broken/V2_no_final_newline.log.gz":         {nil, "", 21, 0},
		"broken/V2_trailing_garbage.log.gz":         {nil, reasonGzip, 0, 0},
		"broken/V2_truncated.log.gz":                {nil, reasonGzip, 0, 0},
		"broken/empty_payload.log.gz":               {nil, "", 0, 0},
		"broken/not_gzip.log.gz":                    {nil, "", 21, 0},
		"broken/zero_bytes.log.gz":                  {nil, "", 0, 0},
		"real/vpcflowlog.log.gz":                    {nil, "", 3, 0},
		"V2.log.parquet":                            {nil, reasonFormat, 0, 0},
	}
	for name, c := range all {
		b, err := os.ReadFile(filepath.Join(samples, name))
		if err != nil {
			t.Fatal(err)
		}
		c.bytes = b
		all[name] = c
	}
	checkContents(t, all)
	if files, err := filepath.Glob(filepath.Join(samples, "broken", "*")); err != nil || len(files) != 12 {
		t.Errorf("got %d broken samples, %v, want the 12 above", len(files), err)
	}
}

// TestBodiesThatAreNotWhatWasAnnounced has an object that is whole, and a network that is not.
func TestBodiesThatAreNotWhatWasAnnounced(t *testing.T) {
	first := zip(t, text(3))
	two := slices.Concat(first, zip(t, text(5)))
	for name, c := range map[string]struct {
		content []byte
		fault   func(o *fakeObject, a *Object)
		reason  string
	}{
		"all of it":                            {two, func(*fakeObject, *Object) {}, ""},
		"a body that ends between two members": {two, func(o *fakeObject, _ *Object) { o.endAt = len(first) }, reasonShortBody},
		"plain text that ends between records": {[]byte(text(5)), func(o *fakeObject, _ *Object) { o.endAt = len(text(3)) }, reasonShortBody},
		"a body that ends inside a member":     {two, func(o *fakeObject, _ *Object) { o.endAt = len(first) - 9 }, reasonShortBody},
		"the same, and only the notification has a length": {
			two, func(o *fakeObject, _ *Object) { o.endAt, o.noLength = len(first), true }, reasonShortBody,
		},
		"the same, and only the answer has a length":     {two, func(o *fakeObject, a *Object) { o.endAt, a.Size = len(first), -1 }, reasonShortBody},
		"a notification with another length":             {two, func(_ *fakeObject, a *Object) { a.Size++ }, reasonShortBody},
		"only the answer has a length, and it is right":  {two, func(_ *fakeObject, a *Object) { a.Size = -1 }, ""},
		"only the notification has a length":             {two, func(o *fakeObject, _ *Object) { o.noLength = true }, ""},
		"nobody has a length, so that a cut has no sign": {two, func(o *fakeObject, a *Object) { o.noLength, a.Size = true, -1 }, reasonShortBody},
		"a connection that breaks":                       {two, func(o *fakeObject, _ *Object) { o.cutAt = len(first) - 9 }, reasonRead},
		"a connection that breaks between two members":   {two, func(o *fakeObject, _ *Object) { o.cutAt = len(first) }, reasonRead},
		"a connection that breaks in plain text":         {[]byte(text(5)), func(o *fakeObject, _ *Object) { o.cutAt = 100 }, reasonRead},
		"a body that stops coming":                       {two, func(o *fakeObject, _ *Object) { o.stallAt = len(first) }, reasonStalled},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(r *rig) {
				o := r.store.put(key, c.content)
				a := announced(key, o)
				c.fault(o, &a)
				began := time.Now()
				_, _, err := r.read(a)
				if got := reasonOf(err, ""); got != c.reason || (err == nil) != (c.reason == "") {
					t.Errorf("got %q (%v), want %q", got, err, c.reason)
				}
				if took := time.Since(began); took > stallTimeout || c.reason == reasonStalled && took != stallTimeout {
					t.Errorf("it took %s", took)
				}
			})
		})
	}
}

// TestDecoderIsNotUsedAgainAfterAPanic because nobody knows what state it is in. After a broken object it is.
func TestDecoderIsNotUsedAgainAfterAPanic(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.build()
		used := map[*decoder]int{}
		r.consumer.decoders.New = func() any {
			d := newDecoder(Config{})
			used[d] = len(used)
			return d
		}
		r.counter.add = func(*parser.Record) { panic("a bug") }
		o := announced(key, r.store.put(key, zip(r, text(3))))
		for n := 1; n <= 2; n++ {
			batch, err := r.consumer.readObject(r.Context(), newReader(r.consumer.chunks), &o)
			if batch != nil || reasonOf(err, "none") != reasonPanic || !strings.Contains(err.Error(), "a bug") {
				t.Errorf("got %v, want the panic as an error", err)
			}
			if len(used) != n {
				t.Errorf("%d objects took %d decoders: one was used again after a panic", n, len(used))
			}
		}
		if got := r.logs.FilterMessage("panic while reading an object").All(); len(got) != 2 || !strings.Contains(got[0].ContextMap()["stack"].(string), "scan") {
			t.Errorf("got %v, want a line with the stack for each", got)
		}
	})
}

// TestAllocationsDoNotDependOnTheNumberOfRecords compares objects of very different sizes.
func TestAllocationsDoNotDependOnTheNumberOfRecords(t *testing.T) {
	allocs := func(lines string) float64 {
		counter := newFakeCounter()
		c := &Consumer{parsing: newCores(1), deps: Deps{Counter: counter}}
		d := newDecoder(Config{})
		c.decoders.New = func() any { return d }
		r, stored := newReader(newChunks()), zip(t, lines)
		stall := time.AfterFunc(time.Hour, func() {})
		defer stall.Stop()
		in := bytes.NewReader(stored)
		return testing.AllocsPerRun(5, func() {
			in.Reset(stored)
			r.ahead.start(t.Context(), &network{body: in, stall: stall})
			defer r.ahead.stop()
			body := &watchedBody{body: r.ahead, cores: c.parsing}
			batch, err := c.fill(context.Background(), new(Object), body)
			if got := batch.(*fakeBatch); err != nil || got.records+got.malformed == 0 {
				t.Fatalf("got %v and %d records", err, got.records)
			}
		})
	}
	few, many := allocs(text(10)), allocs(text(5_000))
	if few != many || few > 50 {
		t.Errorf("allocations of an object: got %v for 10 records and %v for 5,000, want the same few", few, many)
	}
	header, _, _ := strings.Cut(text(0), "\n")
	few, many = allocs(header+"\n"+strings.Repeat("2 eni-1 x\n", 10)), allocs(header+"\n"+strings.Repeat("2 eni-1 x\n", 5_000))
	if few != many {
		t.Errorf("allocations of an object of malformed lines: got %v for 10 and %v for 5,000, want the same", few, many)
	}
}
