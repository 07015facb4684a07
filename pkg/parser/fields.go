package parser

// Field is a column of a flow log record.
type Field uint8

// The fields, in the order of the record versions that introduced them; those of transit gateways (version 6) come last.
const (
	FieldVersion                 Field = iota // version
	FieldAccountID                            // account-id
	FieldInterfaceID                          // interface-id
	FieldSrcAddr                              // srcaddr
	FieldDstAddr                              // dstaddr
	FieldSrcPort                              // srcport
	FieldDstPort                              // dstport
	FieldProtocol                             // protocol
	FieldPackets                              // packets
	FieldBytes                                // bytes
	FieldStart                                // start
	FieldEnd                                  // end
	FieldAction                               // action
	FieldLogStatus                            // log-status
	FieldVPCID                                // vpc-id
	FieldSubnetID                             // subnet-id
	FieldInstanceID                           // instance-id
	FieldTCPFlags                             // tcp-flags
	FieldType                                 // type
	FieldPktSrcAddr                           // pkt-srcaddr
	FieldPktDstAddr                           // pkt-dstaddr
	FieldRegion                               // region
	FieldAZID                                 // az-id
	FieldSublocationType                      // sublocation-type
	FieldSublocationID                        // sublocation-id
	FieldPktSrcAWSService                     // pkt-src-aws-service
	FieldPktDstAWSService                     // pkt-dst-aws-service
	FieldFlowDirection                        // flow-direction
	FieldTrafficPath                          // traffic-path
	FieldECSClusterARN                        // ecs-cluster-arn
	FieldECSClusterName                       // ecs-cluster-name
	FieldECSContainerInstanceARN              // ecs-container-instance-arn
	FieldECSContainerInstanceID               // ecs-container-instance-id
	FieldECSContainerID                       // ecs-container-id
	FieldECSSecondContainerID                 // ecs-second-container-id
	FieldECSServiceName                       // ecs-service-name
	FieldECSTaskDefinitionARN                 // ecs-task-definition-arn
	FieldECSTaskARN                           // ecs-task-arn
	FieldECSTaskID                            // ecs-task-id
	FieldRejectReason                         // reject-reason
	FieldResourceID                           // resource-id
	FieldEncryptionStatus                     // encryption-status
	FieldInstanceTag                          // instance-tag
	FieldInstanceTag2                         // instance-tag-2
	FieldInterfaceTag                         // interface-tag
	FieldInterfaceTag2                        // interface-tag-2
	FieldASGTag                               // asg-tag
	FieldASGTag2                              // asg-tag-2
	FieldInterfaceType                        // interface-type
	FieldNextHopInterfaceID                   // next-hop-interface-id
	FieldNextHopSubnetID                      // next-hop-subnet-id
	FieldNextHopAZID                          // next-hop-az-id
	FieldNextHopVPCID                         // next-hop-vpc-id
	FieldNextHopInterfaceType                 // next-hop-interface-type
	FieldResourceType                         // resource-type
	FieldTGWID                                // tgw-id
	FieldTGWAttachmentID                      // tgw-attachment-id
	FieldTGWSrcVPCAccountID                   // tgw-src-vpc-account-id
	FieldTGWSrcVPCID                          // tgw-src-vpc-id
	FieldTGWSrcSubnetID                       // tgw-src-subnet-id
	FieldTGWSrcENI                            // tgw-src-eni
	FieldTGWSrcAZID                           // tgw-src-az-id
	FieldTGWDstVPCAccountID                   // tgw-dst-vpc-account-id
	FieldTGWDstVPCID                          // tgw-dst-vpc-id
	FieldTGWDstSubnetID                       // tgw-dst-subnet-id
	FieldTGWDstENI                            // tgw-dst-eni
	FieldTGWDstAZID                           // tgw-dst-az-id
	FieldTGWPairAttachmentID                  // tgw-pair-attachment-id
	FieldPacketsLostNoRoute                   // packets-lost-no-route
	FieldPacketsLostBlackhole                 // packets-lost-blackhole
	FieldPacketsLostMTUExceeded               // packets-lost-mtu-exceeded
	FieldPacketsLostTTLExpired                // packets-lost-ttl-expired

	numFields
)

// NumFields is the number of fields that flowd knows.
const NumFields = int(numFields)

// String returns the name of the field as headers spell it.
func (f Field) String() string {
	if f >= numFields {
		return "unknown"
	}
	return names[f]
}

