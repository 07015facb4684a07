// Package metrics turns flow log records into Prometheus series.
//
// It knows which label sets exist and how they are bounded, how the records of one object become a private [Batch], how batches become
// totals, who the heavy hitters are, and how all of it is exposed. It does not know where records come from, what a message or an object
// store is, or how totals are kept durable: it hands what changed to a [Writer] and learns, by a call, that the transaction is on disk.
//
// Life of a number: [Batch.Add] counts into memory that nobody else sees. [Totals.Stage] adds finished batches to copies of the pages
// they touch and writes those copies to a Writer. The function it returns publishes the copies as the next immutable snapshot, and a
// scrape reads one whole snapshot without a lock. A stage that is never published changes nothing.
package metrics
