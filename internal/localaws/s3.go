package localaws

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// bucket is one bucket. Sub-resources are kept as the documents that were put.
type bucket struct {
	name     string
	created  time.Time
	objects  map[string][]*object // By key, oldest version first.
	sub      map[string][]byte
	notify   notificationConfiguration
	uploads  map[string]*upload
	versions bool
}

// object is one version of an object.
type object struct {
	body     []byte
	etag     string // With quotes.
	version  string // Empty in a bucket without versions.
	modified time.Time
	headers  http.Header // Content-Type, checksums and user metadata, as they were put.
}

// s3Error is an error as S3 answers it.
type s3Error struct {
	status        int
	code, message string
}

func (e *s3Error) Error() string { return e.code + ": " + e.message }

func fault(status int, code, format string, args ...any) *s3Error {
	return &s3Error{status, code, fmt.Sprintf(format, args...)}
}

func (s *Server) serveS3(w http.ResponseWriter, r *http.Request) {
	name, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	var err *s3Error
	switch {
	case name == "":
		err = fault(http.StatusNotImplemented, "NotImplemented", "listing buckets is not part of this endpoint")
	case key == "":
		err = s.serveBucket(w, r, name)
	default:
		err = s.serveObject(w, r, name, key)
	}
	if err != nil {
		writeS3Error(w, r, err)
	}
}

func writeS3Error(w http.ResponseWriter, r *http.Request, e *s3Error) {
	if e.status == http.StatusNotModified || r.Method == http.MethodHead {
		w.WriteHeader(e.status)
		return
	}
	writeXML(w, e.status, struct {
		XMLName   xml.Name `xml:"Error"`
		Code      string
		Message   string
		Resource  string
		RequestID string `xml:"RequestId"`
	}{Code: e.code, Message: e.message, Resource: r.URL.Path, RequestID: w.Header().Get("x-amz-request-id")})
}

func writeXML(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	b, err := xml.Marshal(v)
	if err != nil {
		return // Only types of this package come here, and all of them marshal.
	}
	w.Write(append([]byte(xml.Header), b...))
}

// find returns a bucket, after checking who the caller thinks it belongs to. The caller holds the lock.
func (s *Server) find(r *http.Request, name string) (*bucket, *s3Error) {
	b := s.buckets[name]
	if b == nil {
		return nil, fault(http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist")
	}
	if owner := r.Header.Get("x-amz-expected-bucket-owner"); owner != "" && owner != s.cfg.AccountID {
		return nil, fault(http.StatusForbidden, "AccessDenied", "Access Denied")
	}
	return b, nil
}

func (s *Server) serveBucket(w http.ResponseWriter, r *http.Request, name string) *s3Error {
	q := r.URL.Query()
	for sub := range subresources() {
		if q.Has(sub) {
			return s.serveSubresource(w, r, name, sub)
		}
	}
	if unknown := unknownQuery(q, "list-type", "prefix", "delimiter", "max-keys", "continuation-token", "start-after", "encoding-type", "fetch-owner", "x-id"); unknown != "" {
		return fault(http.StatusNotImplemented, "NotImplemented", "the sub-resource %q is not part of this endpoint", unknown)
	}
	switch r.Method {
	case http.MethodPut:
		return s.createBucket(w, r, name)
	case http.MethodHead:
		return s.headBucket(w, r, name)
	case http.MethodDelete:
		return s.deleteBucket(w, r, name)
	case http.MethodGet:
		return s.listObjects(w, r, name)
	}
	return fault(http.StatusMethodNotAllowed, "MethodNotAllowed", "The specified method is not allowed against this resource.")
}

func unknownQuery(q url.Values, known ...string) string {
	for name := range q {
		found := false
		for _, k := range known {
			found = found || k == name
		}
		if !found {
			return name
		}
	}
	return ""
}

func (s *Server) createBucket(w http.ResponseWriter, r *http.Request, name string) *s3Error {
	var body struct {
		LocationConstraint string
	}
	if raw, err := readBody(r); err != nil {
		return err
	} else if len(raw) > 0 && xml.Unmarshal(raw, &body) != nil {
		return fault(http.StatusBadRequest, "MalformedXML", "The XML you provided was not well-formed")
	}
	if body.LocationConstraint == "us-east-1" {
		return fault(http.StatusBadRequest, "InvalidLocationConstraint", "The specified location-constraint is not valid")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.buckets[name] != nil && s.cfg.Region != "us-east-1" {
		return fault(http.StatusConflict, "BucketAlreadyOwnedByYou", "Your previous request to create the named bucket succeeded and you already own it.")
	}
	if s.buckets[name] == nil {
		s.buckets[name] = &bucket{name: name, created: time.Now(), objects: map[string][]*object{}, sub: map[string][]byte{}, uploads: map[string]*upload{}}
	}
	w.Header().Set("Location", "/"+name)
	w.WriteHeader(http.StatusOK)
	return nil
}

func (s *Server) headBucket(w http.ResponseWriter, r *http.Request, name string) *s3Error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.find(r, name); err != nil {
		return err
	}
	w.Header().Set("x-amz-bucket-region", s.cfg.Region)
	w.WriteHeader(http.StatusOK)
	return nil
}

func (s *Server) deleteBucket(w http.ResponseWriter, r *http.Request, name string) *s3Error {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.find(r, name)
	if err != nil {
		return err
	}
	if len(b.objects) > 0 {
		return fault(http.StatusConflict, "BucketNotEmpty", "The bucket you tried to delete is not empty")
	}
	delete(s.buckets, name)
	w.WriteHeader(http.StatusNoContent)
	return nil
}
