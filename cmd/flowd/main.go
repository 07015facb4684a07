// Command flowd turns AWS VPC Flow Logs into Prometheus metrics.
//
// This package knows every room: it reads flags, environment and configuration file, joins the rooms, and decides in which order things
// start and stop. It does not know record formats, and makes no AWS call of its own but looking up a queue by its name.
package main

import (
	"context"
	"os"
)

func main() {
	ctx, stop := untilSignal(context.Background(), os.Exit)
	defer stop()
	os.Exit(exitCode(run(ctx, os.Args[1:], os.Stdout, os.Stderr), os.Stderr))
}
