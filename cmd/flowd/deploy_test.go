package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/version"
	"go.yaml.in/yaml/v3"

	"flowd/internal/web"
	"flowd/pkg/ingest"
)

// unit reads the settings of a systemd unit; one that is there several times has several values.
func unit(t *testing.T, text string) map[string][]string {
	t.Helper()
	settings := map[string][]string{}
	for line := range strings.Lines(text) {
		key, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		if ok && !strings.HasPrefix(key, "#") {
			settings[key] = append(settings[key], value)
		}
	}
	return settings
}

// enoughToStop is how long flowd may take to end after SIGTERM: messages in work, then the committer and HTTP.
const enoughToStop = 10 * time.Second

func TestDeployUnitFitsTheService(t *testing.T) {
	u := unit(t, deployed(t, "systemd/flowd.service"))
	stop, err := time.ParseDuration(u["TimeoutStopSec"][0])
	if want := ingest.DefaultConfig().DrainTimeout + enoughToStop; err != nil || stop < want {
		t.Errorf("TimeoutStopSec: got %v, want %s or more", u["TimeoutStopSec"], want)
	}
	if got := u["RestartPreventExitStatus"]; !slices.Equal(got, []string{fmt.Sprint(exitUsage)}) {
		t.Errorf("RestartPreventExitStatus: got %v, want the exit code of a mistake, %d", got, exitUsage)
	}
	t.Setenv("STATE_DIRECTORY", "/var/lib/"+u["StateDirectory"][0]) // As systemd sets it.
	checkEnvironment(t, deployed(t, "systemd/flowd.env"))
	command := strings.Fields(u["ExecStart"][0])
	line, err := parse(command[1:], io.Discard, io.Discard)
	if err != nil {
		t.Fatalf("%v: %v", command, err)
	}
	run, ok := line.context.Selected().Target.Addr().Interface().(*runCommand)
	if !ok || run.State.Dir != "/var/lib/flowd" || filepath.Base(command[0]) != "flowd" {
		t.Errorf("%v: got %T with its state in %q, want the service with its state in /var/lib/flowd", command, run, run.State.Dir)
	}
}

