package localaws

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

var logs = aws.String("flow-logs") // The bucket of every test.

func withBucket(t *testing.T, a *account) {
	t.Helper()
	_, err := a.s3.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: logs})
	must(t, 0, err)
}

func (a *account) put(t *testing.T, key, body string) *s3.PutObjectOutput {
	t.Helper()
	out, err := a.s3.PutObject(t.Context(), &s3.PutObjectInput{Bucket: logs, Key: &key, Body: strings.NewReader(body)})
	return must(t, out, err)
}

func (a *account) get(t *testing.T, in s3.GetObjectInput) (string, *s3.GetObjectOutput, error) {
	t.Helper()
	in.Bucket = logs
	out, err := a.s3.GetObject(t.Context(), &in)
	if err != nil {
		return "", nil, err
	}
	defer out.Body.Close()
	body, err := io.ReadAll(out.Body)
	return string(body), out, err
}

func (a *account) setVersioning(t *testing.T, status types.BucketVersioningStatus) {
	t.Helper()
	_, err := a.s3.PutBucketVersioning(t.Context(), &s3.PutBucketVersioningInput{Bucket: logs, VersioningConfiguration: &types.VersioningConfiguration{Status: status}})
	must(t, 0, err)
}

func TestBuckets(t *testing.T) {
	overEveryTransport(t, Config{}, []call{
		{"a bucket can be made, found, made again and deleted", func(t *testing.T, a *account) {
			withBucket(t, a)
			head, err := a.s3.HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: logs, ExpectedBucketOwner: aws.String("123456789012")})
			equals(t, "region", aws.ToString(must(t, head, err).BucketRegion), "us-east-1")
			withBucket(t, a)
			_, err = a.s3.DeleteBucket(t.Context(), &s3.DeleteBucketInput{Bucket: logs})
			must(t, 0, err)
			_, err = a.s3.HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: logs})
			wantCode(t, err, "NotFound")
			_, err = a.s3.GetBucketPolicy(t.Context(), &s3.GetBucketPolicyInput{Bucket: logs})
			wantCode(t, err, "NoSuchBucket")
		}},
		{"the bucket of another account is denied", func(t *testing.T, a *account) {
			withBucket(t, a)
			other := aws.String("999999999999")
			_, err := a.s3.HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: logs, ExpectedBucketOwner: other})
			wantStatus(t, err, http.StatusForbidden)
			_, _, err = a.get(t, s3.GetObjectInput{Key: aws.String("k"), ExpectedBucketOwner: other})
			wantCode(t, err, "AccessDenied")
		}},
		{"a bucket with an object or a delete marker cannot be deleted", func(t *testing.T, a *account) {
			withBucket(t, a)
			a.setVersioning(t, types.BucketVersioningStatusEnabled)
			_, err := a.s3.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: logs, Key: aws.String("never-there")})
			must(t, 0, err)
			_, err = a.s3.DeleteBucket(t.Context(), &s3.DeleteBucketInput{Bucket: logs})
			wantCode(t, err, "BucketNotEmpty")
		}},
		{"a name against the rules and a region that may not be named are refused", func(t *testing.T, a *account) {
			_, err := a.s3.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("Flow_Logs")})
			wantCode(t, err, "InvalidBucketName")
			_, err = a.s3.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: logs, CreateBucketConfiguration: &types.CreateBucketConfiguration{LocationConstraint: "us-east-1"}})
			wantCode(t, err, "InvalidLocationConstraint")
		}},
		{"every document is missing at first, kept as it was put, and can be deleted", func(t *testing.T, a *account) {
			withBucket(t, a)
			_, err := a.s3.GetBucketTagging(t.Context(), &s3.GetBucketTaggingInput{Bucket: logs})
			wantCode(t, err, "NoSuchTagSet")
			_, err = a.s3.PutBucketTagging(t.Context(), &s3.PutBucketTaggingInput{Bucket: logs, Tagging: &types.Tagging{TagSet: []types.Tag{{Key: aws.String("team"), Value: aws.String("blue & green")}}}})
			must(t, 0, err)
			out, err := a.s3.GetBucketTagging(t.Context(), &s3.GetBucketTaggingInput{Bucket: logs})
			equals(t, "tag", aws.ToString(must(t, out, err).TagSet[0].Value), "blue & green")
			_, err = a.s3.DeleteBucketTagging(t.Context(), &s3.DeleteBucketTaggingInput{Bucket: logs})
			must(t, 0, err)
			_, err = a.s3.GetBucketTagging(t.Context(), &s3.GetBucketTaggingInput{Bucket: logs})
			wantCode(t, err, "NoSuchTagSet")
			_, err = a.s3.GetBucketLifecycleConfiguration(t.Context(), &s3.GetBucketLifecycleConfigurationInput{Bucket: logs})
			wantCode(t, err, "NoSuchLifecycleConfiguration")
			location, err := a.s3.GetBucketLocation(t.Context(), &s3.GetBucketLocationInput{Bucket: logs})
			equals(t, "location of the oldest region", must(t, location, err).LocationConstraint, "")
		}},
		{"a policy that is no policy, or is about another bucket, is refused", func(t *testing.T, a *account) {
			withBucket(t, a)
			for _, policy := range []string{
				`{`, `{}`, strings.Repeat(" ", maxPolicy) + bucketPolicy("Allow", "flow-logs/*"), bucketPolicy("Allow", "other-logs/*"), bucketPolicy("allow", "flow-logs/*"),
			} {
				_, err := a.s3.PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{Bucket: logs, Policy: &policy})
				wantCode(t, err, "MalformedPolicy")
			}
			policy := bucketPolicy("Deny", "flow-logs/*")
			_, err := a.s3.PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{Bucket: logs, Policy: &policy})
			must(t, 0, err)
			out, err := a.s3.GetBucketPolicy(t.Context(), &s3.GetBucketPolicyInput{Bucket: logs})
			equals(t, "policy", aws.ToString(must(t, out, err).Policy), policy)
		}},
		{"a call that is not understood is answered 501, and does nothing", func(t *testing.T, a *account) {
			withBucket(t, a)
			a.put(t, "k", "text")
			unknown := [][2]string{
				{"GET", "/"}, {"GET", "/flow-logs"}, {"GET", "/flow-logs?versions"}, {"GET", "/flow-logs?uploads"}, {"PUT", "/flow-logs?accelerate"}, {"DELETE", "/flow-logs?cors"},
				{"DELETE", "/flow-logs?policy&unknown"}, {"PUT", "/flow-logs?acl"}, {"POST", "/flow-logs?delete"}, {"PUT", "/new-bucket?prefix=a"}, {"POST", "/flow-logs/k"}, {"GET", "/flow-logs/k?acl"},
				{"GET", "/flow-logs/k?partNumber=1"}, {"PUT", "/flow-logs/k?tagging"}, {"DELETE", "/flow-logs/k?tagging"}, {"GET", "/flow-logs/k?uploads"},
			}
			for _, u := range unknown {
				equals(t, u[0]+" "+u[1], a.raw(t, u[0], u[1], ""), http.StatusNotImplemented)
			}
			equals(t, "a copy", a.raw(t, "PUT", "/flow-logs/copy", "", "x-amz-copy-source", "flow-logs/k"), http.StatusNotImplemented)
			equals(t, "a checksum that cannot be verified", a.raw(t, "PUT", "/flow-logs/k", "other", "x-amz-checksum-xxhash3", "AAAA"), http.StatusNotImplemented)
			_, err := a.s3.HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: aws.String("new-bucket")})
			wantCode(t, err, "NotFound")
			body, _, err := a.get(t, s3.GetObjectInput{Key: aws.String("k")})
			equals(t, "object", must(t, body, err), "text")
		}},
	})
}

