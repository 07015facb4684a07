package bootstrap

import (
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// head answers every HeadBucket with a status and, as S3 does, the Region of the bucket.
func head(status int, region string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodHead {
			return false
		}
		if region != "" {
			w.Header().Set("X-Amz-Bucket-Region", region)
		}
		w.WriteHeader(status)
		return true
	}
}

func TestABucketOutOfReachIsRefused(t *testing.T) {
	for _, tc := range []struct {
		name   string
		status int
		region string
		want   []string
	}{
		{"another Region, redirected", http.StatusMovedPermanently, "us-west-2", []string{"is in us-west-2", "for eu-central-1", "--aws.region=us-west-2"}},
		{"another Region, answered all the same", http.StatusOK, "eu-west-1", []string{"is in eu-west-1", "its own Region only"}},
		{"another Region, with a wrong signature", http.StatusBadRequest, "eu-west-1", []string{"is in eu-west-1"}},
		{"another account", http.StatusForbidden, testRegion, []string{"belongs to another account than 123456789012", "s3:ListBucket", "another --bootstrap.bucket"}},
		{"another account, without its Region", http.StatusForbidden, "", []string{"belongs to another account"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := newAccount(t)
			a.answer = head(tc.status, tc.region)
			contains(t, a.refused(config()), tc.want...)
			if len(a.calls) != 1 {
				t.Errorf("got the calls %v, want none after the bucket was out of reach", a.calls)
			}
		})
	}
}

func TestTheBucketOfTheExpectedOwnerOnly(t *testing.T) {
	a, seen := newAccount(t), 0
	a.answer = func(_ http.ResponseWriter, r *http.Request) bool {
		create := r.Method == http.MethodPut && r.URL.RawQuery == "" || r.URL.Query().Get("x-id") == "CreateBucket"
		if r.Header.Get("X-Amz-Target") != "" || r.Method == http.MethodPost || create {
			return false
		}
		seen++
		if got := r.Header.Get("X-Amz-Expected-Bucket-Owner"); got != testAccount {
			t.Errorf("%s %s expects owner %q, want %s", r.Method, r.URL, got, testAccount)
		}
		return false
	}
	a.apply(config(everything))
	if seen < 15 {
		t.Errorf("looked at %d calls on the bucket, want at least 15", seen)
	}
}

func TestAnotherStartWasFasterWithTheBucket(t *testing.T) {
	a := newAccount(t)
	plan := a.plan(config())
	a.createBucket(testBucket)
	_, err := a.setup(config()).Apply(t.Context(), plan)
	must(t, err)
}

func TestTheOldestRegionIsNotNamed(t *testing.T) {
	a, named := newAccount(t), true
	a.answer = func(w http.ResponseWriter, r *http.Request) bool {
		named = r.ContentLength > 0
		return true
	}
	must(t, a.setup(config(func(c *Config) { c.Region = "us-east-1" })).createBucket(t.Context()))
	if named {
		t.Error("creating a bucket in us-east-1 names a Region, which S3 refuses")
	}
}

func (a *account) putACL(xml string) {
	a.answer = func(w http.ResponseWriter, r *http.Request) bool {
		if !r.URL.Query().Has("acl") {
			return false
		}
		w.Write([]byte(`<AccessControlPolicy xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><Owner><ID>owner</ID></Owner><AccessControlList>
			<Grant><Grantee xsi:type="CanonicalUser"><ID>owner</ID></Grantee><Permission>FULL_CONTROL</Permission></Grant>` + xml + `</AccessControlList></AccessControlPolicy>`))
		return true
	}
}

const (
	grantEverybody = `<Grant><Grantee xsi:type="Group"><URI>http://acs.amazonaws.com/groups/global/AllUsers</URI></Grantee><Permission>READ</Permission></Grant>`
	grantLogs      = `<Grant><Grantee xsi:type="Group"><URI>http://acs.amazonaws.com/groups/s3/LogDelivery</URI></Grantee><Permission>WRITE</Permission></Grant>`
	grantPartner   = `<Grant><Grantee xsi:type="CanonicalUser"><ID>partner</ID></Grantee><Permission>READ</Permission></Grant>`
)

