package web

import (
	"net/http"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// Runtime is how the process is doing.
type Runtime struct {
	GoVersion   string `json:"go_version"`
	Platform    string `json:"platform"`
	GOMAXPROCS  int    `json:"gomaxprocs"`
	Goroutines  int    `json:"goroutines"`
	HeapBytes   uint64 `json:"heap_bytes"`         // Live and dead objects.
	TotalBytes  uint64 `json:"total_bytes"`        // Mapped by the runtime.
	MemoryLimit uint64 `json:"memory_limit_bytes"` // What the runtime tries to stay below.
	GCCycles    uint64 `json:"gc_cycles"`
}

func runtimeNow() Runtime {
	samples := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/total:bytes"}, {Name: "/gc/cycles/total:gc-cycles"}}
	metrics.Read(samples)
	return Runtime{
		GoVersion: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH, GOMAXPROCS: runtime.GOMAXPROCS(0), Goroutines: runtime.NumGoroutine(),
		HeapBytes: samples[0].Value.Uint64(), TotalBytes: samples[1].Value.Uint64(), GCCycles: samples[2].Value.Uint64(),
		MemoryLimit: uint64(debug.SetMemoryLimit(-1)), // A negative limit changes nothing.
	}
}

// configAnswer is the JSON of /api/v1/config.
type configAnswer struct {
	Settings []Setting `json:"settings"` // In the order of the help.
}

// statusData is what /status shows.
type statusData struct {
	Settings  []Setting
	Runtime   Runtime
	Inventory *Inventory
	FlowLogs  []FlowLog
}

func (s *Server) statusPage(w http.ResponseWriter, _ *http.Request) {
	data := statusData{Settings: s.settings(), Runtime: runtimeNow(), FlowLogs: s.deps.Live().FlowLogs}
	if s.deps.Inventory != nil {
		inventory := s.deps.Inventory()
		data.Inventory = &inventory
	}
	s.show(w, http.StatusOK, "status.html", "status", data)
}

func (s *Server) settings() []Setting { return append([]Setting{}, s.deps.Settings...) }

func (s *Server) config(w http.ResponseWriter, _ *http.Request) {
	s.json(w, configAnswer{s.settings()})
}

func (s *Server) runtime(w http.ResponseWriter, _ *http.Request) { s.json(w, runtimeNow()) }

func (s *Server) inventory(w http.ResponseWriter, _ *http.Request) { s.json(w, s.deps.Inventory()) }
