package ingest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

func TestWhatIsAskedOfS3(t *testing.T) {
	for name, c := range map[string]struct {
		owner                             string
		change                            func(o *Object)
		wantMatch, wantVersion, wantOwner string
	}{
		"exactly what was announced":          {"", func(*Object) {}, `"%"`, "", ""},
		"the version that was announced":      {"", func(o *Object) { o.VersionID = "v1" }, `"%"`, "v1", ""},
		"whatever is there, without an ETag":  {"", func(o *Object) { o.ETag = "" }, "", "", ""},
		"of the account that owns the bucket": {owner, func(*Object) {}, `"%"`, "", owner},
	} {
		inBubble(t, func(r *rig) {
			r.cfg.ExpectedBucketOwner = c.owner
			stored := r.store.put("München/a+b", zip(r, text(3)))
			o := announced("München/a+b", stored)
			c.change(&o)
			if _, got, err := r.read(o); err != nil || got.ETag != stored.etag {
				t.Errorf("%s: got ETag %q, %v, want %q", name, got.ETag, err, stored.etag)
			}
			in := r.store.requests[0]
			match := strings.ReplaceAll(aws.ToString(in.IfMatch), stored.etag, "%")
			if match != c.wantMatch || aws.ToString(in.VersionId) != c.wantVersion || aws.ToString(in.ExpectedBucketOwner) != c.wantOwner || *in.Key != "München/a+b" {
				t.Errorf("%s: got If-Match %s, version %q, owner %q, key %q", name, match, aws.ToString(in.VersionId), aws.ToString(in.ExpectedBucketOwner), *in.Key)
			}
		})
	}
}

// TestBatchKnowsWhenItsObjectWasWritten needs that for the age of records.
func TestBatchKnowsWhenItsObjectWasWritten(t *testing.T) {
	inBubble(t, func(r *rig) {
		o := r.store.put(key, zip(r, text(3)))
		o.modified = time.Date(2026, 3, 1, 12, 5, 0, 0, time.UTC)
		batch, _, err := r.read(announced(key, o))
		if err != nil || !batch.objectTime.Equal(o.modified) {
			t.Errorf("got %+v, %v, want the time %s", batch, err, o.modified)
		}
	})
}

// TestKeyOfEventBridge finds the object under whichever key it has. The identity is the key that exists, so that the same object is found to be
// counted when S3 itself announces it.
func TestKeyOfEventBridge(t *testing.T) {
	const raw, decoded = "my+team/a", "my team/a"
	refuses := func(keys ...string) func(r *rig) {
		return func(r *rig) {
			r.store.fails = func(_ context.Context, n int) error {
				in := r.store.requests[n-1]
				for _, key := range keys {
					if *in.Key == key {
						return apiError("AccessDenied")
					}
				}
				return nil
			}
		}
	}
	for name, c := range map[string]struct {
		prefixes []string
		objects  []string // Keys that have the object; a leading "!" has another object instead.
		world    func(r *rig)
		key      string // Under which it is counted.
		reason   string
		gets     int
	}{
		"it was sent as it is":             {nil, []string{raw}, nil, raw, "", 1},
		"it was sent encoded":              {nil, []string{decoded}, nil, decoded, "", 2},
		"both keys have it":                {nil, []string{raw, decoded}, nil, raw, "", 1},
		"no key has it":                    {nil, nil, nil, "", reasonNotFound, 2},
		"the first key has another object": {nil, []string{"!" + raw, decoded}, nil, decoded, "", 2},
		"both have another object":         {nil, []string{"!" + raw, "!" + decoded}, nil, "", "overwritten", 2},
		"another object under the other key does not hide that it is gone": {nil, []string{"!" + decoded}, nil, "", reasonNotFound, 2},
		"S3 refuses instead of saying that it is not there":                {nil, []string{decoded}, refuses(raw), decoded, "", 2},
		"what S3 refuses is not gone":                                      {nil, []string{decoded}, refuses(decoded), "", reasonDenied, 2},
		"S3 refuses both":                                                  {nil, []string{decoded}, refuses(raw, decoded), "", reasonDenied, 2},
		"only the key as sent may be read":                                 {[]string{"my+"}, []string{decoded}, nil, "", reasonNotFound, 1},
		"only the decoded key may be read":                                 {[]string{"my "}, []string{raw, decoded}, nil, decoded, "", 1},
		"neither may be read":                                              {[]string{"AWSLogs/"}, []string{raw, decoded}, nil, "", reasonNotAllowed, 0},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(r *rig) {
				r.cfg.Prefixes = c.prefixes
				content := zip(r, text(3))
				o := r.store.put("elsewhere", content)
				for _, k := range c.objects {
					if k, other := strings.CutPrefix(k, "!"); other {
						r.store.put(k, zip(r, text(9)))
					} else {
						r.store.put(k, content)
					}
				}
				if c.world != nil {
					c.world(r)
				}
				e := fromEventBridge(raw, o)
				delete(e["detail"].(event)["object"].(event), "version-id")
				r.queue.send(encode(e))
				r.start()
				time.Sleep(time.Second)
				gets := r.store.gets()
				time.Sleep(2 * deletePause)
				r.stop()
				if gets != c.gets {
					t.Errorf("gets: got %d, want %d", gets, c.gets)
				}
				if c.key != "" {
					r.wantFate(deleted, 1)
					if _, ok := r.counter.counted[identity(Object{Bucket: bucket, Key: c.key, ETag: o.etag})]; !ok || len(r.counter.counted) != 1 {
						t.Errorf("counted: got %v, want only %s", r.counter.counted, c.key)
					}
					return
				}
				got := r.counters()
				if got["object_failures{"+c.reason+"}"]+got["sqs_messages_failed{"+c.reason+"}"] == 0 && (c.reason != "overwritten" || got["objects{ignored}"] != 1) {
					t.Errorf("got %v, want the reason %s", got, c.reason)
				}
			})
		})
	}
}

// TestObjectUnderItsOtherKeyIsNotReadAgain has an object that was counted under the key that exists.
func TestObjectUnderItsOtherKeyIsNotReadAgain(t *testing.T) {
	inBubble(t, func(r *rig) {
		o := r.store.put("a b", zip(r, text(3)))
		r.counter.counted[identity(announced("a b", o))] = &fakeBatch{}
		a := announced("a+b", o)
		a.otherKey = "a b"
		if _, _, err := r.read(a); !errors.Is(err, errDuplicate) {
			t.Errorf("got %v, want %v", err, errDuplicate)
		}
	})
}

func TestErrorsOfS3HaveReasons(t *testing.T) {
	for code, want := range map[string]string{
		"NoSuchKey": reasonNotFound, "NoSuchVersion": reasonNotFound, "NotFound": reasonNotFound,
		"AccessDenied": reasonDenied, "Forbidden": reasonDenied, "InvalidObjectState": reasonDenied,
		"SlowDown": reasonGet, "InternalError": reasonGet, "NoSuchBucket": reasonGet, "PermanentRedirect": reasonGet,
	} {
		err := getError(t.Context(), &Object{Bucket: bucket, Key: key}, apiError(code))
		if got := reasonOf(err, "none"); got != want || !strings.Contains(err.Error(), "s3://"+bucket+"/"+key) {
			t.Errorf("%s: got %s (%v), want %s and the object", code, got, err, want)
		}
	}
	if err := getError(t.Context(), &Object{}, errDown); reasonOf(err, "none") != reasonGet || !errors.Is(err, errDown) {
		t.Errorf("got %v, want %v with the reason %s", err, errDown, reasonGet)
	}
}
