package remotewrite

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/exp/api/remote"
)

func TestRead(t *testing.T) {
	got, err := Read(strings.NewReader(`
sqs: {queue-url: https://host/1/q}
remote_write:
  - url: http://prometheus:9090/api/v1/write
    labels: {replica: a}
  - url: https://other/write
    name: other
    remote_timeout: 5s
    protobuf_message: io.prometheus.write.v2.Request
    basic_auth: {username: flowd, password_file: /run/secrets/password}
`), "flowd.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 {
		t.Fatalf("got %d endpoints, want 2", len(got))
	}
	a, b := got[0], got[1]
	if a.Name != "prometheus:9090" || a.Labels["replica"] != "a" || time.Duration(a.Timeout) != 30*time.Second || a.Message != remote.WriteV1MessageType || !a.Client.FollowRedirects {
		t.Errorf("got %+v, want the defaults", a)
	}
	if b.Name != "other" || time.Duration(b.Timeout) != 5*time.Second || b.Message != remote.WriteV2MessageType || b.Client.BasicAuth.PasswordFile != "/run/secrets/password" {
		t.Errorf("got %+v, want what the file says", b)
	}
}

func TestReadNothing(t *testing.T) {
	for _, text := range []string{"", "sqs: {queue-name: q}\n", "remote_write: []\n"} {
		if got, err := Read(strings.NewReader(text), "flowd.yaml"); err != nil || len(got) != 0 {
			t.Errorf("%q: got %v, %v, want no endpoints and no error", text, got, err)
		}
	}
}

func TestReadMistakes(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"unknown key":        {"remote_write:\n  - url: http://a/w\n    colour: red\n", "flowd.yaml:3: remote_write: field colour not found"},
		"unknown key inside": {"remote_write:\n  - url: http://a/w\n    basic_auth:\n      user: x\n", "flowd.yaml:4: remote_write: field user not found"},
		"no list":            {"remote_write: http://a/w\n", "flowd.yaml:1: remote_write: cannot unmarshal"},
		"no url":             {"remote_write:\n  - name: x\n", "entry 1: url is missing"},
		"password in url":    {"remote_write:\n  - url: http://u:secret@a/w\n", "use basic_auth"},
		"same name":          {"remote_write:\n  - url: http://a/w\n  - url: http://a/v\n", `entry 2: another one has the name "a"`},
		"our label":          {"remote_write:\n  - url: http://a/w\n    labels: {vpc_id: x}\n", `"vpc_id" cannot be the name of a label`},
		"message":            {"remote_write:\n  - url: http://a/w\n    protobuf_message: v3\n", "protobuf_message"},
		"timeout":            {"remote_write:\n  - url: http://a/w\n    remote_timeout: 0s\n", "remote_timeout must be positive"},
		"two authentications": {"remote_write:\n  - url: http://a/w\n    basic_auth: {username: u}\n    bearer_token: x\n",
			"at most one of"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Read(strings.NewReader(c.text), "flowd.yaml")
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %v, want an error with %q", err, c.want)
			}
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("%v tells a password", err)
			}
		})
	}
}
