import Glibc
import Linux
import SystemPackage

/// `linux.sysctl` of a container. The engine would write it inside the user namespace, where most of it is read-only.
struct ContainerSysctls {
    typealias Entry = (path: String, value: String)

    private(set) var network: [Entry] = []
    private(set) var ipc: [Entry] = []
    private(set) var others: [Entry] = []

    /// Directories of `/proc/sys` that a view covers as a whole: what is written there, with the node's rights, reaches the vNode's values
    /// only. `user` is left to the kernel, which asks whose namespace the writer is in: the node's.
    static let ofView: Set<String> = ["kernel", "fs", "vm", "dev", "abi", "debug"]

    /// Those below `kernel` that each ipc namespace has of its own, beside all of `fs/mqueue`.
    private static let ofIPC: Set<String> = [
        "shmmax", "shmall", "shmmni", "shm_rmid_forced", "shm_next_id", "msgmax", "msgmni", "msgmnb", "msg_next_id", "auto_msgmni", "sem",
        "sem_next_id",
    ]

    init(_ sysctls: [String: String]) throws(Failure) {
        for (name, value) in sysctls.sorted(by: { $0.key < $1.key }) {
            guard let parts = ContainerSysctls.parts(of: name) else { throw Failure("linux.sysctl: \"\(name)\" is no sysctl") }
            let entry = (path: parts.joined(separator: "/"), value: value)
            if parts[0] == "net" {
                network.append(entry)
            } else if parts[0] == "kernel" && parts.count == 2 && ContainerSysctls.ofIPC.contains(parts[1])
                || parts[0] == "fs" && parts[1] == "mqueue"
            {
                ipc.append(entry)
            } else if ContainerSysctls.ofView.contains(parts[0]) {
                others.append(entry)
            } else {
                // runc's words.
                throw Failure(
                    "linux.sysctl: \"\(name)\" is not in a separate kernel namespace: a vNode has net and, of its own, "
                        + ContainerSysctls.ofView.sorted().joined(separator: ", "))
            }
        }
    }

    /// As sysctl(8) reads a name: the first of `.` and `/` separates, in a dotted name a `/` stands for a dot. nil for no name of a file
    /// below `/proc/sys`. By bytes: what a `Character` is depends on what follows.
    static func parts(of name: String) -> [String]? {
        let (dot, slash) = (UInt8(0x2e), UInt8(0x2f))
        guard let separator = name.utf8.first(where: { $0 == dot || $0 == slash }) else { return nil }
        let parts = name.utf8.split(separator: separator, omittingEmptySubsequences: false).map { part in
            String(decoding: part.map { $0 == slash ? dot : $0 }, as: UTF8.self)
        }
        return parts.allSatisfy(ManagedPaths.isComponent) ? parts : nil
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

    private static func write(_ entries: [Entry], below top: String) throws(Failure) {
        for entry in entries {
            try attempt("setting the sysctl", "\(entry.path) = \(entry.value)") { () throws(Errno) in
                try Files.write(entry.value, to: "\(top)/\(entry.path)")
            }
        }
    }
}
