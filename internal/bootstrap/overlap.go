package bootstrap

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// watch is a flow log that delivers to our folder, or that is about to.
type watch struct {
	resource string
	flowLog  string // Empty for one that is wanted and not there yet.
	traffic  string // accept, reject, all.
}

func (w watch) String() string {
	if w.flowLog == "" {
		return "the flow log wanted for " + w.resource
	}
	return fmt.Sprintf("flow log %s of %s", w.flowLog, w.resource)
}

// lookAtOverlaps refuses a new flow log whose records another one delivers too, to the same folder. Where both are there already flowd only says
// so, or a set-up that was forced once could never start again.
func (p *planner) lookAtOverlaps(ctx context.Context, all []types.FlowLog, missing []string) error {
	watches := p.cfg.watches(all, missing)
	if len(watches) < 2 {
		return nil
	}
	inside, err := p.containers(ctx, watches)
	if err != nil {
		return err
	}
	for i, b := range watches {
		for _, a := range watches[:i] {
			if !overlap(a, b, inside) {
				continue
			}
			switch text := fmt.Sprintf("%s and %s watch the same traffic (%s) and deliver to %s, so every record counts twice", a, b, relation(a, b, inside), p.cfg.destination()); {
			case a.flowLog != "" && b.flowLog != "":
				p.warn("%s; delete one of them", text)
			case p.cfg.Force:
				p.warn("%s; forced", text)
			default:
				p.refuse("%s; leave one of them out, delete the one that exists (a flow log cannot be changed), or go on with --bootstrap.force", text)
			}
		}
	}
	return nil
}

func (c Config) watches(all []types.FlowLog, missing []string) []watch {
	var watches []watch
	for _, fl := range all {
		if c.delivers(fl) {
			watches = append(watches, watch{aws.ToString(fl.ResourceId), aws.ToString(fl.FlowLogId), strings.ToLower(string(fl.TrafficType))})
		}
	}
	for _, id := range missing {
		watches = append(watches, watch{resource: id, traffic: c.trafficTypeOf(id)})
	}
	return watches
}

// overlap says that two watches record some packets both. Accepted and rejected traffic are apart.
func overlap(a, b watch, inside map[string][]string) bool {
	apart := a.traffic == "accept" && b.traffic == "reject" || a.traffic == "reject" && b.traffic == "accept"
	return !apart && relation(a, b, inside) != ""
}

func relation(a, b watch, inside map[string][]string) string {
	switch {
	case a.resource == b.resource:
		return "they have the same resource"
	case slices.Contains(inside[a.resource], b.resource):
		return a.resource + " is inside " + b.resource
	case slices.Contains(inside[b.resource], a.resource):
		return b.resource + " is inside " + a.resource
	}
	return ""
}
