// Package ingest reads S3 object notifications from an SQS queue, reads the objects they name, and deletes each message once everything it
// announced has a fate.
//
// It knows messages, notifications, objects, visibility timeouts, and when to delete. It does not know what is counted, how that becomes
// durable, or how it is exposed: it meets those in [Counter] and [Batch].
//
// A worker receives one message and finishes it. A keeper extends its visibility timeout from the receive until the message is deleted. The
// worker hands each object's batch over and goes on; the settler waits for the fates, and the deleter deletes. A message whose objects did
// not all reach a fate is left alone: SQS delivers it again, and after maxReceiveCount moves it to the dead-letter queue.
//
// During an outage, which every message would suffer from, the circuit is open: nothing is received, so that no message comes closer to the
// dead-letter queue, and one worker probes with what has failed already until something is counted.
package ingest
