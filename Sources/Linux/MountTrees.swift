import CLinux
import Glibc
public import SystemPackage

/// A copy of mounts that is nowhere yet: taken in one mount namespace, it can be put into another. It is in no peer group: what is mounted
/// on it there, by whoever is root there, is not mounted on what it was taken from, nor the other way round.
public struct MountTree: ~Copyable {
    private let tree: OwnedFD

    /// Copies what is mounted at `path`, and with `recursive` everything below. EINVAL: the path is not of the own mount namespace.
    public init(_ path: String, recursive: Bool = false) throws(Errno) {
        tree = try Mounts.copyTree(path, recursive: recursive)
    }

    /// The same of an open file or directory.
    public init(_ place: borrowing OwnedFD, recursive: Bool = false) throws(Errno) {
        tree = try Mounts.copyTree(of: place, recursive: recursive)
    }

    /// Shifts the owners of the topmost mount by the maps of a user namespace; device nodes in it are none, as in `Mounts.map`.
    /// EINVAL: its filesystem cannot be ID-mapped. EPERM: it already is.
    public borrowing func mapIDs(_ userNamespace: CInt) throws(Errno) {
        _ = try check(unsafe clinux_mount_setattr(tree.raw, "", MountTree.emptyPath, 0x10_0000 | MountTree.noDevices, 0, userNamespace))
    }

    /// Has device nodes in the topmost mount be none.
    public borrowing func setNoDevices() throws(Errno) {
        try Mounts.setAttributes(of: tree, flags: UInt64(Mounts.Flags.noDevices.rawValue))
    }

    /// Makes it read-only, with everything below.
    public borrowing func setReadOnly() throws(Errno) {
        try Mounts.setAttributes(of: tree, flags: UInt64(Mounts.Flags.readOnly.rawValue))
    }

    /// Gives up ownership: the caller closes.
    public consuming func release() -> CInt { tree.release() }

    /// Puts it on a file or directory of the own mount namespace.
    public borrowing func move(to path: String) throws(Errno) { try MountTree.move(tree.raw, to: path) }

    /// The same for one somebody else owns.
    public static func move(_ tree: CInt, to path: String) throws(Errno) {
        _ = try check(unsafe clinux_move_mount(tree, "", AT_FDCWD, path, 4))
    }

    /// The same for an open place.
    public static func move(_ tree: CInt, to place: borrowing OwnedFD) throws(Errno) {
        _ = try check(unsafe clinux_move_mount(tree, "", place.raw, "", 4 | 0x40))
    }

    private static let noDevices: UInt64 = 4
    private static let emptyPath: UInt32 = 0x1000
}

extension Files {
    /// Opens what is at `path` below a directory, as a place to look at: no symlink is followed and nothing leads out of it.
    public static func openBeneath(_ path: String, _ directory: borrowing OwnedFD, flags: CInt = Files.place) throws(Errno) -> OwnedFD {
        OwnedFD(taking: try check(unsafe clinux_open_beneath(directory.raw, path, flags)))
    }
}
