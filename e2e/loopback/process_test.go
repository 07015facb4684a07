package loopback

import (
	"fmt"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestTheEndOfALogIsKept(t *testing.T) {
	log := new(Tail)
	for range 3 {
		fmt.Fprint(log, "lost\n")
	}
	fmt.Fprint(log, strings.Repeat("x", maxTail-5))
	fmt.Fprint(log, "last\n")
	if got := log.String(); len(got) != maxTail || log.Count("lost\n") != 0 || log.Count("last\n") != 1 {
		t.Errorf("got %d bytes, want %d that end with what came last", len(got), maxTail)
	}
}
