package localaws

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

func (a *account) remove(t *testing.T, version *string) *s3.DeleteObjectOutput {
	t.Helper()
	out, err := a.s3.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: logs, Key: aws.String("k"), VersionId: version})
	return must(t, out, err)
}

func (a *account) keys(t *testing.T) []string {
	t.Helper()
	out, err := a.s3.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: logs})
	keys := []string{}
	for _, o := range must(t, out, err).Contents {
		keys = append(keys, *o.Key)
	}
	return keys
}

func TestVersions(t *testing.T) {
	k := aws.String("k")
	overEveryTransport(t, Config{}, []call{
		{"every version stays readable, the object from before versioning as null", func(t *testing.T, a *account) {
			withBucket(t, a)
			a.put(t, "k", "zero")
			a.setVersioning(t, types.BucketVersioningStatusEnabled)
			one, two := a.put(t, "k", "one"), a.put(t, "k", "two")
			for version, want := range map[string]string{"null": "zero", *one.VersionId: "one", *two.VersionId: "two", "": "two"} {
				in := s3.GetObjectInput{Key: k}
				if version != "" {
					in.VersionId = &version
				}
				body, _, err := a.get(t, in)
				equals(t, "version "+version, must(t, body, err), want)
			}
		}},
		{"deleting puts a delete marker on top, and deleting the marker brings the object back", func(t *testing.T, a *account) {
			withBucket(t, a)
			a.setVersioning(t, types.BucketVersioningStatusEnabled)
			put := a.put(t, "k", "text")
			marker := a.remove(t, nil)
			equals(t, "marker", aws.ToBool(marker.DeleteMarker), true)

			head, err := a.s3.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: logs, Key: k})
			if err == nil {
				t.Errorf("got %v of a deleted object, want none", head)
			}
			_, _, err = a.get(t, s3.GetObjectInput{Key: k})
			wantCode(t, err, "NoSuchKey")
			_, _, err = a.get(t, s3.GetObjectInput{Key: k, VersionId: marker.VersionId})
			wantStatus(t, err, http.StatusMethodNotAllowed)
			body, _, err := a.get(t, s3.GetObjectInput{Key: k, VersionId: put.VersionId})
			equals(t, "the version below the marker", must(t, body, err), "text")
			equals(t, "keys that are listed", len(a.keys(t)), 0)
			_, err = a.s3.PutObject(t.Context(), &s3.PutObjectInput{Bucket: logs, Key: aws.String("other"), Body: strings.NewReader(""), IfNoneMatch: aws.String("*")})
			must(t, 0, err)

			equals(t, "deleting the marker says so", aws.ToBool(a.remove(t, marker.VersionId).DeleteMarker), true)
			body, _, err = a.get(t, s3.GetObjectInput{Key: k})
			equals(t, "object", must(t, body, err), "text")
		}},
		{"deleting a version that is named is for good", func(t *testing.T, a *account) {
			withBucket(t, a)
			a.setVersioning(t, types.BucketVersioningStatusEnabled)
			one, two := a.put(t, "k", "one"), a.put(t, "k", "two")
			equals(t, "version", aws.ToString(a.remove(t, two.VersionId).VersionId), *two.VersionId)
			body, _, err := a.get(t, s3.GetObjectInput{Key: k})
			equals(t, "the version below", must(t, body, err), "one")
			a.remove(t, one.VersionId)
			_, _, err = a.get(t, s3.GetObjectInput{Key: k, VersionId: one.VersionId})
			wantCode(t, err, "NoSuchVersion")
		}},
		{"while versioning is suspended the null version is replaced, and the others stay", func(t *testing.T, a *account) {
			withBucket(t, a)
			a.setVersioning(t, types.BucketVersioningStatusEnabled)
			one := a.put(t, "k", "one")
			a.setVersioning(t, types.BucketVersioningStatusSuspended)
			equals(t, "version", aws.ToString(a.put(t, "k", "two").VersionId), "null")
			a.put(t, "k", "three")
			for version, want := range map[string]string{"null": "three", *one.VersionId: "one"} {
				body, _, err := a.get(t, s3.GetObjectInput{Key: k, VersionId: &version})
				equals(t, "version "+version, must(t, body, err), want)
			}
			equals(t, "the marker of a delete", aws.ToString(a.remove(t, nil).VersionId), "null")
			_, _, err := a.get(t, s3.GetObjectInput{Key: k})
			wantCode(t, err, "NoSuchKey")
		}},
		{"versioning is as it was set", func(t *testing.T, a *account) {
			withBucket(t, a)
			for _, want := range []types.BucketVersioningStatus{"", types.BucketVersioningStatusEnabled, types.BucketVersioningStatusSuspended} {
				if want != "" {
					a.setVersioning(t, want)
				}
				out, err := a.s3.GetBucketVersioning(t.Context(), &s3.GetBucketVersioningInput{Bucket: logs})
				equals(t, "status", must(t, out, err).Status, want)
			}
		}},
	})
}

