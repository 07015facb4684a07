package flowgen

import (
	"fmt"
	"net/netip"
	"strings"
)

// maxInterfaces is what fits into the private addresses below: 200 interfaces in each of 256 ranges.
const maxInterfaces = 50_000

// endpoint is an interface of the estate.
type endpoint struct {
	account, vpc, subnet, eni, instance, az string // Empty is `-`.
	addr, addr6                             netip.Addr
}

// newEstate spreads interfaces over accounts, VPCs, subnets and zones. A subnet is in one VPC and in one zone.
func newEstate(cfg Config) []endpoint {
	estate := make([]endpoint, cfg.Interfaces)
	zone := zonePrefix(cfg.Region)
	for i := range estate {
		vpc := i % 4
		e := endpoint{
			account: []string{cfg.Account, "012345678901"}[vpc%2], vpc: fmt.Sprintf("vpc-%017x", 0xa0+vpc), subnet: fmt.Sprintf("subnet-%017x", 0xb0+i%24),
			eni: fmt.Sprintf("eni-%017x", 0xc000+i), instance: fmt.Sprintf("i-%017x", 0xd000+i), az: fmt.Sprintf("%s-az%d", zone, 1+i%3),
			addr: netip.AddrFrom4([4]byte{10, byte(vpc), byte(i / 200), byte(10 + i%200)}), addr6: netip.MustParseAddr(fmt.Sprintf("2001:db8:%x::%x", vpc+1, 0x10+i)),
		}
		switch { // Interfaces that AWS made have no instance; some are nobody's account.
		case i%17 == 16:
			e.instance = ""
		case i%23 == 22:
			e.account, e.instance = "unknown", ""
		}
		estate[i] = e
	}
	return estate
}

// zonePrefix is how zone IDs begin: us-east-1 has use1-az1, ap-southeast-2 has apse2-az1.
func zonePrefix(region string) string {
	words := strings.Split(region, "-")
	prefix := words[0]
	for _, word := range words[1:] {
		for _, part := range []string{"gov", "north", "south", "east", "west", "central"} {
			if strings.Contains(word, part) {
				prefix += part[:1]
			}
		}
	}
	return prefix + words[len(words)-1]
}
