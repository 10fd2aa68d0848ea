import Glibc
import Linux
public import SystemPackage

/// A process whose view is audited: what it takes to see as it does. Everything is opened before it is looked at, so that a pid that
/// is used again cannot mislead.
public final class Target {
    public let pid: Int32
    /// Its pid in its own PID namespace.
    public let innerPID: Int32
    /// CPUs it may run on, as `Cpus_allowed_list` says.
    public let allowedCPUs: String
    /// The most root of the container can ever be capable of.
    let capabilities: UInt64
    let root: OwnedFD
    /// Those that are not the caller's own, in the order to enter them: the user namespace last, because a network namespace may
    /// belong to the node's.
    let namespaces: [(kind: Namespaces, descriptor: CInt)]
    /// Kinds it shares with the node.
    public let shared: Set<String>

    static let kinds: [(name: String, kind: Namespaces)] = [
        ("cgroup", .cgroup), ("ipc", .ipc), ("uts", .uts), ("net", .network), ("time", .time), ("pid", .pid), ("mnt", .mount),
        ("user", .user),
    ]

    /// ESRCH: there is no such process, or it ended meanwhile.
    public init(pid: Int32) throws(Errno) {
        let pidfd = try Processes.openPidfd(pid)
        let status = String(decoding: try Files.read("/proc/\(pid)/status"), as: UTF8.self)
        let root = try Files.open("/proc/\(pid)/root", flags: Files.place | O_DIRECTORY)
        var found: [(kind: Namespaces, descriptor: CInt)] = []
        var shared: Set<String> = []
        do throws(Errno) {
            for (name, kind) in Target.kinds {
                let theirs = try Files.open("/proc/\(pid)/ns/\(name)", flags: O_RDONLY)
                let ours = try Files.open("/proc/self/ns/\(name)", flags: O_RDONLY)
                if try Target.isSame(theirs, ours) { shared.insert(name) } else { found.append((kind, theirs.release())) }
            }
            // Only now is it certain that all of it is of one process.
            try Processes.send(0, to: pidfd)
        } catch {
            for (_, descriptor) in found { _ = close(descriptor) }
            throw error
        }
        self.root = root
        namespaces = found
        self.shared = shared
        self.pid = pid
        innerPID = Target.field("NSpid", of: status).split(whereSeparator: \.isWhitespace).last.flatMap { Int32($0) } ?? pid
        allowedCPUs = Target.field("Cpus_allowed_list", of: status)
        capabilities = UInt64(Target.field("CapBnd", of: status), radix: 16) ?? 0
    }

    deinit { for (_, descriptor) in namespaces { _ = close(descriptor) } }

    static func field(_ name: String, of status: String) -> String {
        for line in status.split(separator: "\n") where line.hasPrefix(name + ":") {
            return String(line.dropFirst(name.utf8.count + 1).drop(while: \.isWhitespace))
        }
        return ""
    }

    private static func isSame(_ one: borrowing OwnedFD, _ other: borrowing OwnedFD) throws(Errno) -> Bool {
        var first = stat()
        var second = stat()
        _ = try check(unsafe fstat(one.raw, &first))
        _ = try check(unsafe fstat(other.raw, &second))
        return first.st_dev == second.st_dev && first.st_ino == second.st_ino
    }
}
