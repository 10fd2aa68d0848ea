import CLinux
import Glibc
public import SystemPackage

/// Mounting, in the mount namespace of the process.
public enum Mounts {
    public struct Flags: OptionSet, Sendable {
        public let rawValue: UInt
        public init(rawValue: UInt) { self.rawValue = rawValue }

        public static let readOnly = Flags(rawValue: 1)
        public static let noSetUID = Flags(rawValue: 2)
        public static let noDevices = Flags(rawValue: 4)
        public static let noExecute = Flags(rawValue: 8)
        public static let noAccessTime = Flags(rawValue: 1024)
        public static let bind = Flags(rawValue: 4096)
        public static let recursive = Flags(rawValue: 16384)
        public static let isPrivate = Flags(rawValue: 1 << 18)
    }

    /// mount(2).
    public static func mount(_ source: String, on target: String, type: String = "", _ flags: Flags = [], data: String = "") throws(Errno) {
        _ = try check(unsafe Glibc.mount(source, target, type, flags.rawValue, data))
    }

    /// Takes the mount on `target` out of the tree at once, whoever still uses it. Without `following` a symlink in its place is EINVAL.
    public static func detach(_ target: String, following: Bool = true) throws(Errno) {
        _ = try check(unsafe umount2(target, CInt(MNT_DETACH) | (following ? 0 : CInt(UMOUNT_NOFOLLOW))))
    }

    public static func pivotRoot(to newRoot: String, old: String) throws(Errno) {
        _ = try check(unsafe clinux_pivot_root(newRoot, old))
    }

    /// Makes the mount on `target` read-only; mounts below keep what they have.
    public static func setReadOnly(_ target: String) throws(Errno) {
        _ = try check(unsafe clinux_mount_setattr(AT_FDCWD, target, 0, attributeReadOnly, 0, -1))
    }

    /// Puts a copy of the mount at `source` on `target`, its owners shifted by the maps of a user namespace.
    /// EINVAL: the filesystem cannot be ID-mapped. EPERM: it already is.
    public static func bindMapped(_ source: String, on target: String, userNamespace: borrowing OwnedFD, readOnly: Bool) throws(Errno) {
        let tree = try copy(source)
        let set = attributeIDMap | (readOnly ? attributeReadOnly : 0)
        _ = try check(unsafe clinux_mount_setattr(tree.raw, "", atEmptyPath, set, 0, userNamespace.raw))
        try attach(tree, to: target)
    }

    /// A copy of the mount at `source`, in no tree yet.
    public static func copy(_ source: String) throws(Errno) -> OwnedFD {
        OwnedFD(taking: try check(unsafe clinux_open_tree(AT_FDCWD, source, 1 | UInt32(O_CLOEXEC))))
    }

    /// Puts such a copy on `target`.
    public static func attach(_ tree: borrowing OwnedFD, to target: String) throws(Errno) {
        _ = try check(unsafe clinux_move_mount(tree.raw, "", AT_FDCWD, target, 4))
    }

    /// A copy of the mount at `path`, and with `recursive` of those below, in no tree yet and apart from those it was made of.
    public static func copyTree(_ path: String, recursive: Bool = true) throws(Errno) -> OwnedFD {
        try copyTree(AT_FDCWD, path, recursive ? atRecursive : 0)
    }

    /// The same of an open file or directory, with or without the mounts below.
    public static func copyTree(of place: borrowing OwnedFD, recursive: Bool = true) throws(Errno) -> OwnedFD {
        try copyTree(place.raw, "", atEmptyPath | (recursive ? atRecursive : 0))
    }

    private static func copyTree(_ directory: CInt, _ path: String, _ flags: UInt32) throws(Errno) -> OwnedFD {
        let tree = OwnedFD(taking: try check(unsafe clinux_open_tree(directory, path, 1 | UInt32(O_CLOEXEC) | flags)))
        _ = try check(clinux_mount_setattr_private(tree.raw))
        return tree
    }

    /// Shifts the owners of such a copy by the maps of a user namespace; device nodes in it are none.
    /// EINVAL: a filesystem of it cannot be ID-mapped. EPERM: a mount of it already is.
    public static func map(_ tree: borrowing OwnedFD, userNamespace: borrowing OwnedFD, readOnly: Bool) throws(Errno) {
        let set = attributeIDMap | attributeNoDevices | (readOnly ? attributeReadOnly : 0)
        _ = try check(unsafe clinux_mount_setattr(tree.raw, "", atEmptyPath | atRecursive, set, 0, userNamespace.raw))
    }

    /// Mounts such a copy on an open directory.
    public static func attach(_ tree: borrowing OwnedFD, to place: borrowing OwnedFD) throws(Errno) {
        // MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH.
        _ = try check(unsafe clinux_move_mount(tree.raw, "", place.raw, "", 0x44))
    }

    /// Gives it what mount(2) was asked for: read-only all of it, the rest its top.
    public static func setAttributes(of tree: borrowing OwnedFD, flags: UInt64) throws(Errno) {
        // MS_NOSUID, MS_NODEV and MS_NOEXEC are the attributes' bits.
        let set = flags & 0xe | (flags & 2048 != 0 ? 0x80 : 0)
        if set != 0 { _ = try check(unsafe clinux_mount_setattr(tree.raw, "", atEmptyPath, set, 0, -1)) }
        if flags & 1 != 0 { _ = try check(unsafe clinux_mount_setattr(tree.raw, "", atEmptyPath | atRecursive, attributeReadOnly, 0, -1)) }
    }

    /// Whether an open file is where a procfs, or a file system of one of these FUSE connections, is mounted.
    public static func isCovered(_ place: borrowing OwnedFD, connections: [UInt32?]) -> Bool {
        let minor = clinux_mount_minor(place.raw)
        guard minor >= 0 else { return false }
        return clinux_filesystem(place.raw) == procfs || connections.contains(UInt32(truncatingIfNeeded: minor))
    }

    private static let procfs: Int64 = 0x9fa0
    private static let attributeNoDevices: UInt64 = 4
    private static let atRecursive: UInt32 = 0x8000
    private static let attributeReadOnly: UInt64 = 1
    private static let attributeIDMap: UInt64 = 0x10_0000
    private static let atEmptyPath: UInt32 = 0x1000

    /// Minor device number of the file system mounted at `path`; of a FUSE mount also its number in fusectl. Its server is not asked.
    public static func minor(of path: String) throws(Errno) -> UInt32 {
        let number = unsafe clinux_minor(path)
        if number < 0 { throw Errno(rawValue: errno) }
        return UInt32(truncatingIfNeeded: number)
    }
}