// checkEnvironment sets what an environment file sets, and has flowd check it. Variables that are no setting of the service are mistakes.
func checkEnvironment(t *testing.T, text string) {
	t.Helper()
	parser, err := newParser(new(commands), io.Discard, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	var known []string
	for _, flag := range serviceFlags(parser.Model) {
		known = append(known, flag.Envs...)
	}
	set := 0
	for key, values := range unit(t, text) {
		if set++; !slices.Contains(known, key) {
			t.Errorf("%s is no setting of flowd run", key)
		}
		t.Setenv(key, values[0])
	}
	if out, err := flowd(t.Context(), "check-config"); err != nil || set < 3 {
		t.Errorf("%d settings: %v\n%s", set, err, out)
	}
}

// manifest is the part of Kubernetes objects that the tests look at.
type manifest struct {
	Kind     string
	Metadata struct {
		Name   string
		Labels map[string]string
	}
	Data map[string]string
	Spec struct {
		ClusterIP string `yaml:"clusterIP"`
		Replicas  int
		Ports     []struct {
			Name string
			Port int
		}
		Selector            yaml.Node
		PodMetricsEndpoints []struct{ Port, Path string } `yaml:"podMetricsEndpoints"`
		Template            struct {
			Metadata struct{ Labels map[string]string }
			Spec     podSpec
		}
	}
}

type podSpec struct {
	TerminationGracePeriodSeconds int  `yaml:"terminationGracePeriodSeconds"`
	EnableServiceLinks            bool `yaml:"enableServiceLinks"`
	SecurityContext               struct {
		RunAsNonRoot   bool                  `yaml:"runAsNonRoot"`
		RunAsUser      int                   `yaml:"runAsUser"`
		FSGroup        int                   `yaml:"fsGroup"`
		SeccompProfile struct{ Type string } `yaml:"seccompProfile"`
	} `yaml:"securityContext"`
	Containers []struct {
		Args  []string
		Env   []struct{ Name string }
		Ports []struct {
			Name          string
			ContainerPort int `yaml:"containerPort"`
		}
		StartupProbe    probe `yaml:"startupProbe"`
		LivenessProbe   probe `yaml:"livenessProbe"`
		ReadinessProbe  probe `yaml:"readinessProbe"`
		SecurityContext struct {
			AllowPrivilegeEscalation *bool `yaml:"allowPrivilegeEscalation"`
			ReadOnlyRootFilesystem   bool  `yaml:"readOnlyRootFilesystem"`
			Capabilities             struct{ Drop []string }
		} `yaml:"securityContext"`
		VolumeMounts []struct {
			Name      string
			MountPath string `yaml:"mountPath"`
		} `yaml:"volumeMounts"`
	}
}

type probe struct {
	HTTPGet struct{ Path, Port string } `yaml:"httpGet"`
}

func manifests(t *testing.T, name string) map[string]manifest {
	t.Helper()
	all := map[string]manifest{}
	for d := yaml.NewDecoder(strings.NewReader(deployed(t, name))); ; {
		var m manifest
		if err := d.Decode(&m); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all[m.Kind] = m
	}
}

func TestDeployManifestFitsTheService(t *testing.T) {
	all := manifests(t, "kubernetes/flowd.yaml")
	if len(all) != 4 {
		t.Fatalf("got %d kinds, want ServiceAccount, ConfigMap, Service, StatefulSet", len(all))
	}
	set := all["StatefulSet"]
	pod := set.Spec.Template.Spec
	c := pod.Containers[0]
	if want := ingest.DefaultConfig().DrainTimeout + enoughToStop; time.Duration(pod.TerminationGracePeriodSeconds)*time.Second < want {
		t.Errorf("got %d seconds to stop, want %s or more", pod.TerminationGracePeriodSeconds, want)
	}
	if set.Spec.Replicas != 1 || pod.EnableServiceLinks {
		t.Errorf("got %d replicas, service links %t; want one, and no variables that begin like flowd's own", set.Spec.Replicas, pod.EnableServiceLinks)
	}
	for got, want := range map[string]string{c.StartupProbe.HTTPGet.Path: "/-/healthy", c.LivenessProbe.HTTPGet.Path: "/-/healthy", c.ReadinessProbe.HTTPGet.Path: "/-/ready"} {
		if got != want {
			t.Errorf("got a probe of %q, want %q", got, want)
		}
	}
	_, port, _ := net.SplitHostPort(web.DefaultListenAddress)
	if got := fmt.Sprint(c.Ports[0].ContainerPort); got != port || all["Service"].Spec.Ports[0].Name != c.Ports[0].Name || c.LivenessProbe.HTTPGet.Port != c.Ports[0].Name {
		t.Errorf("got port %s %s, want %s under one name everywhere", got, c.Ports[0].Name, port)
	}
	if len(c.Env) != 1 || c.Env[0].Name != "GOMEMLIMIT" {
		t.Errorf("got variables %v, want GOMEMLIMIT", c.Env)
	}
	if all["Service"].Spec.ClusterIP != "None" {
		t.Error("the service is not headless")
	}
}

func TestDeployManifestIsRestricted(t *testing.T) {
	pod := manifests(t, "kubernetes/flowd.yaml")["StatefulSet"].Spec.Template.Spec
	s, c := pod.SecurityContext, pod.Containers[0].SecurityContext
	if !s.RunAsNonRoot || s.RunAsUser != 65532 || s.FSGroup != 65532 || s.SeccompProfile.Type != "RuntimeDefault" {
		t.Errorf("got pod %+v, want the user of the image, its group on the volume, and seccomp", s)
	}
	if c.AllowPrivilegeEscalation == nil || *c.AllowPrivilegeEscalation || !c.ReadOnlyRootFilesystem || !slices.Equal(c.Capabilities.Drop, []string{"ALL"}) {
		t.Errorf("got container %+v, want no escalation, a root that is read only, and no capability", c)
	}
}

// TestDeployManifestConfigIsValid starts the service's own check with what the pod gets.
func TestDeployManifestConfigIsValid(t *testing.T) {
	all := manifests(t, "kubernetes/flowd.yaml")
	c := all["StatefulSet"].Spec.Template.Spec.Containers[0]
	mounts := map[string]string{}
	for _, m := range c.VolumeMounts {
		mounts[m.Name] = m.MountPath
	}
	file := filepath.Join(t.TempDir(), "flowd.yaml")
	if err := os.WriteFile(file, []byte(all["ConfigMap"].Data["flowd.yaml"]), 0o600); err != nil {
		t.Fatal(err)
	}
	var args []string
	for _, a := range c.Args[1:] {
		args = append(args, strings.Replace(a, mounts["config"]+"/flowd.yaml", file, 1))
	}
	out, err := flowd(t.Context(), append([]string{"check-config"}, args...)...)
	if err != nil || c.Args[0] != "run" {
		t.Fatalf("%v: %v", c.Args, err)
	}
	if want := "state.dir"; !strings.Contains(out, mounts["state"]) || !strings.Contains(out, want) || !strings.Contains(out, file) {
		t.Errorf("got\n%s\nwant %s at %s, set by the file", out, want, mounts["state"])
	}
}

func TestDeployPodMonitorFindsThePod(t *testing.T) {
	monitor := manifests(t, "kubernetes/podmonitor.yaml")["PodMonitor"]
	template := manifests(t, "kubernetes/flowd.yaml")["StatefulSet"].Spec.Template
	var selector struct {
		MatchLabels map[string]string `yaml:"matchLabels"`
	}
	if err := monitor.Spec.Selector.Decode(&selector); err != nil || len(selector.MatchLabels) == 0 {
		t.Fatalf("got selector %+v, %v", selector, err)
	}
	for k, v := range selector.MatchLabels {
		if template.Metadata.Labels[k] != v {
			t.Errorf("the pod has %s=%q, and the monitor looks for %q", k, template.Metadata.Labels[k], v)
		}
	}
	if e := monitor.Spec.PodMetricsEndpoints; len(e) != 1 || e[0].Port != template.Spec.Containers[0].Ports[0].Name || e[0].Path != "/metrics" {
		t.Errorf("got endpoints %+v, want /metrics of the container's port", e)
	}
}

// TestDeployImageFitsTheService reads the Dockerfile, which nothing builds where there is no container engine.
func TestDeployImageFitsTheService(t *testing.T) {
	text := deployed(t, "../Dockerfile")
	_, port, _ := net.SplitHostPort(web.DefaultListenAddress)
	for _, want := range []string{
		"\nFROM gcr.io/distroless/static-debian13:nonroot\n", "\nUSER 65532:65532\n", "\nEXPOSE " + port + "\n", "\nENTRYPOINT [\"/flowd\"]\n",
		"\nENV FLOWD_STATE_DIR=/var/lib/flowd\n", "\nVOLUME [\"/var/lib/flowd\"]\n", " CMD [\"/flowd\", \"healthcheck\"]\n", "CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH ",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the Dockerfile lacks %q", want)
		}
	}
	variables := map[string]*string{"Version": &version.Version, "Revision": &version.Revision, "BuildDate": &version.BuildDate}
	set := regexp.MustCompile(`-X \$info\.(\w+)=\$(\w+)`).FindAllStringSubmatch(text, -1)
	for _, x := range set {
		if variables[x[1]] == nil || !strings.Contains(text, "\nARG "+x[2]+"=\n") {
			t.Errorf("%s is set from %s: one of them does not exist", x[1], x[2])
		}
	}
	if len(set) != len(variables) || !strings.Contains(text, "info=github.com/prometheus/common/version") {
		t.Errorf("the linker sets %d variables, want %d", len(set), len(variables))
	}
	goVersion := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(deployed(t, "../go.mod"))
	if !strings.Contains(text, "golang:"+goVersion[1]+" AS build") {
		t.Errorf("the image is not built with Go %s, which go.mod asks for", goVersion[1])
	}
	for _, copied := range regexp.MustCompile(`(?m)^COPY ([a-z. ]+) \S+$`).FindAllStringSubmatch(text, -1) {
		for _, source := range strings.Fields(copied[1]) {
			if !strings.Contains(deployed(t, "../.dockerignore"), "\n!"+source+"\n") {
				t.Errorf("%s is copied, and .dockerignore keeps it out", source)
			}
		}
	}
}
