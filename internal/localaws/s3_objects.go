package localaws

import (
	"crypto/md5"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// object is one version of an object, or a delete marker. It does not change once it is stored, so it may be read without the lock.
type object struct {
	body     []byte
	etag     string // With quotes.
	version  string // Empty for the null version.
	marker   bool   // A delete marker: the object is gone, its versions are not.
	modified time.Time
	headers  http.Header // Content headers, checksum and user metadata, as they were put.
}

func (s *Server) serveObject(w http.ResponseWriter, r *http.Request, name, key string) *s3Error {
	q := r.URL.Query()
	if r.Header.Get("x-amz-copy-source") != "" {
		return notImplemented("copying")
	}
	if q.Has("uploads") || q.Has("uploadId") {
		return s.serveUpload(w, r, name, key)
	}
	unknown := unknownQuery(q, "versionId", "x-id")
	switch {
	case unknown != "":
		return notImplemented("the sub-resource or query " + unknown)
	case r.Method == http.MethodPut && !q.Has("versionId"):
		return s.putObject(w, r, name, key)
	case r.Method == http.MethodGet || r.Method == http.MethodHead:
		return s.getObject(w, r, name, key)
	case r.Method == http.MethodDelete:
		return s.deleteObject(w, r, name, key)
	}
	return notImplemented(r.Method + " on an object")
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
	if err := b.mayWrite(key, r.Header); err != nil {
		return err
	}
	o := b.store(key, body, fmt.Sprintf(`"%x"`, md5.Sum(body)), r.Header)
	s.notify(b, "ObjectCreated:Put", key, o)
	b.describe(w, o)
	copyChecksums(w.Header(), o.headers)
	w.WriteHeader(http.StatusOK)
	return nil
}

// mayWrite checks the conditions of a write.
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
func (b *bucket) mayWrite(key string, h http.Header) *s3Error {
	o := b.current(key)
	switch match, none := h.Get("If-Match"), h.Get("If-None-Match"); {
	case none != "" && none != "*":
		return notImplemented("If-None-Match with an ETag on a write")
	case match != "" && o == nil:
		return fault(http.StatusNotFound, "NoSuchKey", "The specified key does not exist.")
	case none == "*" && o != nil, match != "" && !o.isNamed(match):
		return preconditionFailed()
	}
	return nil
}

func preconditionFailed() *s3Error {
	return fault(http.StatusPreconditionFailed, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
}

// isNamed says whether a list of ETags, quoted or not, or a star names the object.
func (o *object) isNamed(list string) bool {
	for etag := range strings.SplitSeq(list, ",") {
		if etag = strings.Trim(strings.TrimSpace(etag), `"`); etag == "*" || etag == strings.Trim(o.etag, `"`) {
			return true
		}
	}
	return false
}

// store puts a new version on top. The caller holds the lock, and leaves the body to the bucket.
func (b *bucket) store(key string, body []byte, etag string, h http.Header) *object {
	o := &object{body: body, etag: etag, headers: http.Header{}}
	for k, v := range h {
		if isKept(k) {
			o.headers[k] = v
		}
	}
	if o.headers.Get("Content-Type") == "" {
		o.headers.Set("Content-Type", "binary/octet-stream")
	}
	addChecksum(o.headers, body)
	b.add(key, o)
	return o
}

// isKept says whether a header of a write belongs to the object.
func isKept(header string) bool {
	kept := []string{"Content-Type", "Content-Encoding", "Content-Disposition", "Content-Language", "Cache-Control", "Expires"}
	return slices.Contains(kept, header) || strings.HasPrefix(header, "X-Amz-Meta-") || isChecksum(header)
}

// add puts a version or a delete marker on top. Where versions are not kept, or not any longer, it takes the place of the null version.
func (b *bucket) add(key string, o *object) {
	o.modified = time.Now().UTC().Truncate(time.Second)
	if b.versioning == "Enabled" {
		o.version = randomID(16)
	} else {
		b.remove(key, "")
	}
	b.objects[key] = append(b.objects[key], o)
}

// remove takes out one version and returns it, or nil.
func (b *bucket) remove(key, version string) *object {
	versions := b.objects[key]
	at := slices.IndexFunc(versions, func(o *object) bool { return o.version == version })
	if at < 0 {
		return nil
	}
	o := versions[at]
	if b.objects[key] = slices.Delete(versions, at, at+1); len(b.objects[key]) == 0 {
		delete(b.objects, key)
	}
	return o
}

// current is the version that a key means, or nil when there is none or it was deleted.
func (b *bucket) current(key string) *object {
	versions := b.objects[key]
	if len(versions) == 0 || versions[len(versions)-1].marker {
		return nil
	}
	return versions[len(versions)-1]
}

// describe writes the headers that say which version this is.
func (b *bucket) describe(w http.ResponseWriter, o *object) {
	if o.etag != "" {
		w.Header().Set("ETag", o.etag)
	}
	if o.marker {
		w.Header().Set("x-amz-delete-marker", "true")
	}
	if b.versioning != "" {
		w.Header().Set("x-amz-version-id", versionOrNull(o.version))
	}
}

func versionOrNull(version string) string {
	if version == "" {
		return "null"
	}
	return version
}

// deleteObject succeeds whether or not there was something to delete. Where versions are kept it only puts a delete marker on top; a version that
// is named is gone for good.
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeletingObjectVersions.html
func (s *Server) deleteObject(w http.ResponseWriter, r *http.Request, name, key string) *s3Error {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.find(r, name)
	if err != nil {
		return err
	}
	if match := r.Header.Get("If-Match"); match != "" {
		if err := b.mayWrite(key, http.Header{"If-Match": {match}}); err != nil {
			return err
		}
	}
	version, named := r.URL.Query().Get("versionId"), r.URL.Query().Has("versionId")
	if version == "null" {
		version = ""
	}
	if named || b.versioning == "" {
		if o := b.remove(key, version); o != nil {
			b.describe(w, o)
			w.Header().Del("ETag")
			s.notify(b, "ObjectRemoved:Delete", key, o)
		}
	} else {
		marker := &object{marker: true}
		b.add(key, marker)
		b.describe(w, marker)
		s.notify(b, "ObjectRemoved:DeleteMarkerCreated", key, marker)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
