package localaws

import (
	"encoding/hex"
	"encoding/xml"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

func listQuery() []string {
	return []string{"list-type", "prefix", "delimiter", "max-keys", "continuation-token", "start-after", "encoding-type", "fetch-owner", "x-id"}
}

type listResult struct {
	XMLName               xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListBucketResult"`
	Name, Prefix          string
	Delimiter             string `xml:",omitempty"`
	EncodingType          string `xml:",omitempty"`
	StartAfter            string `xml:",omitempty"`
	KeyCount, MaxKeys     int
	IsTruncated           bool
	ContinuationToken     string `xml:",omitempty"`
	NextContinuationToken string `xml:",omitempty"`
	Contents              []listEntry
	CommonPrefixes        []struct{ Prefix string }
}

type listEntry struct {
	Key, LastModified, ETag string
	Size                    int
	StorageClass            string
	Owner                   *listOwner `xml:",omitempty"`
}

type listOwner struct{ ID string }

// listing is one ListObjectsV2 call.
type listing struct {
	query  url.Values
	after  string // Only what sorts after it is listed. When it is a common prefix, nothing below it.
	result listResult
}

// listObjects is ListObjectsV2. The continuation token is the last key or common prefix of the page.
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
func (s *Server) listObjects(w http.ResponseWriter, r *http.Request, name string) *s3Error {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.find(r, name)
	if err != nil {
		return err
	}
	l, err := newListing(name, r.URL.Query())
	if err != nil {
		return err
	}
	l.fill(b, s.cfg.AccountID)
	l.encode()
	writeXML(w, http.StatusOK, l.result)
	return nil
}

func newListing(name string, q url.Values) (*listing, *s3Error) {
	l := &listing{query: q, after: q.Get("start-after"), result: listResult{
		Name: name, Prefix: q.Get("prefix"), Delimiter: q.Get("delimiter"), StartAfter: q.Get("start-after"), MaxKeys: 1000,
		ContinuationToken: q.Get("continuation-token"), EncodingType: q.Get("encoding-type"),
	}}
	if text := q.Get("max-keys"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 {
			return nil, fault(http.StatusBadRequest, "InvalidArgument", "Argument maxKeys must be an integer between 0 and 2147483647")
		}
		l.result.MaxKeys = min(n, l.result.MaxKeys)
	}
	if l.result.EncodingType != "" && l.result.EncodingType != "url" {
		return nil, fault(http.StatusBadRequest, "InvalidArgument", "Invalid Encoding Method specified in Request")
	}
	if q.Has("continuation-token") {
		after, err := hex.DecodeString(l.result.ContinuationToken)
		if err != nil || len(after) == 0 {
			return nil, fault(http.StatusBadRequest, "InvalidArgument", "The continuation token provided is incorrect")
		}
		l.after = string(after)
	}
	return l, nil
}

// fill takes keys and common prefixes in order, until the page is full and there is one more.
func (l *listing) fill(b *bucket, owner string) {
	last, out := "", &l.result
	for _, key := range slices.Sorted(maps.Keys(b.objects)) {
		o := b.current(key)
		if o == nil || !strings.HasPrefix(key, out.Prefix) {
			continue
		}
		item, folder := commonPrefix(key, out.Prefix, out.Delimiter)
		// What is left of the folder that the page before ended with, or of the one that was just listed.
		if key <= l.after || folder && (item == l.after || item == last) {
			continue
		}
		if out.KeyCount >= out.MaxKeys {
			if out.IsTruncated = out.MaxKeys > 0; out.IsTruncated {
				out.NextContinuationToken = hex.EncodeToString([]byte(last))
			}
			return
		}
		last = item
		out.KeyCount++
		if folder {
			out.CommonPrefixes = append(out.CommonPrefixes, struct{ Prefix string }{item})
		} else {
			out.Contents = append(out.Contents, l.entry(key, o, owner))
		}
	}
}

func (l *listing) entry(key string, o *object, owner string) listEntry {
	e := listEntry{key, timestamp(o.modified), o.etag, len(o.body), "STANDARD", nil}
	if l.query.Get("fetch-owner") == "true" {
		e.Owner = &listOwner{owner}
	}
	return e
}

// commonPrefix is the key up to the first delimiter behind the prefix, or the key itself where there is none.
func commonPrefix(key, prefix, delimiter string) (item string, folder bool) {
	before, _, found := strings.Cut(key[len(prefix):], delimiter)
	if delimiter == "" || !found {
		return key, false
	}
	return prefix + before + delimiter, true
}

// encode escapes what keys may have and XML may not, if the caller asked for it.
func (l *listing) encode() {
	if l.result.EncodingType != "url" {
		return
	}
	out := &l.result
	for _, text := range []*string{&out.Prefix, &out.Delimiter, &out.StartAfter} {
		*text = encodeKey(*text)
	}
	for i := range out.Contents {
		out.Contents[i].Key = encodeKey(out.Contents[i].Key)
	}
	for i := range out.CommonPrefixes {
		out.CommonPrefixes[i].Prefix = encodeKey(out.CommonPrefixes[i].Prefix)
	}
}
