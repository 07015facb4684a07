package remotewrite

import (
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/snappy"
	writev2 "github.com/prometheus/client_golang/exp/api/remote/genproto/v2"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// fakeSource has minutes that a test closes.
type fakeSource struct {
	mu        sync.Mutex
	minutes   []Minute
	positions map[string]int64
}

func (s *fakeSource) Closed(after int64, n int) (out []Minute) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if after == 0 && len(s.minutes) > 0 {
		return s.minutes[len(s.minutes)-1:]
	}
	for _, m := range s.minutes {
		if m.Begin > after && len(out) < n {
			out = append(out, m)
		}
	}
	return out
}

func (s *fakeSource) Position(endpoint string) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.positions[endpoint]
}

func (s *fakeSource) Sent(endpoint string, minute int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.positions[endpoint] = minute
}

// close adds a minute in which every one of the VPCs has counted so many records.
func (s *fakeSource) close(minute int64, records map[string]uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := Minute{Begin: 60 * minute}
	for _, vpc := range slices.Sorted(maps.Keys(records)) {
		n := records[vpc]
		seen := slices.ContainsFunc(s.minutes, func(m Minute) bool {
			return slices.ContainsFunc(m.Series, func(x Series) bool { return x.VPCID == vpc })
		})
		m.Series = append(m.Series, Series{AccountID: "1", VPCID: vpc, Action: "accept", Records: n, Bytes: 100 * n, Packets: 10 * n, New: !seen})
	}
	s.minutes = append(s.minutes, m)
}

// endpoint is a server that keeps what it takes, as a transport: no sockets, so that time can be virtual.
type endpoint struct {
	mu      sync.Mutex
	answers []func() *http.Response // What the next requests get; afterwards everything is taken.
	stored  map[string][]sample     // By labels.
	tries   []time.Time
}

func (e *endpoint) RoundTrip(r *http.Request) (*http.Response, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.tries = append(e.tries, time.Now())
	if len(e.answers) > 0 {
		answer := e.answers[0]
		e.answers = e.answers[1:]
		return answer(), nil
	}
	compressed, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	body, err := snappy.Decode(nil, compressed)
	if err != nil {
		return nil, err
	}
	if strings.Contains(r.Header.Get("Content-Type"), "v2.Request") {
		return e.storeV2(body)
	}
	return status(204), e.storeV1(body)
}

func status(code int) *http.Response {
	return &http.Response{StatusCode: code, Status: fmt.Sprint(code), Header: http.Header{}, Body: io.NopCloser(strings.NewReader("said so"))}
}

func (e *endpoint) storeV2(body []byte) (*http.Response, error) {
	var request writev2.Request
	if err := proto.Unmarshal(body, &request); err != nil {
		return nil, err
	}
	n := 0
	for _, s := range request.Timeseries {
		var labels []string
		for i := 0; i < len(s.LabelsRefs); i += 2 {
			labels = append(labels, request.Symbols[s.LabelsRefs[i]]+"="+request.Symbols[s.LabelsRefs[i+1]])
		}
		for _, v := range s.Samples {
			e.keep(labels, sample{v.Value, v.Timestamp})
			n++
		}
	}
	r := status(204)
	r.Header.Set("X-Prometheus-Remote-Write-Samples-Written", fmt.Sprint(n))
	return r, nil
}

func (e *endpoint) keep(labels []string, v sample) {
	key := strings.Join(labels, ",")
	e.stored[key] = append(e.stored[key], v)
}

// fields splits a message of length-delimited fields by their number.
func fields(b []byte) (out map[protowire.Number][][]byte, err error) {
	out = map[protowire.Number][][]byte{}
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		size := protowire.ConsumeFieldValue(number, kind, b[max(n, 0):])
		if n < 0 || size < 0 {
			return nil, fmt.Errorf("not a message: %x", b)
		}
		value := b[n : n+size]
		if kind == protowire.BytesType {
			value, _ = protowire.ConsumeBytes(value)
		}
		out[number] = append(out[number], value)
		b = b[n+size:]
	}
	return out, nil
}

func (e *endpoint) storeV1(body []byte) error {
	request, err := fields(body)
	if err != nil {
		return err
	}
	for _, series := range request[1] {
		parts, err := fields(series)
		if err != nil {
			return err
		}
		var labels []string
		for _, l := range parts[1] {
			pair, err := fields(l)
			if err != nil {
				return err
			}
			labels = append(labels, string(pair[1][0])+"="+string(pair[2][0]))
		}
		for _, v := range parts[2] {
			pair, err := fields(v)
			if err != nil {
				return err
			}
			bits, _ := protowire.ConsumeFixed64(pair[1][0])
			at, _ := protowire.ConsumeVarint(pair[2][0])
			e.keep(labels, sample{math.Float64frombits(bits), int64(at)})
		}
	}
	return nil
}
