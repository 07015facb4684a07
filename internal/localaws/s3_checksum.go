package localaws

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"net/http"
	"strings"
)

const (
	checksumPrefix = "X-Amz-Checksum-"
	checksumType   = "X-Amz-Checksum-Type"
	// defaultChecksum is what S3 computes for an object that came without a checksum.
	defaultChecksum = "X-Amz-Checksum-Crc64nvme"
)

// newChecksum is the algorithm of a checksum header, or nil.
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
func newChecksum(header string) hash.Hash {
	switch header {
	case "X-Amz-Checksum-Crc32":
		return crc32.NewIEEE()
	case "X-Amz-Checksum-Crc32c":
		return crc32.New(crc32.MakeTable(crc32.Castagnoli))
	case "X-Amz-Checksum-Crc64nvme":
		return crc64.New(crc64.MakeTable(0x9a6c9329ac4bc9b5))
	case "X-Amz-Checksum-Sha1":
		return sha1.New()
	case "X-Amz-Checksum-Sha256":
		return sha256.New()
	}
	return nil
}

func isChecksum(header string) bool { return header == checksumType || newChecksum(header) != nil }

// checksumOf names the checksum header that is set, or nothing.
func checksumOf(h http.Header) string {
	for name := range h {
		if newChecksum(name) != nil {
			return name
		}
	}
	return ""
}

// addChecksum gives an object the checksum that S3 computes when the client sent none.
func addChecksum(h http.Header, body []byte) {
	if checksumOf(h) == "" {
		h.Set(defaultChecksum, sumOf(newChecksum(defaultChecksum), body))
	}
	if h.Get(checksumType) == "" {
		h.Set(checksumType, "FULL_OBJECT")
	}
}

// verify holds a body against the checksums in the headers. An algorithm that is not known here cannot be verified, so it is not accepted.
func verify(body []byte, h http.Header) *s3Error {
	if err := compare("Content-MD5", h.Get("Content-Md5"), md5.New(), body); err != nil {
		return err
	}
	for name := range h {
		about, ok := strings.CutPrefix(name, checksumPrefix)
		algorithm := newChecksum(name)
		switch {
		case !ok || about == "Algorithm" || about == "Type" || about == "Mode":
		case algorithm == nil:
			return notImplemented("the checksum " + strings.ToLower(name))
		default:
			if err := compare(strings.ToLower(name), h.Get(name), algorithm, body); err != nil {
				return err
			}
		}
	}
	return nil
}

func compare(name, want string, algorithm hash.Hash, body []byte) *s3Error {
	raw, err := base64.StdEncoding.DecodeString(want)
	switch {
	case want == "":
		return nil
	case err != nil || len(raw) != algorithm.Size():
		return fault(http.StatusBadRequest, invalidDigest(name), "Value for %s header is invalid.", name)
	case want != sumOf(algorithm, body):
		return fault(http.StatusBadRequest, "BadDigest", "The %s you specified did not match the calculated checksum.", name)
	}
	return nil
}

func invalidDigest(name string) string {
	if name == "Content-MD5" {
		return "InvalidDigest"
	}
	return "InvalidRequest"
}

func sumOf(h hash.Hash, body []byte) string {
	h.Write(body)
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}
