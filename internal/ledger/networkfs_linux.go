package ledger

import "syscall"

// networkFS names the file system of a directory, and says whether another machine keeps it.
func networkFS(dir string) (name string, network bool) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return "", false
	}
	name = networkFSName(uint32(s.Type)) // Its type is wider on some machines, and its sign differs.
	return name, name != ""
}

// networkFSName knows the file systems by their magic numbers; it is empty for every other one. What runs in user space (FUSE) may be a local disk, but
// it may be a bucket, and what it does with a lock or a sync is anybody's guess.
// Source: https://man7.org/linux/man-pages/man2/statfs.2.html, include/uapi/linux/magic.h
func networkFSName(magic uint32) string {
	switch magic {
	case 0x6969:
		return "NFS"
	case 0x517b, 0xff534d42, 0xfe534d42:
		return "SMB"
	case 0x00c36400:
		return "CEPH"
	case 0x01021997:
		return "9P"
	case 0x65735546:
		return "FUSE"
	case 0x5346414f, 0x6b414653:
		return "AFS"
	case 0x73757245:
		return "CODA"
	case 0x0bd00bd0:
		return "LUSTRE"
	case 0x47504653:
		return "GPFS"
	}
	return ""
}
