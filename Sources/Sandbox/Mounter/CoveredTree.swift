import CLinux
import Control
import Glibc
import Linux
import SystemPackage
import Tree

/// A `/proc` or `/sys` with its covers, not mounted anywhere yet, for a process of a vNode.
enum CoveredTree {
    /// Made in the vNode's staging mount namespace, in a copy of it that goes with this process; from then on the process is root of the vNode's
    /// user namespace and of no other.
    ///
    /// What is mounted over it is locked: a copy that belongs to another user namespace than what it is a copy of has all mounts that hold
    /// together locked together, and neither open_tree nor move_mount undo that.
    static func make(
        _ order: MountOrder, for caller: borrowing Caller, staging: borrowing OwnedFD, first: borrowing OwnedFD,
        own: borrowing VNodeNamespaces
    ) throws(Errno) -> OwnedFD {
        try Namespaces.enter(staging, .mount)
        _ = try check(unsafe chdir("/"))
        try Namespaces.unshare(.mount)
        let path: String
        switch order.kind {
        case .sysfs:
            guard order.options.isEmpty else { throw .invalidArgument }
            let isShared = try Namespaces.identity(of: caller.network) == own.network
            path = isShared ? order.top + "/sys" : try freshSysfs(order, network: caller.network)
        case .proc:
            let isShared = try Namespaces.identity(of: caller.processes) == own.processes
            let options = try ProcOptions.allowed(order.options)
            path = isShared && options.isEmpty ? order.top + "/proc" : try freshProc(order, options, caller)
        case .unmount: throw .invalidArgument
        }
        try Namespaces.enter(first, .user)
        try Processes.become(uid: 0, gid: 0)
        try Namespaces.unshare(.mount)
        let tree = try Mounts.copyTree(path)
        try Mounts.setAttributes(of: tree, flags: order.flags)
        return tree
    }

    private static let work = "/tmp"

    private static func makePlace() throws(Errno) {
        try Mounts.mount("vnode", on: work, type: "tmpfs", [.noSetUID, .noDevices, .noExecute], data: "size=64k,mode=755")
        for name in ["proc", "sys"] { try Directories.make("\(work)/\(name)") }
    }

    private static func freshSysfs(_ order: MountOrder, network: borrowing OwnedFD) throws(Errno) -> String {
        try Namespaces.enter(network, .network)
        try Mounts.mount("sysfs", on: "/sysfs", type: "sysfs", [.noSetUID, .noDevices, .noExecute])
        try makePlace()
        try covering { () throws(Failure) in try ViewPlan.coverSysfs(number: order.view, top: work) }
        return work + "/sys"
    }

    /// What goes wrong here is not the caller's doing.
    private static func covering(_ body: () throws(Failure) -> Void) throws(Errno) {
        do throws(Failure) { try body() } catch {
            Say.error("vnode-fs: \(error)")
            throw .ioError
        }
    }

    /// A mount namespace with nothing in it but places for two procfs.
    private static func enterNothing() throws(Errno) {
        try Namespaces.unshare(.mount)
        try Mounts.mount("vnode", on: work, type: "tmpfs", [.noSetUID, .noDevices, .noExecute], data: "size=64k,mode=755")
        for name in ["procfs", "shown"] { try Directories.make("\(work)/\(name)") }
        try Staging.changeRoot(to: work)
    }

    private static func freshProc(_ order: MountOrder, _ options: String, _ caller: borrowing Caller) throws(Errno) -> String {
        // The child is in the caller's sight, and so are its network and its mounts: they are the caller's, and none.
        let here = try Files.open("/proc/thread-self/ns/mnt", flags: O_RDONLY)
        try Namespaces.enter(caller.network, .network)
        try enterNothing()
        // Only for children, and a procfs is that of who mounts it.
        try Namespaces.enter(caller.processes, .pid)
        let child = try Processes.fork {
            do throws(Errno) {
                try Processes.dieWithParent()
                // The helper's own is not inherited, and it may have ended before the line above.
                _ = alarm(MountOrder.patience)
                for (place, data) in [("/procfs", ""), ("/shown", options)] {
                    try Mounts.mount("proc", on: place, type: "proc", [.noSetUID, .noDevices, .noExecute], data: data)
                }
                return 0
            } catch {
                return error.rawValue
            }
        }
        let status = try Processes.wait(child.pid).status
        // Ended by a signal: its alarm, or the end of the caller's PID namespace.
        if status > EHWPOISON { throw .ioError }
        if status != 0 { throw Errno(rawValue: status) }
        let closed = try Mounts.copyTree("/procfs")
        let shown = try Mounts.copyTree("/shown")
        try Namespaces.enter(here, .mount)
        _ = try check(unsafe chdir("/"))
        try Mounts.attach(closed, to: "/procfs")
        try Mounts.attach(shown, to: "/shown")
        // A network namespace made inside has its own of what counts for the whole node.
        for step in StagingPlan.network(procfs: "/procfs") { try? step.perform() }
        try makePlace()
        let network = caller.network.raw
        try covering { () throws(Failure) in try ViewPlan.coverProc(number: order.view, top: work, network: network) }
        return work + "/proc"
    }
}

/// What tells the vNode's own namespaces from those made inside it.
struct VNodeNamespaces: ~Copyable {
    let users: OwnedFD
    let processes: Namespaces.Identity
    let network: Namespaces.Identity

    /// `first` is the pidfd of the process with the number `pid`.
    static func of(_ first: borrowing OwnedFD, pid: Int32) throws(Errno) -> VNodeNamespaces {
        let users = try Files.open("/proc/\(pid)/ns/user", flags: O_RDONLY)
        let processes = try Namespaces.identity(of: Files.open("/proc/\(pid)/ns/pid", flags: O_RDONLY))
        let network = try Namespaces.identity(of: Files.open("/proc/\(pid)/ns/net", flags: O_RDONLY))
        // The number was still its own.
        guard try Poll.readable([first.raw], milliseconds: 0) == [false] else { throw .noSuchProcess }
        return VNodeNamespaces(users: users, processes: processes, network: network)
    }
}
