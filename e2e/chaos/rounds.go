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
	name  string
	tag   string // Build tag of the binary; empty is what ships.
	kills int
	// earliest and latest bound the instant of a kill, after the first message was given out.
	earliest, latest time.Duration
	aimed            float64 // Share of kills that come later, right after an object was fetched, when its commit is under way.
	disk             bool    // The state is on a small disk that fills up.
	broken           bool    // The order is wrong on purpose, and the harness must say so.
	points           []point // Failpoints to go through, instead of kills at random.
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
	// Kills come from killEarliest to killLatest. Before that, flowd can hardly finish what it received, and messages are received again and again.
	killEarliest = 5 * time.Millisecond
	killLatest   = 80 * time.Millisecond
	// aimedShare leaves some kills to chance.
	aimedShare = 0.7
)

// make returns a round by name.
func (o options) make(name string) (round, error) {
	r := round{options: o, name: name, kills: o.cycles, earliest: killEarliest, latest: killLatest, aimed: aimedShare}
	switch name {
	case roundKill:
	case roundPublish:
		r.tag, r.kills, r.broken = "broken_publish", brokenKills, true
	case roundDelete:
		r.tag, r.kills, r.broken = "broken_delete", brokenKills, true
	case roundRedrive:
		r.redrive, r.kills = redriveReceives, redriveKills
		r.earliest, r.latest, r.aimed = 0, killEarliest, 0
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
