package ingest

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"flowd/pkg/parser"
)

// F24 object that is gone: looked for in at least two receives and for a minute, then given up as `missing` with a warning.
func TestF24_ObjectIsGone(t *testing.T) {
	scenario{
		func(r *rig) { r.sendObject(key, zip(r, text(3))); r.store.remove(key) },
		deleted, 3, 0, map[string]float64{
			"sqs_messages_received": 3, "sqs_messages_deleted": 1, "sqs_messages_failed{object}": 2, "object_failures{not_found}": 2, "objects{missing}": 1,
		},
	}.run(t, func(r *rig) { r.wantLines(zap.WarnLevel, "the object is gone; giving it up", 1) })
}

// F25 S3 refuses an object: a single one is left to the dead-letter queue as `denied`; when it refuses five in a row, receiving stops.
func TestF25_AccessDenied(t *testing.T) {
	scenario{
		func(r *rig) {
			r.sendObject(key, zip(r, text(3)))
			r.store.fails = func(context.Context, int) error { return apiError("AccessDenied") }
		},
		deadLettered, 3, 0, broken(reasonDenied),
	}.run(t)
	outage{s3: apiError("AccessDenied"), reason: outageDenied}.run(t)
}

// F26 object overwritten before it was read: ignored, because what replaced it is announced too; If-Match sees to it.
func TestF26_Overwritten(t *testing.T) {
	scenario{
		func(r *rig) { r.sendObject(key, zip(r, text(3))); r.store.put(key, zip(r, text(5))) }, deleted, 1, 0, once("objects{ignored}"),
	}.run(t)
}

// F29 connection breaks inside a body: what was read is dropped and the object is read again, up to three times in one receive; then its message
// comes back as `read`.
func TestF29_ConnectionBreaks(t *testing.T) {
	for cuts, want := range map[int]scenario{
		1: {fate: deleted, receives: 1, records: 30, counters: once("objects{counted}")},
		2: {fate: deleted, receives: 1, records: 30, counters: once("objects{counted}")},
		3: {fate: deleted, receives: 2, records: 30, counters: again("object_failures{read}")},
		0: {fate: deadLettered, receives: 3, counters: broken(reasonRead)}, // Always.
	} {
		want.world = func(r *rig) {
			o := r.sendObject(key, zip(r, text(30)))
			o.cutAt, o.cuts = 100, cuts
		}
		want.run(t)
	}
}

// F30 body stands still, or comes at a byte a second: given up as `stalled` after 20 seconds without a byte, or after a minute below 64 KB/s.
func TestF30_BodyStalls(t *testing.T) {
	for name, c := range map[string]struct {
		fault func(o *fakeObject)
		took  time.Duration
	}{
		"no byte":         {func(o *fakeObject) { o.stallAt = 100 }, stallTimeout},
		"a byte a second": {func(o *fakeObject) { o.chunk, o.pause = 1, time.Second }, slowWindow},
		"half the rate":   {func(o *fakeObject) { o.chunk, o.pause = 32<<10, time.Second }, slowWindow},
		"just enough":     {func(o *fakeObject) { o.chunk, o.pause = 16<<10, time.Second/4 }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(r *rig) {
				o := r.store.put(key, slices.Concat([]byte(text(3)), blank(8<<20, false)))
				c.fault(o)
				began := time.Now()
				_, _, err := r.read(announced(key, o))
				if took := time.Since(began); c.took > 0 && (reasonOf(err, "none") != reasonStalled || took != c.took) {
					t.Errorf("got %v after %s, want %s after %s", err, took, reasonStalled, c.took)
				}
				if c.took == 0 && err != nil {
					t.Errorf("got %v, want no error", err)
				}
			})
		})
	}
}

