package ingest

import (
	"testing"
	"testing/synctest"
	"time"
)

// pieces is a body of which the next piece is there, or comes from the network.
type pieces struct{ here bool }

func (p *pieces) Read(b []byte) (int, error) { return len(b), nil }

func (p *pieces) ready() bool { return p.here }

func (p *pieces) await() {}

// TestCoreIsKeptForATurn and is given away before, to whoever waits for it, when the next piece of the body is not there.
func TestCoreIsKeptForATurn(t *testing.T) {
	for _, c := range []struct {
		what    string
		here    bool
		parsing time.Duration
		given   bool
	}{
		{"more is there", true, turn, false},
		{"more is there, after a turn", true, turn + 1, true},
		{"nothing is there", false, 0, true},
	} {
		synctest.Test(t, func(t *testing.T) {
			body, given := &watchedBody{body: &pieces{c.here}, cores: newCores(1)}, false
			body.acquire()
			go func() {
				body.cores.acquire()
				given = true
				body.cores.release()
			}()
			synctest.Wait()
			time.Sleep(c.parsing)
			if n, err := body.Read(make([]byte, 7)); n != 7 || err != nil {
				t.Errorf("%s: read %d bytes, %v", c.what, n, err)
			}
			synctest.Wait()
			if given != c.given {
				t.Errorf("%s: the core was given away: %t, want %t", c.what, given, c.given)
			}
			body.release()
		})
	}
}

// TestParsingEndsAlthoughAllIsThere so that a bomb that came as a whole is one too.
func TestParsingEndsAlthoughAllIsThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		body := &watchedBody{body: &pieces{true}, cores: newCores(1)}
		body.acquire()
		defer body.release()
		time.Sleep(maxParse / 2)
		if _, err := body.Read(make([]byte, 7)); err != nil {
			t.Errorf("after half of the time: %v", err)
		}
		time.Sleep(maxParse/2 + 1)
		if _, err := body.Read(make([]byte, 7)); reasonOf(err, "none") != reasonBomb {
			t.Errorf("got %v, want %s", err, reasonBomb)
		}
	})
}
