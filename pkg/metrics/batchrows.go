package metrics

import "flowd/pkg/parser"

const (
	minBatchInterfaces = 4096
	maxBatchVPCs       = 1024
)

// counts are records, bytes and packets of one label set.
type counts [3]uint64

func (c *counts) add(bytes, packets uint64) {
	c[counterRecords]++
	c[counterBytes] = addSaturating(c[counterBytes], bytes)
	c[counterPackets] = addSaturating(c[counterPackets], packets)
}

// identifiers are account, VPC, subnet and interface.
type identifiers [4]string

const (
	identifierAccount = iota
	identifierVPC
	identifierSubnet
	identifierInterface
)

// vpcRow are the flow counters of one VPC of one account.
type vpcRow struct {
	accountID, vpcID string // Labels.
	flows            [numActions][numDirections][numProtocols]counts
	minutes          vpcMinutes
	rest             *interfaceRow // Of its interfaces that found no place in the batch; nil when all did.
}

// interfaceRow are the counters of one interface, under the identifiers that its records carried.
type interfaceRow struct {
	raw     identifiers // As the line has them: what the next record is compared with.
	labels  identifiers
	vpc     *vpcRow
	folded  bool // It stands for interfaces that found no place.
	actions [numActions]counts
}

// batchRows are the interfaces and VPCs of one object. Keys are the identifiers of the lines, so what is not a label value is told once for
// each row, and rows that share their labels become one when they are staged.
type batchRows struct {
	maxInterfaces int
	interfaces    map[string]*interfaceRow
	vpcs          map[string]*vpcRow
	last          *interfaceRow
	key           []byte // Used again for every look-up.
}

func newBatchRows(maxInterfaces int) batchRows {
	return batchRows{
		maxInterfaces: max(2*maxInterfaces, minBatchInterfaces),
		interfaces:    map[string]*interfaceRow{}, vpcs: map[string]*vpcRow{},
	}
}

func (b *batchRows) reset() {
	clear(b.interfaces)
	clear(b.vpcs)
	b.last = nil
}

// of finds the row of the record's interface. Records come in runs of one interface, so the last one is tried first.
func (b *batchRows) of(r *parser.Record) *interfaceRow {
	if l := b.last; l != nil && same(r.InterfaceID, l.raw[identifierInterface]) && same(r.VPCID, l.raw[identifierVPC]) &&
		same(r.SubnetID, l.raw[identifierSubnet]) && same(r.AccountID, l.raw[identifierAccount]) {
		return l
	}
	k := appendIdentifier(b.key[:0], r.AccountID)
	k = appendIdentifier(k, r.VPCID)
	vpcKey := len(k)
	k = appendIdentifier(k, r.SubnetID)
	b.key = appendIdentifier(k, r.InterfaceID)
	row, ok := b.interfaces[string(b.key)]
	if ok {
		b.last = row
		return row
	}
	return b.newRow(b.vpc(b.key[:vpcKey]))
}

// same is for identifiers that a flow log often does not have: comparing nothing is no call.
func same(a []byte, b string) bool { return len(a) == len(b) && (len(a) == 0 || string(a) == b) }

// appendIdentifier appends one byte of length and the identifier. What is too long to be a label is "other" already here: thousands of
// identifiers of 60 kB would be more memory than a batch may have.
func appendIdentifier(key, id []byte) []byte {
	if len(id) > maxLabelBytes {
		return append(append(key, byte(len(labelOther))), labelOther...)
	}
	return append(append(key, byte(len(id))), id...)
}

// newRow adds a row under the current key. When the batch is full of interfaces, that is a row of the VPC for all the others: the VPC still
// counts what is its own.
func (b *batchRows) newRow(vpc *vpcRow) *interfaceRow {
	if len(b.interfaces) >= b.maxInterfaces {
		if vpc.rest == nil {
			vpc.rest = &interfaceRow{vpc: vpc, folded: true}
		}
		return vpc.rest
	}
	key := string(b.key)
	row := &interfaceRow{raw: split(key), vpc: vpc}
	for i, id := range row.raw {
		row.labels[i] = cleanLabel(id)
	}
	b.interfaces[key] = row
	b.last = row
	return row
}

// vpc finds or adds the row of a VPC. Past the bound all VPCs are one, as they are past the bound of the family.
func (b *batchRows) vpc(key []byte) *vpcRow {
	v, ok := b.vpcs[string(key)]
	if ok {
		return v
	}
	if len(b.vpcs) >= maxBatchVPCs {
		key = appendIdentifier(appendIdentifier(nil, []byte(labelOther)), []byte(labelOther))
		if v, ok := b.vpcs[string(key)]; ok {
			return v
		}
	}
	k := string(key)
	raw := split(k)
	v = &vpcRow{accountID: cleanLabel(raw[identifierAccount]), vpcID: cleanLabel(raw[identifierVPC])}
	b.vpcs[k] = v
	return v
}

// split is the inverse of appendIdentifier. The identifiers share the memory of the key.
func split(key string) (ids identifiers) {
	for i := 0; len(key) > 0; i++ {
		n := 1 + int(key[0])
		ids[i], key = key[1:n], key[n:]
	}
	return ids
}
