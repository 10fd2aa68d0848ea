import Linux
import SystemPackage

/// `/proc/<pid>/mountinfo`: the mounts of a namespace, of those at one point the topmost last (proc_pid_mountinfo(5)).
struct MountTable {
    /// `201 354 0:48 /sys /proc/sys ro,nosuid,nodev,noexec,relatime - proc proc rw`
    struct Mount: Equatable {
        /// `0:48`
        var device: String
        /// What of the file system is shown: `/sys`.
        var root: String
        /// `/proc/sys`
        var point: String
        var type: String
        /// Those of the file system: `rw`.
        var options: String
    }

    var mounts: [Mount] = []

    /// That of a process. EFBIG for one that is too long: never a part of it.
    init(of process: String = "self") throws(Errno) {
        self.init(String(decoding: try Files.read("/proc/\(process)/mountinfo", limit: 64 << 20), as: UTF8.self))
    }

    init(_ mountinfo: String) {
        for line in mountinfo.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count > 6, let dash = fields.firstIndex(of: "-"), fields.count > dash + 3 else { continue }
            mounts.append(
                Mount(
                    device: String(fields[2]), root: MountTable.unescape(fields[3]), point: MountTable.unescape(fields[4]),
                    type: String(fields[dash + 1]), options: MountTable.unescape(fields[dash + 3])))
        }
    }

    /// `\040` and the like of a mount table.
    static func unescape(_ field: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = Array(field.utf8)[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(3)
            if byte == 0x5c, digits.count == 3, digits.allSatisfy({ (0x30...0x37).contains($0) }) {
                bytes.append(UInt8(truncatingIfNeeded: digits.reduce(0) { $0 << 3 | Int($1 - 0x30) }))
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