// F31 body of another length than announced: fails as `short_body`, and nothing of it counts.
func TestF31_ShortBody(t *testing.T) {
	for who, world := range map[string]func(r *rig){
		"both say so":                func(r *rig) { r.sendObject(key, []byte(text(30))).endAt = 500 },
		"only the answer says so":    func(r *rig) { r.announceShort(func(e event, _ int) event { return e.without("size") }).endAt = 500 },
		"the notification said more": func(r *rig) { r.announceShort(func(e event, n int) event { return e.with("size", n+1) }) },
	} {
		t.Run(who, func(t *testing.T) { scenario{world, deadLettered, 3, 0, broken(reasonShortBody)}.run(t) })
	}
}

// announceShort sends a changed notification of an object.
func (r *rig) announceShort(change func(e event, n int) event) *fakeObject {
	o := r.store.put(key, []byte(text(30)))
	r.queue.send(message(change(created(key, o), len(o.content))))
	return o
}

// F32 truncated gzip: fails as `gzip`, wherever it was cut; nothing of it counts.
func TestF32_TruncatedGzip(t *testing.T) {
	whole := zip(t, text(100))
	for _, cut := range []int{3, 9, 12, len(whole) / 2, len(whole) - 8, len(whole) - 1} {
		dead(t, whole[:cut], reasonGzip)
	}
}

// F33 gzip cut between two members: no decoder sees it; the length that was announced does, and it fails as `short_body`.
func TestF33_CutBetweenMembers(t *testing.T) {
	first := zip(t, text(3))
	scenario{
		func(r *rig) { r.sendObject(key, slices.Concat(first, zip(r, text(5)))).endAt = len(first) }, deadLettered, 3, 0, broken(reasonShortBody),
	}.run(t)
}

// F34 gzip of many members: all of them count.
func TestF34_ManyMembers(t *testing.T) {
	header, _, _ := strings.Cut(text(0), "\n")
	all := zip(t, header+"\n")
	for _, line := range strings.SplitAfter(strings.TrimPrefix(text(1000), header+"\n"), "\n") {
		all = append(all, zip(t, line)...)
	}
	counted(t, all, 1000)
}

// F35 something after the end of gzip: zeros are padding and are skipped; anything else fails as `gzip`.
func TestF35_TrailingZeros(t *testing.T) {
	good := zip(t, text(3))
	counted(t, append(bytes.Clone(good), make([]byte, 512)...), 3)
	dead(t, append(bytes.Clone(good), 0, 0, 'x'), reasonGzip)
	dead(t, append(bytes.Clone(good), text(1)...), reasonGzip)
}

// F36 wrong checksum or length in a gzip trailer: fails as `gzip`; records that were read before it do not count.
func TestF36_WrongChecksum(t *testing.T) {
	for _, at := range []int{8, 4} {
		bad := zip(t, text(100))
		bad[len(bad)-at] ^= 1
		dead(t, bad, reasonGzip)
	}
}

// F37 object of zero bytes: counted, without records, so that a second notification is a duplicate.
func TestF37_EmptyObject(t *testing.T) {
	for _, content := range [][]byte{nil, zip(t, "")} {
		counted(t, content, 0)
		inBubble(t, func(r *rig) {
			body := message(created(key, r.store.put(key, content)))
			r.queue.send(body)
			r.queue.send(body)
			r.runFor(time.Minute)
			r.wantCounters(map[string]float64{"sqs_messages_received": 2, "sqs_messages_deleted": 2, "objects{counted}": 1, "objects{duplicate}": 1})
		})
	}
}

// F38 plain text in a .gz name, or gzip in another: told by the first bytes, and both count.
func TestF38_PlainText(t *testing.T) {
	counted(t, []byte(text(3)), 3)
	scenario{func(r *rig) { r.sendObject("AWSLogs/flow.txt", zip(r, text(3))) }, deleted, 1, 3, once("objects{counted}")}.run(t)
}

// F39 gzip inside gzip: inflated twice; a third layer is no flow log and fails as `header`.
func TestF39_DoubleGzip(t *testing.T) {
	two := zip(t, string(zip(t, text(3))))
	counted(t, two, 3)
	dead(t, zip(t, string(two)), reasonHeader)
}