func TestAnOpenBucketIsNotClosed(t *testing.T) {
	for _, tc := range []struct{ name, policy, acl, want string }{
		{"by its policy", `{"Statement":[{"Sid":"Site","Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"*"}]}`, "", `by statement "Site" of its policy`},
		{"by its policy, in the long form", `{"Statement":{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"s3:GetObject","Resource":"*"}}`, "", "by statement without Sid (Allow s3:GetObject) of its policy"},
		{"by its ACL", "", grantEverybody, "by its ACL, which grants AllUsers"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := newAccount(t)
			a.createBucket(testBucket)
			if tc.policy != "" {
				a.putPolicy(tc.policy)
			}
			a.putACL(tc.acl)
			contains(t, a.refused(config()), "open to the public "+tc.want, "another --bootstrap.bucket")
		})
	}
}

func TestABucketThatIsOnlyNotBlockedIsClosed(t *testing.T) {
	a := newAccount(t)
	a.createBucket(testBucket)
	a.putPolicy(`{"Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}}]}`)
	contains(t, a.plan(config()).String(), "block public access")
}

func TestACLsThatGrantSomethingStay(t *testing.T) {
	a := newAccount(t)
	a.createBucket(testBucket)
	a.putACL(grantLogs + grantPartner)
	a.apply(config())
	p := a.complete(config())
	contains(t, p.String(), "keeps its ACLs on", "LogDelivery, partner")
	for _, call := range a.calls {
		if call == "S3 PutBucketOwnershipControls" {
			t.Error("ACLs were turned off although they grant something to others")
		}
	}
}

func (a *account) putEncryption(algorithm s3types.ServerSideEncryption, key *string) {
	a.t.Helper()
	a.createBucket(testBucket)
	_, err := a.s3.PutBucketEncryption(a.t.Context(), &s3.PutBucketEncryptionInput{
		Bucket: aws.String(testBucket), ServerSideEncryptionConfiguration: &s3types.ServerSideEncryptionConfiguration{
			Rules: []s3types.ServerSideEncryptionRule{{ApplyServerSideEncryptionByDefault: &s3types.ServerSideEncryptionByDefault{SSEAlgorithm: algorithm, KMSMasterKeyID: key}}},
		},
	})
	must(a.t, err)
}

func TestEncryptionThatLogDeliveryCanUse(t *testing.T) {
	other := aws.String("arn:aws:kms:eu-central-1:123456789012:key/other")
	for _, tc := range []struct {
		name      string
		algorithm s3types.ServerSideEncryption
		key       *string
		want      string // Key that is asked for.
		refused   string
		says      string
	}{
		{"SSE-S3 stays", "AES256", nil, "", "", "encrypts new objects with SSE-S3"},
		{"a customer key stays", "aws:kms", other, "", "", "encrypts new objects with key " + *other},
		{"a customer key in two layers stays", "aws:kms:dsse", other, "", "", "encrypts new objects with key " + *other},
		{"a customer key is asked for", "AES256", nil, testKey, "", "with key " + testKey + " instead of SSE-S3"},
		{"another customer key is asked for", "aws:kms", other, testKey, "", "with key " + testKey + " instead of " + *other},
		{"a customer key is asked for in place of the managed one", "aws:kms", nil, testKey, "", "with key " + testKey + " instead of the key aws/s3"},
		{"the key that is asked for is there", "aws:kms", aws.String(testKey), testKey, "", "encrypts new objects with key " + testKey},
		{"the key that AWS manages", "aws:kms", nil, "", "key aws/s3 that AWS manages, and log delivery cannot write with it", ""},
		{"the key that AWS manages, by its alias", "aws:kms", aws.String("arn:aws:kms:eu-central-1:123456789012:alias/aws/s3"), "", "key aws/s3", ""},
		{"a key by its ID", "aws:kms", aws.String("1234abcd"), "", "by the ID 1234abcd, and log delivery wants the ARN", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a, c := newAccount(t), config(func(c *Config) { c.KMSKeyARN = tc.want })
			a.putEncryption(tc.algorithm, tc.key)
			if tc.refused != "" {
				contains(t, a.refused(c), tc.refused, "--bootstrap.kms-key-arn")
				return
			}
			contains(t, a.plan(c).String(), tc.says)
			a.apply(c)
			a.complete(c)
		})
	}
}

