//go:build !linux

package ledger

// networkFS knows nothing here.
func networkFS(string) (name string, network bool) { return "", false }
