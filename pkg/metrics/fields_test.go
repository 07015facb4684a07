package metrics

import (
	"errors"
	"strings"
	"testing"

	"flowd/pkg/parser"
)

// TestAnalysisFieldsFindTheSameMalformedRecords: whether a record is malformed must not depend on who counts it.
func TestAnalysisFieldsFindTheSameMalformedRecords(t *testing.T) {
	bad := 0
	for _, f := range parser.Fields() {
		text := []byte(f.String() + "\n" + strings.Repeat("x", 30) + "\n")
		all, analysis := reasonOf(t, text, Fields()), reasonOf(t, text, AnalysisFields())
		if !errors.Is(analysis, all) {
			t.Errorf("%s: an analysis says %v, counting says %v", f, analysis, all)
		}
		if all != nil {
			bad++
		}
	}
	if bad == 0 {
		t.Fatal("no field had a bad value")
	}
}

func reasonOf(t *testing.T, text []byte, fields parser.FieldSet) error {
	t.Helper()
	s := parser.NewScanner(nil, parser.ScannerConfig{Fields: fields})
	s.ResetBytes(text)
	if !s.Next() {
		t.Fatalf("%q has no record: %v", text, s.Err())
	}
	_, err := s.Record()
	return err
}
