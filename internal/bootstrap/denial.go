package bootstrap

import (
	"slices"
	"strings"
)

// verdict is whether a statement denies log delivery.
type verdict int

const (
	no verdict = iota
	maybe
	yes
)

// attempt is what log delivery does, as a policy sees it.
type attempt struct {
	action, resource string
	context          map[string]string // Condition keys in lower case, with their values.
}

// attempts are the calls that log delivery makes on the bucket. A statement that denies one of them silences the flow log: EC2 shows it as
// active, and nothing arrives.
func (c Config) attempts() []attempt {
	context := map[string]string{
		"aws:sourceaccount": c.AccountID, "aws:sourcearn": strings.TrimSuffix(c.deliverySource(), "*") + "delivery-source:flowd",
		"aws:securetransport": "true", "s3:x-amz-acl": "bucket-owner-full-control",
		"aws:principalisawsservice": "true", "aws:principalservicename": deliveryService,
	}
	object := c.bucketARN() + "/" + c.keyPrefixes()[0] + c.Region + "/2026/01/01/" + c.AccountID + "_vpcflowlogs_" + c.Region + "_fl-0_20260101T0000Z_0.log.gz"
	return []attempt{{"s3:PutObject", object, context}, {"s3:GetBucketAcl", c.bucketARN(), context}}
}

// denies judges one statement. What the conditions leave open is maybe.
func (st statement) denies(a attempt) verdict {
	if st.Effect != "Deny" {
		return no
	}
	named := st.Principal.include(deliveryService)
	if st.NotPrincipal != nil {
		named = !st.NotPrincipal.include(deliveryService)
	}
	action := func(v values) bool {
		return slices.ContainsFunc(v, func(p string) bool { return like(strings.ToLower(p), strings.ToLower(a.action)) })
	}
	acts := action(st.Action) || st.NotAction != nil && !action(st.NotAction)
	touches := st.Resource.like(a.resource) || st.NotResource != nil && !st.NotResource.like(a.resource)
	if !named || !acts || !touches {
		return no
	}
	return st.holds(a)
}

// holds is whether every condition is met.
func (st statement) holds(a attempt) verdict {
	all := yes
	for operator, keys := range st.Condition {
		for key, want := range keys {
			all = min(all, holds(operator, strings.ToLower(key), want, a.context))
		}
	}
	return all
}

func holds(operator, key string, want values, context map[string]string) verdict {
	have, known := context[key]
	plain, ifExists := strings.CutSuffix(operator, "IfExists")
	negative := strings.Contains(plain, "Not")
	switch plain {
	case "StringEquals", "StringLike", "ArnEquals", "ArnLike", "Bool", "StringNotEquals", "StringNotLike", "ArnNotEquals", "ArnNotLike":
		switch {
		case known && want.like(have) != negative:
			return yes
		case known, neverSent(key) && !negative && !ifExists:
			return no
		}
	case "Null":
		if known && want.like("true") {
			return no
		}
	}
	return maybe
}

// neverSent are the keys that a service of AWS does not have when it calls: it belongs to no organisation and comes through no endpoint.
func neverSent(key string) bool {
	return slices.Contains([]string{"aws:principalorgid", "aws:principalaccount", "aws:principalarn", "aws:sourcevpc", "aws:sourcevpce"}, key)
}
