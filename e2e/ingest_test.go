package e2e

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
)

func TestEveryObjectCountsOnce(t *testing.T) {
	t.Parallel()
	s, tr := newSite(t, "once"), newTraffic(t, 1)
	d := s.start(s.flags(t.TempDir()))
	tr.deliver(s, 12) // Every format of the generator, plain text and several gzip members among them.
	tr.untilCounted(d)
	if len(tr.golden.Malformed) == 0 || len(tr.golden.Flows) == 0 || len(tr.golden.Ports) == 0 {
		t.Fatalf("golden totals: got %d malformed reasons, %d flows, %d ports, want some of each", len(tr.golden.Malformed), len(tr.golden.Flows), len(tr.golden.Ports))
	}
	d.stop()
}

// TestAFolderMayHaveASpace has no flow log: moto takes no destination with a folder.
func TestAFolderMayHaveASpace(t *testing.T) {
	t.Parallel()
	s, tr := connect(t, "folder"), newTraffic(t, 8)
	s.setup.Prefix = "my team"
	s.apply()
	d := s.start(s.flags(t.TempDir()).with("s3.prefix", s.setup.Prefix+"/"))
	tr.deliver(s, 3)
	tr.untilCounted(d)
}

func TestAnObjectThatIsAnnouncedAgainIsADuplicate(t *testing.T) {
	t.Parallel()
	s, tr := newSite(t, "duplicate"), newTraffic(t, 2)
	d := s.start(s.flags(t.TempDir()))
	key := tr.deliver(s, 3) // The third key is one of the odd ones.
	tr.untilCounted(d)

	event := fmt.Sprintf(`{"Records":[{"eventVersion":"2.6","eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":%q},"object":{"key":%q}}}]}`,
		s.result.Bucket, url.QueryEscape(key))
	bridged := fmt.Sprintf(`{"version":"0","source":"aws.s3","detail-type":"Object Created","detail":{"bucket":{"name":%q},"object":{"key":%q}}}`, s.result.Bucket, key)
	wrapped := fmt.Sprintf(`{"Type":"Notification","TopicArn":"arn:aws:sns:us-east-1:123456789012:t","Message":%q}`, event)
	for _, message := range []string{event, bridged, wrapped, `{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"b"}`} {
		s.send(message)
	}
	s.untilQuiet(d)
	got := d.scrape()
	if n := got["flowd_objects_total{result=duplicate}"]; n < 3 { // More, if the queue itself delivers something twice.
		t.Errorf("duplicates: got %v, want 3", n)
	}
	if n := got["flowd_objects_total{result=ignored}"]; n < 2 { // Setting up the notification sent the other.
		t.Errorf("test events: got %v, want 2", n)
	}
	if difference := tr.differs(got); difference != "" {
		t.Errorf("after the duplicates: %s", difference)
	}
}

func TestABrokenObjectGoesToTheDeadLetterQueueUncounted(t *testing.T) {
	t.Parallel()
	s, tr := newSite(t, "broken"), newTraffic(t, 3)
	s.setReceives(1)
	d := s.start(s.flags(t.TempDir()))
	tr.deliver(s, 1)
	key, o := tr.next()
	s.put(key, o.Body[:len(o.Body)-20])
	tr.deliver(s, 1)
	d.until("the message to reach the dead-letter queue", func() bool { return s.messages(s.result.DeadLetterQueueURL) == 1 })
	if name := key[strings.LastIndex(key, "/")+1:]; !strings.Contains(s.deadLetter(), name) {
		t.Errorf("the message on the dead-letter queue does not name %s", name)
	}
	tr.untilCounted(d) // The golden totals are those of the other two.
	if n := d.scrape()["flowd_object_failures_total{reason=gzip}"]; n != 1 {
		t.Errorf("failures: got %v, want 1", n)
	}
	if n := s.messages(s.result.QueueURL); n != 0 {
		t.Errorf("messages on the queue: got %d, want 0", n)
	}
}
