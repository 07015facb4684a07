package main

import (
	"fmt"
	"slices"
	"strings"
)

// point is a failpoint and what happens there.
type point struct {
	name string
	mode string // crash or error.
}

const (
	modeCrash = "crash"
	modeError = "error"
)

// Failpoints. Those about deleting are at the endpoint: before a delete took effect, and after it did, without a reply. The others are in
// internal/ledger, behind the build tag.
const (
	pointBeforeDelete = "before-delete"
	pointAfterDelete  = "after-delete"
	// pointAfterPublish only crashes: nothing could fail between publishing and the answer.
	pointAfterPublish = "after-publish"
)

// failpointVariable tells a build with failpoints which one is armed: NAME=MODE.
const failpointVariable = "FLOWD_FAILPOINT"

func pointNames() []string {
	return []string{"before-transaction", "after-identities", "after-sync", "before-publish", pointAfterPublish, pointBeforeDelete, pointAfterDelete}
}

// modes are those of a failpoint.
func modes(name string) []string {
	if name == pointAfterPublish {
		return []string{modeCrash}
	}
	return []string{modeCrash, modeError}
}

func (p point) String() string { return p.name + ":" + p.mode }

// atEndpoint says whether the endpoint makes it happen; flowd itself does otherwise.
func (p point) atEndpoint() bool { return p.name == pointBeforeDelete || p.name == pointAfterDelete }

// choosePoints reads a list of NAME or NAME:MODE. A name alone stands for every mode that it has.
func choosePoints(list string) ([]point, error) {
	var all []point
	for text := range strings.SplitSeq(list, ",") {
		name, mode, one := strings.Cut(strings.TrimSpace(text), ":")
		if !slices.Contains(pointNames(), name) || one && !slices.Contains(modes(name), mode) {
			return nil, fmt.Errorf("there is no failpoint %q; choose among %s", text, strings.Join(pointNames(), ", "))
		}
		for _, m := range modes(name) {
			if !one || m == mode {
				all = append(all, point{name, m})
			}
		}
	}
	return all, nil
}
