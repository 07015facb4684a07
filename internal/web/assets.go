package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"
)

//go:embed assets
var embedded embed.FS

const (
	pagePattern = "assets/*.html"
	assetRoot   = "assets"
	assetPath   = "/assets/"
)

// asset is a file that pages load.
type asset struct {
	content     []byte
	compressed  func() []byte // With gzip. Made once, when a browser first asks: it takes longer than all else that a server needs to be ready.
	contentType string
	tag         string // Of its content, so that a browser need not load it again.
}

// readAssets finds everything that pages load, by path below assetPath.
func readAssets() (map[string]asset, error) {
	all := map[string]asset{}
	err := fs.WalkDir(embedded, assetRoot, func(name string, d fs.DirEntry, err error) error {
		kind := assetType(name)
		if err != nil || d.IsDir() || kind == "" {
			return err
		}
		content, err := embedded.ReadFile(name)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(content)
		all[strings.TrimPrefix(name, assetRoot+"/")] = asset{
			content, sync.OnceValue(func() []byte { return compressed(content) }), kind, `"` + hex.EncodeToString(sum[:8]) + `"`,
		}
		return nil
	})
	return all, err
}

func compressed(content []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(content) // A bytes.Buffer does not fail.
	_ = w.Close()
	return b.Bytes()
}

// assetType is empty for what is no asset: pages are templates, and licences are for whoever reads the source.
func assetType(name string) string {
	switch path.Ext(name) {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	}
	return ""
}

// asset answers with the file, or with 304 when the browser has it.
func (s *Server) asset(w http.ResponseWriter, r *http.Request) {
	a, ok := s.assets[r.PathValue("name")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", a.contentType)
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("ETag", a.tag)
	w.Header().Set("Vary", "Accept-Encoding")
	content := a.content
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		w.Header().Set("Content-Encoding", "gzip")
		content = a.compressed()
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
}

const openAPIFile = "assets/openapi.yaml"

func (s *Server) openAPI(w http.ResponseWriter, _ *http.Request) {
	content, err := embedded.ReadFile(openAPIFile)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/yaml")
	w.Header().Set("Cache-Control", "no-cache")
	if _, err := w.Write(content); err != nil {
		s.unsent(err)
	}
}