// names are the fields as headers spell them.
var names = [numFields]string{
	FieldVersion:                 "version",
	FieldAccountID:               "account-id",
	FieldInterfaceID:             "interface-id",
	FieldSrcAddr:                 "srcaddr",
	FieldDstAddr:                 "dstaddr",
	FieldSrcPort:                 "srcport",
	FieldDstPort:                 "dstport",
	FieldProtocol:                "protocol",
	FieldPackets:                 "packets",
	FieldBytes:                   "bytes",
	FieldStart:                   "start",
	FieldEnd:                     "end",
	FieldAction:                  "action",
	FieldLogStatus:               "log-status",
	FieldVPCID:                   "vpc-id",
	FieldSubnetID:                "subnet-id",
	FieldInstanceID:              "instance-id",
	FieldTCPFlags:                "tcp-flags",
	FieldType:                    "type",
	FieldPktSrcAddr:              "pkt-srcaddr",
	FieldPktDstAddr:              "pkt-dstaddr",
	FieldRegion:                  "region",
	FieldAZID:                    "az-id",
	FieldSublocationType:         "sublocation-type",
	FieldSublocationID:           "sublocation-id",
	FieldPktSrcAWSService:        "pkt-src-aws-service",
	FieldPktDstAWSService:        "pkt-dst-aws-service",
	FieldFlowDirection:           "flow-direction",
	FieldTrafficPath:             "traffic-path",
	FieldECSClusterARN:           "ecs-cluster-arn",
	FieldECSClusterName:          "ecs-cluster-name",
	FieldECSContainerInstanceARN: "ecs-container-instance-arn",
	FieldECSContainerInstanceID:  "ecs-container-instance-id",
	FieldECSContainerID:          "ecs-container-id",
	FieldECSSecondContainerID:    "ecs-second-container-id",
	FieldECSServiceName:          "ecs-service-name",
	FieldECSTaskDefinitionARN:    "ecs-task-definition-arn",
	FieldECSTaskARN:              "ecs-task-arn",
	FieldECSTaskID:               "ecs-task-id",
	FieldRejectReason:            "reject-reason",
	FieldResourceID:              "resource-id",
	FieldEncryptionStatus:        "encryption-status",
	FieldInstanceTag:             "instance-tag",
	FieldInstanceTag2:            "instance-tag-2",
	FieldInterfaceTag:            "interface-tag",
	FieldInterfaceTag2:           "interface-tag-2",
	FieldASGTag:                  "asg-tag",
	FieldASGTag2:                 "asg-tag-2",
	FieldInterfaceType:           "interface-type",
	FieldNextHopInterfaceID:      "next-hop-interface-id",
	FieldNextHopSubnetID:         "next-hop-subnet-id",
	FieldNextHopAZID:             "next-hop-az-id",
	FieldNextHopVPCID:            "next-hop-vpc-id",
	FieldNextHopInterfaceType:    "next-hop-interface-type",
	FieldResourceType:            "resource-type",
	FieldTGWID:                   "tgw-id",
	FieldTGWAttachmentID:         "tgw-attachment-id",
	FieldTGWSrcVPCAccountID:      "tgw-src-vpc-account-id",
	FieldTGWSrcVPCID:             "tgw-src-vpc-id",
	FieldTGWSrcSubnetID:          "tgw-src-subnet-id",
	FieldTGWSrcENI:               "tgw-src-eni",
	FieldTGWSrcAZID:              "tgw-src-az-id",
	FieldTGWDstVPCAccountID:      "tgw-dst-vpc-account-id",
	FieldTGWDstVPCID:             "tgw-dst-vpc-id",
	FieldTGWDstSubnetID:          "tgw-dst-subnet-id",
	FieldTGWDstENI:               "tgw-dst-eni",
	FieldTGWDstAZID:              "tgw-dst-az-id",
	FieldTGWPairAttachmentID:     "tgw-pair-attachment-id",
	FieldPacketsLostNoRoute:      "packets-lost-no-route",
	FieldPacketsLostBlackhole:    "packets-lost-blackhole",
	FieldPacketsLostMTUExceeded:  "packets-lost-mtu-exceeded",
	FieldPacketsLostTTLExpired:   "packets-lost-ttl-expired",
}

// Fields returns every field, in order, in a slice of its own.
func Fields() []Field {
	all := make([]Field, numFields)
	for i := range all {
		all[i] = Field(i)
	}
	return all
}

// longestName is the length of the longest name, `ecs-container-instance-arn`.
const longestName = 26

// fieldOf finds a field by the name in a header. Parquet files spell the names with underscores; text headers never do.
func fieldOf(name string) (Field, bool) {
	for f, known := range names {
		if known == name {
			return Field(f), true
		}
	}
	return 0, false
}

// FieldSet is a set of fields. The zero value is empty.
type FieldSet [2]uint64

// NewFieldSet returns the set of the given fields.
func NewFieldSet(fields ...Field) FieldSet {
	var s FieldSet
	for _, f := range fields {
		s.add(f)
	}
	return s
}

// AllFields returns the set of every field.
func AllFields() FieldSet { return NewFieldSet(Fields()...) }

// Has reports whether f, one of the constants, is in the set.
func (s FieldSet) Has(f Field) bool { return s[f>>6&1]>>(f&63)&1 != 0 }

// Empty reports whether nothing is in the set.
func (s FieldSet) Empty() bool { return s == FieldSet{} }

func (s *FieldSet) add(f Field) { s[f>>6&1] |= 1 << (f & 63) }

func (s *FieldSet) remove(f Field) { s[f>>6&1] &^= 1 << (f & 63) }
