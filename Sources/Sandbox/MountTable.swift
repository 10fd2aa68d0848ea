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
        /// Those of the mount: `["rw", "nosuid", "relatime"]`.
        var flags: [Substring]
        var type: String
        /// `/dev/vda1`, or a name that means nothing.
        var source: String
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
                    flags: fields[5].split(separator: ","), type: String(fields[dash + 1]), source: MountTable.unescape(fields[dash + 2]),
                    options: MountTable.unescape(fields[dash + 3])))
        }
    }

    /// What is mounted at a point.
    func mount(at point: String) -> Mount? { mounts.last { $0.point == point } }

    /// The mount a path without symlinks is on, and the path as its file system has it.
    func mount(holding path: String) -> (mount: Mount, inside: String)? {
        var found: Mount?
        for mount in mounts where MountTable.isIn(path, mount.point) && mount.point.utf8.count >= found?.point.utf8.count ?? 0 {
            found = mount
        }
        return found.map { mount in
            let way = path == mount.point ? "" : path.dropFirst(mount.point == "/" ? 0 : mount.point.count)
            let inside = (mount.root == "/" ? "" : mount.root) + way
            return (mount, inside.isEmpty ? "/" : inside)
        }
    }

    /// Those mounted below a path.
    func mounts(below path: String) -> [Mount] { mounts.filter { $0.point != path && MountTable.isIn($0.point, path) } }

    static func isIn(_ path: String, _ directory: String) -> Bool {
        directory == "/" || path == directory || path.hasPrefix(directory + "/")
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
