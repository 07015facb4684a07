package localaws

import (
	"bufio"
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"
	"net/http"
	"net/textproto"
	"strconv"
	"strings"
)

// maxBody bounds a request, in bytes.
const maxBody = 1 << 30

// readBody returns what the client meant to send: over https the SDK frames bodies in chunks and puts the checksum behind them. Checksums and
// the Content-MD5 are verified, and a body that fails one is refused as S3 refuses it.
func readBody(r *http.Request) ([]byte, *s3Error) {
	raw, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil {
		return nil, fault(http.StatusBadRequest, "IncompleteBody", "You did not provide the number of bytes specified by the Content-Length HTTP header")
	}
	if strings.HasPrefix(r.Header.Get("X-Amz-Content-Sha256"), "STREAMING-") {
		if raw, err = unchunk(raw, r.Header); err != nil {
			return nil, fault(http.StatusBadRequest, "IncompleteBody", "The chunked body does not decode: %v", err)
		}
		trimEncoding(r.Header)
	}
	return raw, verify(raw, r.Header)
}

// unchunk decodes aws-chunked framing; trailers become headers.
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
func unchunk(raw []byte, h http.Header) ([]byte, error) {
	in := bufio.NewReader(bytes.NewReader(raw))
	var out bytes.Buffer
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return nil, io.ErrUnexpectedEOF
		}
		size, _, _ := strings.Cut(strings.TrimSpace(line), ";")
		n, err := strconv.ParseInt(size, 16, 64)
		if err != nil {
			return nil, err
		}
		if n == 0 {
			break
		}
		if _, err := io.CopyN(&out, in, n); err != nil {
			return nil, io.ErrUnexpectedEOF
		}
		if _, err := in.Discard(len("\r\n")); err != nil {
			return nil, io.ErrUnexpectedEOF
		}
	}
	trailer, err := textproto.NewReader(in).ReadMIMEHeader()
	if err != nil && err != io.EOF {
		return nil, err
	}
	for name, values := range trailer {
		h[name] = values
	}
	return out.Bytes(), nil
}

// trimEncoding drops aws-chunked from the Content-Encoding: it is about the request, not about the object.
func trimEncoding(h http.Header) {
	var left []string
	for _, e := range strings.Split(h.Get("Content-Encoding"), ",") {
		if e = strings.TrimSpace(e); e != "" && e != "aws-chunked" {
			left = append(left, e)
		}
	}
	h.Del("Content-Encoding")
	if len(left) > 0 {
		h.Set("Content-Encoding", strings.Join(left, ","))
	}
}

// checksums are the algorithms that are verified, by header.
func checksums() map[string]func() hash.Hash {
	return map[string]func() hash.Hash{
		"X-Amz-Checksum-Crc32":     func() hash.Hash { return crc32.NewIEEE() },
		"X-Amz-Checksum-Crc32c":    func() hash.Hash { return crc32.New(crc32.MakeTable(crc32.Castagnoli)) },
		"X-Amz-Checksum-Crc64nvme": func() hash.Hash { return crc64.New(crc64.MakeTable(0x9a6c9329ac4bc9b5)) },
		"X-Amz-Checksum-Sha1":      sha1.New,
		"X-Amz-Checksum-Sha256":    sha256.New,
	}
}

func verify(body []byte, h http.Header) *s3Error {
	if want := h.Get("Content-Md5"); want != "" && want != sumOf(md5.New(), body) {
		return fault(http.StatusBadRequest, "BadDigest", "The Content-MD5 you specified did not match what we received.")
	}
	for name, algorithm := range checksums() {
		if want := h.Get(name); want != "" && want != sumOf(algorithm(), body) {
			return fault(http.StatusBadRequest, "BadDigest", "The %s you specified did not match the calculated checksum.", strings.ToLower(name))
		}
	}
	return nil
}

func sumOf(h hash.Hash, body []byte) string {
	h.Write(body)
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// crc32Of is the checksum that is answered for objects that were put without one.
func crc32Of(body []byte) string {
	return base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(body)))
}
