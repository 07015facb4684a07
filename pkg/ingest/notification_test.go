package ingest

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

const testEvent = `{"Service":"Amazon S3","Event":"s3:TestEvent","Time":"2026-03-01T12:00:00.000Z","Bucket":"flow-logs","RequestId":"5AB","HostId":"x="}`

// inSNS wraps a body as SNS does without raw delivery.
func inSNS(body string) string {
	return encode(event{
		"Type": "Notification", "MessageId": "5c0", "TopicArn": "arn:aws:sns:eu-west-1:111122223333:flowd", "Subject": "Amazon S3 Notification",
		"Message": body, "Timestamp": "2026-03-01T12:00:00.500Z", "SignatureVersion": "1", "Signature": "x",
	})
}

// fromEventBridge announces an object as EventBridge does.
func fromEventBridge(key string, o *fakeObject) event {
	return event{
		"version": "0", "id": "17793124", "detail-type": "Object Created", "source": "aws.s3", "account": owner, "time": "2026-03-01T12:00:00Z",
		"region": "eu-west-1", "resources": []string{"arn:aws:s3:::" + bucket},
		"detail": event{
			"version": "0", "bucket": event{"name": bucket}, "reason": "PutObject",
			"object": event{"key": key, "size": len(o.content), "etag": o.etag, "version-id": o.version, "sequencer": "00617F08"},
		},
	}
}