// list pages through a bucket and returns keys and common prefixes in the order in which they came, and the number of pages.
func (a *account) list(t *testing.T, in s3.ListObjectsV2Input) (items []string, pages int) {
	t.Helper()
	in.Bucket = logs
	for p := s3.NewListObjectsV2Paginator(a.s3, &in); p.HasMorePages(); pages++ {
		page, err := p.NextPage(t.Context())
		if must(t, page, err); pages > 100 {
			t.Fatal("the listing does not end")
		}
		var these []string
		for _, o := range page.Contents {
			these = append(these, *o.Key)
		}
		for _, c := range page.CommonPrefixes {
			these = append(these, *c.Prefix)
		}
		equals(t, "KeyCount", int(aws.ToInt32(page.KeyCount)), len(these))
		if len(page.CommonPrefixes) > 0 { // They come apart from the keys.
			slices.Sort(these)
		}
		items = append(items, these...)
	}
	return items, pages
}

func TestListing(t *testing.T) {
	fill := func(t *testing.T, a *account, keys ...string) {
		withBucket(t, a)
		for _, k := range keys {
			a.put(t, k, "text")
		}
	}
	overEveryTransport(t, Config{}, []call{
		{"pages of every size hold every key once, in order", func(t *testing.T, a *account) {
			keys := []string{"Z", "a", "a/1", "a/2", "a=1/x", "b", "ä"}
			fill(t, a, keys...)
			for size := int32(1); size <= 8; size++ {
				got, pages := a.list(t, s3.ListObjectsV2Input{MaxKeys: &size})
				equals(t, fmt.Sprintf("keys in pages of %d", size), fmt.Sprint(got), fmt.Sprint(keys))
				equals(t, fmt.Sprintf("pages of %d", size), pages, (len(keys)+int(size)-1)/int(size))
			}
		}},
		{"with a delimiter, pages of every size hold every folder once", func(t *testing.T, a *account) {
			fill(t, a, "a/1", "a/2", "a/3", "b", "c/1", "c/2", "d", "e/1", "e/2")
			for size := int32(1); size <= 6; size++ {
				got, pages := a.list(t, s3.ListObjectsV2Input{MaxKeys: &size, Delimiter: aws.String("/")})
				equals(t, fmt.Sprintf("items in pages of %d", size), fmt.Sprint(got), "[a/ b c/ d e/]")
				equals(t, fmt.Sprintf("pages of %d", size), pages, (5+int(size)-1)/int(size))
			}
		}},
		{"a prefix, a delimiter and a start narrow what is listed", func(t *testing.T, a *account) {
			fill(t, a, "AWSLogs/1/x", "AWSLogs/1/y", "AWSLogs/2/x", "AWSLogs/3", "other")
			for _, c := range []struct{ prefix, delimiter, after, want string }{
				{"AWSLogs/", "/", "", "[AWSLogs/1/ AWSLogs/2/ AWSLogs/3]"}, {"AWSLogs/1", "", "", "[AWSLogs/1/x AWSLogs/1/y]"}, {"", "", "AWSLogs/2/x", "[AWSLogs/3 other]"},
				{"nothing", "/", "", "[]"}, {"AWSLogs/1/x", "/", "", "[AWSLogs/1/x]"}, {"", "Logs", "", "[AWSLogs other]"},
			} {
				in := s3.ListObjectsV2Input{Prefix: &c.prefix, StartAfter: &c.after}
				if c.delimiter != "" {
					in.Delimiter = &c.delimiter
				}
				got, _ := a.list(t, in)
				equals(t, fmt.Sprintf("%q %q %q", c.prefix, c.delimiter, c.after), fmt.Sprint(got), c.want)
			}
		}},
		{"names are encoded when that is asked for", func(t *testing.T, a *account) {
			fill(t, a, "my folder/a+b=ü", "my folder/sub folder/x")
			out, err := a.s3.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: logs, EncodingType: types.EncodingTypeUrl, Prefix: aws.String("my folder/"), Delimiter: aws.String("/")})
			equals(t, "key", *must(t, out, err).Contents[0].Key, "my+folder/a%2Bb%3D%C3%BC")
			equals(t, "folder", *out.CommonPrefixes[0].Prefix, "my+folder/sub+folder/")
			equals(t, "prefix", *out.Prefix, "my+folder/")
		}},
		{"an entry says what the object is", func(t *testing.T, a *account) {
			fill(t, a, "k")
			out, err := a.s3.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: logs, FetchOwner: aws.Bool(true)})
			entry := must(t, out, err).Contents[0]
			_, object, _ := a.get(t, s3.GetObjectInput{Key: aws.String("k")})
			equals(t, "ETag", *entry.ETag, *object.ETag)
			equals(t, "size", *entry.Size, 4)
			equals(t, "modified", entry.LastModified.Equal(*object.LastModified), true)
			equals(t, "owner", aws.ToString(entry.Owner.ID), "123456789012")
		}},
		{"no keys may be asked for, but not less, and tokens are S3's own", func(t *testing.T, a *account) {
			fill(t, a, "k")
			out, err := a.s3.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: logs, MaxKeys: aws.Int32(0)})
			equals(t, "truncated", aws.ToBool(must(t, out, err).IsTruncated), false)
			_, err = a.s3.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: logs, MaxKeys: aws.Int32(-1)})
			wantCode(t, err, "InvalidArgument")
			_, err = a.s3.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: logs, ContinuationToken: aws.String("mine")})
			wantCode(t, err, "InvalidArgument")
		}},
	})
}
