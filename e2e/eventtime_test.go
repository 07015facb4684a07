package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// eventTime stands between a flowd and its Prometheus, and adds the two metrics of event time that the rules want and flowd does not export yet:
// how many records were late, and the watermark of a flow log that is never behind. It goes when flowd has them, and fails then.
type eventTime struct {
	address string
	late    atomic.Uint64
}

func newEventTime(t *testing.T, d *flowd) *eventTime {
	t.Helper()
	e := new(eventTime)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if status(d.url+"/-/healthy") != http.StatusOK { // The test is over, or flowd has not begun.
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		text := string(body(t, d.url+"/metrics"))
		if strings.Contains(text, "\nflowd_late_records_total") {
			t.Error("flowd exports flowd_late_records_total: let Prometheus scrape it, and delete this file")
		}
		fmt.Fprintf(w, "%s# TYPE flowd_late_records_total counter\nflowd_late_records_total %d\n", text, e.late.Load())
		fmt.Fprintf(w, "# TYPE flowd_data_complete_until_timestamp_seconds gauge\nflowd_data_complete_until_timestamp_seconds{flow_log_id=%q} %d\n",
			flowLog, time.Now().Add(-20*time.Minute).Unix())
	}))
	t.Cleanup(server.Close)
	e.address = server.Listener.Addr().String()
	return e
}
