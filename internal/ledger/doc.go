// Package ledger remembers which objects are counted, and what the counters were when they were: both in one transaction, so that no crash
// can part them.
//
// It knows object identities, counter pages and series definitions as bytes, and bbolt. It does not know AWS, Prometheus, or what a counter
// means. [Ledger] is the file; [Committer] groups what waits into transactions and publishes after each is durable.
//
// The order is the contract: look up, stage, write, sync, publish, answer. Nothing is published that is not on disk, and nobody hears that an
// object is counted before it is published.
//
// A transaction that fails leaves nothing, and the next one may succeed: a full disk is not the end. Only when the last sync of a transaction
// fails does nobody know what the disk has. Then the ledger refuses to go on, and the next process reads what is there.
//
// # Forgetting
//
// A row lies in the bucket of the day on which S3 wrote its object, so that no clock of this machine decides where. A day is dropped when the clock
// of this machine and the newest object both say that it ended 30 days ago, and no more than one an hour: a clock that is a year off forgets
// nothing. The transaction that drops a day moves the horizon to the end of that day, and the horizon never moves back: an object that was written
// before it and has no row is not counted, whatever any clock says. The ingest refuses objects that have no row from the age of 28 days on, so that
// in ordinary life nothing comes near the horizon.
package ledger
