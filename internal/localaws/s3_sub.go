package localaws

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
)

// subresources are the bucket documents that are kept, and the error that S3 gives while there is none; an empty code means an empty document.
func subresources() map[string]string {
	return map[string]string{
		"policy":            "NoSuchBucketPolicy",
		"lifecycle":         "NoSuchLifecycleConfiguration",
		"publicAccessBlock": "NoSuchPublicAccessBlockConfiguration",
		"encryption":        "ServerSideEncryptionConfigurationNotFoundError",
		"ownershipControls": "OwnershipControlsNotFoundError",
		"tagging":           "NoSuchTagSet",
		"versioning":        "",
		"notification":      "",
		"location":          "",
	}
}

func (s *Server) serveSubresource(w http.ResponseWriter, r *http.Request, name, sub string) *s3Error {
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
	switch {
	case r.Method == http.MethodGet:
		return s.getSubresource(w, b, sub)
	case r.Method == http.MethodPut && sub != "location":
		return s.putSubresource(w, r, b, sub, body)
	case r.Method == http.MethodDelete && subresources()[sub] != "":
		delete(b.sub, sub)
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	return fault(http.StatusMethodNotAllowed, "MethodNotAllowed", "The specified method is not allowed against this resource.")
}

func (s *Server) getSubresource(w http.ResponseWriter, b *bucket, sub string) *s3Error {
	body, ok := b.sub[sub]
	if !ok && subresources()[sub] != "" {
		return fault(http.StatusNotFound, subresources()[sub], "The %s of the bucket does not exist", sub)
	}
	if !ok {
		body = s.emptyDocument(sub)
	}
	contentType := "application/xml"
	if sub == "policy" {
		contentType = "application/json"
	}
	w.Header().Set("Content-Type", contentType)
	w.Write(body)
	return nil
}

func (s *Server) emptyDocument(sub string) []byte {
	const ns = `xmlns="http://s3.amazonaws.com/doc/2006-03-01/"`
	switch sub {
	case "versioning":
		return []byte(xml.Header + `<VersioningConfiguration ` + ns + `/>`)
	case "notification":
		return []byte(xml.Header + `<NotificationConfiguration ` + ns + `/>`)
	}
	region := s.cfg.Region
	if region == "us-east-1" { // Documented: the oldest region has no name here.
		region = ""
	}
	return []byte(xml.Header + fmt.Sprintf(`<LocationConstraint %s>%s</LocationConstraint>`, ns, region))
}

// maxPolicy is S3's limit for a bucket policy, in bytes.
const maxPolicy = 20 << 10

func (s *Server) putSubresource(w http.ResponseWriter, r *http.Request, b *bucket, sub string, body []byte) *s3Error {
	switch sub {
	case "policy":
		if !json.Valid(body) || len(body) > maxPolicy {
			return fault(http.StatusBadRequest, "MalformedPolicy", "This policy contains invalid Json, or is larger than 20 KB")
		}
	case "versioning":
		b.versions = bytes.Contains(body, []byte("<Status>Enabled</Status>"))
	case "notification":
		if err := s.putNotification(r, b, body); err != nil {
			return err
		}
	}
	b.sub[sub] = body
	status := http.StatusOK
	if sub == "policy" || sub == "tagging" {
		status = http.StatusNoContent
	}
	w.WriteHeader(status)
	return nil
}
