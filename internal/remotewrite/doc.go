// Package remotewrite sends event-time counters to remote-write endpoints: one sample of every series for every minute that is closed, only forward.
//
// It knows the protocol, when to try again, when to give up, and up to which minute an endpoint has everything. It does not know where minutes come
// from, and keeps no queue: a minute that is not sent yet stays where it is, and the [Source] bounds how many there can be.
//
// A closed minute has the same values whoever asks and whenever, so what is sent twice, after a crash between the answer and the note of it, is the
// same sample, which Prometheus takes as it is.
//
// Source: https://prometheus.io/docs/specs/prw/remote_write_spec/
package remotewrite
