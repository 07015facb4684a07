package remotewrite

import (
	"maps"
	"math"
	"slices"

	"github.com/prometheus/client_golang/exp/api/remote"
	writev2 "github.com/prometheus/client_golang/exp/api/remote/genproto/v2"
	"google.golang.org/protobuf/encoding/protowire"
)

// label and sample are those of both versions of the protocol.
type label struct{ name, value string }

type sample struct {
	value float64
	at    int64 // Unix milliseconds.
}

type timeSeries struct {
	labels  []label // Sorted by name, as the protocol wants them.
	samples []sample
}

// staleMarker is the value that says that a series has ended.
// Source: https://prometheus.io/docs/specs/prw/remote_write_spec/#stale-markers
func staleMarker() float64 { return math.Float64frombits(0x7ff0000000000002) }

// batch collects the samples of some minutes, in order for each series.
type batch struct {
	extra   []label
	series  []*timeSeries
	byID    map[seriesID]*timeSeries
	samples int
}

type seriesID struct{ metric, account, vpc, action string }

func newBatch(labels map[string]string) *batch {
	b := &batch{byID: map[seriesID]*timeSeries{}}
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		b.extra = append(b.extra, label{name, labels[name]})
	}
	return b
}

func (b *batch) add(id seriesID, value float64, at int64) {
	s := b.byID[id]
	if s == nil {
		s = &timeSeries{labels: b.labels(id)}
		b.byID[id] = s
		b.series = append(b.series, s)
	}
	s.samples = append(s.samples, sample{value, at})
	b.samples++
}

func (b *batch) labels(id seriesID) []label {
	all := append([]label{{"__name__", id.metric}, {labelAccount, id.account}, {labelVPC, id.vpc}, {labelAction, id.action}}, b.extra...)
	slices.SortFunc(all, func(x, y label) int {
		if x.name < y.name {
			return -1
		}
		return 1
	})
	return all
}

// message is the batch as the endpoint wants it.
func (b *batch) message(kind remote.WriteMessageType) any {
	if kind == remote.WriteV2MessageType {
		return b.version2()
	}
	return b.version1()
}

// encoded is a message that is bytes already.
type encoded []byte

// SizeVT is one of the interfaces that the client takes messages by.
func (e encoded) SizeVT() int { return len(e) }

// MarshalToSizedBufferVT copies the message.
func (e encoded) MarshalToSizedBufferVT(to []byte) (int, error) { return copy(to, e), nil }

// version1 encodes prometheus.WriteRequest.
// Source: https://prometheus.io/docs/specs/prw/remote_write_spec/#protobuf
func (b *batch) version1() encoded {
	var request []byte
	for _, s := range b.series {
		var body []byte
		for _, l := range s.labels {
			body = appendBytes(body, 1, appendString(appendString(nil, 1, l.name), 2, l.value))
		}
		for _, v := range s.samples {
			one := protowire.AppendFixed64(protowire.AppendTag(nil, 1, protowire.Fixed64Type), math.Float64bits(v.value))
			one = protowire.AppendVarint(protowire.AppendTag(one, 2, protowire.VarintType), uint64(v.at))
			body = appendBytes(body, 2, one)
		}
		request = appendBytes(request, 1, body)
	}
	return request
}

func appendBytes(to []byte, field protowire.Number, v []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(to, field, protowire.BytesType), v)
}

func appendString(to []byte, field protowire.Number, v string) []byte {
	return protowire.AppendString(protowire.AppendTag(to, field, protowire.BytesType), v)
}

// version2 is the message of version 2, with the type of each series.
// Source: https://prometheus.io/docs/specs/prw/remote_write_spec_2_0/#protobuf-message
func (b *batch) version2() *writev2.Request {
	symbols := writev2.NewSymbolTable()
	request := &writev2.Request{}
	for _, s := range b.series {
		out := &writev2.TimeSeries{Metadata: &writev2.Metadata{Type: writev2.Metadata_METRIC_TYPE_COUNTER}}
		for _, l := range s.labels {
			out.LabelsRefs = append(out.LabelsRefs, symbols.Symbolize(l.name), symbols.Symbolize(l.value))
		}
		for _, v := range s.samples {
			out.Samples = append(out.Samples, &writev2.Sample{Value: v.value, Timestamp: v.at})
		}
		request.Timeseries = append(request.Timeseries, out)
	}
	request.Symbols = symbols.Symbols()
	return request
}
