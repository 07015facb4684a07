#!/usr/bin/env bash
# Checks everything in deploy without an account, a cluster or a container engine, and says what it looked at. It needs Go; systemd-analyze,
# python3, promtool, amtool and the Go module proxy where they are missing leave their check out, and with CI=true that is a failure.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly limit=2.0                 # Of systemd's exposure, from 0 (safe) to 10.
readonly kubeconform=v0.8.0        # github.com/yannh/kubeconform
readonly kubectl=v0.37.0           # k8s.io/kubectl, whose test data has the API of Kubernetes 1.37.
readonly compose=v2.16.2           # github.com/compose-spec/compose-go/v2, what `docker compose` reads its files with.
readonly variables=github.com/prometheus/common/version

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

step() { printf -- '--- %s\n' "$*"; }
fail() { printf 'deploy/check.sh: %s\n' "$*" >&2; exit 1; }
leave_out() { # what, why
  [ "${CI:-}" = true ] && fail "$1: $2"
  printf 'left out: %s: %s\n' "$1" "$2"
}

policies_and_manifests() {
  step "policies, unit, manifests, Dockerfile, compose, dashboards, rules, runbooks against the code"
  go test -count=1 -run 'TestDeploy|^Test.*(Alert|Rule|Runbook)' -v ./cmd/flowd . >"$work/tests" || { cat "$work/tests"; fail "the tests of deploy failed"; }
  local passed
  passed=$(grep -c '^--- PASS' "$work/tests") || fail "no test of deploy ran"
  echo "$passed tests passed"
}

unit() {
  step "hardening of the systemd unit"
  command -v systemd-analyze >/dev/null || { leave_out "the unit" "systemd-analyze is not installed"; return; }
  local exposure
  systemd-analyze security --offline=true --no-pager deploy/systemd/flowd.service >"$work/security"
  exposure=$(sed -n 's/.*Overall exposure level for flowd.service: \([0-9.]*\).*/\1/p' "$work/security")
  [ -n "$exposure" ] || fail "systemd-analyze named no exposure"
  awk -v e="$exposure" -v l="$limit" 'BEGIN { exit !(e < l) }' || { grep '✗' "$work/security"; fail "the exposure of the unit is $exposure, and must be below $limit"; }
  echo "$(grep -c '[✓✗]' "$work/security") settings, exposure $exposure, below $limit"
  # A path that is not installed here is no fault of the unit; a setting that systemd does not know is.
  systemd-analyze verify --man=no deploy/systemd/flowd.service 2>&1 | grep -v 'is not executable' >"$work/verify" || true
  [ ! -s "$work/verify" ] || { cat "$work/verify"; fail "systemd does not understand the unit"; }
}

# schemas turns the API description of Kubernetes into one schema for each kind, in which no property is allowed that is not described.
schemas() {
  python3 - "$1" "$2" <<'PYTHON'
import json, pathlib, sys

swagger, out = json.load(open(sys.argv[1])), pathlib.Path(sys.argv[2])
out.mkdir()
definitions = swagger["definitions"]
for d in definitions.values():
    if "properties" in d:
        d.setdefault("additionalProperties", False)
# Two types are written in more than one way.
definitions["io.k8s.apimachinery.pkg.api.resource.Quantity"] = {"type": ["string", "number"]}
definitions["io.k8s.apimachinery.pkg.util.intstr.IntOrString"] = {"type": ["string", "integer"]}

def needed(value, found):
    """All definitions that a value refers to, at any depth."""
    for v in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        name = v.rsplit("/", 1)[-1] if isinstance(v, str) and v.startswith("#/definitions/") else None
        if name and name not in found:
            found[name] = definitions[name]
            needed(definitions[name], found)
        needed(v, found)
    return found

for name, d in definitions.items():
    for gvk in d.get("x-kubernetes-group-version-kind", ()):
        group = gvk["group"].split(".")[0]
        file = out / "-".join(x.lower() for x in (gvk["kind"], group, gvk["version"]) if x)
        schema = {"$ref": "#/definitions/" + name, "definitions": needed({"$ref": "#/definitions/" + name}, {})}
        file.with_name(file.name + ".json").write_text(json.dumps(schema))
print(len(list(out.iterdir())), "kinds of Kubernetes described")
PYTHON
}

