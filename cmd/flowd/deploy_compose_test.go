package main

import (
	"io"
	"net"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// composed is the part of a compose file that deploy/compose uses; any other key is a mistake.
type composed struct {
	Name     string
	Services map[string]composedService
	Volumes  map[string]any
}

type composedService struct {
	Build           *struct{ Context string }
	Image           string
	Command         []string
	Environment     map[string]string
	Ports           []string
	Volumes         []string
	Tmpfs           []string
	ReadOnly        bool     `yaml:"read_only"`
	CapDrop         []string `yaml:"cap_drop"`
	SecurityOpt     []string `yaml:"security_opt"`
	StopGracePeriod string   `yaml:"stop_grace_period"`
	DependsOn       []string `yaml:"depends_on"`
}

// mount splits a short volume: where from, where to.
func mount(volume string) (from, to string) {
	parts := strings.Split(volume, ":")
	return parts[0], parts[1]
}

// readStrictly reads a file of deploy; a key that the type does not have is an error.
func readStrictly(t *testing.T, name string, into any) {
	t.Helper()
	d := yaml.NewDecoder(strings.NewReader(deployed(t, name)))
	d.KnownFields(true)
	if err := d.Decode(into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

func compose(t *testing.T) composed {
	t.Helper()
	var c composed
	readStrictly(t, "compose/compose.yaml", &c)
	if len(c.Services) < 4 {
		t.Fatalf("services: got %d, want four or more", len(c.Services))
	}
	return c
}

// absentYet is a folder that a mount may name before it is there.
const absentYet = "../prometheus/rules"

func TestDeployComposeMountsWhatIsThere(t *testing.T) {
	c, mounts := compose(t), 0
	for name, s := range c.Services {
		if tag := s.Image[strings.LastIndex(s.Image, ":")+1:]; s.Build == nil && (tag == s.Image || tag == "latest") {
			t.Errorf("%s: the image %q has no version", name, s.Image)
		}
		for _, v := range s.Volumes {
			from, to := mount(v)
			if mounts++; !strings.HasPrefix(from, ".") {
				if _, named := c.Volumes[from]; !named {
					t.Errorf("%s: no volume %s", name, from)
				}
				continue
			}
			if _, err := os.Stat(filepath.Join("..", "..", "deploy", "compose", filepath.FromSlash(from))); err != nil && from != absentYet {
				t.Errorf("%s: mounting %s: %v", name, to, err)
			}
			if !strings.HasSuffix(v, ":ro") {
				t.Errorf("%s may write to %s", name, from)
			}
		}
		for _, p := range s.Ports {
			if !strings.HasPrefix(p, "127.0.0.1:") {
				t.Errorf("%s: port %s is open to others", name, p)
			}
		}
		for _, other := range s.DependsOn {
			if _, there := c.Services[other]; !there {
				t.Errorf("%s depends on %s, which is no service", name, other)
			}
		}
	}
	if mounts < 7 {
		t.Errorf("only %d mounts", mounts)
	}
}

// TestDeployComposeRunsTheDemo holds the command against the command line of flowd, and its port against the image.
func TestDeployComposeRunsTheDemo(t *testing.T) {
	s := compose(t).Services["flowd"]
	line, err := parse(s.Command, io.Discard, io.Discard)
	if err != nil || line.context.Command() != "demo" {
		t.Fatalf("%v: %v", s.Command, err)
	}
	if _, err := os.Stat(filepath.Join("..", "..", "deploy", "compose", s.Build.Context, "Dockerfile")); err != nil {
		t.Errorf("build: %v", err)
	}
	listen := s.Environment["FLOWD_WEB_LISTEN_ADDRESS"]
	image, err := os.ReadFile(filepath.Join("..", "..", "Dockerfile"))
	if err != nil || !strings.Contains(string(image), "EXPOSE "+strings.TrimPrefix(listen, ":")+"\n") || !strings.HasSuffix(s.Ports[0], listen) {
		t.Errorf("listening on %s: the image exposes another port, or %v is another; %v", listen, s.Ports, err)
	}
	if !s.ReadOnly || !slices.Contains(s.Tmpfs, "/tmp") {
		t.Error("the demo keeps its state in /tmp: it needs that, and nothing else to write to")
	}
}

// TestDeployComposeServicesFindEachOther looks at every address that one service has of another.
func TestDeployComposeServicesFindEachOther(t *testing.T) {
	c, addresses := compose(t), []string{}
	var p struct {
		Global    map[string]string
		RuleFiles []string `yaml:"rule_files"`
		Alerting  struct {
			Alertmanagers []scrapeJob
		}
		ScrapeConfigs []scrapeJob `yaml:"scrape_configs"`
	}
	readStrictly(t, "compose/prometheus.yml", &p)
	for _, s := range append(p.Alerting.Alertmanagers, p.ScrapeConfigs...) {
		for _, static := range s.StaticConfigs {
			addresses = append(addresses, static.Targets...)
		}
	}
	var sources struct {
		APIVersion  int `yaml:"apiVersion"`
		Datasources []struct {
			Name, UID, Type, Access, URL string
			IsDefault                    bool              `yaml:"isDefault"`
			JSONData                     map[string]string `yaml:"jsonData"`
		}
	}
	readStrictly(t, "grafana/provisioning/datasources/prometheus.yaml", &sources)
	for _, d := range sources.Datasources {
		u, err := url.Parse(d.URL)
		if err != nil {
			t.Fatal(err)
		}
		addresses = append(addresses, u.Host)
		if interval := d.JSONData["timeInterval"]; d.Type == "prometheus" && interval != p.Global["scrape_interval"] {
			t.Errorf("data source %s: interval %s, and Prometheus scrapes every %s", d.Name, interval, p.Global["scrape_interval"])
		}
	}
	for _, a := range addresses {
		host, port, err := net.SplitHostPort(a)
		if s, there := c.Services[host]; err != nil || !there || !slices.Contains(s.Ports, "127.0.0.1:"+port+":"+port) {
			t.Errorf("%s is the address of no service: %v", a, err)
		}
	}
	if len(addresses) < 4 {
		t.Errorf("only %d addresses", len(addresses))
	}
	mounted(t, c.Services["prometheus"], path.Dir(p.RuleFiles[0]), absentYet)
}

// scrapeJob is a job of Prometheus, or a group of its Alertmanagers.
type scrapeJob struct {
	JobName       string `yaml:"job_name"`
	StaticConfigs []struct {
		Targets []string
	} `yaml:"static_configs"`
}

// mounted wants a service to see a folder or file of deploy under a path.
func mounted(t *testing.T, s composedService, to, from string) {
	t.Helper()
	for _, v := range s.Volumes {
		if f, where := mount(v); where == to && f == from {
			return
		}
	}
	t.Errorf("nothing mounts %s to %s: %v", from, to, s.Volumes)
}

// TestDeployGrafanaIsProvisioned looks for the dashboards where Grafana is told to look.
func TestDeployGrafanaIsProvisioned(t *testing.T) {
	grafana := compose(t).Services["grafana"]
	var providers struct {
		APIVersion int `yaml:"apiVersion"`
		Providers  []struct {
			Name, Folder, Type    string
			FolderUID             string            `yaml:"folderUid"`
			AllowUIUpdates        bool              `yaml:"allowUiUpdates"`
			UpdateIntervalSeconds int               `yaml:"updateIntervalSeconds"`
			Options               map[string]string `yaml:"options"`
		}
	}
	readStrictly(t, "grafana/provisioning/dashboards/flowd.yaml", &providers)
	if len(providers.Providers) != 1 {
		t.Fatalf("providers: got %d, want 1", len(providers.Providers))
	}
	folder := providers.Providers[0].Options["path"]
	mounted(t, grafana, folder, "../grafana/dashboards")
	mounted(t, grafana, "/etc/grafana/provisioning", "../grafana/provisioning")
	home, ok := strings.CutPrefix(grafana.Environment["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"], folder+"/")
	if !ok || !slices.ContainsFunc(boards(t), func(b board) bool { return b.file == home }) {
		t.Errorf("the home dashboard is not in %s: %v", folder, grafana.Environment)
	}
}
