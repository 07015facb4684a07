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
package ledger
