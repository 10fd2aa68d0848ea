import Glibc
import Linux
import SystemPackage

/// What network the containers of a vNode are in. None of them is the node's.
public enum Network: Codable, Sendable, Equatable {
    /// One of each container's own, with a loopback interface.
    case ofContainer
    /// The vNode's, which all its containers share, with a loopback interface.
    case ofVNode
    /// The same with one end of a pair of interfaces in it, the other on the node.
    case pair
    /// One that somebody prepared: a file a namespace is bound to.
    case prepared(String)

    public static let forms = "host-of-vnode, none, veth, or ns:PATH of a network namespace"

    public init?(_ text: String) {
        switch text {
        case "none": self = .ofContainer
        case "host-of-vnode": self = .ofVNode
        case "veth": self = .pair
        default:
            guard text.hasPrefix("ns:"), InsidePath.isPlain(String(text.dropFirst(3))) else { return nil }
            self = .prepared(String(text.dropFirst(3)))
        }
    }
}

/// A network namespace for one container, another than the vNode's.
final class NetworkNamespace {
    let descriptor: OwnedFD
    /// What tells it from others; the daemon knows it by it.
    let inode: UInt64
    /// It does not belong to the vNode.
    let isPrepared: Bool

    private init(_ descriptor: consuming OwnedFD, isPrepared: Bool) throws(Errno) {
        inode = try Namespaces.identity(of: descriptor).inode
        self.descriptor = consume descriptor
        self.isPrepared = isPrepared
    }

    /// One that is there already, as a CNI plugin makes it, found by its path in the mount namespace of the caller.
    /// `origin` is how it was named, for messages.
    static func open(_ path: String, origin: String? = nil) throws(Failure) -> NetworkNamespace {
        let origin = origin ?? "--net ns:\(path)"
        do throws(Errno) {
            let namespace = try Files.open(path, flags: O_RDONLY)
            guard (try? Namespaces.kind(of: namespace)) == .network else { throw .invalidArgument }
            // The caller may have been put into another one than the machine's first process is in.
            for process in ["self", "1"] {
                guard let own = try node(process) else { continue }
                guard try Namespaces.identity(of: namespace) != Namespaces.identity(of: own) else { throw .notPermitted }
            }
            return try NetworkNamespace(namespace, isPrepared: true)
        } catch {
            switch error {
            case .invalidArgument: throw Failure("\(origin): not a network namespace: make one with ip netns add, or name one made by CNI")
            case .notPermitted: throw Failure("\(origin): the node's own network namespace is not for vNodes")
            default: throw Failure(origin, "", error)
            }
        }
    }

    /// The network namespace of a process of the node; nil where the first one has capabilities the caller lacks, and hides it.
    private static func node(_ process: String) throws(Errno) -> OwnedFD? {
        do throws(Errno) {
            return try Files.open("/proc/\(process)/ns/net", flags: O_RDONLY)
        } catch {
            if error == .permissionDenied, process != "self" { return nil }
            throw error
        }
    }

    /// A new one that belongs to the vNode. `first` is the pidfd of its first process.
    static func make(first: CInt) throws(Failure) -> NetworkNamespace {
        let toParent = try attempt("making a pipe") { () throws(Errno) in try Processes.pipe() }
        let toChild = try attempt("making a pipe") { () throws(Errno) in try Processes.pipe() }
        let answers = OwnedFD(taking: toParent.reading)
        let go = OwnedFD(taking: toChild.writing)
        let helper = try attempt("making a network namespace") { () throws(Errno) in
            try Processes.fork {
                _ = close(go.raw)
                do throws(Errno) {
                    try Namespaces.enter(first, .user)
                    try Namespaces.unshare(.network)
                    try Namespaces.raiseLoopback()
                } catch {
                    Report.send(error.name, to: toParent.writing)
                    return 1
                }
                Report.send(made, to: toParent.writing)
                var byte: UInt8 = 0
                _ = unsafe read(toChild.reading, &byte, 1)
                return 0
            }.pid
        }
        _ = close(toParent.writing)
        _ = close(toChild.reading)
        let answer = Report.receive(answers)
        let namespace = Result { () throws(Failure) in
            guard answer == made else { throw Failure("making a network namespace: \(answer ?? "the helper ended")") }
            let path = "/proc/\(helper)/ns/net"
            return try attempt("opening", path) { () throws(Errno) in
                try NetworkNamespace(try Files.open(path, flags: O_RDONLY), isPrepared: false)
            }
        }
        _ = consume go
        _ = try? Processes.wait(helper)
        return try namespace.get()
    }

    private static let made = "made"

    /// Mounts the sysfs of such a namespace at `sysfs`, and unless that was done, brings its loopback up and closes what in it counts for
    /// the whole node.
    func prepare(sysfs: String, isNew: Bool = true) throws(Failure) {
        let ends = try attempt("making a pipe") { () throws(Errno) in try Processes.pipe() }
        let answers = OwnedFD(taking: ends.reading)
        let namespace = descriptor.raw
        let helper = try attempt("entering the network namespace") { () throws(Errno) in
            try Processes.fork {
                do throws(Failure) {
                    try attempt("entering the network namespace") { () throws(Errno) in try Namespaces.enter(namespace, .network) }
                    if isNew { try attempt("bringing lo up") { () throws(Errno) in try Namespaces.raiseLoopback() } }
                    try attempt("mounting sysfs", sysfs) { () throws(Errno) in
                        try Mounts.mount("sysfs", on: sysfs, type: "sysfs", [.noSetUID, .noDevices, .noExecute])
                    }
                    guard isNew else { return 0 }
                    try MountStep.perform(StagingPlan.network(procfs: "/proc", process: "self"), "closing")
                    StagingPlan.setNetworkLimits()
                    return 0
                } catch {
                    Report.send(error.message, to: ends.writing)
                    return 1
                }
            }.pid
        }
        _ = close(ends.writing)
        let answer = Report.receive(answers)
        _ = try? Processes.wait(helper)
        if let answer { throw Failure(answer) }
    }
}
