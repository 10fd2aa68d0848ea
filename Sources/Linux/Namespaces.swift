import CLinux
import Glibc
public import SystemPackage

/// Namespaces of the calling process, which must have one thread; `uts`, `ipc` and `network` are each thread's own.
public struct Namespaces: OptionSet, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    public static let time = Namespaces(rawValue: 0x80)
    public static let mount = Namespaces(rawValue: 0x2_0000)
    public static let cgroup = Namespaces(rawValue: 0x200_0000)
    public static let uts = Namespaces(rawValue: 0x400_0000)
    public static let ipc = Namespaces(rawValue: 0x800_0000)
    public static let user = Namespaces(rawValue: 0x1000_0000)
    public static let pid = Namespaces(rawValue: 0x2000_0000)
    public static let network = Namespaces(rawValue: 0x4000_0000)

    /// unshare(2). `time` and `pid` take effect for children only.
    public static func unshare(_ kinds: Namespaces) throws(Errno) {
        _ = try check(clinux_unshare(CInt(bitPattern: kinds.rawValue)))
    }

    /// setns(2) to a namespace descriptor, or to those of a pidfd's process.
    public static func enter(_ namespace: borrowing OwnedFD, _ kinds: Namespaces) throws(Errno) {
        _ = try check(clinux_setns(namespace.raw, CInt(bitPattern: kinds.rawValue)))
    }

    /// The same for a descriptor somebody else owns.
    public static func enter(_ namespace: CInt, _ kinds: Namespaces) throws(Errno) {
        _ = try check(clinux_setns(namespace, CInt(bitPattern: kinds.rawValue)))
    }

    /// What tells two namespaces apart.
    public struct Identity: Sendable, Equatable {
        let device: UInt64
        public let inode: UInt64
    }

    public static func identity(of namespace: borrowing OwnedFD) throws(Errno) -> Identity {
        var status = stat()
        _ = try check(unsafe fstat(namespace.raw, &status))
        return Identity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    }

    /// The user namespace a namespace belongs to. EPERM: it is none of the caller's or below.
    public static func owner(of namespace: borrowing OwnedFD) throws(Errno) -> OwnedFD {
        OwnedFD(taking: try check(clinux_owner(namespace.raw)))
    }

    /// The kind of a namespace; EINVAL or ENOTTY for a descriptor that is none.
    public static func kind(of namespace: borrowing OwnedFD) throws(Errno) -> Namespaces {
        Namespaces(rawValue: UInt32(bitPattern: try check(clinux_namespace_type(namespace.raw))))
    }

    /// Brings `lo` of the own network namespace up.
    public static func raiseLoopback() throws(Errno) { _ = try check(clinux_loopback_up()) }

    public static func setHostname(_ name: String) throws(Errno) {
        _ = try check(unsafe sethostname(name, name.utf8.count))
    }
}
