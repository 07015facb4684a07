package remotewrite

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/prometheus/client_golang/exp/api/remote"
	"github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v3"
)

// Key is that of the list of endpoints in the configuration file.
const Key = "remote_write"

// Endpoint is where samples go. The keys are those of Prometheus's own remote_write section, as far as they make sense here.
type Endpoint struct {
	// URL takes the samples, such as http://prometheus:9090/api/v1/write.
	URL string `yaml:"url"`
	// Name tells endpoints apart in metrics, logs and the ledger; it is the host of the URL when it is empty.
	Name string `yaml:"name"`
	// Labels are added to every series. Two flowds that share a queue each count a part of it: they need labels that differ.
	Labels map[string]string `yaml:"labels"`
	// Timeout is for one attempt.
	Timeout model.Duration `yaml:"remote_timeout"`
	// Message is prometheus.WriteRequest (every server understands it) or io.prometheus.write.v2.Request.
	Message remote.WriteMessageType `yaml:"protobuf_message"`
	// Client has authentication, TLS and proxies.
	Client config.HTTPClientConfig `yaml:",inline"`
}

// UnmarshalYAML sets what is not in the file to its default. It has the older of two signatures because only that one stays strict.
func (e *Endpoint) UnmarshalYAML(unmarshal func(any) error) error {
	type plain Endpoint
	p := plain{Timeout: model.Duration(30 * time.Second), Message: remote.WriteV1MessageType, Client: config.DefaultHTTPClientConfig}
	if err := unmarshal(&p); err != nil {
		return err
	}
	*e = Endpoint(p)
	if u, err := url.Parse(e.URL); err == nil && e.Name == "" {
		e.Name = u.Host
	}
	return nil
}

// Read finds the list of endpoints in a configuration file and validates it. Everything else in the file is left alone. Errors name path and line.
func Read(r io.Reader, path string) ([]Endpoint, error) {
	var file struct {
		Endpoints []Endpoint     `yaml:"remote_write"`
		Rest      map[string]any `yaml:",inline"`
	}
	decoder := yaml.NewDecoder(r)
	decoder.KnownFields(true)
	if err := decoder.Decode(&file); err != nil && !errors.Is(err, io.EOF) {
		return nil, located(path, err)
	}
	if err := validate(file.Endpoints); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return file.Endpoints, nil
}

// located rewrites the decoder's list of mistakes as one of path:line.
func located(path string, err error) error {
	var mistakes *yaml.TypeError
	if !errors.As(err, &mistakes) {
		return fmt.Errorf("%s: %s: %w", path, Key, err)
	}
	line := regexp.MustCompile(`^line (\d+): `)
	var errs []error
	for _, text := range mistakes.Errors {
		text, _, _ = strings.Cut(text, " in type ")
		at, rest := "", text
		if m := line.FindStringSubmatch(text); m != nil {
			at, rest = ":"+m[1], strings.TrimPrefix(text, m[0])
		}
		errs = append(errs, fmt.Errorf("%s%s: %s: %s", path, at, Key, rest))
	}
	return errors.Join(errs...)
}

func validate(endpoints []Endpoint) error {
	var errs []error
	names := map[string]bool{}
	for i, e := range endpoints {
		if err := e.validate(); err != nil {
			errs = append(errs, fmt.Errorf("%s, entry %d: %w", Key, i+1, err))
		}
		if names[e.Name] {
			errs = append(errs, fmt.Errorf("%s, entry %d: another one has the name %q: give each a name", Key, i+1, e.Name))
		}
		names[e.Name] = true
	}
	return errors.Join(errs...)
}

// maxName is that of a label value of the ledger.
const maxName = 100

func (e *Endpoint) validate() error {
	var errs []error
	if u, err := url.Parse(e.URL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		errs = append(errs, errors.New("url is missing, or not an http or https URL"))
	} else if u.User != nil {
		errs = append(errs, errors.New("url has a user or a password: use basic_auth, which is kept out of logs"))
	}
	if !regexp.MustCompile(`^[!-~]+$`).MatchString(e.Name) || len(e.Name) > maxName {
		errs = append(errs, fmt.Errorf("name must have 1 to %d printable characters without spaces, got %q", maxName, e.Name))
	}
	if e.Timeout <= 0 {
		errs = append(errs, fmt.Errorf("remote_timeout must be positive, got %s", e.Timeout))
	}
	if err := e.Message.Validate(); err != nil {
		errs = append(errs, fmt.Errorf("protobuf_message: %w", err))
	}
	for name := range e.Labels {
		if !model.LegacyValidation.IsValidLabelName(name) || strings.HasPrefix(name, "__") || isOurs(name) {
			errs = append(errs, fmt.Errorf("labels: %q cannot be the name of a label here", name))
		}
	}
	if err := e.Client.Validate(); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
