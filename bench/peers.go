package main

import "errors"

// Names of contenders that something else asks for.
const (
	flowdAnalyze = "`flowd analyze`"
	otelWhole    = "OpenTelemetry, a file at a time"
	otelStream   = "OpenTelemetry, streaming"
	mawkMinimal  = "`zcat \\| mawk`, least counts"
	mawkSame     = "`zcat \\| mawk`, most of flowd's counts"
	duckMinimal  = "DuckDB, 1 thread, least counts"
	duckSame     = "DuckDB, 1 thread, most of flowd's counts"
	onlyFlowd    = "inflate only: flowd"
	onlyKlaus    = "inflate only: klauspost"
	onlyStandard = "inflate only: Go's standard library"
	onlyDeflate  = "inflate only: `libdeflate-gunzip`"
	onlyISAL     = "inflate only: `igzip`"
	onlyPigz     = "inflate only: `pigz`"
	onlyZcat     = "inflate only: `zcat`"
)

// peer is one contender in a race.
type peer struct {
	name    string
	command command
}

// field lists who runs on a dataset. flowd is first: everybody is compared with it.
func (t tools) field(d dataset, core int) ([]peer, error) {
	c := contenders{t: t, d: d, cores: []int{core}}
	counts := d.counts()
	c.add(flowdAnalyze, "", []string{t.flowd, "analyze", "--output=json"}, counts)
	c.add(otelWhole, "", []string{t.otel}, counts)
	c.add(otelStream, "", []string{t.otel, "-stream"}, counts)
	c.script(mawkMinimal, "mawk", `zcat "$@" | mawk -f `+t.scripts+`/minimal.awk`, counts)
	c.script(mawkSame, "mawk", `zcat "$@" | mawk -f `+t.scripts+`/same.awk`, counts)
	c.query(duckMinimal, "minimal.sql", counts)
	c.query(duckSame, "same.sql", counts)
	for _, only := range []struct{ name, with string }{{onlyFlowd, "flowd"}, {onlyKlaus, "klauspost"}, {onlyStandard, "standard"}} {
		c.add(only.name, "", []string{t.inflate, only.with}, []string{word(d.text)})
	}
	c.script(onlyDeflate, "libdeflate-gunzip", `libdeflate-gunzip -c "$@" >/dev/null`, nil)
	c.script(onlyISAL, "igzip", `igzip -dc "$@" >/dev/null`, nil)
	c.script(onlyPigz, "pigz", `pigz -dc "$@" >/dev/null`, nil)
	c.script(onlyZcat, "zcat", `zcat "$@" >/dev/null`, nil)
	return c.peers, c.err
}

// contenders collects peers for a dataset.
type contenders struct {
	t     tools
	d     dataset
	cores []int
	peers []peer
	err   error
}

// add takes a program that reads the files that are its arguments.
func (c *contenders) add(name, program string, argv, says []string) {
	if program != "" && !c.t.has(name, program) {
		return
	}
	argv = append(argv[:len(argv):len(argv)], c.d.files...)
	c.peers = append(c.peers, peer{name, command{argv: argv, cores: c.cores, says: says}})
}

func (c *contenders) script(name, program, script string, says []string) {
	c.add(name, program, shell(script, nil), says)
}

// query is for the columns of version 2 alone, which the statement lists.
func (c *contenders) query(name, query string, says []string) {
	if c.t.duckdb == nil || c.d.name == fieldsName {
		return
	}
	sql, err := c.t.sql(query, c.d.files)
	c.err = errors.Join(c.err, err)
	argv := append(c.t.duckdb[:len(c.t.duckdb):len(c.t.duckdb)], sql)
	c.peers = append(c.peers, peer{name, command{argv: argv, cores: c.cores, says: says}})
}