func TestTheKeyPolicyIsShownWhenItIsNeeded(t *testing.T) {
	a, c := newAccount(t), config(func(c *Config) { c.KMSKeyARN = testKey })
	contains(t, a.plan(c).String(), "flowd does not change keys", "add this statement to the policy of key "+testKey+" yourself", `"kms:GenerateDataKey*"`, deliveryService)
	r := a.apply(c)
	contains(t, r.RuntimePolicy(), "kms:Decrypt", testKey, "s3.eu-central-1.amazonaws.com")
	contains(t, r.Report(), "Left to do: flowd does not change keys", "policy of key "+testKey+" yourself", `"Sid":"FlowdLogDelivery"`)
	if strings.Contains(r.Report(), "The set-up is complete") {
		t.Error("the report says that the set-up is complete, and only the owner of the key can know")
	}
	if p := a.complete(c); len(p.Warnings) > 0 {
		t.Errorf("a plan where nothing is missing warns of %v, want silence", p.Warnings)
	}
}

func TestRetentionIsMerged(t *testing.T) {
	c := config(func(c *Config) { c.Retention = 400 * day })
	ours := c.retentionRules()[0]
	shorter, moved := ours, ours
	shorter.Expiration = &s3types.LifecycleExpiration{Days: aws.Int32(30)}
	moved.Transitions = []s3types.Transition{{Days: aws.Int32(60), StorageClass: s3types.TransitionStorageClassGlacier}}
	movedSooner := moved
	movedSooner.Expiration = shorter.Expiration
	whole := s3types.LifecycleRule{ID: aws.String("tidy"), Status: s3types.ExpirationStatusEnabled, Filter: &s3types.LifecycleRuleFilter{Prefix: aws.String("AWSLogs/")}, Expiration: &s3types.LifecycleExpiration{Days: aws.Int32(90)}}
	for _, tc := range []struct {
		name  string
		have  []s3types.LifecycleRule
		rules int // In the end.
		says  string
	}{
		{"nothing is there", nil, 1, "delete what is below AWSLogs/123456789012/vpcflowlogs/ after 400 days"},
		{"ours has another number of days", []s3types.LifecycleRule{shorter}, 1, "after 400 days"},
		{"somebody added a transition to ours", []s3types.LifecycleRule{moved}, 1, "deletes what is below"},
		{"somebody added a transition to ours and changed the days", []s3types.LifecycleRule{movedSooner}, 1, "after 400 days"},
		{"a rule of others deletes sooner", []s3types.LifecycleRule{whole}, 2, `rule "tidy" of bucket acme-flow-logs deletes flow logs after 90 days already, before the 400 days`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := newAccount(t)
			a.createBucket(testBucket)
			if tc.have != nil {
				_, err := a.s3.PutBucketLifecycleConfiguration(t.Context(), &s3.PutBucketLifecycleConfigurationInput{Bucket: aws.String(testBucket), LifecycleConfiguration: &s3types.BucketLifecycleConfiguration{Rules: tc.have}})
				must(t, err)
			}
			contains(t, a.plan(c).String(), tc.says)
			a.apply(c)
			a.complete(c)
			out, err := a.setup(c).lifecycle(t.Context())
			must(t, err)
			if len(out.Rules) != tc.rules {
				t.Errorf("got %d rules, want %d", len(out.Rules), tc.rules)
			}
			if strings.Contains(tc.name, "transition") && len(out.Rules[0].Transitions) != 1 {
				t.Error("the transition that somebody added is gone")
			}
		})
	}
}

func TestTooManyLifecycleRules(t *testing.T) {
	a := newAccount(t)
	a.createBucket(testBucket)
	a.answer = func(w http.ResponseWriter, r *http.Request) bool {
		if !r.URL.Query().Has("lifecycle") {
			return false
		}
		w.Write([]byte("<LifecycleConfiguration>" + strings.Repeat("<Rule><ID>x</ID><Status>Disabled</Status></Rule>", maxLifecycleRules) + "</LifecycleConfiguration>"))
		return true
	}
	contains(t, a.refused(config(func(c *Config) { c.Retention = day })), "has 1000 lifecycle rules, and S3 takes 1000")
}
