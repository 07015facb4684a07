package flowgen

import (
	"fmt"
	"regexp"
	"slices"
)

// Config says what to generate. The zero value of each field has a sensible meaning. The same configuration makes the same objects.
type Config struct {
	Seed             uint64   // Of everything that looks like chance, the ID of the flow log included.
	Formats          []string // Of [FormatNames], in the order in which objects take turns; all of them when empty.
	Interfaces       int      // Of the estate: spread over 4 VPCs in 2 accounts, and 24 subnets; 60 when 0, at most 50,000.
	RecordsPerObject int      // At least; an object ends with the last record of an interface. 2,000 when 0.
	Ports            []uint16 // The destination ports that count for themselves in the golden totals; 0 and the others count together.
	Region           string   // us-east-1 when empty.
	Account          string   // Owner of the flow log and of half the estate, 12 digits; 123456789012 when empty.
	Clean            bool     // No malformed lines, and none of the oddities that are legal.
	CompressionLevel int      // Of gzip, 1 (fast) to 9 (small); 6 when 0.
}

// withDefaults fills in what is zero, and says what is wrong with the rest.
func (c Config) withDefaults() (Config, error) {
	if len(c.Formats) == 0 {
		c.Formats = FormatNames()
	}
	if c.Interfaces == 0 {
		c.Interfaces = 60
	}
	if c.RecordsPerObject == 0 {
		c.RecordsPerObject = 2000
	}
	if c.Region == "" {
		c.Region = "us-east-1"
	}
	if c.Account == "" {
		c.Account = "123456789012"
	}
	if c.CompressionLevel == 0 {
		c.CompressionLevel = 6
	}
	return c, c.validate()
}

func (c Config) validate() error {
	for _, name := range c.Formats {
		if !slices.Contains(FormatNames(), name) {
			return fmt.Errorf("configuring the generator: there is no format %q; choose among %v", name, FormatNames())
		}
	}
	switch {
	case c.Interfaces < 1 || c.Interfaces > maxInterfaces:
		return fmt.Errorf("configuring the generator: %d interfaces; give 1 to %d", c.Interfaces, maxInterfaces)
	case c.RecordsPerObject < 1:
		return fmt.Errorf("configuring the generator: %d records in an object; give at least 1", c.RecordsPerObject)
	case c.CompressionLevel < 1 || c.CompressionLevel > 9:
		return fmt.Errorf("configuring the generator: gzip has no level %d; give 1 to 9", c.CompressionLevel)
	case !regexp.MustCompile(`^\d{12}$`).MatchString(c.Account):
		return fmt.Errorf("configuring the generator: account %q does not have 12 digits", c.Account)
	}
	return nil
}
