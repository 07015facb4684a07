package parser

// Record is one flow log record: the traffic of one five-tuple on one interface in one aggregation interval.
//
// It is a flat value to be used again: [Format.Parse] overwrites all that it wrote before. Whoever writes to a record by hand must not give it to
// Parse afterwards. Text fields alias the line that was parsed, and are good for as
// long as the line is; from a [Scanner], until the next call of Next. Copy what must outlive that. A field that the format lacks, that was
// not asked for, or that holds `-` is zero (text: nil), and [Record.Has] is false for it.
//
// Any field may be `-`, whatever its comment says; the comments name the cases that AWS documents. NODATA and SKIPDATA records have only the
// version, what identifies the interface and where it is, start, end and log status. Only what comes from the packet header is exact; the rest is
// AWS's best effort.
//
// Numbers are counts unless the field says otherwise. The comment of each field begins with its name in a header, and ends with the record version
// that introduced it. Sources:
//   - versions 2 to 5 and 7 to 11: https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html
//   - version 6: https://docs.aws.amazon.com/vpc/latest/tgw/tgw-flow-logs.html
type Record struct {
	// Version is `version`. The highest record version among the fields of the format, by AWS's rule; writers break it, so it tells nothing
	// about the columns. Version 2.
	Version int32
	// AccountID is `account-id`. The account that owns the source interface (or transit gateway): 12 digits with leading zeros, or `unknown` for
	// interfaces that AWS services created. Version 2.
	AccountID []byte
	// InterfaceID is `interface-id`. The network interface that the traffic was captured on, `eni-…`. Absent for flows of a regional NAT gateway.
	// Version 2.
	InterfaceID []byte
	// SrcAddr is `srcaddr`. Source address as the interface sees it; for egress the interface's own, and of its IPv4 addresses the primary private
	// one. Version 2.
	SrcAddr Addr
	// DstAddr is `dstaddr`. Destination address as the interface sees it; for ingress the interface's own, and of its IPv4 addresses the primary
	// private one, even where another was hit. Version 2.
	DstAddr Addr
	// SrcPort is `srcport`. Source port; 0 for protocols without ports. Version 2.
	SrcPort uint16
	// DstPort is `dstport`. Destination port; 0 for protocols without ports. Version 2.
	DstPort uint16
	// Protocol is `protocol`. IANA protocol number: 1 ICMP, 6 TCP, 17 UDP, 58 ICMPv6. Version 2.
	Protocol uint8
	// Packets is `packets`. Packets transferred during the aggregation interval. Version 2.
	Packets uint64
	// Bytes is `bytes`. Bytes transferred during the aggregation interval. Absent for flows that VPC Block Public Access dropped. Version 2.
	Bytes uint64
	// Start is `start`. When the first packet of the interval was seen, in Unix seconds, up to 60 seconds early or late. SKIPDATA records were
	// seen with milliseconds, which are kept as written. Version 2.
	Start int64
	// End is `end`. When the last packet of the interval was seen, in Unix seconds, up to 60 seconds late; it may equal Start. Milliseconds are
	// kept as written. Version 2.
	End int64
	// Action is `action`. What security groups and network ACLs decided; a packet after the connection was closed is a reject too. Transit
	// gateways have no such field. Version 2.
	Action Action
	// LogStatus is `log-status`. Whether the interval was captured. OK when the format has no such column. Version 2.
	LogStatus LogStatus
	// VPCID is `vpc-id`. The VPC of the interface, `vpc-…`. Version 3.
	VPCID []byte
	// SubnetID is `subnet-id`. The subnet of the interface, `subnet-…`. Absent for regional NAT gateways. Version 3.
	SubnetID []byte
	// InstanceID is `instance-id`. The instance that the interface belongs to, `i-…`. Absent for interfaces that AWS services manage: NAT gateways,
	// transit gateways, endpoints, load balancers. Version 3.
	InstanceID []byte
	// TCPFlags is `tcp-flags`. A bit mask, OR-ed over the interval: FIN 1, SYN 2, RST 4, SYN-ACK 18; ACK alone is 0. Transit gateways add PSH 8
	// and URG 32. 0 for none of them and for other protocols. Absent for a combination that is not valid. Version 3.
	TCPFlags int32
	// Type is `type`. `IPv4`, `IPv6` or `EFA`. Version 3.
	Type []byte
	// PktSrcAddr is `pkt-srcaddr`. Source address in the packet: the original one where a NAT gateway, a transit gateway, a load balancer or
	// a pod stands between. Version 3.
	PktSrcAddr Addr
	// PktDstAddr is `pkt-dstaddr`. Destination address in the packet: the original one, as in PktSrcAddr, and the secondary address that was
	// hit. Version 3.
	PktDstAddr Addr
	// Region is `region`. The region of the interface, such as `us-east-1`. Version 4.
	Region []byte
	// AZID is `az-id`. The availability zone ID, such as `use1-az1`. Absent in a sublocation. Version 4.
	AZID []byte
	// SublocationType is `sublocation-type`. `wavelength`, `outpost` or `localzone`. Absent elsewhere. Version 4.
	SublocationType []byte
	// SublocationID is `sublocation-id`. The ID of the sublocation. Absent elsewhere. Version 4.
	SublocationID []byte
	// PktSrcAWSService is `pkt-src-aws-service`. The AWS service whose public range has PktSrcAddr, such as `S3`. An open set. Absent for other
	// addresses. Version 5.
	PktSrcAWSService []byte
	// PktDstAWSService is `pkt-dst-aws-service`. The AWS service whose public range has PktDstAddr. An open set. Absent for other addresses.
	// Version 5.
	PktDstAWSService []byte
	// FlowDirection is `flow-direction`. Direction relative to the interface (or transit gateway attachment). Version 5.
	FlowDirection FlowDirection
	// TrafficPath is `traffic-path`. How egress traffic leaves, a code: 1 to the same VPC, 2 internet gateway or gateway endpoint, 3 virtual private
	// gateway, 4 peering in the region, 5 peering between regions, 6 Local Zone or Wavelength Zone (local gateway in older documentation),
	// 7 gateway endpoint, 8 internet gateway. Absent for ingress, and where no code applies. Version 5.
	TrafficPath int32
	// ECSClusterARN is `ecs-cluster-arn`. ARN of the ECS cluster. This and the other ECS fields are absent when the interface is not that of a task
	// of the account. Version 7.
	ECSClusterARN []byte
	// ECSClusterName is `ecs-cluster-name`. Name of the ECS cluster. Version 7.
	ECSClusterName []byte
	// ECSContainerInstanceARN is `ecs-container-instance-arn`. ARN of the ECS container instance. Absent on Fargate. Version 7.
	ECSContainerInstanceARN []byte
	// ECSContainerInstanceID is `ecs-container-instance-id`. ID of the ECS container instance. Absent on Fargate. Version 7.
	ECSContainerInstanceID []byte
	// ECSContainerID is `ecs-container-id`. Docker runtime ID of the first container; the order is not guaranteed. Version 7.
	ECSContainerID []byte
	// ECSSecondContainerID is `ecs-second-container-id`. Docker runtime ID of the second container. Absent when there is one only. Version 7.
	ECSSecondContainerID []byte
	// ECSServiceName is `ecs-service-name`. Name of the ECS service. Absent for a task without one. Version 7.
	ECSServiceName []byte
	// ECSTaskDefinitionARN is `ecs-task-definition-arn`. ARN of the ECS task definition. Version 7.
	ECSTaskDefinitionARN []byte
	// ECSTaskARN is `ecs-task-arn`. ARN of the ECS task. Version 7.
	ECSTaskARN []byte
	// ECSTaskID is `ecs-task-id`. ID of the ECS task. Version 7.
	ECSTaskID []byte
	// RejectReason is `reject-reason`. Why a reject was one: `BPA` (VPC Block Public Access) or `EC` (encryption controls). Absent for every
	// other reject and for accepts. Version 8.
	RejectReason []byte
	// ResourceID is `resource-id`. The regional NAT gateway, `nat-…`. Absent for everything else. Version 9.
	ResourceID []byte
	// EncryptionStatus is `encryption-status`. A code: 0 none, 1 by Nitro, 2 by the application (judged by port or service), 3 by both. Absent when
	// encryption controls are off or the status is unknown. Version 10.
	EncryptionStatus int32
	// InstanceTag is `instance-tag`. Value of the first configured tag key of the instance, percent-encoded UTF-8 as written; as the other tag
	// fields, absent without such a tag. Version 11.
	InstanceTag []byte
	// InstanceTag2 is `instance-tag-2`. Value of the second configured tag key of the instance. Version 11.
	InstanceTag2 []byte
	// InterfaceTag is `interface-tag`. Value of the first configured tag key of the interface. Version 11.
	InterfaceTag []byte
	// InterfaceTag2 is `interface-tag-2`. Value of the second configured tag key of the interface. Version 11.
	InterfaceTag2 []byte
	// ASGTag is `asg-tag`. Value of the first configured tag key of the Auto Scaling group. Version 11.
	ASGTag []byte
	// ASGTag2 is `asg-tag-2`. Value of the second configured tag key of the Auto Scaling group. Version 11.
	ASGTag2 []byte
	// InterfaceType is `interface-type`. `nat_gateway`, `network_load_balancer`, `regional_nat_gateway`, `transit_gateway` or `vpc_endpoint`.
	// Absent for plain interfaces. Version 11.
	InterfaceType []byte
	// NextHopInterfaceID is `next-hop-interface-id`. The interface on the other side: the receiver of egress, the sender of ingress. As the other
	// next-hop fields, absent where there is none, in another account or region, and for ingress from transit gateways and network load
	// balancers. Version 11.
	NextHopInterfaceID []byte
	// NextHopSubnetID is `next-hop-subnet-id`. The subnet of the next hop. Version 11.
	NextHopSubnetID []byte
	// NextHopAZID is `next-hop-az-id`. The availability zone ID of the next hop; present for other accounts too. Version 11.
	NextHopAZID []byte
	// NextHopVPCID is `next-hop-vpc-id`. The VPC of the next hop. Version 11.
	NextHopVPCID []byte
	// NextHopInterfaceType is `next-hop-interface-type`. The type of the next hop's interface, as InterfaceType. Version 11.
	NextHopInterfaceType []byte
	// ResourceType is `resource-type`. `TransitGateway`; older documentation has `TransitGatewayAttachment` too. Version 6.
	ResourceType []byte
	// TGWID is `tgw-id`. The transit gateway, `tgw-…`. Version 6.
	TGWID []byte
	// TGWAttachmentID is `tgw-attachment-id`. The attachment that the traffic was captured on, `tgw-attach-…`. Version 6.
	TGWAttachmentID []byte
	// TGWSrcVPCAccountID is `tgw-src-vpc-account-id`. The account of the source VPC. Version 6.
	TGWSrcVPCAccountID []byte
	// TGWSrcVPCID is `tgw-src-vpc-id`. The source VPC. Version 6.
	TGWSrcVPCID []byte
	// TGWSrcSubnetID is `tgw-src-subnet-id`. The subnet of the source attachment interface. Version 6.
	TGWSrcSubnetID []byte
	// TGWSrcENI is `tgw-src-eni`. The interface of the source attachment. Version 6.
	TGWSrcENI []byte
	// TGWSrcAZID is `tgw-src-az-id`. The availability zone ID of the source attachment. Absent in a sublocation. Version 6.
	TGWSrcAZID []byte
	// TGWDstVPCAccountID is `tgw-dst-vpc-account-id`. The account of the destination VPC. Version 6.
	TGWDstVPCAccountID []byte
	// TGWDstVPCID is `tgw-dst-vpc-id`. The destination VPC. Version 6.
	TGWDstVPCID []byte
	// TGWDstSubnetID is `tgw-dst-subnet-id`. The subnet of the destination attachment interface. Version 6.
	TGWDstSubnetID []byte
	// TGWDstENI is `tgw-dst-eni`. The interface of the destination attachment. Version 6.
	TGWDstENI []byte
	// TGWDstAZID is `tgw-dst-az-id`. The availability zone ID of the destination attachment. Absent in a sublocation. Version 6.
	TGWDstAZID []byte
	// TGWPairAttachmentID is `tgw-pair-attachment-id`. The attachment on the other side of the transit gateway. Version 6.
	TGWPairAttachmentID []byte
	// PacketsLostNoRoute is `packets-lost-no-route`. Packets of the flow lost because of no route. Version 6.
	PacketsLostNoRoute uint64
	// PacketsLostBlackhole is `packets-lost-blackhole`. Packets of the flow lost because of a blackhole route. Version 6.
	PacketsLostBlackhole uint64
	// PacketsLostMTUExceeded is `packets-lost-mtu-exceeded`. Packets of the flow lost because of size above the MTU. Version 6.
	PacketsLostMTUExceeded uint64
	// PacketsLostTTLExpired is `packets-lost-ttl-expired`. Packets of the flow lost because of an expired time to live. Version 6.
	PacketsLostTTLExpired uint64

	present FieldSet
	format  *Format // What the last line was parsed with: no field that it does not ask for has a value. Nil when that cannot be said.
}

// Has reports whether the record has a value in f: the format has the column, the field was asked for, and it is not `-`.
func (r *Record) Has(f Field) bool { return r.present.Has(f) }