manifests() {
  step "Kubernetes manifests against the API"
  command -v python3 >/dev/null || { leave_out "the manifests" "python3 is not installed"; return; }
  local source
  GOBIN="$work" GOFLAGS='' go install "github.com/yannh/kubeconform/cmd/kubeconform@$kubeconform" >"$work/install" 2>&1 ||
    { leave_out "the manifests" "kubeconform cannot be installed: $(tail -1 "$work/install")"; return; }
  mkdir "$work/module"
  source=$(cd "$work/module" && go mod download -json "k8s.io/kubectl@$kubectl" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
  [ -n "$source" ] || { leave_out "the manifests" "k8s.io/kubectl@$kubectl cannot be downloaded"; return; }
  schemas "$source/testdata/openapi/swagger.json" "$work/schemas"
  local files=(deploy/kubernetes/*.yaml)
  # PodMonitor is a kind of the Prometheus operator, which the API does not describe.
  "$work/kubeconform" -summary -verbose -skip PodMonitor -schema-location "$work/schemas/{{.ResourceKind}}{{.KindSuffix}}.json" "${files[@]}"
  # What is wrong must be found, or everything is right.
  if sed 's/^      terminationGracePeriodSeconds:/      terminationGraceSeconds:/' deploy/kubernetes/flowd.yaml |
    "$work/kubeconform" -schema-location "$work/schemas/{{.ResourceKind}}{{.KindSuffix}}.json" >/dev/null; then
    fail "a manifest with an unknown property passed"
  fi
}

compose_file() {
  step "the compose file, as docker compose reads it"
  mkdir "$work/compose"
  GOBIN="$work/compose" GOFLAGS='' go install "github.com/compose-spec/compose-go/v2/cmd@$compose" >"$work/install" 2>&1 ||
    { leave_out "the compose file" "compose-go cannot be installed: $(tail -1 "$work/install")"; return; }
  (cd deploy/compose && "$work/compose/cmd" -format json compose.yaml) >"$work/compose.json" || fail "the compose file is wrong"
  echo "$(grep -c '"target": "/' "$work/compose.json") mounts, $(grep -c '"published"' "$work/compose.json") ports"
  if (cd deploy/compose && sed 's/read_only:/readonly:/' compose.yaml >"$work/compose/broken.yaml" && "$work/compose/cmd" "$work/compose/broken.yaml") >/dev/null 2>&1; then
    fail "a compose file with an unknown key passed"
  fi
}

monitoring() {
  step "configuration of Prometheus and Alertmanager"
  if ! command -v promtool >/dev/null || ! command -v amtool >/dev/null; then
    leave_out "Prometheus and Alertmanager" "promtool or amtool is not installed"
    return
  fi
  promtool check config --syntax-only deploy/compose/prometheus.yml | grep -v '^ *$'
  amtool check-config deploy/compose/alertmanager.yml | grep -E 'SUCCESS|receivers'
}

rules() {
  step "rules for Prometheus, their tests, the example for Alertmanager"
  local program
  for program in promtool amtool; do
    command -v "$program" >/dev/null || { leave_out "the rules" "$program is not installed"; return; }
  done
  deploy/prometheus/check.sh
}

binaries() {
  step "static binaries, as the Dockerfile builds them"
  local architecture built
  for architecture in amd64 arm64; do
    CGO_ENABLED=0 GOOS=linux GOARCH=$architecture go build -trimpath -ldflags "-s -w -X $variables.Version=0.0.0-check" -o "$work/flowd-$architecture" ./cmd/flowd
    built=$(go version -m "$work/flowd-$architecture")
    if ! grep -q "GOARCH=$architecture" <<<"$built" || ! grep -q 'CGO_ENABLED=0' <<<"$built"; then
      fail "flowd for $architecture was built otherwise: $built"
    fi
    # A dynamic binary names its loader.
    LC_ALL=C grep -qa '/ld-linux' "$work/flowd-$architecture" && fail "flowd for $architecture is not static"
    echo "$architecture: static, $(($(wc -c <"$work/flowd-$architecture") >> 20)) MiB"
  done
  architecture=$(go env GOHOSTARCH)
  [ -x "$work/flowd-$architecture" ] || { leave_out "the version in the binary" "this host is $architecture"; return; }
  "$work/flowd-$architecture" version | grep -q 'flowd 0.0.0-check ' || fail "the linker does not set the version"
}

policies_and_manifests
unit
manifests
compose_file
monitoring
rules
binaries
step "deploy is sound"
