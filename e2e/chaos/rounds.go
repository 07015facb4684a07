package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// round is one run of the harness: a build, what is done to it, and whether it must be caught.
type round struct {
	options
	name   string
	tag    string // Build tag of the binary; empty is what ships.
	kills  int
	latest time.Duration // When a kill comes at the latest, after the first message was given out.
	aimed  float64       // Share of kills that come later, right after an object was fetched, when its commit is under way.
	disk   bool          // The state is on a small disk that fills up.
	broken bool          // The order is wrong on purpose, and the harness must say so.
	points []point       // Failpoints to go through, instead of kills at random.
}

// Names of rounds.
const (
	roundKill       = "kill"
	roundPublish    = "publish before commit"
	roundDelete     = "delete before commit"
	roundRedrive    = "redrive 8"
	roundFaults     = "faults"
	roundDisk       = "full disk"
	roundFailpoints = "failpoints"
)

func roundNames() []string {
	return []string{roundKill, roundPublish, roundDelete, roundRedrive, roundFaults, roundDisk, roundFailpoints}
}

const (
	// brokenKills is within how many kills a broken order must be found.
	brokenKills = 50
	// redriveReceives is what a queue might really have.
	redriveReceives = 8
	// redriveKills take longer than so many visibility timeouts, so that messages run out of receives.
	redriveKills = 150
	// faultShare is how many calls fail in the round about that.
	faultShare = 0.2
	// killLatest leaves time to finish what was received; killSoon does not, so that messages are received again and again.
	killLatest = 80 * time.Millisecond
	killSoon   = 12 * time.Millisecond
	// aimedShare leaves some kills to chance.
	aimedShare = 0.7
)

// make returns a round by name.
func (o options) make(name string) (round, error) {
	r := round{options: o, name: name, kills: o.cycles, latest: killLatest, aimed: aimedShare}
	switch name {
	case roundKill:
	case roundPublish:
		r.tag, r.kills, r.broken = "broken_publish", brokenKills, true
	case roundDelete:
		r.tag, r.kills, r.broken = "broken_delete", brokenKills, true
	case roundRedrive:
		r.redrive, r.latest, r.aimed, r.kills = redriveReceives, killSoon, 0, redriveKills
	case roundFaults:
		r.fail, r.shuffle, r.kills = max(faultShare, o.fail), true, min(o.cycles, 50)
	case roundDisk:
		r.disk, r.kills = true, min(o.cycles, 50)
	case roundFailpoints:
		var err error
		if r.points, err = choosePoints(o.points); err != nil {
			return r, err
		}
		r.tag, r.kills = "failpoints", 0
	default:
		return r, fmt.Errorf("there is no round %q; choose among %s", name, strings.Join(roundNames(), ", "))
	}
	return r, nil
}

// chosen are the rounds of the command line, in the order of the report.
func (o options) chosen() ([]round, error) {
	var all []round
	for name := range strings.SplitSeq(o.rounds, ",") {
		r, err := o.make(strings.TrimSpace(name))
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	order := roundNames()
	slices.SortStableFunc(all, func(a, b round) int { return slices.Index(order, a.name) - slices.Index(order, b.name) })
	return all, nil
}

// bearsExits says whether flowd may end by itself: it does when the endpoint or the disk fail, or when a failpoint makes a commit uncertain.
func (r *round) bearsExits() bool { return r.fail > 0 || r.disk || len(r.points) > 0 }
