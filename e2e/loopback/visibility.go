package loopback

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
)

// LimitVisibility lowers the visibility timeouts that a request to SQS asks for, to a limit in seconds, so that flowd's pauses of minutes pass sooner. What does
// not parse is left to the endpoint to refuse.
func LimitVisibility(r *http.Request, limit int) {
	body, _ := io.ReadAll(r.Body)
	var in map[string]any
	if json.Unmarshal(body, &in) == nil {
		lower(in, limit)
		entries, _ := in["Entries"].([]any)
		for _, entry := range entries {
			if m, ok := entry.(map[string]any); ok {
				lower(m, limit)
			}
		}
		body, _ = json.Marshal(in) // It was JSON before.
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
}

func lower(m map[string]any, limit int) {
	if asked, ok := m["VisibilityTimeout"].(float64); ok {
		m["VisibilityTimeout"] = min(int(asked), limit)
	}
}
