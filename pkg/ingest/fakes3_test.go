package ingest

import (
	"bytes"
	"cmp"
	"context"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

const (
	bucket = "flow-logs"
	owner  = "111122223333"
)

// fakeS3 is one bucket, with versions, and with objects that come as badly as the test wants.
type fakeS3 struct {
	// fails is asked before every get, with the number of gets so far; an error is the answer.
	fails func(ctx context.Context, n int) error
	// ignoresMatch makes it an endpoint that does not know If-Match.
	ignoresMatch bool

	mu       sync.Mutex
	objects  map[string][]*fakeObject // By key, oldest version first.
	requests []*s3.GetObjectInput
	open     int // Bodies that were not closed.
}

// fakeObject is one version of an object. The zero faults deliver it whole.
type fakeObject struct {
	content  []byte
	etag     string // Unquoted.
	version  string
	modified time.Time

	pause    time.Duration // Before every chunk.
	chunk    int           // Bytes that come together; 0 gives all there is room for.
	stallAt  int           // From here on no byte comes; 0 never stalls.
	cutAt    int           // The connection breaks here; 0 never does.
	cutBy    error         // How it breaks; nil is an end that was not expected.
	cuts     int           // How often it does, before it does no more; 0 is always.
	claims   int64         // The length that the answer claims; 0 tells the truth.
	endAt    int           // The body ends here as if that were all; 0 never does.
	noLength bool          // The answer does not say how long it is.
	noETag   bool
}

func newFakeS3() *fakeS3 {
	return &fakeS3{objects: map[string][]*fakeObject{}, fails: func(context.Context, int) error { return nil }}
}

func (s *fakeS3) put(key string, content []byte) *fakeObject {
	s.mu.Lock()
	defer s.mu.Unlock()
	sum := md5.Sum(content)
	o := &fakeObject{content: content, etag: hex.EncodeToString(sum[:]), version: "v" + strconv.Itoa(len(s.objects[key])+1), modified: time.Now()}
	s.objects[key] = append(s.objects[key], o)
	return o
}

func (s *fakeS3) remove(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.objects, key)
}

// asked is the key of the nth get.
func (s *fakeS3) asked(n int) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return *s.requests[n-1].Key
}

func (s *fakeS3) gets() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.requests)
}

func (s *fakeS3) GetObject(ctx context.Context, in *s3.GetObjectInput, _ ...func(*s3.Options)) (*s3.GetObjectOutput, error) {
	s.mu.Lock()
	s.requests = append(s.requests, in)
	n := len(s.requests)
	s.mu.Unlock()
	if err := s.fails(ctx, n); err != nil {
		return nil, err
	}
	o, err := s.find(in)
	if err != nil {
		return nil, err
	}
	return s.answer(ctx, o), nil
}

func (s *fakeS3) answer(ctx context.Context, o *fakeObject) *s3.GetObjectOutput {
	s.mu.Lock()
	s.open++
	s.mu.Unlock()
	out := &s3.GetObjectOutput{Body: &fakeBody{ctx: ctx, store: s, object: o, left: bytes.NewReader(o.content)}, LastModified: &o.modified}
	if !o.noETag {
		out.ETag = aws.String(`"` + o.etag + `"`)
	}
	if !o.noLength {
		out.ContentLength = aws.Int64(max(o.claims, int64(len(o.content))))
	}
	return out
}

func (s *fakeS3) find(in *s3.GetObjectInput) (*fakeObject, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if in.ExpectedBucketOwner != nil && *in.ExpectedBucketOwner != owner || *in.Bucket != bucket {
		return nil, apiError("AccessDenied")
	}
	versions := s.objects[*in.Key]
	if in.VersionId != nil {
		versions = slices.DeleteFunc(slices.Clone(versions), func(o *fakeObject) bool { return o.version != *in.VersionId })
	}
	if len(versions) == 0 {
		return nil, &types.NoSuchKey{}
	}
	o := versions[len(versions)-1]
	if in.IfMatch != nil && !s.ignoresMatch && *in.IfMatch != `"`+o.etag+`"` {
		return nil, apiError("PreconditionFailed")
	}
	return o, nil
}

// cut breaks the connection, this time.
func (o *fakeObject) cut() error {
	if o.cuts--; o.cuts == 0 {
		o.cutAt = 0
	}
	return cmp.Or(o.cutBy, io.ErrUnexpectedEOF)
}

// fakeBody ends when its context does, as the body of an HTTP answer.
type fakeBody struct {
	ctx    context.Context
	store  *fakeS3
	object *fakeObject
	left   *bytes.Reader
}

func (b *fakeBody) Read(p []byte) (int, error) {
	o := b.object
	at := len(o.content) - b.left.Len()
	if o.chunk == 0 || at%o.chunk == 0 || b.left.Len() == 0 {
		sleep(b.ctx, o.pause)
	}
	switch {
	case o.stallAt > 0 && at >= o.stallAt:
		<-b.ctx.Done()
	case o.cutAt > 0 && at >= o.cutAt:
		return 0, o.cut()
	case o.endAt > 0 && at >= o.endAt:
		return 0, io.EOF
	}
	if err := b.ctx.Err(); err != nil {
		return 0, fmt.Errorf("reading the answer: %w", err)
	}
	room := len(p)
	if o.chunk > 0 {
		room = min(room, o.chunk-at%o.chunk)
	}
	for _, most := range []int{o.stallAt - at, o.cutAt - at, o.endAt - at} {
		if most > 0 {
			room = min(room, most)
		}
	}
	return b.left.Read(p[:room])
}

func (b *fakeBody) Close() error {
	b.store.mu.Lock()
	defer b.store.mu.Unlock()
	b.store.open--
	return nil
}
