package main

import (
	"strings"
	"testing"
)

func TestACommandIsMeasuredAsAWhole(t *testing.T) {
	cores, err := allowed()
	if err != nil || len(cores) == 0 {
		t.Fatalf("got cores %v, %v", cores, err)
	}
	const busy = `i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done`
	u, err := command{argv: shell(`(`+busy+`) | cat; echo "counted 42"`, nil), cores: cores[:1], says: []string{"42"}}.run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if u.cpu <= 0 || u.wall < u.cpu/2 || u.memory < 1<<20 || u.memory > 1<<30 {
		t.Errorf("got %+v, want what a pipeline of a shell takes", u)
	}
}

func TestAnotherResultIsAnError(t *testing.T) {
	for _, c := range []struct{ script, want string }{{"echo 420", "did not come to 42"}, {"echo broken >&2; exit 3", "broken"}} {
		_, err := command{argv: shell(c.script, nil), cores: []int{0}, says: []string{"42"}}.run(t.Context())
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q in it", c.script, err, c.want)
		}
	}
}
