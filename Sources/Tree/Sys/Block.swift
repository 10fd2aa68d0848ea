import Text

/// `/sys/devices/virtual/block/<disk>/{dev,stat,uevent}` and the symlinks to it: `254:0`
///
/// The disks of `/proc/diskstats`, with the kernel's names and numbers and no place in the node's hardware. `stat` has the columns of
/// a diskstats line. Size and queue are constants: which disk a node has is nobody's business, and no cgroup has a share of it.
/// Source: `block/genhd.c`, `block/blk-sysfs.c`. Reads `io.stat`. A disk that is gone is empty. Write: EACCES.
enum Block {
    static func number(_ snapshot: borrowing Snapshot, _ instance: Int, _ out: inout ByteWriter) {
        guard let disk = disk(snapshot, instance) else { return }
        out.write("\(disk.major):\(disk.minor)\n")
    }

    static func uevent(_ snapshot: borrowing Snapshot, _ instance: Int, _ out: inout ByteWriter) {
        guard let disk = disk(snapshot, instance) else { return }
        out.write("MAJOR=\(disk.major)\nMINOR=\(disk.minor)\nDEVNAME=\(disk.name)\nDEVTYPE=disk\n")
    }

    /// `%8lu %8lu %8llu %8u ...`
    static func stat(_ snapshot: borrowing Snapshot, _ instance: Int, _ out: inout ByteWriter) {
        guard let disk = disk(snapshot, instance) else { return }
        for (index, field) in Diskstats.fields(of: disk).enumerated() {
            if index > 0 { out.write(byte: 0x20) }
            out.write(field, width: 8)
        }
        out.write(byte: 0x0a)
    }

    /// A symlink to the disk's directory.
    static func link(_ upwards: String) -> Renderer {
        { snapshot, instance, out in
            guard let disk = disk(snapshot, instance) else { return }
            out.write(upwards)
            out.write("devices/virtual/block/")
            out.write(disk.name)
        }
    }

    private static func disk(_ snapshot: borrowing Snapshot, _ number: Int) -> Snapshot.Disk? {
        snapshot.disks.first { $0.number == number }
    }
}
