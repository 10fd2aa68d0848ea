import Text

/// `/proc/partitions`: ` 254        0 1073741824 vda`
///
/// major minor, blocks of 1,024 bytes, name; below a heading. Source: `block/genhd.c` (`show_partition`). The disks of
/// `/proc/diskstats`, each with 1 TiB: how large a node's disks are tells nodes apart, what a view may use of them
/// statfs(2) says. Without a disk: empty, as the kernel's. Write: EACCES.
enum Partitions {
    static func render(_ snapshot: borrowing Snapshot, _ instance: Int, _ out: inout ByteWriter) {
        if snapshot.disks.isEmpty { return }
        out.write("major minor  #blocks  name\n\n")
        for disk in snapshot.disks {
            out.write(disk.major, width: 4)
            out.write("  ")
            out.write(disk.minor, width: 7)
            out.write(byte: 0x20)
            out.write(blocks, width: 10)
            out.write(byte: 0x20)
            out.write(disk.name)
            out.write(byte: 0x0a)
        }
    }

    private static let blocks: UInt64 = 1 << 30
}
