package metrics

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"flowd/pkg/parser"
)

func TestRankingsAreLongerThanTheMembers(t *testing.T) {
	s := newService(t, func(c *Config) { c.TopK = 2 })
	s.count(records(t, 10, func(i int) string {
		return fmt.Sprintf("1 vpc-1 subnet-1 eni-1 %s 10.1.0.1 %d 6 1 %d 1799999990 REJECT ingress OK", address(i), i%3, 100+i)
	})...)
	s.commit()
	w := httptest.NewRecorder()
	s.totals.RankingsHandler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/?limit=3", nil))
	var got Rankings
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatalf("%v in %s", err, w.Body)
	}
	want := map[string]string{
		"top_source":          "[{[10.0.0.9] 109 0 true} {[10.0.0.8] 108 0 true} {[10.0.0.7] 107 0 false}]",
		"top_destination":     "[{[10.1.0.1] 1045 0 true}]",
		"top_pair":            "[{[10.0.0.9 10.1.0.1] 109 0 true} {[10.0.0.8 10.1.0.1] 108 0 true} {[10.0.0.7 10.1.0.1] 107 0 false}]",
		"top_rejected_port":   "[{[tcp 0] 4 0 true} {[tcp 1] 3 0 true} {[tcp 2] 3 0 false}]",
		"top_rejected_source": "",
	}
	for name, want := range want {
		if text := fmt.Sprint(got[name]); want != "" && text != want {
			t.Errorf("%s: got %s, want %s", name, text, want)
		}
	}
	if len(got) != len(want) || len(got["top_rejected_source"]) != 3 {
		t.Errorf("got %d rankings, %d rows of rejected sources, want %d and 3", len(got), len(got["top_rejected_source"]), len(want))
	}
}

// TestRankingsKnowTheirMembersAfterARestart, though the sketch starts empty.
func TestRankingsKnowTheirMembersAfterARestart(t *testing.T) {
	s := newService(t, func(c *Config) { c.TopK = 2 })
	s.count(records(t, 10, func(i int) string {
		return fmt.Sprintf("1 vpc-1 subnet-1 eni-1 %s 10.1.0.1 %d 6 1 %d 1799999990 REJECT ingress OK", address(i), i%3, 100+i)
	})...)
	s.commit()
	s.restart()
	got := fmt.Sprint(s.totals.Rankings(3)["top_source"])
	for _, row := range []string{"{[10.0.0.9] 0 0 true}", "{[10.0.0.8] 0 0 true}"} {
		if !strings.Contains(got, row) {
			t.Errorf("got %s, want %s in it", got, row)
		}
	}
}

func TestRankingsOfNothingAreEmptyLists(t *testing.T) {
	w := httptest.NewRecorder()
	newService(t, nil).totals.RankingsHandler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	if body := w.Body.String(); strings.Count(body, "[]") != 5 || strings.Contains(body, "null") {
		t.Errorf("got %s, want five empty lists", body)
	}
}

func TestRankingsLimitIsChecked(t *testing.T) {
	h := newService(t, nil).totals.RankingsHandler()
	for limit, want := range map[string]int{"": 200, "1": 200, "1000": 200, "0": 400, "1001": 400, "-1": 400, "x": 400, "99999999999999999999": 400} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/?limit="+limit, nil))
		if w.Code != want {
			t.Errorf("limit %q: got status %d, want %d", limit, w.Code, want)
		}
	}
}

// TestErrorCoversWhatBatchesDropped has an object with more keys than a batch keeps: what one of them has is known only within the error.
func TestErrorCoversWhatBatchesDropped(t *testing.T) {
	s := newService(t, nil)
	s.count(records(t, 2*batchSketchEntries, func(i int) string {
		return fmt.Sprintf("1 vpc-1 subnet-1 eni-1 %s 10.1.0.1 443 6 1 10 1799999990 ACCEPT ingress OK", address(i))
	})...)
	rows := s.totals.Rankings(1)["top_source"]
	if len(rows) != 1 || rows[0].Error < 10 {
		t.Errorf("got %+v, want an error of at least what a key may have had in the batch", rows)
	}
}

func TestHashesAreSecret(t *testing.T) {
	a, b := newService(t, nil).totals, newService(t, nil).totals
	same := 0
	for i := range uint64(100) {
		if a.source.hash(parser.Addr{Lo: i}) == b.source.hash(parser.Addr{Lo: i}) {
			same++
		}
		if a.source.hash(parser.Addr{Lo: i}) == a.destination.hash(parser.Addr{Lo: i}) {
			same++
		}
	}
	if same > 0 {
		t.Errorf("%d of 200 hashes are the same in another process or ranking", same)
	}
}
