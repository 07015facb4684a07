package main

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"flowd/internal/bootstrap"
	"flowd/pkg/ingest"
)

// deployed reads a file of deploy.
func deployed(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "deploy", filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// policy is an IAM policy document.
type policy struct {
	Version   string
	Statement []struct {
		Sid, Effect      string
		Action, Resource oneOrMore
		Condition        map[string]map[string]oneOrMore
	}
}

// oneOrMore is what IAM writes as a string or a list of them.
type oneOrMore []string

func (o *oneOrMore) UnmarshalJSON(text []byte) error {
	if len(text) > 0 && text[0] == '"' {
		*o = oneOrMore{""}
		return json.Unmarshal(text, &(*o)[0])
	}
	return json.Unmarshal(text, (*[]string)(o))
}

func readPolicy(t *testing.T, name string) policy {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(deployed(t, name)))
	d.DisallowUnknownFields()
	var p policy
	if err := d.Decode(&p); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return p
}

// The resources of the policies, with placeholders for what an account fills in.
const (
	iamQueue   = "arn:aws:sqs:REGION:ACCOUNT:QUEUE"
	iamDead    = iamQueue + "-dead-letter"
	iamBucket  = "arn:aws:s3:::BUCKET"
	iamObjects = iamBucket + "/PREFIXAWSLogs/*"
)

// runCalls says what each call of the service needs, as `action on resource`.
func runCalls() map[string][]string {
	return map[string][]string{
		"ReceiveMessage":          {"sqs:ReceiveMessage on " + iamQueue},
		"DeleteMessageBatch":      {"sqs:DeleteMessage on " + iamQueue},
		"ChangeMessageVisibility": {"sqs:ChangeMessageVisibility on " + iamQueue},
		"GetQueueAttributes":      {"sqs:GetQueueAttributes on " + iamQueue, "sqs:GetQueueAttributes on " + iamDead},
		"GetQueueUrl":             {"sqs:GetQueueUrl on " + iamQueue, "sqs:GetQueueUrl on " + iamDead},
		// A notification of a versioned bucket names the version. Without s3:ListBucket an object that is missing is answered like one that is forbidden.
		"GetObject": {"s3:GetObject on " + iamObjects, "s3:GetObjectVersion on " + iamObjects, "s3:ListBucket on " + iamBucket},
	}
}

// permissions are the pairs that a policy allows, but for those statements that only some set-ups need.
func (p policy) permissions() []string {
	all := map[string]bool{}
	for _, s := range p.Statement {
		for _, action := range s.Action {
			for _, resource := range s.Resource {
				all[action+" on "+resource] = !strings.HasSuffix(s.Sid, "Optional")
			}
		}
	}
	maps.DeleteFunc(all, func(_ string, required bool) bool { return !required })
	return slices.Sorted(maps.Keys(all))
}

func methods(interfaces ...reflect.Type) (names []string) {
	for _, i := range interfaces {
		for m := range i.NumMethod() {
			names = append(names, i.Method(m).Name)
		}
	}
	return names
}

// wantPermissions fails for a permission without a call, and for a call without its permission.
func wantPermissions(t *testing.T, name string, want []string) {
	t.Helper()
	got := readPolicy(t, name).permissions()
	want = slices.Compact(slices.Sorted(slices.Values(want)))
	for _, p := range got {
		if !slices.Contains(want, p) {
			t.Errorf("%s allows %s, and no call needs it", name, p)
		}
	}
	for _, p := range want {
		if !slices.Contains(got, p) {
			t.Errorf("%s does not allow %s, and a call needs it", name, p)
		}
	}
	if len(got) < 5 {
		t.Errorf("%s has %d permissions only", name, len(got))
	}
}

func TestDeployRunPolicyIsWhatTheServiceCalls(t *testing.T) {
	calls, needs := runCalls(), []string(nil)
	for _, call := range methods(reflect.TypeFor[ingest.SQSAPI](), reflect.TypeFor[ingest.S3API]()) {
		if calls[call] == nil {
			t.Errorf("the service can call %s, and this test does not know which permission that needs", call)
		}
		needs = append(needs, calls[call]...)
		delete(calls, call)
	}
	for call := range calls {
		t.Errorf("this test knows the call %s, and the service does not make it", call)
	}
	wantPermissions(t, "iam/run.json", needs)
}

