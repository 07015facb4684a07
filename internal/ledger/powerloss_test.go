package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// sector is what a disk writes whole.
const sector = 512

// F60 power loss: the file opens as it was before the transaction or after it, objects and counters together, whichever of the unsynced sectors the disk
// had written and whichever not; a file that was not whole yet when it was created is created again.
//
// bbolt writes the pages of a transaction, syncs, writes one of the two meta pages, and syncs. So there are two ways to lose power in a transaction, and
// each is tried: with any part of the pages, and no meta page, and with all pages, and the meta page torn at any byte.
func TestF60_PowerLoss(t *testing.T) {
	const seed, transactions, subsets = 60, 30, 12
	rng := rand.New(rand.NewPCG(seed, seed))
	p := &powerLoss{t: t, seed: seed, dir: t.TempDir(), opened: map[string]int{}}
	l := open(t, p.dir)
	if l.db.NoSync || l.db.NoGrowSync {
		t.Fatal("the ledger does not sync")
	}
	for n := range transactions {
		before := p.image(l)
		p.commit(l, rng, n)
		after := p.image(l)
		p.wantOneTransaction(before, after)
		for range subsets {
			p.wants(before.with(after, rng), "before", before.state)
		}
		synced := before.with(after, nil)
		p.wants(synced, "before", before.state)
		for _, torn := range []int{0, 1, 8, 16, 40, 60, 72, 79, 80, sector, 4096} {
			p.wants(synced.tornMeta(after, torn), "either", before.state, after.state)
		}
		p.wants(after, "after", after.state)
	}
	closed(t, l)
	p.creation()
	t.Logf("%d images: %v", p.images, p.opened)
	if p.images < 500 || p.opened["before"] < 400 || p.opened["after"] < 100 || p.opened["created"] < 50 {
		t.Errorf("%d images were looked at, %v: too little", p.images, p.opened)
	}
	if p.opened["damaged"] > 0 {
		t.Errorf("%d images were taken for damaged; power loss is no damage", p.opened["damaged"])
	}
}

// powerLoss is the test, and what it has looked at.
type powerLoss struct {
	t      *testing.T
	seed   uint64
	dir    string
	images int
	opened map[string]int
}

// image is what is on the disk, and what it means.
type image struct {
	content []byte
	state   string
}

func (p *powerLoss) image(l *Ledger) image {
	p.t.Helper()
	content, err := os.ReadFile(l.path)
	if err != nil {
		p.t.Fatal(err)
	}
	return image{content, stateOf(p.t, l)}
}

// stateOf is every row and every counter. Each counter page says which objects it has counted, so that a mix shows.
func stateOf(t *testing.T, l *Ledger) (state string) {
	t.Helper()
	note := func(n uint32, b []byte) error {
		state += fmt.Sprintf("%d=%s ", n, bytes.TrimRight(b, "\x00"))
		return nil
	}
	rows := []string{}
	err := errors.Join(l.Pages(note), l.Series(note), l.Rows(func(r Row) error { rows = append(rows, r.Identity[:8]); return nil }))
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(rows)
	return state + fmt.Sprint(rows)
}

// commit counts some objects, which changes some pages, as ingest does. Now and then it drops a day.
func (p *powerLoss) commit(l *Ledger, rng *rand.Rand, n int) {
	p.t.Helper()
	var objects []Object
	written := now().AddDate(0, 0, 2*n)
	for i := range 1 + rng.IntN(20) {
		objects = append(objects, at(100*n+i, written))
	}
	if _, err := l.Commit(objects, written, func(tx *Tx, fresh []int) error {
		var errs []error
		for page := range uint32(8) {
			if rng.IntN(2) == 0 {
				content := make([]byte, 1024)
				copy(content, fmt.Sprintf("after %d with %d", n, len(fresh)))
				errs = append(errs, tx.PutPage(page, content), tx.PutSeries(page, fmt.Appendf(nil, "series of %d", n)))
			}
		}
		return errors.Join(errs...)
	}); err != nil {
		p.t.Fatal(err)
	}
}

// metaSize is that of the two pages which say where everything else is.
func metaSize() int { return 2 * os.Getpagesize() }

