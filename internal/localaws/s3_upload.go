package localaws

import (
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// minPart is the least that a part may have, unless it is the last, in bytes.
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
const minPart = 5 << 20

// upload is a multipart upload that is not complete.
type upload struct {
	key       string
	headers   http.Header
	algorithm string // The checksum header of the whole; empty when the client chose none.
	whole     bool   // The checksum is of the whole object, not of the checksums of its parts.
	parts     map[int]*object
}

func newUpload(key string, h http.Header) (*upload, *s3Error) {
	u := &upload{key: key, headers: h, parts: map[int]*object{}}
	if name := h.Get("X-Amz-Checksum-Algorithm"); name != "" {
		if u.algorithm = http.CanonicalHeaderKey(checksumPrefix + name); newChecksum(u.algorithm) == nil {
			return nil, notImplemented("the checksum algorithm " + name)
		}
	}
	u.whole = u.algorithm == "" || u.algorithm == defaultChecksum || h.Get(checksumType) == "FULL_OBJECT"
	return u, nil
}

// serveUpload knows the calls that an upload needs. Listing uploads and parts, and parts that are copies, are not among them.
func (s *Server) serveUpload(w http.ResponseWriter, r *http.Request, name, key string) *s3Error {
	q := r.URL.Query()
	if unknown := unknownQuery(q, "uploads", "uploadId", "partNumber", "x-id"); unknown != "" {
		return notImplemented("the sub-resource or query " + unknown)
	}
	body, err := readPayload(r)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.find(r, name)
	if err != nil {
		return err
	}
	if q.Has("uploads") {
		return startUpload(w, r, b, key)
	}
	u := b.uploads[q.Get("uploadId")]
	if u == nil || u.key != key {
		return fault(http.StatusNotFound, "NoSuchUpload", "The specified multipart upload does not exist. The upload ID might be invalid, or the multipart upload might have been aborted or completed.")
	}
	switch r.Method {
	case http.MethodPut:
		return u.put(w, r.Header, q.Get("partNumber"), body)
	case http.MethodPost:
		return s.completeUpload(w, r.Header, b, q, body)
	case http.MethodDelete:
		delete(b.uploads, q.Get("uploadId"))
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	return notImplemented("listing the parts of an upload")
}

func startUpload(w http.ResponseWriter, r *http.Request, b *bucket, key string) *s3Error {
	if r.Method != http.MethodPost {
		return notImplemented("listing uploads")
	}
	u, err := newUpload(key, r.Header)
	if err != nil {
		return err
	}
	id := randomID(16)
	b.uploads[id] = u
	writeXML(w, http.StatusOK, struct {
		XMLName               xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ InitiateMultipartUploadResult"`
		Bucket, Key, UploadId string
	}{Bucket: b.name, Key: key, UploadId: id})
	return nil
}

func (u *upload) put(w http.ResponseWriter, h http.Header, number string, body []byte) *s3Error {
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 || n > 10_000 {
		return fault(http.StatusBadRequest, "InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive")
	}
	if err := verify(body, h); err != nil {
		return err
	}
	part := &object{body: body, etag: fmt.Sprintf(`"%x"`, md5.Sum(body)), headers: http.Header{}}
	if u.algorithm != "" {
		part.headers.Set(u.algorithm, sumOf(newChecksum(u.algorithm), body))
	}
	u.parts[n] = part
	w.Header().Set("ETag", part.etag)
	copyChecksums(w.Header(), part.headers)
	w.WriteHeader(http.StatusOK)
	return nil
}

// namedPart is a part as the request to complete names it.
type namedPart struct {
	PartNumber int
	ETag       string
	Sums       []struct {
		XMLName xml.Name
		Value   string `xml:",chardata"`
	} `xml:",any"`
}

// completeUpload joins the parts that the request names. An upload that cannot be completed stays.
func (s *Server) completeUpload(w http.ResponseWriter, h http.Header, b *bucket, q url.Values, request []byte) *s3Error {
	u := b.uploads[q.Get("uploadId")]
	parts, err := u.named(request)
	if err != nil {
		return err
	}
	if err := b.mayWrite(u.key, h); err != nil {
		return err
	}
	body, etag, sum := u.join(parts)
	if u.whole {
		if err := verify(body, h); err != nil {
			return err
		}
	}
	headers := u.headers.Clone()
	headers.Del(checksumType)
	if u.algorithm != "" && !u.whole {
		headers.Set(u.algorithm, sum)
		headers.Set(checksumType, "COMPOSITE")
	} else if u.algorithm != "" {
		headers.Set(u.algorithm, sumOf(newChecksum(u.algorithm), body))
	}
	delete(b.uploads, q.Get("uploadId"))
	o := b.store(u.key, body, etag, headers)
	s.notify(b, "ObjectCreated:CompleteMultipartUpload", u.key, o)
	b.describe(w, o)
	writeXML(w, http.StatusOK, struct {
		XMLName           xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ CompleteMultipartUploadResult"`
		Bucket, Key, ETag string
	}{Bucket: b.name, Key: u.key, ETag: etag})
	return nil
}

// named are the parts that the request names, checked as S3 does.
func (u *upload) named(request []byte) ([]*object, *s3Error) {
	var list struct{ Part []namedPart }
	if xml.Unmarshal(request, &list) != nil || len(list.Part) == 0 {
		return nil, malformedXML()
	}
	if !slices.IsSortedFunc(list.Part, func(a, b namedPart) int { return a.PartNumber - b.PartNumber }) {
		return nil, fault(http.StatusBadRequest, "InvalidPartOrder", "The list of parts was not in ascending order.")
	}
	var parts []*object
	for i, p := range list.Part {
		part := u.parts[p.PartNumber]
		if part == nil || !part.isNamed(p.ETag) || !p.agrees(part) {
			return nil, fault(http.StatusBadRequest, "InvalidPart", "One or more of the specified parts could not be found. The part might not have been uploaded, or the specified entity tag might not have matched the part's entity tag.")
		}
		if len(part.body) < minPart && i < len(list.Part)-1 {
			return nil, fault(http.StatusBadRequest, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size")
		}
		parts = append(parts, part)
	}
	return parts, nil
}

// agrees says whether the checksums that the request has for a part are those of the part.
func (p namedPart) agrees(part *object) bool {
	for _, sum := range p.Sums {
		name := http.CanonicalHeaderKey(checksumPrefix + strings.TrimPrefix(sum.XMLName.Local, "Checksum"))
		if newChecksum(name) == nil || sumOf(newChecksum(name), part.body) != sum.Value {
			return false
		}
	}
	return true
}

// join is the whole body, its ETag (the hash of the parts' hashes, and their number), and its checksum, which is made the same way.
func (u *upload) join(parts []*object) (body []byte, etag, sum string) {
	var whole, sums bytes.Buffer
	for _, part := range parts {
		hash := md5.Sum(part.body)
		whole.Write(part.body)
		sums.Write(hash[:])
	}
	etag = fmt.Sprintf(`"%x-%d"`, md5.Sum(sums.Bytes()), len(parts))
	if u.algorithm == "" {
		return whole.Bytes(), etag, ""
	}
	sums.Reset()
	for _, part := range parts {
		raw, _ := base64.StdEncoding.DecodeString(part.headers.Get(u.algorithm)) // Encoded by put.
		sums.Write(raw)
	}
	return whole.Bytes(), etag, fmt.Sprintf("%s-%d", sumOf(newChecksum(u.algorithm), sums.Bytes()), len(parts))
}
