//go:build broken_publish

package ledger

// inOrder is wrong on purpose: it publishes counters before they are on the disk, so that a kill in between makes them step back. The harness in
// e2e/chaos must catch this build.
func inOrder[B any](stage StageFunc[B]) StageFunc[B] {
	return func(fresh []B, tx *Tx) (func(), error) {
		publish, err := stage(fresh, tx)
		if err != nil {
			return nil, err
		}
		publish()
		return func() {}, nil
	}
}
