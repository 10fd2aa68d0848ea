import Glibc
import Linux
import SystemPackage

/// Mounts of the node on their way into a vNode: taken where their path means something, their owners shifted by its id maps, put where its
/// containers get them from. Nothing is chowned, and nothing that is mounted on the node later follows.
final class NodeTree {
    /// Which option named it, for the message of a failure: `--volume /srv`.
    let origin: String
    private let tree: OwnedFD
    let isDirectory: Bool
    /// Filesystems in it, as far as the mount table tells.
    private let filesystems: [String]

    /// Where it is on the node, without symlinks.
    let path: String
    private let isNoSetUID: Bool
    /// Whether users of the node can run what root of a vNode leaves in it, as whom it belongs to.
    var isExposed: Bool { !isNoSetUID && VolumeExposure.isReachable(path, mode: VolumeExposure.mode) }

    /// In the node's mount namespace. With `recursive` mounts below come along.
    init(_ path: String, origin: String, recursive: Bool = true) throws(Failure) {
        self.origin = origin
        do throws(Errno) {
            let place = try NodePlace(path)
            self.path = place.path
            isDirectory = place.kind == S_IFDIR
            isNoSetUID = place.isNoSetUID
            tree = try Mounts.copyTree(of: place.descriptor, recursive: recursive)
        } catch { throw Failure(origin, "", error) }
        filesystems = NodeTree.filesystems(below: self.path, in: (try? MountTable()) ?? MountTable(""))
    }

    /// Shifts the owners by the id maps of a user namespace.
    func map(users: borrowing OwnedFD, readOnly: Bool) throws(Failure) {
        do throws(Errno) { try Mounts.map(tree, userNamespace: users, readOnly: readOnly) } catch {
            throw Failure(
                "mapping the owners of \(origin)", "", error, remedy: NodeTree.reason(error, filesystems, release: Kernel.release))
        }
    }

    /// Puts it at `path`, which is made; what is above must be there.
    func put(at path: String) throws(Failure) {
        try MountStep.perform([isDirectory ? .directory(path) : .file(path)], "staging \(origin)")
        try attempt("staging \(origin)", path) { () throws(Errno) in try Mounts.attach(tree, to: path) }
    }

    /// Puts it on a directory that is there, read-only.
    func putReadOnly(on path: String) throws(Failure) {
        try attempt("staging \(origin)", path) { () throws(Errno) in
            try Mounts.setAttributes(of: tree, flags: UInt64(Mounts.Flags.readOnly.rawValue))
            try Mounts.attach(tree, to: path)
        }
    }

    static func reason(_ error: Errno, _ filesystems: [String], release: String) -> String? {
        switch error {
        case .invalidArgument:
            let names =
                filesystems.isEmpty
                ? "its filesystem" : filesystems.count == 1 ? filesystems[0] : "one of " + filesystems.joined(separator: ", ")
            let hint = filesystems.contains { $0.hasPrefix("tmpfs ") } ? " (tmpfs can since 6.3)" : ""
            return
                "\(names) cannot be ID-mapped by this kernel, Linux \(release)\(hint): its files would be nobody's. Use a directory of another filesystem"
        case .notPermitted: return "a mount of it is ID-mapped already"
        default: return nil
        }
    }

    /// `type on path` of what is mounted at or below a directory.
    static func filesystems(below path: String, in table: MountTable) -> [String] {
        ([table.mount(holding: path)?.mount].compactMap(\.self) + table.mounts(below: path)).map { "\($0.type) on \($0.point)" }
    }
}

enum Kernel {
    static var release: String {
        String(decoding: (try? Files.read("/proc/sys/kernel/osrelease")) ?? [], as: UTF8.self).split(separator: "\n").first.map(String.init)
            ?? ""
    }
}
