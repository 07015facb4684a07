package main

import (
	"bytes"
	"iter"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"flowd/internal/archive"
)

func TestProgressLine(t *testing.T) {
	for what, c := range map[string]struct {
		read, total int64
		elapsed     time.Duration
		want        string
	}{
		"nothing was read":                 {0, 1000, time.Second, "[..............................] 0%  0.0 B of 1.0 kB  0.0 B/s  ? left"},
		"a quarter":                        {2_500_000, 10_000_000, 5 * time.Second, "[#######.......................] 25%  2.5 MB of 10.0 MB  500.0 kB/s  15s left"},
		"all":                              {10_000_000, 10_000_000, 10 * time.Second, "[##############################] 100%  10.0 MB of 10.0 MB  1.0 MB/s  0s left"},
		"hours":                            {1_000_000_000, 10_000_000_000, time.Hour, "[###...........................] 10%  1.0 GB of 10.0 GB  277.8 kB/s  9h0m0s left"},
		"the total is not known":           {3_000_000, 0, 2 * time.Second, "3.0 MB  1.5 MB/s"},
		"files that grew, or a pipe":       {3_000_000, 10, 2 * time.Second, "3.0 MB  1.5 MB/s"},
		"nothing was read of nobody knows": {0, 0, time.Second, "0.0 B  0.0 B/s"},
	} {
		if got := progressLine(c.read, c.total, c.elapsed); got != c.want {
			t.Errorf("%s:\n got %q\nwant %q", what, got, c.want)
		}
	}
}

// sized are files of these sizes.
func sized(sizes ...int64) iter.Seq2[archive.File, error] {
	return func(yield func(archive.File, error) bool) {
		for _, size := range sizes {
			if !yield(archive.File{Size: size}, nil) {
				return
			}
		}
	}
}

func TestProgressIsDrawnAndCleared(t *testing.T) {
	t.Setenv("TERM", "xterm")
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		p := startProgress(&out, true, sized(60, 40))
		p.add(50)
		time.Sleep(2*progressInterval + time.Millisecond)
		p.stop()
		frames := strings.Split(out.String(), "\r")
		// The first is before the first \r, the last after the last.
		if len(frames) != 5 || !strings.Contains(frames[1], "50%  50.0 B of 100.0 B  250.0 B/s  0s left") || strings.TrimSpace(frames[3]) != "" || frames[4] != "" {
			t.Fatalf("got %q, want two frames, and then blanks", frames)
		}
		if len(frames[3]) < len(strings.TrimRight(frames[2], " ")) {
			t.Errorf("got %d blanks for a line of %d: something stays on the screen", len(frames[3]), len(frames[2]))
		}
		if strings.ContainsRune(out.String(), '\x1b') {
			t.Errorf("got control codes in %q", out.String())
		}
	})
}

func TestProgressIsForPeople(t *testing.T) {
	for what, c := range map[string]struct {
		show bool
		term string
	}{"not a terminal": {false, "xterm"}, "a terminal that cannot go back in a line": {true, "dumb"}} {
		t.Setenv("TERM", c.term)
		synctest.Test(t, func(t *testing.T) {
			var out bytes.Buffer
			p := startProgress(&out, c.show, sized(100))
			p.add(50)
			time.Sleep(10 * progressInterval)
			p.stop()
			if out.Len() > 0 {
				t.Errorf("%s: got %q, want nothing", what, out.String())
			}
		})
	}
}