func TestBucketOfAnotherRegion(t *testing.T) {
	overEveryTransport(t, Config{Region: "eu-west-3"}, []call{
		{"the region must be named, and making a bucket again is an error", func(t *testing.T, a *account) {
			_, err := a.s3.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: logs})
			wantCode(t, err, "IllegalLocationConstraintException")
			in := &s3.CreateBucketInput{Bucket: logs, CreateBucketConfiguration: &types.CreateBucketConfiguration{LocationConstraint: "eu-west-3"}}
			_, err = a.s3.CreateBucket(t.Context(), in)
			must(t, 0, err)
			_, err = a.s3.CreateBucket(t.Context(), in)
			wantCode(t, err, "BucketAlreadyOwnedByYou")
			out, err := a.s3.GetBucketLocation(t.Context(), &s3.GetBucketLocationInput{Bucket: logs})
			equals(t, "location", must(t, out, err).LocationConstraint, "eu-west-3")
		}},
	})
}

func TestObjects(t *testing.T) {
	key := aws.String("AWSLogs/year=2026/my file+ü%2B.log.gz")
	overEveryTransport(t, Config{}, []call{
		{"an object comes back as it was put, under a key with every kind of character", func(t *testing.T, a *account) {
			withBucket(t, a)
			put, err := a.s3.PutObject(t.Context(), &s3.PutObjectInput{
				Bucket: logs, Key: key, Body: strings.NewReader("text"), ContentType: aws.String("application/x-gzip"), ContentEncoding: aws.String("gzip"), Metadata: map[string]string{"team": "blue"},
			})
			equals(t, "ETag", aws.ToString(must(t, put, err).ETag), `"1cb251ec0d568de6a929b520c4aed8d1"`)
			body, out, err := a.get(t, s3.GetObjectInput{Key: key})
			equals(t, "body", must(t, body, err), "text")
			equals(t, "type", aws.ToString(out.ContentType), "application/x-gzip")
			equals(t, "encoding", aws.ToString(out.ContentEncoding), "gzip")
			equals(t, "metadata", out.Metadata["team"], "blue")
			equals(t, "version without versioning", aws.ToString(out.VersionId), "")
			head, err := a.s3.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: logs, Key: key})
			equals(t, "length", aws.ToInt64(must(t, head, err).ContentLength), 4)
			equals(t, "ETag of HEAD", aws.ToString(head.ETag), aws.ToString(out.ETag))
		}},
		{"an object without a type gets S3's, and none is guessed", func(t *testing.T, a *account) {
			withBucket(t, a)
			equals(t, "status", a.raw(t, "PUT", "/flow-logs/k", "<html>"), http.StatusOK)
			_, out, err := a.get(t, s3.GetObjectInput{Key: aws.String("k"), ChecksumMode: types.ChecksumModeEnabled})
			equals(t, "type", aws.ToString(must(t, out, err).ContentType), "binary/octet-stream")
			if aws.ToString(out.ChecksumCRC64NVME) == "" {
				t.Error("got no checksum of an object that was put without one, want S3's own")
			}
		}},
		{"what is not there is missing, for GET and for HEAD", func(t *testing.T, a *account) {
			withBucket(t, a)
			_, _, err := a.get(t, s3.GetObjectInput{Key: key})
			if missing := (*types.NoSuchKey)(nil); !errors.As(err, &missing) {
				t.Errorf("got %v, want NoSuchKey", err)
			}
			_, err = a.s3.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: logs, Key: key})
			wantCode(t, err, "NotFound")
			_, _, err = a.get(t, s3.GetObjectInput{Key: key, VersionId: aws.String("nonesuch")})
			wantCode(t, err, "NoSuchVersion")
		}},
		{"reads have conditions on the ETag and on the time", func(t *testing.T, a *account) {
			withBucket(t, a)
			put := a.put(t, "k", "text")
			before, after := aws.Time(time.Now().Add(-time.Hour)), aws.Time(time.Now().Add(time.Hour))
			for _, c := range []struct {
				name string
				in   s3.GetObjectInput
				code string
			}{
				{"the right ETag", s3.GetObjectInput{IfMatch: put.ETag}, ""},
				{"the right ETag in spite of the time", s3.GetObjectInput{IfMatch: put.ETag, IfUnmodifiedSince: before}, ""},
				{"another ETag", s3.GetObjectInput{IfMatch: aws.String(`"0"`)}, "PreconditionFailed"},
				{"changed since", s3.GetObjectInput{IfUnmodifiedSince: before}, "PreconditionFailed"},
				{"not changed since", s3.GetObjectInput{IfUnmodifiedSince: after}, ""},
				{"the ETag that the caller has", s3.GetObjectInput{IfNoneMatch: put.ETag}, "NotModified"},
				{"an ETag that is old", s3.GetObjectInput{IfNoneMatch: aws.String(`"0"`), IfModifiedSince: after}, ""},
				{"nothing new", s3.GetObjectInput{IfModifiedSince: after}, "NotModified"},
				{"something new", s3.GetObjectInput{IfModifiedSince: before}, ""},
			} {
				c.in.Key = aws.String("k")
				body, _, err := a.get(t, c.in)
				if c.code == "" {
					equals(t, c.name, must(t, body, err), "text")
				} else {
					wantCode(t, err, c.code)
				}
			}
		}},
		{"a range is part of the object, and one outside is refused", func(t *testing.T, a *account) {
			withBucket(t, a)
			a.put(t, "k", "0123456789")
			for _, c := range []struct{ asked, want, told string }{
				{"bytes=2-4", "234", "bytes 2-4/10"}, {"bytes=7-", "789", "bytes 7-9/10"}, {"bytes=8-99", "89", "bytes 8-9/10"}, {"bytes=-3", "789", "bytes 7-9/10"},
				{"bytes=-99", "0123456789", "bytes 0-9/10"}, {"bytes=4-2", "0123456789", ""}, {"lines=1-2", "0123456789", ""}, {"bytes=0-1,4-5", "0123456789", ""},
			} {
				body, out, err := a.get(t, s3.GetObjectInput{Key: aws.String("k"), Range: &c.asked})
				equals(t, c.asked, must(t, body, err), c.want)
				equals(t, c.asked+" told", aws.ToString(out.ContentRange), c.told)
			}
			for _, asked := range []string{"bytes=10-", "bytes=-0"} {
				_, _, err := a.get(t, s3.GetObjectInput{Key: aws.String("k"), Range: &asked})
				wantCode(t, err, "InvalidRange")
				wantStatus(t, err, http.StatusRequestedRangeNotSatisfiable)
			}
		}},
		{"writes have conditions", func(t *testing.T, a *account) {
			withBucket(t, a)
			write := func(match, none string) error {
				in := &s3.PutObjectInput{Bucket: logs, Key: aws.String("k"), Body: strings.NewReader("text")}
				if match != "" {
					in.IfMatch = &match
				}
				if none != "" {
					in.IfNoneMatch = &none
				}
				_, err := a.s3.PutObject(t.Context(), in)
				return err
			}
			wantCode(t, write(`"0"`, ""), "NoSuchKey")
			must(t, 0, write("", "*"))
			wantCode(t, write("", "*"), "PreconditionFailed")
			wantCode(t, write(`"0"`, ""), "PreconditionFailed")
			must(t, 0, write(`"1cb251ec0d568de6a929b520c4aed8d1"`, ""))
			wantStatus(t, write("", `"0"`), http.StatusNotImplemented)
		}},
		{"a delete may have a condition", func(t *testing.T, a *account) {
			withBucket(t, a)
			put := a.put(t, "k", "text")
			in := &s3.DeleteObjectInput{Bucket: logs, Key: aws.String("k"), IfMatch: aws.String(`"0"`)}
			_, err := a.s3.DeleteObject(t.Context(), in)
			wantCode(t, err, "PreconditionFailed")
			in.IfMatch = put.ETag
			_, err = a.s3.DeleteObject(t.Context(), in)
			must(t, 0, err)
			equals(t, "keys", len(a.keys(t)), 0)
		}},
		{"deleting is right whether there was an object or not", func(t *testing.T, a *account) {
			withBucket(t, a)
			a.put(t, "k", "text")
			for range 2 {
				out, err := a.s3.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: logs, Key: aws.String("k")})
				equals(t, "marker", aws.ToBool(must(t, out, err).DeleteMarker), false)
			}
			_, _, err := a.get(t, s3.GetObjectInput{Key: aws.String("k")})
			wantCode(t, err, "NoSuchKey")
		}},
	})
}

