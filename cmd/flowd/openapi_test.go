package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// schema is the part of OpenAPI that the document uses. Another keyword fails the test, because nobody would check it.
type schema struct {
	Ref         string `yaml:"$ref"`
	Type        string
	Description string
	Enum        []string
	Required    []string
	Properties  map[string]*schema
	Items       *schema
	Extra       *schema `yaml:"additionalProperties"`
	Minimum     int
	Maximum     int
	Default     any
}

type parameter struct {
	Name, In, Description string
	Required              bool
	Schema                schema
	Example               string
}

type operation struct {
	Summary    string
	Parameters []parameter
	Responses  map[string]struct {
		Description string
		Content     map[string]struct{ Schema *schema }
	}
}

// document is the API as it is described.
type document struct {
	OpenAPI    string
	Info       map[string]string
	Paths      map[string]struct{ Get operation }
	Components struct{ Schemas map[string]*schema }
}

// apiCheck compares answers with the document.
type apiCheck struct {
	t    *testing.T
	doc  document
	seen map[*schema]map[string]bool // Properties of each schema that an answer had.
}

func (c *apiCheck) resolve(s *schema) *schema {
	if s.Ref == "" {
		return s
	}
	target := c.doc.Components.Schemas[strings.TrimPrefix(s.Ref, "#/components/schemas/")]
	if target == nil {
		c.t.Fatalf("%s is not in the document", s.Ref)
	}
	return target
}

func (c *apiCheck) value(at string, s *schema, v any) {
	c.t.Helper()
	s = c.resolve(s)
	switch v := v.(type) {
	case map[string]any:
		c.object(at, s, v)
	case []any:
		if s.Type != "array" {
			c.t.Errorf("%s: got a list, want %s", at, s.Type)
			return
		}
		for i := range v {
			c.value(fmt.Sprintf("%s[%d]", at, i), s.Items, v[i])
		}
	case string:
		if s.Type != "string" || len(s.Enum) > 0 && !slices.Contains(s.Enum, v) {
			c.t.Errorf("%s: got %q, want %s of %v", at, v, s.Type, s.Enum)
		}
	case float64:
		if s.Type != "number" && (s.Type != "integer" || v != math.Trunc(v)) {
			c.t.Errorf("%s: got %v, want %s", at, v, s.Type)
		}
	case bool:
		if s.Type != "boolean" {
			c.t.Errorf("%s: got %v, want %s", at, v, s.Type)
		}
	default:
		c.t.Errorf("%s: got %v, want %s", at, v, s.Type)
	}
}

func (c *apiCheck) object(at string, s *schema, v map[string]any) {
	c.t.Helper()
	if s.Type != "object" {
		c.t.Errorf("%s: got an object, want %s", at, s.Type)
		return
	}
	if c.seen[s] == nil {
		c.seen[s] = map[string]bool{}
	}
	for _, name := range s.Required {
		if _, there := v[name]; !there {
			c.t.Errorf("%s: %s is required and not there", at, name)
		}
	}
	for name, inner := range v {
		c.seen[s][name] = true
		switch property := s.Properties[name]; {
		case property != nil:
			c.value(at+"."+name, property, inner)
		case s.Extra != nil:
			c.value(at+"."+name, s.Extra, inner)
		default:
			c.t.Errorf("%s: %s is not documented", at, name)
		}
	}
}

// ask reads a path with the examples of its parameters.
func (c *apiCheck) ask(base, path string) {
	c.t.Helper()
	query := url.Values{}
	for _, p := range c.doc.Paths[path].Get.Parameters {
		if p.Required {
			query.Set(p.Name, p.Example)
		}
	}
	body, kind := c.get(base + path + "?" + query.Encode())
	if kind == "application/yaml" {
		return
	}
	var answer any
	if err := json.Unmarshal(body, &answer); err != nil {
		c.t.Fatalf("%s: %v", path, err)
	}
	c.value(path, c.doc.Paths[path].Get.Responses["200"].Content["application/json"].Schema, answer)
}

func (c *apiCheck) get(url string) (body []byte, kind string) {
	c.t.Helper()
	response, err := http.Get(url)
	if err != nil {
		c.t.Fatal(err)
	}
	defer response.Body.Close()
	if body, err = io.ReadAll(response.Body); err != nil || response.StatusCode != http.StatusOK {
		c.t.Fatalf("%s: got %s, %v", url, response.Status, err)
	}
	return body, response.Header.Get("Content-Type")
}

// TestTheAPIIsAsDocumented asks a service that counted real objects for every documented path: each property of an answer is in the document with
// its type, and each property of the document is in an answer.
func TestTheAPIIsAsDocumented(t *testing.T) {
	a := newAccount(t)
	address := freeLoopback(t)
	a.demo.service.Web.ListenAddresses = []string{address}
	a.demo.service.Settings = []setting{{"sqs.queue-url", "https://sqs.example/1/flowd", "default"}}
	a.demo.service.Metrics.RankingInterval = historyInterval
	s, stop := a.serve()
	defer stop()
	a.deliver(2)
	a.until("objects to be counted", func() bool { return s.totals.Summary().Objects == 2 })

	c := &apiCheck{t: t, seen: map[*schema]map[string]bool{}}
	text, _ := c.get("http://" + address + "/api/v1/openapi.yaml")
	decoder := yaml.NewDecoder(strings.NewReader(string(text)))
	decoder.KnownFields(true)
	if err := decoder.Decode(&c.doc); err != nil {
		t.Fatal(err)
	}
	a.until("a history", func() bool {
		body, _ := c.get("http://" + address + "/api/v1/history?ranking=top_source&label=10.0.0.10")
		return strings.Contains(string(body), `"value"`)
	})
	for path := range c.doc.Paths {
		c.ask("http://"+address, path)
	}
	c.everythingWasSeen()
}

// everythingWasSeen wants every schema in use, and every property but the reason, which a service that is ready does not have.
func (c *apiCheck) everythingWasSeen() {
	c.t.Helper()
	properties := 0
	for name, s := range c.doc.Components.Schemas {
		for _, property := range slices.Sorted(maps.Keys(s.Properties)) {
			properties++
			if !c.seen[s][property] && property != "reason" {
				c.t.Errorf("%s.%s is documented, and no answer had it", name, property)
			}
		}
	}
	c.t.Logf("%d paths, %d schemas, %d properties", len(c.doc.Paths), len(c.doc.Components.Schemas), properties)
	if properties < 100 {
		c.t.Errorf("looked at %d properties only", properties)
	}
}
