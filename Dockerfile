# syntax=docker/dockerfile:1

# The build runs on the platform of the builder and compiles for that of the image: no emulation is needed for other architectures.
#   docker buildx build --platform linux/amd64,linux/arm64 --build-arg VERSION=… --build-arg REVISION=… --tag … --push .
FROM --platform=$BUILDPLATFORM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY cmd cmd
COPY internal internal
COPY pkg pkg
ARG TARGETOS
ARG TARGETARCH
ARG VERSION=
ARG REVISION=
ARG BUILD_DATE=
ENV GOCACHE=/var/cache/go-build
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/var/cache/go-build \
    info=github.com/prometheus/common/version && \
    CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath \
      -ldflags "-s -w -X $info.Version=$VERSION -X $info.Revision=$REVISION -X $info.BuildDate=$BUILD_DATE" \
      -o /out/flowd ./cmd/flowd && \
    mkdir /out/state

# Certificates, time zones and a user without rights; no shell, no package manager.
FROM gcr.io/distroless/static-debian13:nonroot
COPY --from=build /out/flowd /flowd
# A volume begins as a copy of this directory, and so belongs to the user that writes the ledger.
COPY --from=build --chown=65532:65532 --chmod=0700 /out/state /var/lib/flowd
ENV FLOWD_STATE_DIR=/var/lib/flowd
USER 65532:65532
VOLUME ["/var/lib/flowd"]
EXPOSE 10420
# It asks the address that FLOWD_WEB_LISTEN_ADDRESS names, if any: a flag of the service is not seen here.
HEALTHCHECK --interval=30s --timeout=6s --start-period=30s --retries=3 CMD ["/flowd", "healthcheck"]
ENTRYPOINT ["/flowd"]
