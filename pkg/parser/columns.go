package parser

import (
	"math"
)

// kind is how the text of a column becomes a value.
type kind uint8

const (
	kindSkip kind = iota // Unknown, or not asked for.
	kindText
	kindInt32
	kindPort
	kindProtocol
	kindUint64
	kindTime
	kindAddr
	kindAction
	kindLogStatus
	kindDirection
)

// kindOf says how a field is read. INT_32 and INT_64 are AWS's own words for the widths.
func kindOf(f Field) kind {
	switch f {
	case FieldVersion, FieldTCPFlags, FieldTrafficPath, FieldEncryptionStatus:
		return kindInt32
	case FieldSrcPort, FieldDstPort:
		return kindPort
	case FieldProtocol:
		return kindProtocol
	case FieldPackets, FieldBytes, FieldPacketsLostNoRoute, FieldPacketsLostBlackhole, FieldPacketsLostMTUExceeded, FieldPacketsLostTTLExpired:
		return kindUint64
	case FieldStart, FieldEnd:
		return kindTime
	case FieldSrcAddr, FieldDstAddr, FieldPktSrcAddr, FieldPktDstAddr:
		return kindAddr
	case FieldAction:
		return kindAction
	case FieldLogStatus:
		return kindLogStatus
	case FieldFlowDirection:
		return kindDirection
	}
	return kindText
}

// limit is the largest number of a kind.
func (k kind) limit() uint64 {
	switch k {
	case kindInt32:
		return math.MaxInt32
	case kindPort:
		return math.MaxUint16
	case kindProtocol:
		return math.MaxUint8
	case kindTime:
		return math.MaxInt64
	}
	return math.MaxUint64
}

// textOf is where a text goes.
func (r *Record) textOf(f Field) *[]byte {
	switch f {
	case FieldAccountID:
		return &r.AccountID
	case FieldInterfaceID:
		return &r.InterfaceID
	case FieldVPCID:
		return &r.VPCID
	case FieldSubnetID:
		return &r.SubnetID
	case FieldInstanceID:
		return &r.InstanceID
	case FieldType:
		return &r.Type
	case FieldRegion:
		return &r.Region
	case FieldAZID:
		return &r.AZID
	case FieldSublocationType:
		return &r.SublocationType
	case FieldSublocationID:
		return &r.SublocationID
	case FieldPktSrcAWSService:
		return &r.PktSrcAWSService
	case FieldPktDstAWSService:
		return &r.PktDstAWSService
	case FieldECSClusterARN:
		return &r.ECSClusterARN
	case FieldECSClusterName:
		return &r.ECSClusterName
	case FieldECSContainerInstanceARN:
		return &r.ECSContainerInstanceARN
	case FieldECSContainerInstanceID:
		return &r.ECSContainerInstanceID
	case FieldECSContainerID:
		return &r.ECSContainerID
	case FieldECSSecondContainerID:
		return &r.ECSSecondContainerID
	case FieldECSServiceName:
		return &r.ECSServiceName
	case FieldECSTaskDefinitionARN:
		return &r.ECSTaskDefinitionARN
	case FieldECSTaskARN:
		return &r.ECSTaskARN
	case FieldECSTaskID:
		return &r.ECSTaskID
	case FieldRejectReason:
		return &r.RejectReason
	case FieldResourceID:
		return &r.ResourceID
	case FieldInstanceTag:
		return &r.InstanceTag
	case FieldInstanceTag2:
		return &r.InstanceTag2
	case FieldInterfaceTag:
		return &r.InterfaceTag
	case FieldInterfaceTag2:
		return &r.InterfaceTag2
	case FieldASGTag:
		return &r.ASGTag
	case FieldASGTag2:
		return &r.ASGTag2
	case FieldInterfaceType:
		return &r.InterfaceType
	case FieldNextHopInterfaceID:
		return &r.NextHopInterfaceID
	case FieldNextHopSubnetID:
		return &r.NextHopSubnetID
	case FieldNextHopAZID:
		return &r.NextHopAZID
	case FieldNextHopVPCID:
		return &r.NextHopVPCID
	case FieldNextHopInterfaceType:
		return &r.NextHopInterfaceType
	case FieldResourceType:
		return &r.ResourceType
	case FieldTGWID:
		return &r.TGWID
	case FieldTGWAttachmentID:
		return &r.TGWAttachmentID
	case FieldTGWSrcVPCAccountID:
		return &r.TGWSrcVPCAccountID
	case FieldTGWSrcVPCID:
		return &r.TGWSrcVPCID
	case FieldTGWSrcSubnetID:
		return &r.TGWSrcSubnetID
	case FieldTGWSrcENI:
		return &r.TGWSrcENI
	case FieldTGWSrcAZID:
		return &r.TGWSrcAZID
	case FieldTGWDstVPCAccountID:
		return &r.TGWDstVPCAccountID
	case FieldTGWDstVPCID:
		return &r.TGWDstVPCID
	case FieldTGWDstSubnetID:
		return &r.TGWDstSubnetID
	case FieldTGWDstENI:
		return &r.TGWDstENI
	case FieldTGWDstAZID:
		return &r.TGWDstAZID
	case FieldTGWPairAttachmentID:
		return &r.TGWPairAttachmentID
	}
	return nil
}

// uint64Of is where a 64-bit count goes.
func (r *Record) uint64Of(f Field) *uint64 {
	switch f {
	case FieldPackets:
		return &r.Packets
	case FieldBytes:
		return &r.Bytes
	case FieldPacketsLostNoRoute:
		return &r.PacketsLostNoRoute
	case FieldPacketsLostBlackhole:
		return &r.PacketsLostBlackhole
	case FieldPacketsLostMTUExceeded:
		return &r.PacketsLostMTUExceeded
	case FieldPacketsLostTTLExpired:
		return &r.PacketsLostTTLExpired
	}
	return nil
}

// addrOf is where an address goes.
func (r *Record) addrOf(f Field) *Addr {
	switch f {
	case FieldSrcAddr:
		return &r.SrcAddr
	case FieldDstAddr:
		return &r.DstAddr
	case FieldPktSrcAddr:
		return &r.PktSrcAddr
	case FieldPktDstAddr:
		return &r.PktDstAddr
	}
	return nil
}

// timeOf is where a time goes.
func (r *Record) timeOf(f Field) *int64 {
	if f == FieldStart {
		return &r.Start
	}
	return &r.End
}

// portOf is where a port goes.
func (r *Record) portOf(f Field) *uint16 {
	if f == FieldSrcPort {
		return &r.SrcPort
	}
	return &r.DstPort
}

// int32Of is where one of AWS's 32-bit integers goes; none of them is ever negative.
func (r *Record) int32Of(f Field) *int32 {
	switch f {
	case FieldVersion:
		return &r.Version
	case FieldTCPFlags:
		return &r.TCPFlags
	case FieldTrafficPath:
		return &r.TrafficPath
	case FieldEncryptionStatus:
		return &r.EncryptionStatus
	}
	return nil
}
