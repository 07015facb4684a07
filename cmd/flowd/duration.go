package main

import (
	"fmt"
	"time"

	"github.com/prometheus/common/model"
)

// duration is written as Prometheus writes it (90s, 5m, 1d, 2w) or as Go does (1.5s).
type duration time.Duration

// UnmarshalText implements [encoding.TextUnmarshaler].
func (d *duration) UnmarshalText(text []byte) error {
	if v, err := model.ParseDuration(string(text)); err == nil {
		*d = duration(v)
		return nil
	}
	v, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%q is not a duration such as 90s, 5m or 1d", text)
	}
	*d = duration(v)
	return nil
}

// String is how the duration is shown.
func (d duration) String() string { return time.Duration(d).String() }

func (d duration) value() time.Duration { return time.Duration(d) }
