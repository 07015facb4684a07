// Package bootstrap creates what flowd needs on AWS: bucket, log-delivery policy, queue and dead-letter queue, notification, flow logs.
//
// It reads first, plans, applies only what is missing, and reads again; so it is safe to repeat, and where nothing is missing it makes read
// calls only. It merges and never replaces: statements, notifications, rules and settings that it did not write stay as they are, and what
// would take something away from others is refused with its name. It knows the set-up calls of S3, SQS and EC2 and nothing of the run-time path.
//
// Each kind of resource has a file with a method of [planner] that looks at it and adds what is missing as a [Step]. A document that others
// share (policy, notification, lifecycle) is read again right before it is written, because a person may take an hour to read the plan.
package bootstrap