// one is an object that every structure can announce, and what is known of it then.
func one() (*fakeObject, Object) {
	o := &fakeObject{content: make([]byte, 1024), etag: "0a1b2c"}
	return o, Object{Bucket: bucket, Key: "a/b.log.gz", ETag: "0a1b2c", Size: 1024, EventTime: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
}

func TestNotificationsThatAreUnderstood(t *testing.T) {
	o, want := one()
	s3 := func(change func(e event)) string {
		e := created("a/b.log.gz", o)
		change(e)
		return message(e)
	}
	same := func(event) {}
	changed := func(change func(o *Object)) []Object {
		c := want
		change(&c)
		return []Object{c}
	}
	for name, c := range map[string]struct {
		body    string
		objects []Object
		ignored int
	}{
		"an S3 event":                       {s3(same), []Object{want}, 0},
		"an S3 event in an SNS envelope":    {inSNS(s3(same)), []Object{want}, 0},
		"an EventBridge event":              {encode(fromEventBridge("a/b.log.gz", o)), []Object{want}, 0},
		"an EventBridge event through SNS":  {inSNS(encode(fromEventBridge("a/b.log.gz", o))), []Object{want}, 0},
		"a test event":                      {testEvent, nil, 1},
		"a test event in an SNS envelope":   {inSNS(testEvent), nil, 1},
		"the newest version of structure 2": {s3(func(e event) { e.with("eventVersion", "2.99") }), []Object{want}, 0},
		"another way to create an object":   {s3(func(e event) { e.with("eventName", "ObjectCreated:CompleteMultipartUpload") }), []Object{want}, 0},
		"a name with the prefix of the configuration, as others than AWS write it": {
			s3(func(e event) { e.with("eventName", "s3:ObjectCreated:Put") }), []Object{want}, 0,
		},
		"members that nobody knows":          {s3(func(e event) { e["glacierEventData"] = event{"x": []int{1}}; e.with("sequencer", "00A1") }), []Object{want}, 0},
		"a version":                          {s3(func(e event) { e.with("versionId", "v7") }), changed(func(o *Object) { o.VersionID = "v7" }), 0},
		"an ETag in quotes":                  {s3(func(e event) { e.with("eTag", `"0a1b2c"`) }), []Object{want}, 0},
		"no ETag":                            {s3(func(e event) { e.without("eTag") }), changed(func(o *Object) { o.ETag = "" }), 0},
		"no size":                            {s3(func(e event) { e.without("size") }), changed(func(o *Object) { o.Size = -1 }), 0},
		"no bytes":                           {s3(func(e event) { e.with("size", 0) }), changed(func(o *Object) { o.Size = 0 }), 0},
		"no time":                            {s3(func(e event) { e.without("eventTime") }), changed(func(o *Object) { o.EventTime = time.Time{} }), 0},
		"a deletion":                         {s3(func(e event) { e.with("eventName", "ObjectRemoved:Delete").without("size") }), nil, 1},
		"an event that S3 does not send yet": {s3(func(e event) { e.with("eventName", "ObjectPondered:Long") }), nil, 1},
		"several records": {
			message(created("a/b.log.gz", o), created("a/b.log.gz", o).with("eventName", "ObjectAcl:Put"), created("a/b.log.gz", o)), []Object{want, want}, 1,
		},
		"an EventBridge event of a deletion": {encode(event{"detail-type": "Object Deleted", "source": "aws.s3", "detail": event{}}), nil, 1},
	} {
		got, err := parseNotification(c.body)
		if err != nil {
			t.Errorf("%s: got %v, want no error", name, err)
		}
		if !slices.Equal(got.objects, c.objects) || got.ignored != c.ignored {
			t.Errorf("%s: got %d ignored and %+v, want %d and %+v", name, got.ignored, got.objects, c.ignored, c.objects)
		}
	}
}

func TestKeysAreDecodedOnce(t *testing.T) {
	for encoded, want := range map[string]string{
		"AWSLogs/1/a.log.gz":                 "AWSLogs/1/a.log.gz",
		"AWSLogs%2F1%2Fa.log.gz":             "AWSLogs/1/a.log.gz",
		"aws-account-id%3D111/year%3D2026/a": "aws-account-id=111/year=2026/a",
		"aws-account-id=111/a":               "aws-account-id=111/a",
		"my+team/a":                          "my team/a",
		"my%20team/a":                        "my team/a",
		"a%2Bb":                              "a+b",
		"a%252Bb":                            "a%2Bb", // Decoded twice it would be another object.
		"M%C3%BCnchen/%E2%82%AC":             "München/€",
		"München/€":                          "München/€",
		"a%3Fb%26c%23d":                      "a?b&c#d",
		"../a//b/":                           "../a//b/",
	} {
		o, _ := one()
		got, err := parseNotification(message(created("", o).with("key", encoded)))
		if err != nil || got.objects[0].Key != want || got.objects[0].otherKey != "" {
			t.Errorf("%s: got %+v, %v, want only %q", encoded, got.objects, err, want)
		}
	}
}

func TestKeysOfEventBridgeMayBeEncodedOrNot(t *testing.T) {
	for sent, other := range map[string]string{
		"AWSLogs/1/a.log.gz": "", "year=2026/a": "", "München": "", "100%": "", // Nothing to decode, or not to be decoded.
		"my+team/a": "my team/a", "a%2Bb": "a+b", "year%3D2026/a": "year=2026/a",
	} {
		o, _ := one()
		got, err := parseNotification(encode(fromEventBridge(sent, o)))
		if err != nil || got.objects[0].Key != sent || got.objects[0].otherKey != other {
			t.Errorf("%s: got %+v, %v, want that key first and then %q", sent, got.objects, err, other)
		}
	}
}

func TestNotificationsThatAreLeftToTheDeadLetterQueue(t *testing.T) {
	o, _ := one()
	s3 := func() event { return created("a/b.log.gz", o) }
	bridge := func(name string, value any) string {
		e := fromEventBridge("a", o)
		e[name] = value
		return encode(e)
	}
	good := message(s3())
	for name, c := range map[string]struct{ body, reason string }{
		"nothing":                       {"", reasonBadMessage},
		"no JSON":                       {"hello", reasonBadMessage},
		"half of it":                    {good[:len(good)/2], reasonBadMessage},
		"more behind the end":           {good + good, reasonBadMessage},
		"an array":                      {"[" + good + "]", reasonBadMessage},
		"a string":                      {encode(good), reasonBadMessage},
		"null":                          {"null", reasonBadMessage},
		"an object of nothing":          {"{}", reasonBadMessage},
		"no records":                    {`{"Records":[]}`, reasonBadMessage},
		"a record of nothing":           {`{"Records":[{}]}`, reasonBadMessage},
		"null for a record":             {`{"Records":[null]}`, reasonBadMessage},
		"records that are no list":      {`{"Records":{}}`, reasonBadMessage},
		"records of another service":    {message(s3().with("eventSource", "aws:ses")), reasonBadMessage},
		"one record of another service": {message(s3(), s3().with("eventSource", "aws:kinesis")), reasonBadMessage},
		"no event name":                 {message(s3().without("eventName")), reasonBadMessage},
		"no bucket":                     {strings.ReplaceAll(good, bucket, ""), reasonBadMessage},
		"no key":                        {message(s3().without("key")), reasonBadMessage},
		"a size that is no number":      {message(s3().with("size", "1024")), reasonBadMessage},
		"structure 1":                   {message(s3().with("eventVersion", "1.9")), reasonEventVersion},
		"structure 3":                   {message(s3().with("eventVersion", "3.0")), reasonEventVersion},
		"structure 20":                  {message(s3().with("eventVersion", "20.1")), reasonEventVersion},
		"no version of structure":       {message(s3().without("eventVersion")), reasonEventVersion},
		"a key that does not decode":    {message(s3().with("key", "a%ZZb")), reasonBadKey},
		"an envelope in an envelope":    {inSNS(inSNS(good)), reasonBadMessage},
		"an envelope of nothing":        {inSNS(""), reasonBadMessage},
		"an envelope without a message": {`{"Type":"Notification","TopicArn":"arn:aws:sns:eu-west-1:111122223333:flowd"}`, reasonBadMessage},
		"an SNS message of another type": {
			strings.Replace(inSNS(good), `"Type":"Notification"`, `"Type":"SubscriptionConfirmation"`, 1), reasonBadMessage,
		},
		"an EventBridge event of another service": {bridge("source", "aws.ec2"), reasonBadMessage},
		"an EventBridge event without a key":      {bridge("detail", event{"bucket": event{"name": bucket}}), reasonBadMessage},
		"an EventBridge event without detail":     {bridge("detail", nil), reasonBadMessage},
		"a body of one byte too many":             {good + strings.Repeat(" ", maxBody+1-len(good)), reasonBadMessage},
		"deeply nested":                           {strings.Repeat(`{"Records":[`, 20_000), reasonBadMessage},
		"deeply nested, and closed":               {strings.Repeat(`[`, 50_000) + strings.Repeat(`]`, 50_000), reasonBadMessage},
		"a member twice":                          {good[:len(good)-1] + `,"Records":[` + encode(s3().without("eTag")) + `]}`, reasonBadMessage},
		"a member twice, in another case":         {good[:len(good)-1] + `,"records":[` + encode(s3()) + `]}`, reasonBadMessage},
		"a member twice, deep inside":             {strings.Replace(good, `"eTag":`, `"key":"other","eTag":`, 1), reasonBadMessage},
		"a member twice, inside an envelope":      {inSNS(strings.Replace(good, `"eTag":`, `"eTag":"x","eTag":`, 1)), reasonBadMessage},
	} {
		got, err := parseNotification(c.body)
		if err == nil || reasonOf(err, "none") != c.reason || len(got.objects) > 0 || got.ignored > 0 {
			t.Errorf("%s: got %+v, %v (%s), want nothing and the reason %s", name, got, err, reasonOf(err, "none"), c.reason)
		}
		if err != nil && len(err.Error()) > 400 {
			t.Errorf("%s: the error has %d bytes: %.80q", name, len(err.Error()), err.Error())
		}
	}
}

// TestLongestBody has as much as an S3 event may have, in an envelope.
func TestLongestBody(t *testing.T) {
	o, _ := one()
	announcement := created("a/b.log.gz", o)
	many := slices.Repeat([]event{announcement}, 63<<10/len(encode(announcement)+","))
	body := inSNS(message(many...))
	got, err := parseNotification(body)
	if err != nil || len(got.objects) != len(many) || len(body) < 64<<10 {
		t.Errorf("%d bytes: got %d objects, %v, want %d", len(body), len(got.objects), err, len(many))
	}
}

// TestSampleNotifications reads the samples, when they are there.
func TestSampleNotifications(t *testing.T) {
	samples := os.Getenv("FLOWD_SAMPLES")
	if samples == "" {
		t.Skip("FLOWD_SAMPLES is not set")
	}
	const log = "AWSLogs/111122223333/vpcflowlogs/us-east-1/2026/09/20/111122223333_vpcflowlogs_us-east-1_fl-0123456789abcdef0_20260920T1030Z_abcd1234.log.gz"
	for name, c := range map[string]struct {
		keys    []string
		ignored int
	}{
		"events/eventbridge-object-created.json": {[]string{log}, 0},
		"events/object-removed.json":             {nil, 1},
		"events/s3-direct-hive-encoded.json": {[]string{
			"my team/AWSLogs/aws-account-id=111111111111/aws-service=vpcflowlogs/aws-region=eu-west-3/year=2022/month=09/day=15/" +
				"111111111111_vpcflowlogs_eu-west-3_fl-0f46d0a2ed744cfa1_20220915T1420Z_740b4cc6.log.parquet",
		}, 0},
		"events/s3-direct-put.json":          {[]string{log}, 0},
		"events/s3-test-event.json":          {nil, 1},
		"events/sns-wrapped-test-event.json": {nil, 1},
		"events/sns-wrapped.json":            {[]string{log}, 0},
		"events/two-records.json":            {[]string{log, strings.Replace(log, "abcd1234", "abcd1235", 1)}, 0},
		"real/eventbridge-s3-event.json":     {[]string{"pizza.txt"}, 0},
	} {
		body, err := os.ReadFile(filepath.Join(samples, name))
		if err != nil {
			t.Fatal(err)
		}
		got, err := parseNotification(string(body))
		var keys []string
		for _, o := range got.objects {
			keys = append(keys, o.Key)
			if o.ETag == "" || o.Size <= 0 || o.EventTime.IsZero() || o.otherKey != "" {
				t.Errorf("%s: got %+v, want everything that the event says", name, o)
			}
		}
		if err != nil || !slices.Equal(keys, c.keys) || got.ignored != c.ignored {
			t.Errorf("%s: got %d ignored, %q, %v, want %d, %q", name, got.ignored, keys, err, c.ignored, c.keys)
		}
	}
	if files, err := filepath.Glob(filepath.Join(samples, "events", "*.json")); err != nil || len(files) != 8 {
		t.Errorf("got %d samples of events, %v, want the 8 above", len(files), err)
	}
}
