package localaws

import (
	"bytes"
	"crypto/md5"
	"encoding/xml"
	"fmt"
	"net/http"
	"slices"
	"strconv"
)

// upload is a multipart upload that is not complete.
type upload struct {
	key     string
	headers http.Header
	parts   map[int][]byte
}

func (s *Server) serveUpload(w http.ResponseWriter, r *http.Request, name, key string) *s3Error {
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
	q := r.URL.Query()
	if r.Method == http.MethodPost && q.Has("uploads") {
		id := randomID(16)
		b.uploads[id] = &upload{key, r.Header, map[int][]byte{}}
		writeXML(w, http.StatusOK, struct {
			XMLName               xml.Name `xml:"InitiateMultipartUploadResult"`
			Bucket, Key, UploadId string
		}{Bucket: name, Key: key, UploadId: id})
		return nil
	}
	u := b.uploads[q.Get("uploadId")]
	if u == nil || u.key != key {
		return fault(http.StatusNotFound, "NoSuchUpload", "The specified multipart upload does not exist.")
	}
	switch r.Method {
	case http.MethodPut:
		return putPart(w, u, q.Get("partNumber"), body)
	case http.MethodPost:
		delete(b.uploads, q.Get("uploadId"))
		return s.completeUpload(w, b, key, u, body)
	case http.MethodDelete:
		delete(b.uploads, q.Get("uploadId"))
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	return fault(http.StatusMethodNotAllowed, "MethodNotAllowed", "The specified method is not allowed against this resource.")
}

func putPart(w http.ResponseWriter, u *upload, number string, body []byte) *s3Error {
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 || n > 10_000 {
		return fault(http.StatusBadRequest, "InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive")
	}
	u.parts[n] = body
	w.Header().Set("ETag", fmt.Sprintf(`"%x"`, md5.Sum(body)))
	w.WriteHeader(http.StatusOK)
	return nil
}

// completeUpload joins the parts that the request names. The ETag is the hash of the parts' hashes, and their number.
func (s *Server) completeUpload(w http.ResponseWriter, b *bucket, key string, u *upload, request []byte) *s3Error {
	var named struct {
		Part []struct{ PartNumber int }
	}
	if xml.Unmarshal(request, &named) != nil || len(named.Part) == 0 {
		return fault(http.StatusBadRequest, "MalformedXML", "The XML you provided was not well-formed")
	}
	var body, sums bytes.Buffer
	if !slices.IsSortedFunc(named.Part, func(a, b struct{ PartNumber int }) int { return a.PartNumber - b.PartNumber }) {
		return fault(http.StatusBadRequest, "InvalidPartOrder", "The list of parts was not in ascending order.")
	}
	for _, p := range named.Part {
		part, ok := u.parts[p.PartNumber]
		if !ok {
			return fault(http.StatusBadRequest, "InvalidPart", "One or more of the specified parts could not be found.")
		}
		sum := md5.Sum(part)
		body.Write(part)
		sums.Write(sum[:])
	}
	etag := fmt.Sprintf(`"%x-%d"`, md5.Sum(sums.Bytes()), len(named.Part))
	o := s.store(b, key, body.Bytes(), etag, u.headers)
	s.notify(b, "ObjectCreated:CompleteMultipartUpload", key, o)
	writeObjectHeaders(w, o)
	writeXML(w, http.StatusOK, struct {
		XMLName           xml.Name `xml:"CompleteMultipartUploadResult"`
		Bucket, Key, ETag string
	}{Bucket: b.name, Key: key, ETag: etag})
	return nil
}
