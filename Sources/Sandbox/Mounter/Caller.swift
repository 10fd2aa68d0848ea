import CLinux
import Glibc
import Linux
import SystemPackage

/// The process a mount is made for: its places and what it may, taken before anything is entered.
struct Caller: ~Copyable {
    let root: OwnedFD
    let directory: OwnedFD
    let mounts: OwnedFD
    let processes: OwnedFD
    let network: OwnedFD
    let users: OwnedFD
    let status: ProcessStatus
    /// Where the target's path begins: the directory it is in, or what it names by a descriptor of its own.
    let start: OwnedFD
    let path: [UInt8]
    let isDescriptor: Bool

    /// `thread` is known to wait only after this: what was opened is looked at then and not before.
    static func find(_ thread: Int32, target: [UInt8]) throws(Errno) -> Caller {
        let place = try Files.open("/proc/\(thread)", flags: Files.place | O_DIRECTORY)
        let open = { (name: String, flags: CInt) throws(Errno) -> OwnedFD in try Files.open(name, below: place.raw, flags: flags) }
        let named = DescriptorPath.split(target)
        return Caller(
            root: try open("root", Files.place), directory: try open("cwd", Files.place), mounts: try open("ns/mnt", O_RDONLY),
            processes: try open("ns/pid", O_RDONLY), network: try open("ns/net", O_RDONLY), users: try open("ns/user", O_RDONLY),
            status: ProcessStatus(try Files.read("status", below: place.raw)),
            start: try open(named.map { "fd/\($0.number)" } ?? "cwd", Files.place), path: named?.rest ?? target, isDescriptor: named != nil)
    }

    /// Root of the user namespace with the power to mount in it: who else asks is refused, as by the kernel.
    borrowing func check(isIn userNamespace: borrowing OwnedFD) throws(Errno) {
        guard try Namespaces.identity(of: users) == Namespaces.identity(of: userNamespace), status.capabilities >> 21 & 1 == 1 else {
            throw .notPermitted
        }
    }

    /// Opens what the target is to the caller: in its mount namespace, from its directory, with its rights. The helper is in the vNode's user
    /// namespace, whose first id is `base`, and from here on has no more rights than the caller.
    borrowing func openTarget(base: UInt32, follow: Bool) throws(Errno) -> OwnedFD {
        try Namespaces.enter(mounts, .mount)
        _ = try Linux.check(fchdir(root.raw))
        _ = try Linux.check(unsafe chroot("."))
        _ = try Linux.check(fchdir(directory.raw))
        let inside = { (id: UInt32) in id >= base && id - base < IDRange.size ? id - base : 65534 }
        guard status.userIDs.count == 4, status.groupIDs.count == 4 else { throw .notPermitted }
        let groups = status.groups.map(inside)
        _ = try Linux.check(
            unsafe groups.withUnsafeBufferPointer {
                unsafe clinux_look_as(
                    inside(status.userIDs[3]), inside(status.groupIDs[3]), $0.baseAddress, $0.count, status.capabilities)
            })
        if path.isEmpty {
            guard isDescriptor else { throw .noSuchFileOrDirectory }
            return try start.duplicate()
        }
        let place = start.raw
        // Not a String: a path need not be one.
        let text = path.map { CChar(bitPattern: $0) } + [0]
        return OwnedFD(
            taking: try Linux.check(unsafe text.withUnsafeBufferPointer { unsafe clinux_open_place(place, $0.baseAddress, follow ? 1 : 0) })
        )
    }
}

/// A path that begins with a descriptor of who names it, as engines pass it so that nobody can swap it: `self` would be the helper.
enum DescriptorPath {
    private static let prefixes = ["/proc/self/fd/", "/proc/thread-self/fd/", "/dev/fd/"].map { Array($0.utf8) }

    /// The number and what comes after it, without its slash.
    static func split(_ path: [UInt8]) -> (number: Int32, rest: [UInt8])? {
        for prefix in prefixes where path.starts(with: prefix) {
            let rest = path.dropFirst(prefix.count)
            let digits = rest.prefix { (0x30...0x39).contains($0) }
            let after = rest.dropFirst(digits.count)
            guard let number = Int32(String(decoding: digits, as: UTF8.self)), after.isEmpty || after.first == 0x2f else { return nil }
            return (number, Array(after.drop { $0 == 0x2f }))
        }
        return nil
    }
}
