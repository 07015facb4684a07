package localaws

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

func (s *Server) serveObject(w http.ResponseWriter, r *http.Request, name, key string) *s3Error {
	q := r.URL.Query()
	if q.Has("uploads") || q.Has("uploadId") {
		return s.serveUpload(w, r, name, key)
	}
	if unknown := unknownQuery(q, "versionId", "x-id", "partNumber"); unknown != "" || r.Header.Get("x-amz-copy-source") != "" {
		return fault(http.StatusNotImplemented, "NotImplemented", "%s is not part of this endpoint", strings.TrimSpace(unknown+" "+r.Header.Get("x-amz-copy-source")))
	}
	switch r.Method {
	case http.MethodPut:
		return s.putObject(w, r, name, key)
	case http.MethodGet, http.MethodHead:
		return s.getObject(w, r, name, key)
	case http.MethodDelete:
		return s.deleteObject(w, r, name, key)
	}
	return fault(http.StatusMethodNotAllowed, "MethodNotAllowed", "The specified method is not allowed against this resource.")
}

func (s *Server) putObject(w http.ResponseWriter, r *http.Request, name, key string) *s3Error {
	body, err := readBody(r)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.find(r, name)
	if err != nil {
		return err
	}
	if r.Header.Get("If-None-Match") == "*" && len(b.objects[key]) > 0 {
		return fault(http.StatusPreconditionFailed, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
	}
	o := s.store(b, key, body, fmt.Sprintf(`"%x"`, md5.Sum(body)), r.Header)
	s.notify(b, "ObjectCreated:Put", key, o)
	writeObjectHeaders(w, o)
	w.WriteHeader(http.StatusOK)
	return nil
}

// store adds a version, or replaces the object. The caller holds the lock.
func (s *Server) store(b *bucket, key string, body []byte, etag string, h http.Header) *object {
	o := &object{body: body, etag: etag, modified: time.Now().UTC().Truncate(time.Second), headers: http.Header{}}
	for k, v := range h {
		if _, sum := checksums()[k]; sum || k == "Content-Type" || k == "Content-Encoding" || strings.HasPrefix(k, "X-Amz-Meta-") {
			o.headers[k] = v
		}
	}
	if b.versions {
		o.version = randomID(16)
		b.objects[key] = append(b.objects[key], o)
		return o
	}
	b.objects[key] = []*object{o}
	return o
}

func writeObjectHeaders(w http.ResponseWriter, o *object) {
	w.Header().Set("ETag", o.etag)
	if o.version != "" {
		w.Header().Set("x-amz-version-id", o.version)
	}
}

func (s *Server) getObject(w http.ResponseWriter, r *http.Request, name, key string) *s3Error {
	o, err := s.lookUp(r, name, key)
	if err != nil {
		return err
	}
	if match := r.Header.Get("If-Match"); match != "" && match != o.etag && match != "*" {
		return fault(http.StatusPreconditionFailed, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
	}
	if r.Header.Get("If-None-Match") == o.etag {
		return fault(http.StatusNotModified, "NotModified", "Not Modified")
	}
	writeObjectHeaders(w, o)
	maps.Copy(w.Header(), o.headers)
	w.Header().Set("Last-Modified", o.modified.Format(http.TimeFormat))
	w.Header().Set("Accept-Ranges", "bytes")
	from, to, partial, err := byteRange(r.Header.Get("Range"), len(o.body))
	if err != nil {
		return err
	}
	w.Header().Set("Content-Length", strconv.Itoa(to-from))
	if partial {
		for sum := range checksums() { // They are of the whole object.
			w.Header().Del(sum)
		}
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, to-1, len(o.body)))
		w.WriteHeader(http.StatusPartialContent)
	}
	if r.Method == http.MethodGet {
		w.Write(o.body[from:to])
	}
	return nil
}

