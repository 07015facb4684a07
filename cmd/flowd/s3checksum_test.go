package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// TestBodiesAreHeldToTheirChecksum, whoever of flowd and the SDK looks at it. The sums of the text are those of the catalogue of parametrised CRC algorithms.
func TestBodiesAreHeldToTheirChecksum(t *testing.T) {
	const text = "123456789" // Source of its sums: https://reveng.sourceforge.io/crc-catalogue/all.htm#crc.cat.crc-64-nvme
	for name, c := range map[string]struct {
		header, sum, body, want string
	}{
		"CRC64NVME":             {crc64Header, "rosUhgp5mIg=", text, ""},
		"CRC64NVME, other text": {crc64Header, "rosUhgp5mIg=", "123456780", "its CRC64NVME is"},
		"CRC64NVME, cut":        {crc64Header, "rosUhgp5mIg=", text[:8], "its CRC64NVME is"},
		"CRC64NVME, nothing":    {crc64Header, "rosUhgp5mIg=", "", "its CRC64NVME is"},
		"CRC64NVME, no base64":  {crc64Header, "?", text, "checksum"},
		"CRC64NVME, too short":  {crc64Header, "rosUhg==", text, "checksum"},
		"CRC32":                 {"X-Amz-Checksum-Crc32", "y/Q5Jg==", text, ""},
		"CRC32, other text":     {"X-Amz-Checksum-Crc32", "y/Q5Jg==", "123456780", "checksum did not match"},
		"none":                  {"X-Other", "", "123456780", ""},
	} {
		t.Run(name, func(t *testing.T) {
			asked := ""
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked = r.Header.Get("X-Amz-Checksum-Mode")
				w.Header().Set(c.header, c.sum)
				fmt.Fprint(w, c.body)
			}))
			defer server.Close()
			client := newObjectClient(aws.Config{Region: "us-east-1", BaseEndpoint: &server.URL, ResponseChecksumValidation: aws.ResponseChecksumValidationWhenSupported, Credentials: aws.AnonymousCredentials{}}, true)
			out, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("b"), Key: aws.String("k")})
			var got []byte
			if err == nil {
				defer out.Body.Close()
				got, err = io.ReadAll(out.Body)
			}
			if asked != "ENABLED" {
				t.Errorf("S3 was asked for checksums by %q", asked)
			}
			switch {
			case c.want == "" && (err != nil || string(got) != c.body):
				t.Errorf("got %q, %v, want the body", got, err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("got %q, %v, want an error about %q", got, err, c.want)
			}
		})
	}
}
