// Package web serves what flowd shows over HTTP: its pages, /metrics, the JSON API, health and readiness, and, when asked for,
// reloading and profiling.
//
// It knows paths, methods, headers, timeouts and how serving ends. It does not know what a metric means, where records come from, or AWS:
// handlers and facts are handed in. TLS and basic auth are exporter-toolkit's (https://github.com/prometheus/exporter-toolkit/blob/v0.20.0/docs/web-configuration.md).
package web
