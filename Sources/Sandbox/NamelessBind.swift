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
            let origin = origin(of: source, in: try MountTable())
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

    /// nil when it is on no disk.
    static func origin(of path: String, in table: MountTable) -> Origin? {
        guard let (mount, inside) = table.mount(holding: path), mount.source.hasPrefix("/dev/") else { return nil }
        let numbers = mount.device.split(separator: ":").compactMap { UInt64($0) }
        guard numbers.count == 2, numbers[0] != 0 else { return nil }
        return Origin(
            device: (numbers[0] & 0xfff) << 8 | (numbers[1] & 0xff) | (numbers[1] & ~0xff) << 12 | (numbers[0] & ~0xfff) << 32,
            type: mount.type, isReadOnly: mount.options.split(separator: ",").contains("ro"), inside: inside)
    }
}