// with is the image with sectors of another: each by chance, or all when there is none. The meta pages stay, and so may the length of the file.
func (b image) with(after image, rng *rand.Rand) image {
	mixed := slices.Clone(b.content)
	if rng == nil || rng.IntN(2) == 0 { // The file grew before the pages were written.
		mixed = append(mixed, make([]byte, max(0, len(after.content)-len(mixed)))...)
	}
	odds := 1.0
	if rng != nil {
		odds = rng.Float64()
	}
	for from := metaSize(); from < min(len(after.content), len(mixed)); from += sector {
		if rng == nil || rng.Float64() < odds {
			copy(mixed[from:from+sector], after.content[from:])
		}
	}
	return image{content: mixed}
}

// wantOneTransaction wants that one meta page was written, and not the other: the objects and the counters became durable at one instant.
func (p *powerLoss) wantOneTransaction(before, after image) {
	p.t.Helper()
	changed, size := 0, metaSize()/2
	for page := range 2 {
		if !bytes.Equal(before.content[page*size:(page+1)*size], after.content[page*size:(page+1)*size]) {
			changed++
		}
	}
	if changed != 1 {
		p.t.Fatalf("a commit wrote %d meta pages, want 1", changed)
	}
}

// tornMeta is the image with so many bytes of each meta page of another.
func (b image) tornMeta(after image, n int) image {
	mixed := slices.Clone(b.content)
	for _, page := range []int{0, metaSize() / 2} {
		copy(mixed[page:page+n], after.content[page:])
	}
	return image{content: mixed}
}

// wants an image to open as one of the states, and to be able to go on from there.
func (p *powerLoss) wants(i image, name string, states ...string) {
	p.t.Helper()
	p.images++
	dir := filepath.Join(p.dir, "image")
	if err := errors.Join(os.RemoveAll(dir), os.Mkdir(dir, 0o700), os.WriteFile(filepath.Join(dir, fileName), i.content, 0o600)); err != nil {
		p.t.Fatal(err)
	}
	l, err := Open(Config{Dir: dir})
	if errors.Is(err, ErrDamaged) {
		p.opened["damaged"]++
		return
	}
	if err != nil {
		p.t.Fatalf("seed %d, image %d: %v", p.seed, p.images, err)
	}
	defer closed(p.t, l)
	got := stateOf(p.t, l)
	switch at := slices.Index(states, got); {
	case at < 0:
		p.t.Fatalf("seed %d, image %d (%s): it opens as %q, want one of %q", p.seed, p.images, name, got, states)
	case at == 0 && name != "after":
		p.opened["before"]++
	default:
		p.opened["after"]++
	}
	p.goesOn(l)
}

// goesOn commits once more, and lets bbolt look at every page.
func (p *powerLoss) goesOn(l *Ledger) {
	p.t.Helper()
	if _, err := l.Commit([]Object{at(-1, now().Add(aYear))}, now(), nothing); err != nil {
		p.t.Fatalf("seed %d, image %d: going on: %v", p.seed, p.images, err)
	}
	if r := l.Check(); len(r.Problems) > 0 {
		p.t.Fatalf("seed %d, image %d: going on: %v", p.seed, p.images, r.Problems)
	}
}

// creation loses power while a ledger is created: any part of it is under the name that it has until it is whole.
func (p *powerLoss) creation() {
	p.t.Helper()
	whole := open(p.t, p.t.TempDir())
	closed(p.t, whole)
	content, err := os.ReadFile(whole.path)
	if err != nil {
		p.t.Fatal(err)
	}
	for from := 0; from <= len(content); from += sector {
		for _, part := range [][]byte{content[:from], append(make([]byte, from), content[from:]...)} {
			p.images++
			dir := p.t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, newName), part, 0o600); err != nil {
				p.t.Fatal(err)
			}
			l := open(p.t, dir)
			if got, err := os.ReadDir(dir); err != nil || len(got) != 1 || stateOf(p.t, l) != "[]" {
				p.t.Fatalf("%d bytes of a new ledger: got %v, %v, want an empty one and nothing else", from, got, err)
			}
			p.goesOn(l)
			closed(p.t, l)
			p.opened["created"]++
		}
	}
}
