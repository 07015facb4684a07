package localaws

import (
	"bytes"
	"fmt"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// multipart is an upload of the key "k".
type multipart struct {
	*account
	id   *string
	done []types.CompletedPart
}

func (a *account) start(t *testing.T, algorithm types.ChecksumAlgorithm) *multipart {
	t.Helper()
	out, err := a.s3.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{Bucket: logs, Key: aws.String("k"), ChecksumAlgorithm: algorithm, ContentType: aws.String("text/plain")})
	return &multipart{account: a, id: must(t, out, err).UploadId}
}

func (m *multipart) part(t *testing.T, number int32, body []byte, algorithm types.ChecksumAlgorithm) {
	t.Helper()
	out, err := m.s3.UploadPart(t.Context(), &s3.UploadPartInput{Bucket: logs, Key: aws.String("k"), UploadId: m.id, PartNumber: &number, Body: bytes.NewReader(body), ChecksumAlgorithm: algorithm})
	must(t, out, err)
	m.done = append(m.done, types.CompletedPart{
		PartNumber: &number, ETag: out.ETag, ChecksumCRC32: out.ChecksumCRC32, ChecksumCRC64NVME: out.ChecksumCRC64NVME, ChecksumSHA256: out.ChecksumSHA256,
	})
}

func (m *multipart) complete(t *testing.T, parts ...types.CompletedPart) error {
	t.Helper()
	_, err := m.s3.CompleteMultipartUpload(t.Context(), &s3.CompleteMultipartUploadInput{Bucket: logs, Key: aws.String("k"), UploadId: m.id, MultipartUpload: &types.CompletedMultipartUpload{Parts: parts}})
	return err
}

func TestMultipartUploads(t *testing.T) {
	large := bytes.Repeat([]byte("0123456789abcdef"), minPart/16)
	overEveryTransport(t, Config{}, []call{
		{"parts become one object, with an ETag and a checksum of the parts", func(t *testing.T, a *account) {
			withBucket(t, a)
			m := a.start(t, types.ChecksumAlgorithmCrc32)
			m.part(t, 2, []byte("the rest"), types.ChecksumAlgorithmCrc32)
			m.part(t, 1, large, types.ChecksumAlgorithmCrc32)
			must(t, 0, m.complete(t, m.done[1], m.done[0]))
			body, out, err := a.get(t, s3.GetObjectInput{Key: aws.String("k"), ChecksumMode: types.ChecksumModeEnabled})
			equals(t, "body", must(t, body, err) == string(large)+"the rest", true)
			equals(t, "ETag", *out.ETag, `"801ecddb7c4d29e641a464cc5bd3ded9-2"`)
			equals(t, "checksum", *out.ChecksumCRC32, "K6QVIg==-2")
			equals(t, "content type", *out.ContentType, "text/plain")
		}},
		{"the checksum is of the parts' checksums, or of the whole, as the algorithm has it", func(t *testing.T, a *account) {
			withBucket(t, a)
			for algorithm, want := range map[types.ChecksumAlgorithm]string{
				types.ChecksumAlgorithmSha256: "COMPOSITE qhAHCk5XGyBLvfbeIJePDwx3EFFt/ZsnIZdbb/zGk9w=-1", types.ChecksumAlgorithmCrc64nvme: "FULL_OBJECT rCixvM1b9Xc=", "": "FULL_OBJECT rCixvM1b9Xc=",
			} {
				m := a.start(t, algorithm)
				m.part(t, 1, []byte("text"), algorithm)
				must(t, 0, m.complete(t, m.done...))
				body, out, err := a.get(t, s3.GetObjectInput{Key: aws.String("k"), ChecksumMode: types.ChecksumModeEnabled})
				equals(t, "body", must(t, body, err), "text")
				equals(t, "of "+string(algorithm), fmt.Sprint(out.ChecksumType, " ", aws.ToString(out.ChecksumSHA256), aws.ToString(out.ChecksumCRC64NVME)), want)
			}
		}},
		{"an upload that cannot be completed is refused, stays, and can be completed after all", func(t *testing.T, a *account) {
			withBucket(t, a)
			m := a.start(t, types.ChecksumAlgorithmCrc32)
			m.part(t, 1, []byte("too small"), types.ChecksumAlgorithmCrc32)
			m.part(t, 2, []byte("last"), types.ChecksumAlgorithmCrc32)
			one, two := m.done[0], m.done[1]
			wantCode(t, m.complete(t), "MalformedXML")
			wantCode(t, m.complete(t, one, two), "EntityTooSmall")
			wantCode(t, m.complete(t, two, one), "InvalidPartOrder")
			wantCode(t, m.complete(t, types.CompletedPart{PartNumber: aws.Int32(3), ETag: one.ETag}), "InvalidPart")
			wantCode(t, m.complete(t, types.CompletedPart{PartNumber: aws.Int32(1), ETag: two.ETag}), "InvalidPart")
			wantCode(t, m.complete(t, types.CompletedPart{PartNumber: aws.Int32(1), ETag: one.ETag, ChecksumCRC32: two.ChecksumCRC32}), "InvalidPart")
			_, _, err := a.get(t, s3.GetObjectInput{Key: aws.String("k")})
			wantCode(t, err, "NoSuchKey")
			must(t, 0, m.complete(t, two))
			body, _, err := a.get(t, s3.GetObjectInput{Key: aws.String("k")})
			equals(t, "body", must(t, body, err), "last")
			wantCode(t, m.complete(t, two), "NoSuchUpload")
		}},
		{"an aborted upload is gone", func(t *testing.T, a *account) {
			withBucket(t, a)
			m := a.start(t, "")
			_, err := a.s3.AbortMultipartUpload(t.Context(), &s3.AbortMultipartUploadInput{Bucket: logs, Key: aws.String("k"), UploadId: m.id})
			must(t, 0, err)
			wantCode(t, m.complete(t, types.CompletedPart{PartNumber: aws.Int32(1)}), "NoSuchUpload")
		}},
		{"a part with a wrong number or checksum is refused, and parts are neither copied nor listed", func(t *testing.T, a *account) {
			withBucket(t, a)
			m := a.start(t, "")
			path := "/flow-logs/k?uploadId=" + *m.id
			equals(t, "number", a.raw(t, "PUT", path+"&partNumber=10001", "x"), http.StatusBadRequest)
			equals(t, "checksum", a.raw(t, "PUT", path+"&partNumber=1", "x", "content-md5", "AAAAAAAAAAAAAAAAAAAAAA=="), http.StatusBadRequest)
			equals(t, "copy", a.raw(t, "PUT", path+"&partNumber=1", "", "x-amz-copy-source", "flow-logs/k"), http.StatusNotImplemented)
			equals(t, "list", a.raw(t, "GET", path, ""), http.StatusNotImplemented)
		}},
	})
}
