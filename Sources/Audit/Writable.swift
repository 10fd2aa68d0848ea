/// What a write to a file would reach. Nothing is ever written to find out.
enum Reach: String, CaseIterable {
    /// A server of emulated files, which has the value.
    case emulated = "emulated"
    /// Namespaces of the container's own.
    case namespaced = "namespaced"
    /// The container's own cgroups.
    case cgroup = "own cgroup"
    /// The process itself.
    case process = "own process"
    /// A file system of the container's own.
    case files = "own files"
    /// The kernel, for everybody.
    case node = "node-wide"

    init(_ path: String, _ answerer: Answerer, _ subject: Subject) {
        let isOwn = { (kind: String) in !subject.shared.contains(kind) }
        switch answerer {
        case .fuse: self = .emulated
        case .memory: self = .files
        case .cgroup: self = isOwn("cgroup") ? .cgroup : .node
        case .sysfs: self = Reach.isNetwork(path) && isOwn("net") ? .namespaced : .node
        case .proc:
            if Process.isOwn(path) {
                self = .process
            } else if let kind = Reach.namespace(path) {
                self = isOwn(kind) ? .namespaced : .node
            } else {
                self = .node
            }
        case .debug, .other: self = .node
        }
    }

    /// The kind of namespace a file of `/proc` belongs to; nil for the machine.
    private static func namespace(_ path: String) -> String? {
        if path.hasPrefix("/proc/sys/net/") || path.hasPrefix("/proc/self/net/") { return "net" }
        if path.hasPrefix("/proc/sys/user/") { return "user" }
        if path.hasPrefix("/proc/sys/fs/mqueue/") || path.hasPrefix("/proc/sysvipc/") { return "ipc" }
        let kernel = "/proc/sys/kernel/"
        guard path.hasPrefix(kernel) else { return nil }
        let name = path.dropFirst(kernel.count)
        if ["hostname", "domainname"].contains(name) { return "uts" }
        if name == "ns_last_pid" { return "pid" }
        if name == "sem" || name == "auto_msgmni" || ["sem_", "shm", "msg"].contains(where: name.hasPrefix) { return "ipc" }
        return nil
    }

    private static func isNetwork(_ path: String) -> Bool {
        path.hasPrefix("/sys/class/net/") || path.hasPrefix("/sys/devices/virtual/net/")
            || path.hasPrefix("/sys/devices/") && path.contains("/net/")
    }
}
