package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"go.uber.org/zap"
)

// reload reads environment and configuration file again. The log level changes at once; every other change is named, and needs a restart. An
// error means that the new configuration is bad and nothing changed.
func reload(line *commandLine, level zap.AtomicLevel, log *zap.Logger) error {
	fresh, err := line.again()
	if err != nil {
		return err
	}
	command, ok := fresh.context.Selected().Target.Addr().Interface().(*runCommand)
	if !ok {
		return fmt.Errorf("reloading: %q is not the service", fresh.context.Command())
	}
	if _, err := command.options(); err != nil {
		return fresh.origins.explain(err)
	}
	if err := level.UnmarshalText([]byte(command.Log.Level)); err != nil {
		return fmt.Errorf("log.level: %w", err)
	}
	for _, name := range changed(line.effective(), fresh.effective()) {
		log.Warn("a changed setting needs a restart to take effect", zap.String("setting", name))
	}
	return nil
}

func changed(before, after []setting) (names []string) {
	values := map[string]string{}
	for _, s := range before {
		values[s.Name] = s.Value
	}
	for _, s := range after {
		if values[s.Name] != s.Value && s.Name != "log.level" {
			names = append(names, s.Name)
		}
	}
	return names
}

// reloadOnHangup reloads on every SIGHUP until ctx ends.
func reloadOnHangup(ctx context.Context, reload func() error, log *zap.Logger) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGHUP)
	go func() {
		defer signal.Stop(signals)
		for {
			select {
			case <-ctx.Done():
				return
			case <-signals:
			}
			if err := reload(); err != nil {
				log.Error("configuration not reloaded; running on with the old one", zap.Error(err))
				continue
			}
			log.Info("configuration reloaded")
		}
	}()
}
