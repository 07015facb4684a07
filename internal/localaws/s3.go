package localaws

import (
	"encoding/xml"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// s3Namespace is the XML namespace of S3's documents.
const s3Namespace = "http://s3.amazonaws.com/doc/2006-03-01/"

// bucket is one bucket. Sub-resources are kept as the documents that were put.
type bucket struct {
	name       string
	created    time.Time
	objects    map[string][]*object // By key, oldest version first; never an empty list.
	sub        map[string][]byte
	notify     notificationConfiguration
	uploads    map[string]*upload
	versioning string // Empty, Enabled or Suspended.
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

// notImplemented answers what S3 can do and this endpoint cannot: doing something else instead would be worse.
func notImplemented(what string) *s3Error {
	return fault(http.StatusNotImplemented, "NotImplemented", "%s is not part of this endpoint", what)
}

func (s *Server) serveS3(w http.ResponseWriter, r *http.Request) {
	name, key := place(r)
	var err *s3Error
	switch {
	case name == "":
		err = notImplemented("listing buckets")
	case key == "":
		err = s.serveBucket(w, r, name)
	default:
		err = s.serveObject(w, r, name, key)
	}
	if err != nil {
		writeS3Error(w, r, err)
	}
}

// place is the bucket and the key that a request is about. The bucket is in front of the host, as SDKs write it unless told otherwise, or first
// in the path.
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
func place(r *http.Request) (bucket, key string) {
	host, path := r.Host, strings.TrimPrefix(r.URL.Path, "/")
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	if bucket, ok := strings.CutSuffix(host, ".localhost"); ok {
		return bucket, path
	}
	if at := strings.LastIndex(host, ".s3."); at > 0 {
		return host[:at], path
	}
	bucket, key, _ = strings.Cut(path, "/")
	return bucket, key
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
	w.Write(mustXML(v)) // A client that went away does not want the answer.
}

// mustXML is for the types of this package, which always encode.
func mustXML(v any) []byte {
	b, err := xml.Marshal(v)
	if err != nil {
		return nil
	}
	return append([]byte(xml.Header), b...)
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

// serveBucket takes sub-resources first: a call that names one must never be taken for one on the bucket itself.
func (s *Server) serveBucket(w http.ResponseWriter, r *http.Request, name string) *s3Error {
	q := r.URL.Query()
	for sub := range subresources() {
		if q.Has(sub) && unknownQuery(q, sub, "x-id") == "" {
			return s.serveSubresource(w, r, name, sub)
		}
	}
	if r.Method == http.MethodGet && q.Get("list-type") == "2" && unknownQuery(q, listQuery()...) == "" {
		return s.listObjects(w, r, name)
	}
	unknown := unknownQuery(q, "x-id")
	switch {
	case unknown != "":
		return notImplemented("the sub-resource or query " + unknown)
	case r.Method == http.MethodPut:
		return s.createBucket(w, r, name)
	case r.Method == http.MethodHead:
		return s.headBucket(w, r, name)
	case r.Method == http.MethodDelete:
		return s.deleteBucket(w, r, name)
	}
	return notImplemented(r.Method + " on a bucket")
}

// unknownQuery names a parameter that is not among the known ones, or nothing.
func unknownQuery(q url.Values, known ...string) string {
	for name := range q {
		if !slices.Contains(known, name) {
			return name
		}
	}
	return ""
}
