import Glibc
import Linux
import SystemPackage

/// The network namespace of a container: the vNode's, one that CNI made, or a new one.
enum ContainerNetwork {
    /// Opens it, on the node. nil: the vNode's.
    static func open(_ network: BundleRewrite.Network, first: borrowing OwnedFD) throws(Failure) -> NetworkNamespace? {
        switch network {
        case .vnode: nil
        case .path(let path): try NetworkNamespace.open(path, origin: "linux.namespaces: network \(path)")
        case .new: try NetworkNamespace.make(first: first.raw)
        }
    }

    /// Lets the vNode do in a network namespace of the node's what root may do elsewhere: its capabilities are not for that one. Ports below
    /// 1024, and ping without raw sockets.
    static func open(_ network: CInt, to owner: UInt32) throws(Failure) {
        try inside(network) { () throws(Failure) in
            for (name, value) in [
                ("ip_unprivileged_port_start", "0"), ("ping_group_range", "\(owner) \(owner + (IDRange.size - 1))"),
            ] {
                try attempt("opening the network to the vNode", name) { () throws(Errno) in
                    try Files.write(value, to: "/proc/sys/net/ipv4/" + name)
                }
            }
        }
    }

    /// Runs `body` in a network namespace, given by itself or by a process in it, and returns to the own one.
    static func inside(_ network: CInt, _ body: () throws(Failure) -> Void) throws(Failure) {
        let own = try attempt("opening", "/proc/self/ns/net") { () throws(Errno) in try Files.open("/proc/self/ns/net", flags: O_RDONLY) }
        try attempt("entering the network namespace") { () throws(Errno) in try Namespaces.enter(network, .network) }
        var failed: Failure?
        do throws(Failure) { try body() } catch { failed = error }
        try attempt("returning to the own network namespace") { () throws(Errno) in try Namespaces.enter(own, .network) }
        if let failed { throw failed }
    }
}