func (s *Server) lookUp(r *http.Request, name, key string) (*object, *s3Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.find(r, name)
	if err != nil {
		return nil, err
	}
	versions, want := b.objects[key], r.URL.Query().Get("versionId")
	for _, o := range slices.Backward(versions) {
		if want == "" || want == o.version || want == "null" && o.version == "" {
			return o, nil
		}
	}
	if want != "" && len(versions) > 0 {
		return nil, fault(http.StatusNotFound, "NoSuchVersion", "The specified version does not exist.")
	}
	return nil, fault(http.StatusNotFound, "NoSuchKey", "The specified key does not exist.")
}

// byteRange understands one range, as S3 does.
func byteRange(header string, size int) (from, to int, partial bool, err *s3Error) {
	text, ok := strings.CutPrefix(header, "bytes=")
	if !ok {
		return 0, size, false, nil
	}
	first, last, _ := strings.Cut(text, "-")
	from, fromErr := strconv.Atoi(first)
	to, toErr := strconv.Atoi(last)
	switch {
	case fromErr == nil && toErr == nil:
		to = min(to+1, size)
	case fromErr == nil && last == "":
		to = size
	case first == "" && toErr == nil:
		from, to = max(size-to, 0), size
	default:
		return 0, size, false, nil
	}
	if from >= size || from >= to {
		return 0, 0, false, fault(http.StatusRequestedRangeNotSatisfiable, "InvalidRange", "The requested range is not satisfiable")
	}
	return from, to, true, nil
}

func (s *Server) deleteObject(w http.ResponseWriter, r *http.Request, name, key string) *s3Error {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.find(r, name)
	if err != nil {
		return err
	}
	if versions := b.objects[key]; len(versions) > 0 {
		s.notify(b, "ObjectRemoved:Delete", key, versions[len(versions)-1])
		delete(b.objects, key)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

type listResult struct {
	XMLName               xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListBucketResult"`
	Name, Prefix          string
	KeyCount, MaxKeys     int
	IsTruncated           bool
	NextContinuationToken string `xml:",omitempty"`
	Contents              []listEntry
	CommonPrefixes        []struct{ Prefix string }
}

type listEntry struct {
	Key, LastModified, ETag string
	Size                    int
	StorageClass            string
}

// listObjects is ListObjectsV2. The continuation token is the last key.
func (s *Server) listObjects(w http.ResponseWriter, r *http.Request, name string) *s3Error {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.find(r, name)
	if err != nil {
		return err
	}
	q := r.URL.Query()
	after, _ := hex.DecodeString(q.Get("continuation-token"))
	result := listResult{Name: name, Prefix: q.Get("prefix"), MaxKeys: 1000}
	if n, convErr := strconv.Atoi(q.Get("max-keys")); convErr == nil {
		result.MaxKeys = min(n, result.MaxKeys)
	}
	seen := map[string]bool{}
	for _, key := range slices.Sorted(maps.Keys(b.objects)) {
		if !strings.HasPrefix(key, result.Prefix) || key <= max(string(after), q.Get("start-after")) {
			continue
		}
		if result.KeyCount == result.MaxKeys {
			result.IsTruncated = true
			break
		}
		if folder, ok := commonPrefix(key, result.Prefix, q.Get("delimiter")); ok {
			if !seen[folder] {
				seen[folder] = true
				result.CommonPrefixes = append(result.CommonPrefixes, struct{ Prefix string }{folder})
				result.KeyCount++
			}
			continue
		}
		o := b.objects[key][len(b.objects[key])-1]
		result.Contents = append(result.Contents, listEntry{key, o.modified.Format(time.RFC3339), o.etag, len(o.body), "STANDARD"})
		result.KeyCount++
		result.NextContinuationToken = hex.EncodeToString([]byte(key))
	}
	if !result.IsTruncated {
		result.NextContinuationToken = ""
	}
	writeXML(w, http.StatusOK, result)
	return nil
}

func commonPrefix(key, prefix, delimiter string) (string, bool) {
	if delimiter == "" {
		return "", false
	}
	before, _, found := strings.Cut(key[len(prefix):], delimiter)
	return prefix + before + delimiter, found
}
