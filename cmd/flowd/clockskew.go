package main

import (
	"context"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
)

const (
	// farSkew is worth a warning: AWS refuses signatures that are 5 minutes off, S3 15, and how old a record is depends on this clock too.
	farSkew = time.Minute
	// dateError is half of what a Date header, which has whole seconds, leaves out.
	dateError = time.Second / 2
)

// clockSkew compares the clock of this machine with the Date of every answer of AWS.
type clockSkew struct {
	log   *zap.Logger
	gauge prometheus.Gauge
	far   atomic.Bool // It was said.
}

func newClockSkew(log *zap.Logger) *clockSkew {
	return &clockSkew{log: log, gauge: prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "flowd_aws_clock_skew_seconds",
		Help: "How far the clock of this machine was ahead of that of AWS at the last answer, in seconds, to a second; 0 before the first.",
	})}
}

// watch returns a configuration whose clients compare.
func (c *clockSkew) watch(cfg aws.Config) aws.Config {
	cfg = cfg.Copy()
	cfg.APIOptions = append(slices.Clone(cfg.APIOptions), func(stack *middleware.Stack) error {
		return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("flowd:ClockSkew", c.read), middleware.After)
	})
	return cfg
}

// read sees every answer before it is understood, those with an error among them: a clock that is far off gets no others.
func (c *clockSkew) read(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
	out, metadata, err := next.HandleDeserialize(ctx, in)
	if response, ok := out.RawResponse.(*smithyhttp.Response); ok && response != nil {
		if date, dateErr := http.ParseTime(response.Header.Get("Date")); dateErr == nil {
			c.observe(time.Now().UTC().Round(0).Sub(date.Add(dateError)))
		}
	}
	return out, metadata, err
}

// observe warns once, until the clock is right again.
func (c *clockSkew) observe(skew time.Duration) {
	c.gauge.Set(skew.Seconds())
	far := skew.Abs() > farSkew
	if far == c.far.Swap(far) {
		return
	}
	if far {
		c.log.Warn("the clock of this machine is wrong: AWS refuses calls that are signed minutes off; is time synchronised?", zap.Duration("ahead_of_aws", skew))
		return
	}
	c.log.Info("the clock of this machine is right again", zap.Duration("ahead_of_aws", skew))
}