// F40 gzip bomb: given up as `bomb` past 4 GiB of text, past 200 bytes of text for one as stored after 64 MiB, or after two minutes of parsing.
func TestF40_GzipBomb(t *testing.T) {
	var bomb bytes.Buffer
	w := gzip.NewWriter(&bomb)
	if _, err := io.WriteString(w, text(1)+strings.Repeat("\x00", ratioAfter+1<<20)); err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	if got, most := bomb.Len(), (ratioAfter+1<<20)/maxRatio; got > most {
		t.Fatalf("the bomb has %d bytes, more than %d: it is none", got, most)
	}
	dead(t, bomb.Bytes(), reasonBomb)
	for most, want := range map[int64]string{0: "none", 4<<20 - 1: reasonBomb} { // Within the ratio.
		inBubble(t, func(r *rig) {
			r.cfg.mostText = most
			_, _, err := r.read(announced(key, r.store.put(key, zip(r, text(1)+strings.Repeat("\n", 4<<20)))))
			if got := reasonOf(err, "none"); got != want {
				t.Errorf("at most %d bytes of text: got %v, want %s", most, err, want)
			}
		})
	}
	inBubble(t, func(r *rig) { // Whatever it is that takes so long.
		r.counter.add = func(*parser.Record) { time.Sleep(time.Second) }
		began := time.Now()
		_, _, err := r.read(announced(key, r.store.put(key, slices.Concat([]byte(text(200)), blank(1<<20, false)))))
		if took := time.Since(began); reasonOf(err, "none") != reasonBomb || took > 2*maxParse {
			t.Errorf("got %v after %s, want %s after %s", err, took, reasonBomb, maxParse)
		}
	})
}

// F41 line of a megabyte: skipped and counted as malformed; the lines around it count.
func TestF41_LongLine(t *testing.T) {
	inBubble(t, func(r *rig) {
		batch, _, err := r.read(announced(key, r.store.put(key, zip(r, text(3)+strings.Repeat("x", 1<<20)+"\n"+strings.TrimPrefix(text(2), text(0))))))
		if err != nil || batch.records != 5 || batch.malformed != 1 {
			t.Errorf("got %+v, %v, want 5 records and 1 malformed line", batch, err)
		}
	})
}

// F42 object of more than 256 MiB: not read; it is left to the dead-letter queue as `too_large`, whoever says how large it is.
func TestF42_TooLarge(t *testing.T) {
	scenario{
		func(r *rig) {
			r.queue.send(message(created(key, r.store.put(key, zip(r, text(3)))).with("size", maxObject+1)))
			r.store.fails = func(context.Context, int) error { r.Error("the object was asked for"); return nil }
		},
		deadLettered, 3, 0, broken(reasonTooLarge),
	}.run(t)
	scenario{
		func(r *rig) {
			o := r.store.put(key, zip(r, text(3)))
			o.claims = maxObject + 1
			r.queue.send(message(created(key, o).without("size")))
			r.counter.add = func(*parser.Record) { r.Error("the object was read") }
		},
		deadLettered, 3, 0, broken(reasonTooLarge),
	}.run(t)
	body := &watchedBody{body: neverEnding{}, cores: newCores(1), n: maxObject - 10}
	body.acquire()
	if _, err := body.Read(make([]byte, 100)); reasonOf(err, "none") != reasonTooLarge {
		t.Errorf("a body that does not end: got %v, want %s", err, reasonTooLarge)
	}
}

type neverEnding struct{}

func (neverEnding) Read(p []byte) (int, error) { return len(p), nil }

func (neverEnding) ready() bool { return true }

func (neverEnding) await() {}

// F43 Parquet: fails as `format`.
func TestF43_Parquet(t *testing.T) { dead(t, []byte("PAR1\x15\x04\x15\x10"), reasonFormat) }

