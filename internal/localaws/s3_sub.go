package localaws

import (
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
		"acl":               "",
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
	case r.Method == http.MethodPut && sub != "location" && sub != "acl":
		return s.putSubresource(w, r, b, sub, body)
	case r.Method == http.MethodDelete && subresources()[sub] != "":
		delete(b.sub, sub)
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	return notImplemented(r.Method + " on the " + sub + " of a bucket")
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
	const ns = `xmlns="` + s3Namespace + `"`
	switch sub {
	case "versioning":
		return []byte(xml.Header + `<VersioningConfiguration ` + ns + `/>`)
	case "notification":
		return []byte(xml.Header + `<NotificationConfiguration ` + ns + `/>`)
	case "acl":
		return []byte(xml.Header + `<AccessControlPolicy ` + ns + `><Owner><ID>` + s.cfg.AccountID + `</ID></Owner><AccessControlList/></AccessControlPolicy>`)
	}
	region := s.cfg.Region
	if region == "us-east-1" { // Documented: the oldest region has no name here.
		region = ""
	}
	return []byte(xml.Header + fmt.Sprintf(`<LocationConstraint %s>%s</LocationConstraint>`, ns, region))
}

func (s *Server) putSubresource(w http.ResponseWriter, r *http.Request, b *bucket, sub string, body []byte) *s3Error {
	var root struct{ Status string }
	if sub != "policy" && xml.Unmarshal(body, &root) != nil {
		return malformedXML()
	}
	switch sub {
	case "policy":
		if err := checkBucketPolicy(b, body); err != nil {
			return err
		}
	case "versioning":
		if root.Status != "Enabled" && root.Status != "Suspended" {
			return malformedXML()
		}
		b.versioning = root.Status
	case "notification":
		var err *s3Error
		if body, err = s.putNotification(r, b, body); err != nil {
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
