package localaws

import (
	"encoding/xml"
	"net/http"
	"regexp"
	"time"
)

// newBucket has no documents yet. AWS blocks public access to a new bucket, encrypts it and lets its owner own every object from the beginning;
// here that is left to the set-up, so that one which relies on it is found out.
func newBucket(name string) *bucket {
	return &bucket{
		name: name, created: time.Now(), objects: map[string][]*object{}, sub: map[string][]byte{}, uploads: map[string]*upload{},
	}
}

// createBucket makes buckets of the server's own region only.
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
func (s *Server) createBucket(w http.ResponseWriter, r *http.Request, name string) *s3Error {
	body, err := readBody(r)
	if err != nil {
		return err
	}
	if err := s.checkBucket(r, name, body); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	// In the oldest region, making a bucket again is no error.
	if s.buckets[name] != nil && s.cfg.Region != "us-east-1" {
		return fault(http.StatusConflict, "BucketAlreadyOwnedByYou", "Your previous request to create the named bucket succeeded and you already own it.")
	}
	if s.buckets[name] == nil {
		s.buckets[name] = newBucket(name)
	}
	w.Header().Set("Location", "/"+name)
	w.WriteHeader(http.StatusOK)
	return nil
}

// checkBucket wants a name by the rules, and the region where the request was sent, which the oldest region must not name.
func (s *Server) checkBucket(r *http.Request, name string, body []byte) *s3Error {
	if !regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`).MatchString(name) {
		return fault(http.StatusBadRequest, "InvalidBucketName", "The specified bucket is not valid.")
	}
	if r.Header.Get("x-amz-bucket-object-lock-enabled") == "true" {
		return notImplemented("object lock")
	}
	var want struct {
		LocationConstraint string
		Bucket             *struct{}
	}
	if len(body) > 0 && xml.Unmarshal(body, &want) != nil {
		return malformedXML()
	}
	switch {
	case want.Bucket != nil:
		return notImplemented("a directory bucket")
	case want.LocationConstraint == "us-east-1":
		return fault(http.StatusBadRequest, "InvalidLocationConstraint", "The specified location-constraint is not valid")
	case want.LocationConstraint != "" && s.cfg.Region == "us-east-1":
		return notImplemented("a bucket of another region")
	case want.LocationConstraint != s.cfg.Region && s.cfg.Region != "us-east-1":
		return fault(http.StatusBadRequest, "IllegalLocationConstraintException",
			"The %s location constraint is incompatible for the region specific endpoint this request was sent to.", orUnspecified(want.LocationConstraint))
	}
	return nil
}

func orUnspecified(region string) string {
	if region == "" {
		return "unspecified"
	}
	return region
}

func malformedXML() *s3Error {
	return fault(http.StatusBadRequest, "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema")
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

// deleteBucket wants no version left, delete markers included.
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
