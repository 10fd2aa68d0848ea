import FuseKit
import Glibc
import Linux
import Synchronization
import SystemPackage
import Tree

/// The kernel's own sysctls of a vNode's uts and ipc namespaces and of a network namespace prepared for a container, read and written
/// inside them. `setns` on a thread of the vNode's own, never a fork.
///
/// A caller that has made a namespace of its own inside the vNode reads and writes that one. Which one is found by the caller's pid,
/// and believed only if it belongs to the vNode's user namespace: a pid that is somebody else's by now reaches nothing of theirs.
final class NamespaceSysctls: Sendable {
    private let descriptors: VNode.Descriptors
    private let initPID: Int32
    /// Node uid of the vNode's root.
    private let owner: UInt32
    private let userNamespace = Mutex<Namespaces.Identity?>(nil)

    /// Most take some microseconds; a write to `kernel/shm_rmid_forced` frees what may be gigabytes of shared memory, for as long as
    /// that takes. So each vNode has its own, and waits for nobody's else.
    private let thread = SerialThread()
    /// A caller waits no longer, whatever others of its vNode ask for.
    private static let patience = 2_000

    /// Of the vNode's first process.
    init(_ descriptors: VNode.Descriptors, initPID: Int32, owner: UInt32) {
        self.descriptors = descriptors
        self.initPID = initPID
        self.owner = owner
    }

    /// The content of `path`, below the node's `/proc`, in the namespace of `caller`. `network` is the inode number of a prepared network
    /// namespace the caller may be in.
    func read(_ path: String, _ kind: NamespaceKind, caller: Int32, network: UInt64?) throws(Errno) -> [UInt8] {
        try inside(kind, caller, network) { () throws(Errno) in try Files.read("/" + path, limit: 65536) }
    }

    /// What write(2) there says. The same request again writes the same.
    func write(
        _ bytes: [UInt8], at offset: Int, to path: String, _ kind: NamespaceKind, caller: Int32, network: UInt64?
    ) throws(Errno) -> Int {
        let owner = owner
        return try inside(kind, caller, network) { () throws(Errno) in
            do throws(Errno) { return try put(bytes, at: offset, to: path) } catch {
                // Since Linux 6.10 those of an ipc namespace are the root's of its user namespace alone.
                guard error == .permissionDenied else { throw error }
                try Processes.act(as: owner)
                defer { try? Processes.act(as: 0) }
                return try put(bytes, at: offset, to: path)
            }
        }
    }

    private func inside<Value: Sendable>(
        _ kind: NamespaceKind, _ caller: Int32, _ network: UInt64?, _ body: @escaping @Sendable () throws(Errno) -> Value
    ) throws(Errno) -> Value {
        // Others are answered meanwhile, however many vNodes make theirs wait.
        var standIn: StandIn?
        defer { withExtendedLifetime(standIn) {} }
        do throws(Errno) {
            return try thread.run(milliseconds: NamespaceSysctls.patience, whenSlow: { standIn = Workers.standIn() }) {
                [self] () throws(Errno) in
                let home = try Files.open("/proc/thread-self/ns/" + kind.name, flags: O_RDONLY)
                if let theirs = try namespace(of: caller, kind, network) {
                    try Namespaces.enter(theirs, kind.flag)
                } else if kind == .network {
                    // Of neither: a file of the vNode's own network is the kernel's.
                    throw .permissionDenied
                } else {
                    try Namespaces.enter(descriptors.pidfd, kind.flag)
                }
                defer { try? Namespaces.enter(home, kind.flag) }
                return try body()
            }
        } catch {
            // The vNode has ended, or its caller.
            throw error == .noSuchProcess ? Errno(rawValue: ENODEV) : error
        }
    }

    /// The caller's namespace if it is one of the vNode's. ESRCH when the caller is gone: what it wanted changed must not change elsewhere.
    private func namespace(of caller: Int32, _ kind: NamespaceKind, _ network: UInt64?) throws(Errno) -> OwnedFD? {
        if caller <= 0 { return nil }
        let found: OwnedFD
        do throws(Errno) { found = try Files.open("/proc/\(caller)/ns/\(kind.name)", flags: O_RDONLY) } catch {
            throw error == .noSuchFileOrDirectory ? .noSuchProcess : error
        }
        if kind == .network, let network, try Namespaces.identity(of: found).inode == network { return found }
        let owner = try Namespaces.owner(of: found)
        guard try Namespaces.identity(of: owner) == own() else { return nil }
        return found
    }

    /// The vNode's user namespace.
    private func own() throws(Errno) -> Namespaces.Identity {
        if let known = userNamespace.withLock({ $0 }) { return known }
        let found = try Files.open("/proc/\(initPID)/ns/user", flags: O_RDONLY)
        // It still is the vNode's first process, so the pid was.
        var asked = pollfd(fd: descriptors.pidfd.raw, events: Int16(POLLIN), revents: 0)
        guard unsafe poll(&asked, 1, 0) == 0 else { throw .noSuchProcess }
        let identity = try Namespaces.identity(of: found)
        userNamespace.withLock { $0 = identity }
        return identity
    }
}

private func put(_ bytes: [UInt8], at offset: Int, to path: String) throws(Errno) -> Int {
    let file = try Files.open("/" + path, flags: O_WRONLY)
    return try check(unsafe bytes.withUnsafeBytes { unsafe pwrite(file.raw, $0.baseAddress, $0.count, offset) })
}

extension NamespaceKind {
    fileprivate var name: String {
        switch self {
        case .uts: "uts"
        case .ipc: "ipc"
        case .network: "net"
        }
    }

    fileprivate var flag: Namespaces {
        switch self {
        case .uts: .uts
        case .ipc: .ipc
        case .network: .network
        }
    }
}
