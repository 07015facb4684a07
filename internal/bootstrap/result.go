package bootstrap

import (
	"encoding/json"
	"fmt"
	"slices"
)

// Result is what there is in the end, and what flowd needs to run on it. It is a value and stays valid as long as the set-up does.
type Result struct {
	Bucket             string
	Prefixes           []string // Of the keys of flow log objects in the bucket; nothing else needs to be read.
	QueueURL           string
	DeadLetterQueueURL string
	FlowLogIDs         []string // In the order of [Config.ResourceIDs].

	cfg   Config
	found facts
}

func (s *Setup) result(f *facts) Result {
	r := Result{Bucket: s.cfg.Bucket, Prefixes: s.cfg.keyPrefixes(), QueueURL: f.queueURL, DeadLetterQueueURL: f.deadLetterURL, cfg: s.cfg, found: *f}
	for _, id := range s.cfg.ResourceIDs {
		r.FlowLogIDs = append(r.FlowLogIDs, f.flowLogs[id])
	}
	return r
}

// RunFlags are the flags of `flowd run` for this set-up, one each, not quoted for a shell.
func (r Result) RunFlags() []string {
	flags := append([]string{"--aws.region=" + r.cfg.Region}, r.cfg.EndpointFlags...)
	flags = append(flags, "--sqs.queue-url="+r.QueueURL, "--s3.bucket="+r.Bucket)
	for _, p := range r.Prefixes {
		flags = append(flags, "--s3.prefix="+p)
	}
	return flags
}

// RuntimePolicy is the IAM policy, in JSON, of the least that `flowd run` needs on this set-up: it receives and deletes messages, counts
// those on the dead-letter queue, and reads objects below the prefixes.
func (r Result) RuntimePolicy() string {
	owner := map[string]any{"StringEquals": map[string]any{"aws:ResourceAccount": r.cfg.AccountID}}
	var objects []string
	for _, p := range r.Prefixes {
		objects = append(objects, r.cfg.bucketARN()+"/"+p+"*")
	}
	statements := []policyStatement{
		{"Messages", "Allow", []string{"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes", "sqs:GetQueueUrl"}, []string{r.cfg.queueARN(r.cfg.Queue)}, nil},
		{"DeadLetterMessages", "Allow", []string{"sqs:GetQueueAttributes", "sqs:GetQueueUrl"}, []string{r.cfg.queueARN(r.cfg.deadLetterQueue())}, nil},
		{"Objects", "Allow", []string{"s3:GetObject", "s3:GetObjectVersion"}, objects, owner},
		// Without it S3 answers 403 for an object that is gone, as if the right were missing. A condition on s3:prefix would not hold then: a
		// get has no prefix.
		{"MissingObjects", "Allow", []string{"s3:ListBucket"}, []string{r.cfg.bucketARN()}, owner},
	}
	return policyText(append(statements, r.keyStatements()...))
}

// keyStatements let flowd read what customer keys guard, through the service that guards it and not otherwise.
func (r Result) keyStatements() (statements []policyStatement) {
	for _, k := range []struct{ sid, key, service string }{{"ObjectKey", r.found.bucketKey, "s3"}, {"QueueKey", r.found.queueKey, "sqs"}} {
		if k.key != "" {
			condition := map[string]any{"StringEquals": map[string]any{"kms:ViaService": k.service + "." + r.cfg.Region + "." + domainOf(r.cfg.partition())}}
			statements = append(statements, policyStatement{k.sid, "Allow", []string{"kms:Decrypt"}, []string{r.cfg.keyARN(k.key)}, condition})
		}
	}
	return statements
}

// keyARN is the ARN of a key that a queue may name by its ID. An alias cannot be named in a policy, so any key of the account must do.
func (c Config) keyARN(key string) string {
	switch {
	case len(key) > 4 && key[:4] == "arn:":
		return key
	case len(key) > 6 && key[:6] == "alias/":
		key = "*"
	}
	return fmt.Sprintf("arn:%s:kms:%s:%s:key/%s", c.partition(), c.Region, c.AccountID, key)
}

func domainOf(partition string) string {
	if partition == "aws-cn" {
		return "amazonaws.com.cn"
	}
	return "amazonaws.com"
}

// policyStatement is one of an IAM policy, in the order in which people write its members.
type policyStatement struct {
	Sid       string `json:",omitempty"`
	Effect    string
	Action    []string
	Resource  []string
	Condition map[string]any `json:",omitempty"`
}

func policyText(statements []policyStatement) string {
	text, err := json.MarshalIndent(struct {
		Version   string
		Statement []policyStatement
	}{"2012-10-17", slices.Clip(statements)}, "", "  ")
	if err != nil {
		return err.Error() // Only strings come here, and they marshal.
	}
	return string(text) + "\n"
}
