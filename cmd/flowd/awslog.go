package main

import (
	"fmt"

	"github.com/aws/smithy-go/logging"
	"go.uber.org/zap"
)

// sdkLog is where the SDK of AWS says what it finds strange: to the log, and not past it to stderr.
type sdkLog struct{ log *zap.Logger }

// Logf implements [logging.Logger].
func (l sdkLog) Logf(level logging.Classification, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if level == logging.Debug {
		l.log.Debug(text)
		return
	}
	l.log.Warn(text)
}
