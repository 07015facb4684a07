package main

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/minio/crc64nvme"
)

// crc64Header is the checksum that S3 keeps of every object that came without one, and says when it is asked to, as the SDK does.
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
const crc64Header = "X-Amz-Checksum-Crc64nvme"

// verifyCRC64 has bodies held to their CRC64 here. The SDK would do it byte by byte from tables, which takes 4 % of the time of reading objects; all
// other checksums are left to it.
func verifyCRC64(stack *middleware.Stack) error {
	return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("flowd:CRC64", crc64Verified), middleware.After)
}

// crc64Verified takes the checksum out of the answer, so that the SDK does not look for it.
func crc64Verified(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
	out, metadata, err := next.HandleDeserialize(ctx, in)
	response, ok := out.RawResponse.(*smithyhttp.Response)
	if !ok || response == nil || err != nil {
		return out, metadata, err
	}
	sum, notBase64 := base64.StdEncoding.DecodeString(response.Header.Get(crc64Header))
	if notBase64 == nil && len(sum) == crc64nvme.Size {
		response.Header.Del(crc64Header)
		response.Body = &crc64Body{ReadCloser: response.Body, want: binary.BigEndian.Uint64(sum)}
	}
	return out, metadata, nil
}

// crc64Body is a body whose end is an error when its checksum is another one.
type crc64Body struct {
	io.ReadCloser
	got, want uint64
}

// Read implements [io.Reader].
func (b *crc64Body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.got = crc64nvme.Update(b.got, p[:n])
	if err == io.EOF && b.got != b.want {
		return n, fmt.Errorf("its CRC64NVME is %016x, and S3 says %016x", b.got, b.want)
	}
	return n, err
}
