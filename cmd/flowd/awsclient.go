package main

import (
	"net"
	"net/http"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// Time limits of a connection to AWS. None of them is the SDK's: a NAT gateway forgets a connection that is idle for 350 seconds without telling
// anybody, and what is sent on it then is lost without a sign.
// Source: https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-troubleshooting.html
const (
	dialTimeout = 10 * time.Second
	tlsTimeout  = 10 * time.Second
	// headerTimeout is more than the 20 seconds that a long poll takes, and less than the 35 after which the ingest gives one up.
	headerTimeout = 30 * time.Second
	// idleTimeout closes a connection before anybody forgets it.
	idleTimeout = 30 * time.Second
	// keepAlive finds out within a minute and a half that nobody is there any more.
	keepAlive = 15 * time.Second
)

// idleConnections is how many connections to one host stay open: every worker has one to S3 and one to SQS, and the SDK's 10 would close and
// open them all the time.
const idleConnections = 64

// newAWSClient opens connections that end. It is the SDK's own client, which knows AWS_CA_BUNDLE and proxies.
func newAWSClient() *awshttp.BuildableClient {
	connections := &connections{most: shareOfDescriptors(maxDescriptors())}
	return awshttp.NewBuildableClient().
		WithDialerOptions(func(d *net.Dialer) { d.Timeout, d.KeepAlive = dialTimeout, keepAlive }).
		WithTransportOptions(func(t *http.Transport) {
			connections.dial, t.DialContext = t.DialContext, connections.DialContext
			t.MaxIdleConnsPerHost, t.IdleConnTimeout = idleConnections, idleTimeout
			t.TLSHandshakeTimeout, t.ResponseHeaderTimeout = tlsTimeout, headerTimeout
		})
}

// withoutRedirects hands a redirect to whoever asked, as the answer that it is. The SDK's own client follows the redirects that keep a method (307 and 308), to
// any host, with what the request has in it.
func withoutRedirects(client *awshttp.BuildableClient) *http.Client {
	return &http.Client{
		Transport: client.GetTransport(), Timeout: client.GetTimeout(),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
