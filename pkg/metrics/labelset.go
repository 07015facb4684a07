package metrics

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// labelSet is one row of a family: its label values and where its counters are. It is immutable, because snapshots share it; a change of
// `live` makes a new one.
type labelSet struct {
	family family
	values []string
	slot   uint32 // First counter; also the interned series ID under which the definition is stored.
	width  uint32 // Number of counters.
	// live is false until a scrape has read the set at 0. Until then it is exposed at 0, and a member of a ranking counts nothing.
	live bool
	// created is when the set began to be exposed at 0, in Unix seconds: the start timestamp of its counters. 0 in what an older flowd stored.
	created int64
}

func (s *labelSet) key() string { return string(appendKey(nil, s.family, s.values)) }

// appendKey appends the identity of a label set. Label values never hold a byte below 0x20, see cleanLabel.
func appendKey(key []byte, f family, values []string) []byte {
	key = append(key, byte(f))
	for _, v := range values {
		key = append(append(key, v...), 0)
	}
	return key
}

// interfaceKey is the identity of the interface that a label set of the interface family belongs to: all its values but the action.
func interfaceKey(values []string) string {
	return string(appendKey(nil, familyInterface, values[:len(identifiers{})]))
}

const (
	definitionVersion = 1
	flagLive          = 1
	flagCreated       = 2
)

// maxCreated is the year 9999, the last that a protobuf timestamp can say.
const maxCreated = 253402300799

var errDefinition = errors.New("not a definition that this flowd reads")

// encode is what the ledger stores: version, family, flags, width, number of labels, then each label with its length, then when it was created if
// that is known.
func (s *labelSet) encode() []byte {
	flags := byte(0)
	if s.live {
		flags |= flagLive
	}
	if s.created > 0 {
		flags |= flagCreated
	}
	b := []byte{definitionVersion, byte(s.family), flags, byte(s.width), byte(len(s.values))}
	for _, v := range s.values {
		b = binary.AppendUvarint(b, uint64(len(v)))
		b = append(b, v...)
	}
	if s.created > 0 {
		b = binary.AppendUvarint(b, uint64(s.created))
	}
	return b
}

// decodeLabelSet takes only what encode wrote for label values that cleanLabel made: anything else could break every scrape.
func decodeLabelSet(slot uint32, b []byte) (*labelSet, error) {
	if len(b) < 5 || b[0] != definitionVersion {
		return nil, fmt.Errorf("series %d: %w", slot, errDefinition)
	}
	s := &labelSet{family: family(b[1]), slot: slot, width: uint32(b[3]), live: b[2]&flagLive != 0}
	labels, rest := int(b[4]), b[5:]
	for range labels {
		n, size := binary.Uvarint(rest)
		if size <= 0 || n > uint64(len(rest)-size) {
			return nil, fmt.Errorf("series %d: %w", slot, errDefinition)
		}
		s.values = append(s.values, string(rest[size:size+int(n)]))
		rest = rest[size+int(n):]
	}
	if b[2]&flagCreated != 0 {
		created, size := binary.Uvarint(rest)
		if size <= 0 || created == 0 || created > maxCreated {
			return nil, fmt.Errorf("series %d: %w", slot, errDefinition)
		}
		s.created, rest = int64(created), rest[size:]
	}
	if len(rest) != 0 || !allLabels(s.values) {
		return nil, fmt.Errorf("series %d: %w", slot, errDefinition)
	}
	return s, nil
}

func allLabels(values []string) bool {
	return !slices.ContainsFunc(values, func(v string) bool { return !isLabel(v) })
}