func TestDeployBootstrapPolicyIsWhatTheSetUpCalls(t *testing.T) {
	fill := strings.NewReplacer("${Partition}", "aws", "${Region}", "REGION", "${Account}", "ACCOUNT", "${Bucket}", "BUCKET", "${Queue}", "QUEUE")
	known, needs := map[string]bool{}, []string(nil)
	for _, a := range bootstrap.Actions() {
		known[a.Operation] = true
		for _, p := range a.Permissions {
			for _, r := range p.Resources {
				needs = append(needs, p.Action+" on "+fill.Replace(r))
			}
		}
	}
	for _, call := range methods(reflect.TypeFor[bootstrap.S3API](), reflect.TypeFor[bootstrap.SQSAPI](), reflect.TypeFor[bootstrap.EC2API]()) {
		if !known[call] {
			t.Errorf("the set-up can call %s, and its list of actions does not have it", call)
		}
	}
	wantPermissions(t, "iam/bootstrap.json", needs)
}

// TestDeployPoliciesSeeEveryCall looks for calls beside those interfaces: inputs of operations in the text of everything that is built.
func TestDeployPoliciesSeeEveryCall(t *testing.T) {
	known := slices.Collect(maps.Keys(runCalls()))
	for _, a := range bootstrap.Actions() {
		known = append(known, a.Operation)
	}
	known = append(known, "GetCallerIdentity") // IAM lets everybody ask who they are.
	input, seen := regexp.MustCompile(`\b(?:s3|sqs|ec2|sts)\.(\w+)Input\{`), map[string]bool{}
	for _, pattern := range []string{"cmd/*/*.go", "pkg/*/*.go", "internal/*/*.go"} {
		files, err := filepath.Glob(filepath.Join("..", "..", filepath.FromSlash(pattern)))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") || strings.Contains(filepath.ToSlash(file), "/localaws/") {
				continue
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, match := range input.FindAllStringSubmatch(string(text), -1) {
				if seen[match[1]] = true; !slices.Contains(known, match[1]) {
					t.Errorf("%s calls %s, and no policy knows it", file, match[1])
				}
			}
		}
	}
	if len(seen) < 20 {
		t.Errorf("saw %d calls only: %v", len(seen), slices.Sorted(maps.Keys(seen)))
	}
}

func TestDeployPoliciesAreTight(t *testing.T) {
	const limit = 6144 // Characters of a managed policy, white space not counted.
	placeholder := regexp.MustCompile(`\b[A-Z][A-Z0-9]{4,}`)
	readme := deployed(t, "iam/README.md")
	for _, name := range []string{"iam/run.json", "iam/bootstrap.json"} {
		p := readPolicy(t, name)
		sids := map[string]bool{}
		if p.Version != "2012-10-17" || len(p.Statement) < 4 {
			t.Errorf("%s: version %q with %d statements", name, p.Version, len(p.Statement))
		}
		for _, s := range p.Statement {
			if s.Effect != "Allow" || s.Sid == "" || sids[s.Sid] || len(s.Action) == 0 || len(s.Resource) == 0 {
				t.Errorf("%s: statement %+v must allow something under a Sid of its own", name, s)
			}
			sids[s.Sid] = true
			for _, a := range s.Action {
				if strings.ContainsAny(a, "*?") {
					t.Errorf("%s: action %s is a pattern", name, a)
				}
				// IAM cannot limit these to a resource.
				if everything := slices.Contains(s.Resource, "*"); everything && !strings.HasPrefix(a, "ec2:Describe") && !strings.HasSuffix(a, "LogDelivery") {
					t.Errorf("%s: %s is allowed on everything", name, a)
				}
				if strings.HasPrefix(a, "kms:") && (!strings.HasSuffix(s.Sid, "Optional") || len(s.Condition["StringEquals"]["kms:ViaService"]) != 1) {
					t.Errorf("%s: %s must be optional, and through one service only", name, a)
				}
			}
		}
		text := deployed(t, name)
		if n := len(strings.Join(strings.Fields(text), "")); n > limit {
			t.Errorf("%s has %d characters, IAM takes %d", name, n, limit)
		}
		for _, word := range placeholder.FindAllString(text, -1) {
			if word = strings.TrimSuffix(word, "AWSL"); !strings.Contains(readme, "`"+word+"`") {
				t.Errorf("%s: the README does not say what to put for %s", name, word)
			}
		}
	}
}
