//go:build broken_delete

package ingest

import "context"

// beforeCommit is wrong on purpose: it deletes a message before its objects are counted, so that a kill in between loses them. The harness in
// e2e/chaos must catch this build.
func (c *Consumer) beforeCommit(ctx context.Context, d *delivery) {
	c.deleteBatch(ctx, []*delivery{d})
}
