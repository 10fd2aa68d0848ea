import Glibc
import Linux
import SystemPackage

/// `linux.sysctl` of a container. The engine would write it inside the user namespace, where most of it is read-only.
struct ContainerSysctls {
    private var network: [(path: String, value: String)] = []
    private var ipc: [(path: String, value: String)] = []
    private var others: [(path: String, value: String)] = []

    init(_ sysctls: [String: String]) throws(Failure) {
        for (name, value) in sysctls.sorted(by: { $0.key < $1.key }) {
            let parts = (name.contains("/") ? name.split(separator: "/") : name.split(separator: ".")).map(String.init)
            guard parts.count > 1, parts.allSatisfy(ManagedPaths.isComponent) else {
                throw Failure("linux.sysctl: \"\(name)\" is no sysctl")
            }
            let entry = (path: parts.joined(separator: "/"), value: value)
            if parts[0] == "net" {
                network.append(entry)
            } else if name.hasPrefix("kernel.shm") || name.hasPrefix("kernel.msg") || name == "kernel.sem" || name.hasPrefix("fs.mqueue.") {
                ipc.append(entry)
            } else {
                others.append(entry)
            }
        }
    }

    /// Those of its network namespace, and those that only the view knows: its tree refuses what no vNode may change. Before the
    /// container is made, in staging.
    func apply(network namespace: CInt, tree: String) throws(Failure) {
        if !network.isEmpty {
            try ContainerNetwork.inside(namespace) { () throws(Failure) in try ContainerSysctls.write(network, below: "/proc/sys") }
        }
        try ContainerSysctls.write(others, below: tree + "/sys")
    }

    /// Those of its ipc namespace, once the container's first process has one. In a child: the namespace of this process changes.
    func apply(to process: borrowing OwnedFD, owner: UInt32) throws(Failure) {
        if ipc.isEmpty { return }
        let raw = process.raw
        try InChild.run("setting sysctls") { () throws(Failure) in
            try attempt("entering the ipc namespace") { () throws(Errno) in try Namespaces.enter(raw, .ipc) }
            do throws(Failure) { try ContainerSysctls.write(ipc, below: "/proc/sys") } catch {
                // Since Linux 6.10 they are the root's of the namespace's user namespace alone.
                try attempt("becoming root of the vNode") { () throws(Errno) in try Processes.act(as: owner) }
                try ContainerSysctls.write(ipc, below: "/proc/sys")
            }
        }
    }

    private static func write(_ entries: [(path: String, value: String)], below top: String) throws(Failure) {
        for entry in entries {
            try attempt("setting the sysctl", "\(entry.path) = \(entry.value)") { () throws(Errno) in
                try Files.write(entry.value, to: "\(top)/\(entry.path)")
            }
        }
    }
}
