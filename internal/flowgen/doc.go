// Package flowgen writes realistic VPC Flow Logs from a seed, in every record version, together with the golden totals of what it wrote.
//
// It knows the flow log formats and what traffic looks like: skewed addresses, service ports, rejects from scanners, IPv6, NODATA and SKIPDATA,
// oddities that are legal, lines that are malformed. It does not know AWS or flowd's parser: the totals come from the structs that were
// written, so a parser that is wrong disagrees with them.
//
// A [Target] makes HTTP traffic instead, for a server whose real flow logs shall have something to show.
package flowgen
