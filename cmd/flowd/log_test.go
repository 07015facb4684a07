package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/smithy-go/logging"
	"go.uber.org/zap"
)

func logged(t *testing.T, s logSettings, write func(*zap.Logger)) []string {
	t.Helper()
	var out bytes.Buffer
	log, _ := newLogger(s, &out)
	write(log)
	return strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
}

func TestLogLinesAreJSONWhereNobodyReadsAlong(t *testing.T) {
	lines := logged(t, logSettings{Level: "info", Format: "auto"}, func(log *zap.Logger) {
		log.Debug("not shown")
		log.Named("ingest").Warn("an object failed", zap.String("key", "AWSLogs/x"), zap.Error(errors.New("unexpected EOF")))
	})
	if len(lines) != 1 {
		t.Fatalf("got %d lines, want 1: %q", len(lines), lines)
	}
	var got map[string]any
	if err := json.Unmarshal([]byte(lines[0]), &got); err != nil {
		t.Fatalf("%q is not JSON: %v", lines[0], err)
	}
	for key, want := range map[string]string{"level": "warn", "logger": "ingest", "msg": "an object failed", "key": "AWSLogs/x", "error": "unexpected EOF"} {
		if got[key] != want {
			t.Errorf("%s: got %v, want %q", key, got[key], want)
		}
	}
}

func TestConsoleLinesAreForPeople(t *testing.T) {
	lines := logged(t, logSettings{Level: "info", Format: "console"}, func(log *zap.Logger) { log.Info("flowd starts") })
	if !strings.Contains(lines[0], "INFO  flowd starts") {
		t.Errorf("got %q", lines[0])
	}
}

// TestRepeatsAreLeftOut runs in virtual time: an interval later the message is logged again, with the number of those that were not.
func TestRepeatsAreLeftOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		log, _ := newLogger(logSettings{Level: "info", Format: "json"}, &out)
		for range repeatLimit + 7 {
			log.Error("receiving failed")
		}
		if got := strings.Count(out.String(), "receiving failed"); got != repeatLimit {
			t.Errorf("got %d lines within the interval, want %d", got, repeatLimit)
		}
		<-time.After(repeatInterval)
		log.Error("receiving failed")
		if got := strings.Count(out.String(), "receiving failed"); got != repeatLimit+1 {
			t.Errorf("got %d lines after the interval, want %d", got, repeatLimit+1)
		}
		if !strings.Contains(out.String(), "7 repeats of earlier messages were left out") {
			t.Errorf("nothing says that 7 were left out:\n%s", out.String())
		}
	})
}

func TestDebugLeavesNothingOut(t *testing.T) {
	lines := logged(t, logSettings{Level: "debug", Format: "json"}, func(log *zap.Logger) {
		for range 5 * repeatLimit {
			log.Debug("body of a message")
		}
	})
	if len(lines) != 5*repeatLimit {
		t.Errorf("got %d lines, want %d", len(lines), 5*repeatLimit)
	}
}

// TestTheSDKSpeaksToTheLog in the form of the log, at its level.
func TestTheSDKSpeaksToTheLog(t *testing.T) {
	var out bytes.Buffer
	log, _ := newLogger(logSettings{Level: "info", Format: "json"}, &out)
	sdk := sdkLog{log.Named("aws")}
	sdk.Logf(logging.Debug, "nobody wants to know %d", 1)
	sdk.Logf(logging.Warn, "falling back to %s", "IMDSv1")
	if got := out.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, `"logger":"aws","msg":"falling back to IMDSv1"`) {
		t.Errorf("got %s, want the warning alone", got)
	}
}
