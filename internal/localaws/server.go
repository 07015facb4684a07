package localaws

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Config describes the account.
type Config struct {
	AccountID string // 12 digits; 123456789012 when empty.
	Region    string // us-east-1 when empty.
	// Network is what the Describe calls of EC2 show. It is read, never written, while the server lives.
	Network Network
	// RedeliverEvery makes every n-th deleted message come back once, as a standard queue may; 0 never does.
	RedeliverEvery int
	// MaxInFlight is how many messages of a queue may be received and not yet deleted; 120,000 when 0, as SQS has it.
	MaxInFlight int
	// Intercept may answer a request itself, to stand for a fault; it says whether it did.
	Intercept func(w http.ResponseWriter, r *http.Request) bool
}

// Server holds the account's buckets, queues and flow logs, in memory. It may be used by any number of requests at once.
type Server struct {
	cfg Config

	mu       sync.Mutex
	buckets  map[string]*bucket
	queues   map[string]*queue
	deleted  map[string]time.Time // When queues were deleted, by name.
	flowLogs []*flowLog
	created  map[string]*creation // Answers to CreateFlowLogs, by client token.
	deletes  int
	serial   uint64
}

// New returns an empty account.
func New(cfg Config) *Server {
	if cfg.AccountID == "" {
		cfg.AccountID = "123456789012"
	}
	if cfg.Region == "" {
		cfg.Region = "us-east-1"
	}
	if cfg.MaxInFlight == 0 {
		cfg.MaxInFlight = 120_000
	}
	return &Server{
		cfg: cfg, buckets: map[string]*bucket{}, queues: map[string]*queue{}, deleted: map[string]time.Time{}, created: map[string]*creation{},
	}
}

// ServeHTTP tells the service from the request: SQS names its operation in a header, EC2 and STS post a form, the rest is S3.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.cfg.Intercept != nil && s.cfg.Intercept(w, r) {
		return
	}
	w.Header().Set("x-amz-request-id", randomID(8))
	switch target := r.Header.Get("X-Amz-Target"); {
	case strings.HasPrefix(target, "AmazonSQS."):
		s.serveSQS(w, r, strings.TrimPrefix(target, "AmazonSQS."))
	case r.Method == http.MethodPost && strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded"):
		s.serveQuery(w, r)
	default:
		s.serveS3(w, r)
	}
}

// Serve answers on l until ctx ends, then closes what is open: long polls would otherwise hold it for 20 seconds.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	server := &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second, BaseContext: func(net.Listener) context.Context { return ctx }}
	stop := context.AfterFunc(ctx, func() { server.Close() })
	defer stop()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func randomID(bytes int) string {
	b := make([]byte, bytes)
	rand.Read(b) // Never fails, see crypto/rand.
	return hex.EncodeToString(b)
}

// next is a number that only grows. The caller holds the lock.
func (s *Server) next() uint64 {
	s.serial++
	return s.serial
}
