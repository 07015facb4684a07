package main

import (
	"fmt"
	"io"
	"iter"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"flowd/internal/archive"
)

// progress is a line on a terminal that says how far the reading of files is. Elsewhere it is silent.
type progress struct {
	read, total atomic.Int64 // Bytes as stored. The total is 0 until it is known.
	quit        chan struct{}
	group       sync.WaitGroup
}

const progressInterval = 200 * time.Millisecond

// startProgress shows progress on w until stop is called. It lists the files a second time, for their sizes, beside the work.
func startProgress(w io.Writer, show bool, files iter.Seq2[archive.File, error]) *progress {
	p := &progress{quit: make(chan struct{})}
	if show && os.Getenv("TERM") != "dumb" {
		p.group.Go(func() { p.measure(files) })
		p.group.Go(func() { p.draw(w) })
	}
	return p
}

func (p *progress) add(bytes int) { p.read.Add(int64(bytes)) }

// stop clears the line, and returns when nothing will be written any more.
func (p *progress) stop() {
	close(p.quit)
	p.group.Wait()
}

func (p *progress) measure(files iter.Seq2[archive.File, error]) {
	total := int64(0)
	for file := range files {
		select {
		case <-p.quit:
			return
		default:
			total += file.Size
		}
	}
	p.total.Store(total)
}

// draw uses blanks and no control codes or colours: they work on every terminal.
func (p *progress) draw(w io.Writer) {
	begin, width := time.Now(), 0
	tick := time.NewTicker(progressInterval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			line := progressLine(p.read.Load(), p.total.Load(), time.Since(begin))
			fmt.Fprintf(w, "\r%-*s", width, line)
			width = max(width, len(line))
		case <-p.quit:
			fmt.Fprintf(w, "\r%*s\r", width, "")
			return
		}
	}
}

// progressLine is bar, bytes, rate and time left. What is not known is left out: pipes have no size.
func progressLine(read, total int64, elapsed time.Duration) string {
	rate := float64(read) / elapsed.Seconds()
	speed := byteText(uint64(rate)) + "/s"
	if total <= 0 || read > total {
		return fmt.Sprintf("%s  %s", byteText(uint64(read)), speed)
	}
	const width = 30
	done := int(width * read / total)
	left := "?"
	if read > 0 {
		left = time.Duration(float64(total-read) / rate * float64(time.Second)).Round(time.Second).String()
	}
	return fmt.Sprintf("[%s%s] %d%%  %s of %s  %s  %s left", strings.Repeat("#", done), strings.Repeat(".", width-done), 100*read/total,
		byteText(uint64(read)), byteText(uint64(total)), speed, left)
}
