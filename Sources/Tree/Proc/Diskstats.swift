import Text

/// `/proc/diskstats`: ` 254       0 vda 10 0 80 0 5 0 40 0 0 0 0 0 0 0 0 0 0`
///
/// major minor name, then reads merged sectors ms, writes merged sectors ms, in flight, ms busy, ms queued, discards merged
/// sectors ms, flushes ms. Sectors of 512 bytes. Source: `block/genhd.c` (`diskstats_show`). Reads `io.stat` of the view's
/// cgroup, which keeps requests and bytes: merges, times and flushes are 0. Only devices the view has used, in io.stat's
/// order. Without an io controller: empty. Write: EACCES.
enum Diskstats {
    static func render(_ snapshot: borrowing Snapshot, _ instance: Int, _ out: inout ByteWriter) {
        for disk in snapshot.disks {
            out.write(disk.major, width: 4)
            out.write(byte: 0x20)
            out.write(disk.minor, width: 7)
            out.write(byte: 0x20)
            out.write(disk.name)
            for field in fields(of: disk) {
                out.write(byte: 0x20)
                out.write(field)
            }
            out.write(byte: 0x0a)
        }
    }

    /// What follows the name.
    static func fields(of disk: Snapshot.Disk) -> [UInt64] {
        [
            disk.reads, 0, disk.readBytes / 512, 0, disk.writes, 0, disk.writtenBytes / 512, 0, 0, 0, 0,
            disk.discards, 0, disk.discardedBytes / 512, 0, 0, 0,
        ]
    }
}
