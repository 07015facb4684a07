package ingest

import (
	"encoding/json"
	"strings"
	"testing"
)

// FuzzNotification holds what the rest of the package leans on: an object that is announced has a bucket and a key, an error has a reason and
// announces nothing, and what is neither is ignored.
func FuzzNotification(f *testing.F) {
	o, _ := one()
	good := message(created("my team/a=b/München.log.gz", o))
	bridge := encode(fromEventBridge("my+team/a%3Db", o))
	for _, seed := range []string{
		"", "null", "{}", "[]", `{"Records":[]}`, `{"Records":[{}]}`, testEvent, inSNS(testEvent), good, inSNS(good), inSNS(inSNS(good)), bridge, inSNS(bridge),
		message(created("a", o).without("eTag").without("size"), created("b", o).with("eventName", "ObjectRemoved:Delete")),
		message(created("a", o).with("key", "a%ZZ")), message(created("a", o).with("eventVersion", "3.0")), message(created("a", o).with("size", -1)),
		strings.Replace(good, `"eTag":`, `"key":"x","eTag":`, 1), strings.Repeat(`{"Records":[`, 50), good[:len(good)/2],
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		n, err := parseNotification(body)
		switch {
		case err != nil:
			if reasonOf(err, "") == "" || len(n.objects) > 0 || n.ignored > 0 {
				t.Errorf("got %v with reason %q, and %+v", err, reasonOf(err, ""), n)
			}
		case len(n.objects)+n.ignored == 0:
			t.Error("got no error, and nothing that was announced: the message would be deleted for nothing")
		case !json.Valid([]byte(body)):
			t.Errorf("got %+v of what is no JSON", n)
		}
		for _, o := range n.objects {
			if o.Bucket == "" || o.Key == "" || strings.HasPrefix(o.ETag, `"`) {
				t.Errorf("got %+v, want a bucket, a key, and an ETag without quotes", o)
			}
		}
	})
}
