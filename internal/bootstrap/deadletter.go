package bootstrap

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// lookAtDeadLetterQueue wants a queue that outlasts the other, and that takes its messages. A queue that has another dead-letter queue keeps it.
func (p *planner) lookAtDeadLetterQueue(ctx context.Context, source map[string]string) error {
	name := p.cfg.deadLetterQueue()
	r := parseRedrive(source["RedrivePolicy"])
	if r.Target != "" && r.Target != p.cfg.queueARN(name) {
		name = r.Target[strings.LastIndexByte(r.Target, ':')+1:]
		p.found("dead-letter queue %s, which is not flowd's", name)
	}
	if len(r.Count) == 1 {
		if n, err := strconv.Atoi(r.Count[0]); err == nil && n < 3 {
			p.warn("queue %s gives messages up after %s: an object that is late for a moment ends in the dead-letter queue; 8 is better", p.cfg.Queue, count(n, "receive"))
		}
	}
	url, have, err := p.queue(ctx, name)
	if err != nil {
		return err
	}
	p.plan.found.deadLetterURL = url
	switch {
	case name != p.cfg.deadLetterQueue():
		return nil
	case url == "":
		p.step("queue "+name, "create it as the dead-letter queue: encrypted with SSE-SQS, messages kept 14 days", p.createDeadLetterQueue)
		return nil
	}
	p.found("dead-letter queue %s", url)
	p.mendDeadLetterQueue(url, have, source)
	return nil
}

func (p *planner) mendDeadLetterQueue(url string, have, source map[string]string) {
	name := p.cfg.deadLetterQueue()
	kept, err := strconv.Atoi(have["MessageRetentionPeriod"])
	longest := cmp.Or(source["MessageRetentionPeriod"], retention)
	if need, needErr := strconv.Atoi(longest); err == nil && needErr == nil && kept <= need && have["MessageRetentionPeriod"] != deadLetterRetention {
		p.stepAttribute(url, "queue "+name, fmt.Sprintf("keep messages 14 days instead of %d seconds: they keep the time at which they were first sent, and would go before anybody looks", kept), "MessageRetentionPeriod", deadLetterRetention)
	}
	if !admits(have["RedriveAllowPolicy"], p.cfg.queueARN(p.cfg.Queue)) {
		p.refuse("dead-letter queue %s does not take messages of queue %s: its redrive allow policy is %s; add the queue there, or give another --bootstrap.queue", name, p.cfg.Queue, have["RedriveAllowPolicy"])
	}
}

// admits says whether a redrive allow policy lets a queue move its messages there. None admits everybody.
func admits(text, source string) bool {
	var allow struct {
		Permission string   `json:"redrivePermission"`
		Sources    []string `json:"sourceQueueArns"`
	}
	if text == "" || json.Unmarshal([]byte(text), &allow) != nil {
		return true
	}
	return allow.Permission == "allowAll" || allow.Permission == "byQueue" && slices.Contains(allow.Sources, source)
}

func (s *Setup) createDeadLetterQueue(ctx context.Context) error {
	return s.create(ctx, s.cfg.deadLetterQueue(), map[string]string{
		"MessageRetentionPeriod": deadLetterRetention, "SqsManagedSseEnabled": "true",
	})
}