// F44 header that is missing, reordered, or has columns that nobody knows: fields are found by name and unknown columns are skipped; without a
// header the object fails as `header`.
func TestF44_Header(t *testing.T) {
	counted(t, zip(t, "action srcaddr novelty log-status dstaddr\nACCEPT 10.0.0.1 what OK 10.0.0.2\n"), 1)
	_, records, _ := strings.Cut(text(3), "\n")
	dead(t, zip(t, records), reasonHeader)
	dead(t, []byte("hello, world\n"), reasonHeader)
}

// F45 values at their bounds: NODATA, SKIPDATA, `-` and IPv6 are records; a number that overflows or is negative makes its line malformed.
func TestF45_Values(t *testing.T) {
	const header = "interface-id srcaddr bytes log-status\n"
	inBubble(t, func(r *rig) {
		content := header + "eni-1 - - NODATA\neni-1 - - SKIPDATA\neni-1 2001:db8::1 18446744073709551615 OK\n" +
			"eni-1 10.0.0.1 18446744073709551616 OK\neni-1 10.0.0.1 -5 OK\neni-1 10.0.0.\xff 1 OK\n"
		batch, _, err := r.read(announced(key, r.store.put(key, []byte(content))))
		if err != nil || batch.records != 3 || batch.malformed != 3 {
			t.Errorf("got %+v, %v, want 3 records and 3 malformed lines", batch, err)
		}
	})
}

// F46 most lines are malformed: they are counted by reason and never fail their object.
func TestF46_MostLinesMalformed(t *testing.T) {
	counted(t, zip(t, text(1)+strings.Repeat("nonsense\n", 1000)), 1)
}

// F47 checksum of S3 does not match: the object is read again, and fails as `read` when that stays; an object without a checksum is held to its length.
func TestF47_ChecksumOfS3(t *testing.T) {
	mismatch := errors.New("checksum did not match: algorithm CRC64NVME, expect AAAA, actual BBBB") // The SDK has no type for it.
	for cuts, want := range map[int]scenario{
		1: {fate: deleted, receives: 1, records: 30, counters: once("objects{counted}")},
		0: {fate: deadLettered, receives: 3, counters: broken(reasonRead)},
	} {
		want.world = func(r *rig) {
			o := r.sendObject(key, zip(r, text(30)))
			o.cutAt, o.cutBy, o.cuts = len(o.content), mismatch, cuts
		}
		want.run(t)
	}
}

// F48 bucket deleted or in another region: no redirect is followed; when five objects fail so in a row, receiving stops (`bucket`).
func TestF48_BucketGoneOrElsewhere(t *testing.T) {
	for _, code := range []string{"NoSuchBucket", "PermanentRedirect", "TemporaryRedirect", "AuthorizationHeaderMalformed"} {
		outage{s3: apiError(code), reason: outageBucket}.run(t)
	}
}

// F69 panic while an object is parsed: it fails that object and no other, as `panic`, with the stack in the log.
func TestF69_Panic(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.counter.add = func(record *parser.Record) {
			if record.Bytes == 40*7 {
				panic("a bug")
			}
		}
		for i := range 5 {
			r.sendObject(fmt.Sprint("good-", i), zip(r, text(3)))
		}
		r.sendObject("bad", zip(r, text(9)))
		r.runFor(3 * time.Hour)
		r.wantRecords(15)
		if got := r.counters(); got["object_failures{panic}"] != 3 || got["sqs_messages_deleted"] != 5 || len(r.queue.dead) != 1 {
			t.Errorf("got %v and %d dead, want 3 panics, 5 deleted and 1 dead", got, len(r.queue.dead))
		}
		if got := r.logs.FilterMessage("panic while reading an object").All(); len(got) != 3 || !strings.Contains(got[0].ContextMap()["stack"].(string), "scan") {
			t.Errorf("got %d lines, want 3 with the stack", len(got))
		}
	})
}
