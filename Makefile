# flowd: what a developer does, each by one name.
BIN := .bin
TOOLS := $(BIN)/golangci-lint $(BIN)/govulncheck
INFO := github.com/prometheus/common/version
LDFLAGS := -s -w -X $(INFO).Version=$(shell git describe --tags --always --dirty) -X $(INFO).Revision=$(shell git rev-parse HEAD) \
	-X $(INFO).BuildDate=$(shell git log -1 --format=%cI)

.DEFAULT_GOAL := help
.PHONY: help build test race lint vuln fuzz bench bench-peers bench-cost docs e2e chaos soak check demo demo-prometheus clean

help: ## Show this list.
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## Build the static binary into ./flowd.
	CGO_ENABLED=0 go build -trimpath -ldflags "$(LDFLAGS)" -o flowd ./cmd/flowd

test: ## Run every test; needs Go and loopback, nothing else.
	go test ./...

race: ## Run every test with the race detector (needs a C compiler).
	CGO_ENABLED=1 go test -race ./...

lint: $(TOOLS) ## Format, vet, lint.
	@test -z "$$(gofmt -l cmd pkg internal e2e bench *.go)" || { gofmt -l cmd pkg internal e2e bench *.go; exit 1; }
	go vet ./...
	$(BIN)/golangci-lint run ./...

vuln: $(TOOLS) ## Look for known vulnerabilities that are reachable (needs the vulnerability data base).
	$(BIN)/govulncheck ./...

$(TOOLS): tools/go.mod
	cd tools && go build -o ../$(BIN)/ tool

fuzz: ## Run every fuzz target for FUZZTIME (10s).
	./fuzz.sh $(or $(FUZZTIME),10s)

bench: ## Run every benchmark.
	go test -run '^$$' -bench . -benchmem ./...

bench-peers: ## Measure flowd against others on the same data (10 minutes; wants the machine for itself), and write docs/benchmarks.md.
	cd bench && go run . --write ../docs/benchmarks.md

bench-cost: ## Count the calls of AWS for each object (3 minutes), and write docs/cost.md.
	cd bench && go run ./cmd/cost --write ../docs/cost.md

docs: ## Write the generated pages again.
	UPDATE_DOCS=1 go test -count=1 -run 'TestGeneratedDocs' . ./cmd/flowd

e2e: ## Run the end-to-end suite against the in-process endpoint.
	cd e2e && go test -count=1 ./...

chaos: ## Kill flowd CYCLES (100) times, and broken builds of it, and compare with golden totals.
	cd e2e && go run ./chaos --cycles=$(or $(CYCLES),100)

soak: ## Run flowd at a high rate for MINUTES (30), with poison, and see that memory, goroutines and descriptors stay flat.
	cd e2e && go run ./soak --minutes=$(or $(MINUTES),30)

check: lint test race ## What must pass before a commit.

demo: ## Run the whole main job on loopback.
	go run ./cmd/flowd demo

demo-prometheus: ## Run the demo under Debian's Prometheus, with the rules, until Ctrl-C.
	deploy/demo-prometheus.sh

clean: ## Remove what was built.
	rm -rf $(BIN) flowd
