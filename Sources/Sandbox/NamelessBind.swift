import Glibc
import Linux
import SystemPackage

/// A bind of a directory of the node whose mount does not say which disk it is on.
///
/// Whoever sees a mount sees its source, and a bind has that of the mount it was made from. A mount made anew of the same file system has
/// the name it was mounted by: here that of a device node made for the purpose. Number and type stay, as stat(2) tells them too.
enum NamelessBind {
    static let name = "vnode"

    /// The file system a directory is on: a disk, the only kind whose mount names something of the node.
    struct Origin: Equatable {
        var device: UInt64
        var type: String
        var isReadOnly: Bool
        /// The directory as the file system has it.
        var inside: String
    }

    /// `path` is below a directory that device nodes can be made in.
    static func mount(_ source: String, over path: String) throws(Errno) {
        guard let parent = path.lastIndex(of: "/").map({ String(path[..<$0]) }),
            let origin = origin(of: source, mounts: String(decoding: try Files.read("/proc/self/mountinfo"), as: UTF8.self))
        else { throw .notSupported }
        // The name is taken as it is given: relative to here.
        _ = try check(unsafe chdir(parent))
        defer { _ = unsafe chdir("/") }
        _ = try check(unsafe mknod(name, mode_t(S_IFBLK | 0o600), dev_t(origin.device)))
        defer { _ = unsafe unlink(name) }
        try Mounts.mount(name, on: path, type: origin.type, origin.isReadOnly ? .readOnly : [])
        let copy: OwnedFD
        do throws(Errno) { copy = try Mounts.copy(path + origin.inside) } catch {
            try Mounts.detach(path)
            throw error
        }
        try Mounts.detach(path)
        try Mounts.attach(copy, to: path)
    }

    /// nil when it is on no disk, or where a mount table cannot be read plainly.
    static func origin(of path: String, mounts: String) -> Origin? {
        var found: (point: Substring, origin: Origin?)?
        for line in mounts.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard let dash = fields.firstIndex(of: "-"), fields.count > dash + 3, fields.count > 4 else { continue }
            let point = fields[4] == "/" ? "" : fields[4]
            guard path == point || path.hasPrefix(point + "/"), point.utf8.count >= (found?.point.utf8.count ?? 0) else { continue }
            found = (point, origin(fields, dash, below: path.dropFirst(point.count)))
        }
        return found?.origin
    }

    private static func origin(_ fields: [Substring], _ dash: Int, below rest: Substring) -> Origin? {
        let numbers = fields[2].split(separator: ":").compactMap { UInt64($0) }
        guard numbers.count == 2, numbers[0] != 0, !fields[3].contains("\\"), fields[dash + 2].hasPrefix("/dev/") else { return nil }
        let device = (numbers[0] & 0xfff) << 8 | (numbers[1] & 0xff) | (numbers[1] & ~0xff) << 12 | (numbers[0] & ~0xfff) << 32
        let options = fields[dash + 3].split(separator: ",")
        return Origin(
            device: device, type: String(fields[dash + 1]), isReadOnly: options.contains("ro"),
            inside: (fields[3] == "/" ? "" : String(fields[3])) + String(rest))
    }
}
