package ledger

import (
	"syscall"
	"testing"
)

func TestNetworkFileSystemsAreKnown(t *testing.T) {
	for magic, want := range map[uint32]string{0x6969: "NFS", 0xff534d42: "SMB", 0xfe534d42: "SMB", 0x00c36400: "CEPH", 0x01021997: "9P", 0x65735546: "FUSE",
		0xef53: "", 0x58465342: "", 0x9123683e: "", 0x01021994: "", 0x794c7630: ""} { // ext4, XFS, Btrfs, tmpfs, overlay.
		if got := networkFSName(magic); got != want {
			t.Errorf("%#x: got %q, want %q", magic, got, want)
		}
	}
	var s syscall.Statfs_t
	dir := t.TempDir()
	if err := syscall.Statfs(dir, &s); err != nil {
		t.Fatal(err)
	}
	if name, network := networkFS(dir); name != networkFSName(uint32(s.Type)) || network != (name != "") {
		t.Errorf("got %q, %v for the file system %#x", name, network, s.Type)
	}
	if name, network := networkFS(dir + "/missing"); network {
		t.Errorf("a directory that is missing: got %q", name)
	}
}
