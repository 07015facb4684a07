//go:build failpoints

package ledger

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"

	"go.etcd.io/bbolt"
)

// updating has the failpoints of a transaction. An error of the first two means that nothing was counted. An error of the last comes when the
// transaction is on the disk: the objects are counted, and this process must find out that it cannot say so.
func updating(update func(func(*bbolt.Tx) error) error) func(func(*bbolt.Tx) error) error {
	return func(f func(*bbolt.Tx) error) error {
		if err := failpoint("before-transaction"); err != nil {
			return err
		}
		err := update(func(tx *bbolt.Tx) error {
			if err := f(tx); err != nil {
				return err
			}
			return failpoint("after-identities")
		})
		if err != nil {
			return err
		}
		return failpoint("after-sync")
	}
}

// publishing has the failpoints around publishing. The transaction is on the disk, so an error before it means that this process must end. After
// it there is nothing left that could fail: that point only crashes, and an error would give back batches that publishing took.
func publishing(publish func()) error {
	if err := failpoint("before-publish"); err != nil {
		return fmt.Errorf("%w: %w", ErrUncertain, err)
	}
	publish()
	_ = failpoint("after-publish")
	return nil
}

// failpointVariable says which failpoint is armed, and what happens there: NAME:crash or NAME:error.
const failpointVariable = "FLOWD_FAILPOINT"

// failpointOdds is how often an armed failpoint happens when it is reached: not at once, so that something was counted before.
const failpointOdds = 0.25

// failpoint ends this process as kill -9 does, or returns an error, if it is armed. It says so on standard error.
func failpoint(name string) error {
	armed, mode, _ := strings.Cut(os.Getenv(failpointVariable), ":")
	if armed != name || rand.Float64() >= failpointOdds {
		return nil
	}
	fmt.Fprintf(os.Stderr, "failpoint %s:%s\n", name, mode)
	if mode == "crash" {
		crash()
	}
	return fmt.Errorf("failpoint %s", name)
}

// crash does not return.
func crash() {
	self, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = self.Kill()
	}
	if err != nil {
		panic(err)
	}
	select {}
}
