package main

import (
	"errors"
	"fmt"
	"time"

	"flowd/internal/ledger"
)

// commitPatience is how long the last transaction may take after the drain. A disk that hangs does not end a write, whoever asks.
const commitPatience = 5 * time.Second

// errHungDisk says that the process leaves a transaction behind. That is safe, as kill -9 is.
var errHungDisk = errors.New("the disk does not answer")

// stopCommits ends the committer, then the ledger. A ledger whose disk hangs is left as it is: closing it would wait for the disk too.
func stopCommits(commits part, state *ledger.Ledger) error {
	commits.cancel()
	timer := time.NewTimer(commitPatience)
	defer timer.Stop()
	var err error
	select {
	case err = <-commits.done:
	case <-timer.C:
		return fmt.Errorf("committing: %w within %s; what it has of the last transaction, the next start reads", errHungDisk, commitPatience)
	}
	if closeErr := state.Close(); closeErr != nil {
		err = errors.Join(err, fmt.Errorf("closing the ledger: %w", closeErr))
	}
	return err
}
