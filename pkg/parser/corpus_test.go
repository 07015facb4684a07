package parser

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// The formats that tests and benchmarks share, spelled as AWS spells headers.
const (
	headerV2 = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"
	headerV5 = headerV2 + " vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr region az-id sublocation-type sublocation-id" +
		" pkt-src-aws-service pkt-dst-aws-service flow-direction traffic-path"
)

// corpus is generated text, and what a reader of it must find.
type corpus struct {
	header   string
	lines    [][]byte
	text     []byte // Header and lines, each with its newline.
	bytes    uint64 // Sum of the bytes field.
	accepted int
}

// newCorpus generates n lines of one of the shapes default, custom, ipv6 and nodata. The seed is fixed: two calls give the same text.
func newCorpus(tb testing.TB, shape string, n int) corpus {
	tb.Helper()
	c := corpus{header: headerV2}
	if shape == "custom" {
		c.header = headerV5
	}
	rng := rand.New(rand.NewPCG(20240229, uint64(len(shape))))
	var text bytes.Buffer
	fmt.Fprintln(&text, c.header)
	for range n {
		line := c.line(rng, shape)
		c.lines = append(c.lines, []byte(line))
		fmt.Fprintln(&text, line)
	}
	c.text = text.Bytes()
	return c
}

func (c *corpus) line(rng *rand.Rand, shape string) string {
	start := 1_700_000_000 + rng.IntN(1_000_000)
	ends := fmt.Sprintf("%d %d", start, start+rng.IntN(60))
	eni := fmt.Sprintf("eni-%017x", 0x0a1b2c3d4e5f60000+rng.Uint64N(200))
	if shape == "nodata" {
		return fmt.Sprintf("2 123456789012 %s - - - - - - - %s - NODATA", eni, ends)
	}
	octets, action := rng.Uint64N(1<<(8+rng.Uint64N(24))), "REJECT"
	if c.bytes += octets; rng.IntN(10) > 0 {
		action = "ACCEPT"
		c.accepted++
	}
	src, dst := address(rng, shape), address(rng, shape)
	line := fmt.Sprintf("2 123456789012 %s %s %s %d %d %d %d %d %s %s OK", eni, src, dst, 1024+rng.IntN(60000),
		[]int{443, 22, 53, 8080}[rng.IntN(4)], []int{6, 6, 17}[rng.IntN(3)], 1+octets/900, octets, ends, action)
	if shape == "custom" {
		line = "5" + line[1:] + fmt.Sprintf(" vpc-0a1b2c3d4e5f60718 subnet-%017x i-%017x %d IPv4 %s %s us-east-1 use1-az%d - - - %s %s",
			rng.Uint64N(6), rng.Uint64N(200), []int{0, 2, 3, 18, 19}[rng.IntN(5)], src, dst, 1+rng.IntN(3),
			[]string{"-", "S3", "AMAZON"}[rng.IntN(3)], []string{"ingress -", "egress 8", "egress 1"}[rng.IntN(3)])
	}
	return line
}

func address(rng *rand.Rand, shape string) string {
	if shape == "ipv6" {
		return fmt.Sprintf("2001:db8:%x:%x::%x:%x", rng.IntN(1<<16), rng.IntN(1<<8), rng.IntN(1<<16), rng.IntN(1<<16))
	}
	return fmt.Sprintf("10.%d.%d.%d", rng.IntN(4), rng.IntN(256), rng.IntN(256))
}

func mustFormat(tb testing.TB, header string) *Format {
	tb.Helper()
	f, err := ParseFormat(header)
	if err != nil {
		tb.Fatalf("ParseFormat(%q): %v", strings.TrimSpace(header), err)
	}
	return f
}
