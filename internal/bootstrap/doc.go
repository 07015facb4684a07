// Package bootstrap creates what flowd needs on AWS: bucket, log-delivery policy, queue and dead-letter queue, notification, flow logs.
//
// It reads first, plans, applies only what is missing, and reads again; so it is safe to repeat, and where nothing is missing it makes read
// calls only. It merges and never replaces: statements, notifications and settings that it did not write stay as they are. It knows the set-up
// calls of S3, SQS and EC2 and nothing of the run-time path.
package bootstrap
