package bootstrap

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// F92 bucket with notifications of others, which S3 replaces as a whole: the set-up reads them, adds its own and writes all of them back; a second run
// writes nothing, what others change meanwhile stays, and a rule that overlaps is refused before anything is written.
func TestF92_NotificationsOfOthersStay(t *testing.T) {
	a, c := foreign(t), config(everything)
	before := a.notification()
	a.apply(c)
	n := a.notification()
	if len(n.QueueConfigurations) != len(before.QueueConfigurations)+1 {
		t.Fatalf("got %d queue notifications, want the %d of others and ours", len(n.QueueConfigurations), len(before.QueueConfigurations))
	}
	ours := n.QueueConfigurations[len(before.QueueConfigurations)]
	n.QueueConfigurations = n.QueueConfigurations[:len(before.QueueConfigurations)]
	same(t, "notifications of others", n, before)

	a.complete(c) // A second run makes read calls only.

	changed := foreignNotification() // Others forget ours, and add one of theirs.
	changed.QueueConfigurations = append(changed.QueueConfigurations, s3types.QueueConfiguration{
		Id: aws.String("later"), QueueArn: aws.String(queueARN("others")), Events: []s3types.Event{"s3:ObjectCreated:Put"}, Filter: keyFilter("later/", ".log.gz"),
	})
	a.putNotification(changed)
	a.apply(c)
	n = a.notification()
	if got := len(n.QueueConfigurations); got != 4 || *n.QueueConfigurations[2].Id != "later" || *n.QueueConfigurations[3].Id != *ours.Id {
		t.Errorf("after others wrote: got %d queue notifications, want two, the later one, and ours", got)
	}

	changed.QueueConfigurations[2] = s3types.QueueConfiguration{
		Id: aws.String("taken"), QueueArn: aws.String(queueARN("others")), Events: []s3types.Event{"s3:ObjectCreated:*"}, Filter: keyFilter("net/AWSLogs/", ".log.gz"),
	}
	a.putNotification(changed)
	contains(t, a.refused(c), `rule "taken"`, "is in the way")
}
