// Command localawsd serves the in-process AWS endpoint as a process of its own, so that flowd can be killed and it lives on. It prints its URL,
// delivers every tenth deleted message once more, as a standard queue may, and ends with its standard input: whoever started it has ended then.
package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"syscall"

	"flowd/internal/localaws"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	go func() {
		defer stop()
		io.Copy(io.Discard, os.Stdin) // An error is an end as well.
	}()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listening on loopback: %w", err)
	}
	fmt.Fprintf(os.Stdout, "http://%s\n", l.Addr())
	return localaws.New(localaws.Config{RedeliverEvery: 10}).Serve(ctx, l)
}