func TestChecksums(t *testing.T) {
	algorithms := []types.ChecksumAlgorithm{types.ChecksumAlgorithmCrc32, types.ChecksumAlgorithmCrc32c, types.ChecksumAlgorithmCrc64nvme, types.ChecksumAlgorithmSha1, types.ChecksumAlgorithmSha256}
	overEveryTransport(t, Config{}, []call{
		{"every algorithm is taken, and the SDK verifies what it reads", func(t *testing.T, a *account) {
			withBucket(t, a)
			for _, algorithm := range algorithms {
				_, err := a.s3.PutObject(t.Context(), &s3.PutObjectInput{Bucket: logs, Key: aws.String("k"), Body: strings.NewReader("text"), ChecksumAlgorithm: algorithm})
				must(t, 0, err)
				body, out, err := a.get(t, s3.GetObjectInput{Key: aws.String("k"), ChecksumMode: types.ChecksumModeEnabled})
				equals(t, string(algorithm), must(t, body, err), "text")
				equals(t, string(algorithm)+" type", out.ChecksumType, types.ChecksumTypeFullObject)
			}
		}},
		{"a body that is stored damaged is found by the SDK", func(t *testing.T, a *account) {
			withBucket(t, a)
			a.put(t, "k", "text")
			a.server.buckets[*logs].objects["k"][0].body[0] ^= 1
			_, _, err := a.get(t, s3.GetObjectInput{Key: aws.String("k")})
			if err == nil || !strings.Contains(err.Error(), "checksum") {
				t.Errorf("got %v, want a checksum error: is none sent?", err)
			}
		}},
		{"a wrong checksum is refused, and nothing is stored", func(t *testing.T, a *account) {
			withBucket(t, a)
			for _, h := range [][2]string{
				{"x-amz-checksum-crc32", "AAAAAA=="}, {"x-amz-checksum-crc64nvme", "AAAAAAAAAAA="}, {"content-md5", "AAAAAAAAAAAAAAAAAAAAAA=="},
				{"x-amz-checksum-crc32", "AAAA"}, {"content-md5", "no base64"}, {"x-amz-content-sha256", strings.Repeat("0", 64)},
			} {
				equals(t, h[0], a.raw(t, "PUT", "/flow-logs/k", "text", h[0], h[1]), http.StatusBadRequest)
			}
			_, _, err := a.get(t, s3.GetObjectInput{Key: aws.String("k")})
			wantCode(t, err, "NoSuchKey")
		}},
		{"a framed body is taken out of its frame, and a broken frame or trailer is refused", func(t *testing.T, a *account) {
			withBucket(t, a)
			for _, c := range []struct {
				name, body string
				want       int
			}{
				{"whole", "2;chunk-signature=00\r\nte\r\n2\r\nxt\r\n0\r\nx-amz-checksum-crc32:O4unxw==\r\n\r\n", http.StatusOK},
				{"wrong trailer", "4\r\ntext\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n", http.StatusBadRequest},
				{"no trailer", "4\r\ntext\r\n0\r\n\r\n", http.StatusBadRequest},
				{"cut", "4\r\nte", http.StatusBadRequest},
				{"chunk too long", "2\r\ntext\r\n0\r\nx-amz-checksum-crc32:O4unxw==\r\n\r\n", http.StatusBadRequest},
				{"another length", "2\r\nte\r\n0\r\nx-amz-checksum-crc32:N1I72g==\r\n\r\n", http.StatusBadRequest},
				{"no size", "xyz\r\ntext\r\n0\r\n\r\n", http.StatusBadRequest},
			} {
				got := a.raw(t, "PUT", "/flow-logs/k", c.body, "x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "x-amz-trailer", "x-amz-checksum-crc32",
					"x-amz-decoded-content-length", "4", "content-encoding", "aws-chunked,gzip")
				equals(t, c.name, got, c.want)
			}
			body, out, err := a.get(t, s3.GetObjectInput{Key: aws.String("k")})
			equals(t, "body", must(t, body, err), "text")
			equals(t, "encoding", aws.ToString(out.ContentEncoding), "gzip")
		}},
		{"a large body survives", func(t *testing.T, a *account) {
			withBucket(t, a)
			large := bytes.Repeat([]byte("0123456789abcde\n"), 1<<16)
			_, err := a.s3.PutObject(t.Context(), &s3.PutObjectInput{Bucket: logs, Key: aws.String("k"), Body: bytes.NewReader(large)})
			must(t, 0, err)
			body, _, err := a.get(t, s3.GetObjectInput{Key: aws.String("k")})
			equals(t, "body", must(t, body, err) == string(large), true)
		}},
	})
}
