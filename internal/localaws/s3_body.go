package localaws

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/textproto"
	"strconv"
	"strings"
)

// maxBody bounds a request, in bytes.
const maxBody = 1 << 30

// readBody returns what the client meant to send, after verifying every checksum that came with it. A body that fails one is refused as S3
// refuses it.
func readBody(r *http.Request) ([]byte, *s3Error) {
	body, err := readPayload(r)
	if err != nil {
		return nil, err
	}
	return body, verify(body, r.Header)
}

// readPayload takes the body out of the frame in which the SDK sends it over https: in chunks, with the checksum behind them. Trailers become
// headers.
func readPayload(r *http.Request) ([]byte, *s3Error) {
	raw, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		return nil, fault(http.StatusBadRequest, "IncompleteBody", "You did not provide the number of bytes specified by the Content-Length HTTP header")
	}
	if len(raw) > maxBody {
		return nil, fault(http.StatusBadRequest, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")
	}
	promised := r.Header.Get("X-Amz-Content-Sha256")
	if strings.HasPrefix(promised, "STREAMING-") {
		return unframe(raw, r.Header)
	}
	if sum := sha256.Sum256(raw); len(promised) == 2*len(sum) && promised != hex.EncodeToString(sum[:]) {
		return nil, fault(http.StatusBadRequest, "XAmzContentSHA256Mismatch", "The provided 'x-amz-content-sha256' header does not match what was computed.")
	}
	return raw, nil
}

// unframe decodes a body in aws-chunked framing, and wants the length and the trailer that the headers announce.
func unframe(raw []byte, h http.Header) ([]byte, *s3Error) {
	body, err := unchunk(raw, h)
	if err != nil {
		return nil, fault(http.StatusBadRequest, "IncompleteBody", "The chunked body does not decode: %v", err)
	}
	if length := h.Get("X-Amz-Decoded-Content-Length"); length != "" && length != strconv.Itoa(len(body)) {
		return nil, fault(http.StatusBadRequest, "IncompleteBody", "The decoded body has %d bytes, and x-amz-decoded-content-length says %s", len(body), length)
	}
	if trailer := h.Get("X-Amz-Trailer"); trailer != "" && h.Get(trailer) == "" {
		return nil, fault(http.StatusBadRequest, "MalformedTrailerError", "The request contained trailing data that was not well-formed or did not conform to our published schema.")
	}
	trimEncoding(h)
	return body, nil
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
		size, _, _ := strings.Cut(strings.TrimSpace(line), ";") // A signature may follow.
		n, err := strconv.ParseUint(size, 16, 62)
		if err != nil {
			return nil, err
		}
		if n == 0 {
			break
		}
		if _, err := io.CopyN(&out, in, int64(n)); err != nil {
			return nil, io.ErrUnexpectedEOF
		}
		if end, err := in.ReadString('\n'); err != nil || end != "\r\n" {
			return nil, errors.New("a chunk is longer than it says")
		}
	}
	trailer, err := textproto.NewReader(in).ReadMIMEHeader()
	if err != nil && !errors.Is(err, io.EOF) {
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
	for e := range strings.SplitSeq(h.Get("Content-Encoding"), ",") {
		if e = strings.TrimSpace(e); e != "" && e != "aws-chunked" {
			left = append(left, e)
		}
	}
	h.Del("Content-Encoding")
	if len(left) > 0 {
		h.Set("Content-Encoding", strings.Join(left, ","))
	}
}
