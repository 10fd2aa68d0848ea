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

    /// That of a process, or of it what is mounted at `top` and below. EFBIG for one that is too long: never a part of it.
    init(of process: String = "self", at top: String = "/") throws(Errno) {
        self.init(String(decoding: try Files.read("/proc/\(process)/mountinfo", limit: 64 << 20), as: UTF8.self), at: top)
    }

    init(_ mountinfo: String, at top: String = "/") {
        // By bytes: a node has thousands of lines, and each command reads them.
        for line in mountinfo.utf8.split(separator: 0x0a) {
            let fields = line.split(separator: 0x20)
            guard fields.count > 6, let dash = fields.firstIndex(where: { $0.elementsEqual([0x2d]) }), fields.count > dash + 3,
                top == "/" || fields[4].starts(with: top.utf8)
            else { continue }
            let point = MountTable.unescape(Substring(fields[4]))
            guard MountTable.isIn(point, top) else { continue }
            mounts.append(
                Mount(
                    device: String(Substring(fields[2])), root: MountTable.unescape(Substring(fields[3])), point: point,
                    flags: fields[5].split(separator: 0x2c).map(Substring.init), type: String(Substring(fields[dash + 1])),
                    source: MountTable.unescape(Substring(fields[dash + 2])), options: MountTable.unescape(Substring(fields[dash + 3]))))
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
        guard field.utf8.contains(0x5c) else { return String(field) }
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
