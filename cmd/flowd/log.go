package main

import (
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"golang.org/x/term"
)

// logSettings are how the log looks.
type logSettings struct {
	Level  string `default:"${log_level}" enum:"debug,info,warn,error" help:"Least level that is logged: ${enum}."`
	Format string `default:"auto" enum:"auto,console,json" help:"Form of log lines: ${enum}; auto is console on a terminal and json elsewhere."`
}

// A message is logged this often within an interval; what repeats beyond that is counted and left out, so that an outage cannot fill a disk.
const (
	repeatInterval = time.Minute
	repeatLimit    = 10
)

// newLogger writes to w. The level may be changed while flowd runs. Debug messages are never left out.
func newLogger(s logSettings, w io.Writer) (*zap.Logger, zap.AtomicLevel) {
	level := zap.NewAtomicLevel()
	_ = level.UnmarshalText([]byte(s.Level)) // The command line allows only levels.
	encoder, sink := s.encoder(w), zapcore.Lock(zapcore.AddSync(redacting(w)))
	debug := zapcore.NewCore(encoder, sink, zap.LevelEnablerFunc(func(l zapcore.Level) bool { return l == zap.DebugLevel && level.Enabled(l) }))
	rest := zapcore.NewCore(encoder, sink, zap.LevelEnablerFunc(func(l zapcore.Level) bool { return l > zap.DebugLevel && level.Enabled(l) }))
	return zap.New(zapcore.NewTee(debug, limitRepeats(rest)), zap.ErrorOutput(sink)), level
}

func (s logSettings) encoder(w io.Writer) zapcore.Encoder {
	c := zap.NewProductionEncoderConfig()
	c.EncodeTime = func(t time.Time, e zapcore.PrimitiveArrayEncoder) {
		e.AppendString(t.UTC().Format("2006-01-02T15:04:05.000Z"))
	}
	c.EncodeDuration = zapcore.SecondsDurationEncoder
	if s.Format == "console" || s.Format == "auto" && isTerminal(w) {
		c.EncodeTime = func(t time.Time, e zapcore.PrimitiveArrayEncoder) { e.AppendString(t.Format(time.TimeOnly)) }
		c.EncodeLevel = zapcore.CapitalLevelEncoder
		c.ConsoleSeparator = "  "
		return zapcore.NewConsoleEncoder(c)
	}
	return zapcore.NewJSONEncoder(c)
}

// isTerminal says whether a person reads along.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// limitRepeats leaves repeats of a message out, and says how many were when it lets the next message through.
func limitRepeats(core zapcore.Core) zapcore.Core {
	var left atomic.Int64
	return zapcore.NewSamplerWithOptions(core, repeatInterval, repeatLimit, 0, zapcore.SamplerHook(func(e zapcore.Entry, d zapcore.SamplingDecision) {
		if d&zapcore.LogDropped != 0 {
			left.Add(1)
			return
		}
		if n := left.Swap(0); n > 0 {
			notice := zapcore.Entry{Level: e.Level, Time: e.Time, LoggerName: e.LoggerName, Message: fmt.Sprintf("%d repeats of earlier messages were left out", n)}
			_ = core.Write(notice, nil) // A log that cannot be written has nowhere to say so.
		}
	}))
}
