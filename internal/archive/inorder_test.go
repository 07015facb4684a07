package archive

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// numbered are n files without content.
func numbered(n int) iter.Seq2[File, error] {
	return func(yield func(File, error) bool) {
		for i := range n {
			if !yield(File{Name: fmt.Sprint(i), Size: int64(i)}, nil) {
				return
			}
		}
	}
}

func TestResultsComeInOrder(t *testing.T) {
	for _, workers := range []int{1, 2, 7} {
		synctest.Test(t, func(t *testing.T) {
			const files = 50
			var got []int64
			err := InOrder(t.Context(), workers, numbered(files), func() Visit {
				return func(ctx context.Context, turn *Turn) error {
					time.Sleep(time.Duration(turn.File.Size*7%11) * time.Second) // Done in an order of its own.
					if err := turn.Wait(ctx); err != nil {
						return err
					}
					got = append(got, turn.File.Size) // Without a lock: the race detector watches.
					return nil
				}
			})
			if err != nil || len(got) != files || !slices.IsSorted(got) {
				t.Errorf("%d workers: got %v, %v, want 0 to %d in order", workers, got, err, files-1)
			}
		})
	}
}

// TestWorkersWorkSideBySide measures in virtual time.
func TestWorkersWorkSideBySide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		err := InOrder(t.Context(), 4, numbered(100), func() Visit {
			return func(context.Context, *Turn) error { time.Sleep(time.Second); return nil }
		})
		if took := time.Since(begin); err != nil || took != 25*time.Second {
			t.Errorf("got %v, %v, want a quarter of the time that one needs", took, err)
		}
	})
}

func TestVisitsBelongToOneWorker(t *testing.T) {
	var made atomic.Int32
	err := InOrder(t.Context(), 3, numbered(200), func() Visit {
		made.Add(1)
		own := 0 // Without a lock: the race detector watches.
		return func(context.Context, *Turn) error { own++; return nil }
	})
	if err != nil || made.Load() != 3 {
		t.Errorf("got %d visits made, %v, want one for each of 3 workers", made.Load(), err)
	}
}

func TestErrorsOfTheListingHaveTheirTurn(t *testing.T) {
	want := errors.New("cannot be listed")
	files := func(yield func(File, error) bool) {
		_ = yield(File{Name: "a"}, nil) && yield(File{Name: "b"}, want) && yield(File{Name: "c"}, nil)
	}
	var got []string
	err := InOrder(t.Context(), 2, files, func() Visit {
		return func(ctx context.Context, turn *Turn) error {
			if err := turn.Wait(ctx); err != nil {
				return err
			}
			got = append(got, fmt.Sprint(turn.File.Name, turn.Err))
			return nil
		}
	})
	if !slices.Equal(got, []string{"a<nil>", "b" + want.Error(), "c<nil>"}) || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

// TestNothingComesAfterAnError: what a file that ended the work would have been followed by must not be shared. It is a race, so it is run often.
func TestNothingComesAfterAnError(t *testing.T) {
	enough := errors.New("enough")
	for range 500 {
		var got []int64
		err := InOrder(t.Context(), 4, numbered(20), func() Visit {
			return func(ctx context.Context, turn *Turn) error {
				if err := turn.Wait(ctx); err != nil {
					return err
				}
				got = append(got, turn.File.Size)
				if turn.File.Size == 5 {
					return enough
				}
				return nil
			}
		})
		if !errors.Is(err, enough) || len(got) != 6 {
			t.Fatalf("got %d files and %v, want 6 and that error", len(got), err)
		}
	}
}

// TestVisitThatDoesNotWaitKeepsItsPlace: nobody overtakes by way of a file that had nothing to share.
func TestVisitThatDoesNotWaitKeepsItsPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		firstDone := false
		err := InOrder(t.Context(), 3, numbered(3), func() Visit {
			return func(ctx context.Context, turn *Turn) error {
				switch turn.File.Size {
				case 0:
					time.Sleep(time.Minute)
					firstDone = true
				case 2:
					if err := turn.Wait(ctx); err != nil || !firstDone {
						return fmt.Errorf("the third file had its turn before the first one was done: %w", err)
					}
				}
				return nil
			}
		})
		if err != nil {
			t.Error(err)
		}
	})
}

func TestInOrderStopsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(10*time.Second, cancel)
		visited := 0
		err := InOrder(ctx, 1, numbered(1000), func() Visit {
			return func(ctx context.Context, _ *Turn) error {
				visited++
				select {
				case <-time.After(3 * time.Second):
				case <-ctx.Done():
				}
				return nil
			}
		})
		if !errors.Is(err, context.Canceled) || visited != 4 {
			t.Errorf("got %v after %d files, want Canceled after 4", err, visited)
		}
	})
}

// TestSpareCores has as many files as cores at the most, or one more; and fewer workers than cores.
func TestSpareCores(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(3))
	for _, c := range []struct {
		workers, files int
		want           bool
	}{{4, 1, true}, {4, 2, true}, {4, 3, false}, {4, 7, false}, {2, 7, true}, {1, 7, true}, {3, 7, false}} {
		for stop := 1; stop <= c.files; stop++ {
			listed := func(yield func(File, error) bool) {
				for i := range c.files {
					if !yield(File{Size: int64(i)}, nil) {
						return
					}
				}
			}
			n := 0
			for file, err := range spareCores(c.workers, listed) {
				if file.spare != c.want || err != nil || file.Size != int64(n) {
					t.Errorf("%d workers, %d files: file %d got %+v, %v; want %v", c.workers, c.files, n, file, err, c.want)
				}
				if n++; n == stop {
					break
				}
			}
			if n != stop {
				t.Errorf("%d workers, %d files: got %d, want %d", c.workers, c.files, n, stop)
			}
		}
	}
}
