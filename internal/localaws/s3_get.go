package localaws

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// getObject answers GET and HEAD.
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
func (s *Server) getObject(w http.ResponseWriter, r *http.Request, name, key string) *s3Error {
	o, err := s.lookUp(w, r, name, key)
	if err != nil {
		return err
	}
	w.Header().Set("Last-Modified", o.modified.Format(http.TimeFormat))
	if err := o.conditions(r.Header); err != nil {
		return err
	}
	from, to, partial, err := byteRange(r.Header.Get("Range"), len(o.body))
	if err != nil {
		w.Header().Set("Content-Range", fmt.Sprintf("bytes */%d", len(o.body)))
		return err
	}
	for name, values := range o.headers {
		if !isChecksum(name) {
			w.Header()[name] = slices.Clone(values)
		}
	}
	w.Header().Set("Accept-Ranges", "bytes")
	w.Header().Set("Content-Length", strconv.Itoa(to-from))
	if partial {
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, to-1, len(o.body)))
		w.WriteHeader(http.StatusPartialContent)
	} else if r.Header.Get("x-amz-checksum-mode") == "ENABLED" { // It is of the whole object.
		copyChecksums(w.Header(), o.headers)
	}
	if r.Method == http.MethodGet {
		w.Write(o.body[from:to]) // A client that went away does not want the rest.
	}
	return nil
}

// copyChecksums adds the checksum headers of an object to an answer.
func copyChecksums(to, from http.Header) {
	sums := maps.Clone(from)
	maps.DeleteFunc(sums, func(name string, _ []string) bool { return !isChecksum(name) })
	maps.Copy(to, sums)
}

// lookUp finds the version that a request means, and describes it in the answer's headers, delete markers too.
func (s *Server) lookUp(w http.ResponseWriter, r *http.Request, name, key string) (*object, *s3Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.find(r, name)
	if err != nil {
		return nil, err
	}
	want := r.URL.Query().Get("versionId")
	for _, o := range slices.Backward(b.objects[key]) {
		if want != "" && want != versionOrNull(o.version) {
			continue
		}
		b.describe(w, o)
		switch {
		case o.marker && want != "":
			w.Header().Set("Allow", "DELETE")
			return nil, fault(http.StatusMethodNotAllowed, "MethodNotAllowed", "The specified method is not allowed against this resource.")
		case o.marker:
			return nil, noSuchKey()
		}
		return o, nil
	}
	if want != "" {
		return nil, fault(http.StatusNotFound, "NoSuchVersion", "The specified version does not exist.")
	}
	return nil, noSuchKey()
}

func noSuchKey() *s3Error {
	return fault(http.StatusNotFound, "NoSuchKey", "The specified key does not exist.")
}

// conditions are those of a read. One on the ETag counts instead of the one on the time that goes with it.
func (o *object) conditions(h http.Header) *s3Error {
	match, none := h.Get("If-Match"), h.Get("If-None-Match")
	changedSince := func(header string) bool {
		t, err := http.ParseTime(h.Get(header))
		return err != nil || o.modified.After(t)
	}
	switch {
	case match != "" && !o.isNamed(match),
		match == "" && h.Get("If-Unmodified-Since") != "" && changedSince("If-Unmodified-Since"):
		return preconditionFailed()
	case none != "" && o.isNamed(none),
		none == "" && !changedSince("If-Modified-Since"):
		return fault(http.StatusNotModified, "NotModified", "Not Modified")
	}
	return nil
}

// byteRange understands one range, as S3 does. What is not one is ignored, as RFC 9110 has it.
func byteRange(header string, size int) (from, to int, partial bool, err *s3Error) {
	text, ok := strings.CutPrefix(header, "bytes=")
	first, last, dash := strings.Cut(text, "-")
	from, fromErr := strconv.Atoi(first)
	to, toErr := strconv.Atoi(last)
	switch {
	case !ok || !dash || strings.Contains(last, "-"):
		return 0, size, false, nil
	case fromErr == nil && toErr == nil && from <= to:
		to = min(to+1, size)
	case fromErr == nil && last == "":
		to = size
	case first == "" && toErr == nil:
		from, to = max(size-to, 0), size
	default:
		return 0, size, false, nil
	}
	if from >= to {
		return 0, 0, false, fault(http.StatusRequestedRangeNotSatisfiable, "InvalidRange", "The requested range is not satisfiable")
	}
	return from, to, true, nil
}
