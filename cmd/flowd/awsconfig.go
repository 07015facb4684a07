package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"go.uber.org/zap"
)

// awsSettings are the flags of every command that calls AWS. Environment variables, profiles and roles work as in every SDK program.
type awsSettings struct {
	Region      string `placeholder:"REGION" help:"Region of bucket and queue; the SDK's own settings when empty."`
	EndpointURL string `placeholder:"URL" help:"Other endpoint for every service, such as an emulator."`
}

func (a *awsSettings) validate() error {
	if a.EndpointURL == "" {
		return nil
	}
	return checkURL("aws.endpoint-url", a.EndpointURL)
}

// loadAWS reads the SDK's configuration. It makes no call unless the SDK has to ask the instance for its region.
func loadAWS(ctx context.Context, a awsSettings, log *zap.Logger) (aws.Config, error) {
	options := []func(*config.LoadOptions) error{
		config.WithAppID("flowd"),
		config.WithLogger(sdkLog{log.Named("aws")}),
		config.WithHTTPClient(newAWSClient()),
	}
	if a.Region != "" {
		options = append(options, config.WithRegion(a.Region))
	}
	if a.EndpointURL != "" {
		options = append(options, config.WithBaseEndpoint(a.EndpointURL))
	}
	cfg, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return aws.Config{}, fmt.Errorf("loading the AWS configuration: %w", err)
	}
	if client, ok := cfg.HTTPClient.(*awshttp.BuildableClient); ok { // With AWS_CA_BUNDLE in it by now.
		cfg.HTTPClient = withoutRedirects(client)
	}
	if cfg.Region == "" {
		return aws.Config{}, usageError{errors.New("--aws.region is missing: set it, or AWS_REGION, or a profile that has one")}
	}
	if cfg.BaseEndpoint != nil {
		log.Info("using another AWS endpoint", zap.String("endpoint_url", redacted(*cfg.BaseEndpoint)))
	}
	return cfg, nil
}

// onLoopback says whether an endpoint is on this host: bucket names in front of its name would not resolve.
func onLoopback(endpoint *string) bool {
	if endpoint == nil {
		return false
	}
	u, err := url.Parse(*endpoint)
	return err == nil && (u.Hostname() == "localhost" || net.ParseIP(u.Hostname()).IsLoopback())
}

// withoutUserInfo hides whatever may be a user name and a password in a text that should be a URL, and need not be one.
func withoutUserInfo(text string) string {
	end := strings.LastIndex(text, "@")
	if end < 0 {
		return text
	}
	if scheme, _, ok := strings.Cut(text[:end], "://"); ok {
		return scheme + "://xxxxx" + text[end:]
	}
	return "xxxxx" + text[end:]
}

// redacted hides a password in a URL.
func redacted(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return "an unreadable URL"
	}
	return u.Redacted()
}
