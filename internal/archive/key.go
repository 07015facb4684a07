package archive

import (
	"path"
	"regexp"
	"strings"
	"time"
)

// Key is what the key of an object, or the path of a copy of it, says about the object.
type Key struct {
	AccountID, Region, FlowLogID string
	// Time is the stamp of the object in UTC, to the minute. Records may be hours older, and minutes younger: use [Window] to decide what an
	// object can hold.
	Time time.Time
}

// The layouts of AWS, with and without Hive-compatible and hourly partitions. Transit gateways write `service=` for `aws-service=`. A copy on disk
// may have been inflated, and have lost its `.gz`.
// Source: https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-path.html
const (
	namePattern   = `^(\d{12})_vpcflowlogs_([a-z0-9-]+)_(fl-[0-9a-f]+)_(\d{8}T\d{4}Z)_[0-9A-Za-z]+\.log(?:\.gz|\.parquet)?$`
	folderPattern = `(?:^|/)AWSLogs/(?:aws-account-id=)?(\d{12})/(?:(?:aws-)?service=)?vpcflowlogs/(?:aws-region=)?([a-z0-9-]+)` +
		`/(?:year=)?(\d{4})/(?:month=)?(\d\d)/(?:day=)?(\d\d)(?:/(?:hour=)?(\d\d))?$`
	stampLayout = "20060102T1504Z"
)

// KeyParser reads keys. It is safe for concurrent use.
type KeyParser struct{ name, folder *regexp.Regexp }

// NewKeyParser returns a parser.
func NewKeyParser() *KeyParser {
	return &KeyParser{name: regexp.MustCompile(namePattern), folder: regexp.MustCompile(folderPattern)}
}

// Parse is false when the last part of key is not a name that AWS gives, and when the folders of AWS's layout are there and contradict it:
// then somebody else named the file, and nothing that the name says may be relied on.
func (p *KeyParser) Parse(key string) (Key, bool) {
	folder, name := path.Split(key)
	m := p.name.FindStringSubmatch(name)
	if m == nil {
		return Key{}, false
	}
	stamp, err := time.Parse(stampLayout, m[4])
	if err != nil {
		return Key{}, false
	}
	k := Key{AccountID: m[1], Region: m[2], FlowLogID: m[3], Time: stamp}
	return k, p.agrees(strings.TrimSuffix(folder, "/"), k)
}

// agrees looks at folders only where AWS's layout begins: a copy may lie anywhere.
func (p *KeyParser) agrees(folder string, k Key) bool {
	if !strings.Contains(folder+"/", "AWSLogs/") {
		return true
	}
	m := p.folder.FindStringSubmatch(folder)
	return m != nil && m[1] == k.AccountID && m[2] == k.Region && m[3]+m[4]+m[5] == k.Time.Format("20060102") &&
		(m[6] == "" || m[6] == k.Time.Format("15"))
}
