package ingest

import "time"

// Progress hears what is on its way and what is done, so that somebody can tell up to when everything has been counted. All methods may be called by
// many goroutines, and must not block.
type Progress interface {
	// Announced is called at every receive of a message, for every object of it that may be read. The object may lack what only S3 knows.
	Announced(o Object)
	// Settled is called with the same object when it has a fate and its message is to be deleted.
	Settled(o Object)
	// QueueEmpty says that no message was waiting on the queue at that time; with nothingInFlight, also that none was in work.
	QueueEmpty(at time.Time, nothingInFlight bool)
}

// noProgress is for consumers that nobody asks.
type noProgress struct{}

func (noProgress) Announced(Object)           {}
func (noProgress) Settled(Object)             {}
func (noProgress) QueueEmpty(time.Time, bool) {}

func (c *Consumer) announce(d *delivery) {
	for _, o := range d.objects {
		if _, ok := c.cfg.admit(o); ok {
			c.deps.Progress.Announced(o)
		}
	}
}

func (c *Consumer) settled(d *delivery) {
	for _, o := range d.objects {
		c.deps.Progress.Settled(o)
	}
}

// countsLag is how far behind SQS's own counts of messages may be.
// Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-resources-required-process-messages.html
const countsLag = time.Minute

// noteCounts tells what the counts of messages say of the queue as it was when they were asked for.
func (c *Consumer) noteCounts(asked time.Time, messages map[string]float64) {
	visible, seen := messages[stateVisible]
	if seen && visible == 0 && messages[stateDelayed] == 0 {
		c.deps.Progress.QueueEmpty(asked.Add(-countsLag), messages[stateInFlight] == 0)
	}
}
