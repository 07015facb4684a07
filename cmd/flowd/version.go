package main

import (
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/prometheus/common/version"
	"go.uber.org/zap"
)

// output is how a command shows its result.
type output struct {
	Output string `default:"table" enum:"table,json" help:"Form of the result: ${enum}."`
}

func (o output) json() bool { return o.Output == "json" }

// writeJSON writes one value and a newline.
func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("writing the result: %w", err)
	}
	return nil
}

// versionCommand shows what was built.
type versionCommand struct{ output }

// build is what `flowd version` shows.
type build struct {
	Version   string `json:"version"`
	Revision  string `json:"revision"`
	BuildDate string `json:"build_date,omitempty"`
	GoVersion string `json:"go_version"`
	Platform  string `json:"platform"`
}

func thisBuild() build {
	return build{
		Version: versionNumber(), Revision: version.GetRevision(), BuildDate: version.BuildDate,
		GoVersion: version.GoVersion, Platform: runtime.GOOS + "/" + runtime.GOARCH,
	}
}

// versionNumber is what the linker was told, or what Go itself knows of the module.
func versionNumber() string {
	if version.Version != "" {
		return version.Version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

func versionText() string {
	b := thisBuild()
	return fmt.Sprintf("flowd %s (revision %s, %s, %s)", b.Version, b.Revision, b.GoVersion, b.Platform)
}

func versionFields() []zap.Field {
	b := thisBuild()
	return []zap.Field{zap.String("version", b.Version), zap.String("revision", b.Revision), zap.String("go_version", b.GoVersion)}
}

// Run prints the version.
func (c *versionCommand) Run(to streams) error {
	if c.json() {
		return writeJSON(to.out, thisBuild())
	}
	_, err := fmt.Fprintln(to.out, versionText())
	return err
}
