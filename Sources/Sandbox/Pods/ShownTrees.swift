import Glibc
import Linux
import SystemPackage

/// What an engine has made of the trees it was given for a container's `/proc` and `/sys`: shown whole, with everything that is mounted in
/// them, or not at all. crun 1.8 leaves that out where a container has a user namespace: its `/proc` would be the node's.
struct ShownTrees {
    /// What is mounted for the container in staging, the topmost of each point: its views first, then its volumes, which may have a `/proc`
    /// of the vNode in them.
    private let staged: [MountTable.Mount]

    /// `top` is the container's directory in staging.
    init(of top: String, staging: MountTable) {
        var topmost: [String: MountTable.Mount] = [:]
        for mount in staging.mounts { topmost[mount.point] = mount }
        staged = ["/proc", "/sys", "/mounts"].flatMap { place in
            topmost.values.filter { $0.point == top + place || $0.point.hasPrefix(top + place + "/") }.sorted { $0.point < $1.point }
        }
    }

    /// What is wrong with a container's mounts: `/proc/cmdline is not covered`. nil when nothing is.
    func fault(in container: MountTable) -> String? {
        var shown: [String: [MountTable.Mount]] = [:]
        for mount in container.mounts { shown[mount.point, default: []].append(mount) }
        for mount in container.mounts where ["proc", "sysfs"].contains(mount.type) || mount.type.hasPrefix("fuse.vnode") {
            let candidates = staged.filter { $0.isSame(as: mount) }
            if candidates.isEmpty { return "\(mount.point) is a \(mount.type) of its own" }
            let missing = candidates.map { base in
                staged.lazy.filter { $0.point.hasPrefix(base.point + "/") }.first { part in
                    let point = mount.point + part.point.dropFirst(base.point.count)
                    return shown[point]?.contains { $0.isSame(as: part) } != true
                }.map { mount.point + $0.point.dropFirst(base.point.count) }
            }
            if !missing.contains(nil), let first = missing.first, let first { return "\(first) is not covered" }
        }
        return nil
    }

    /// Only in staging.
    static func check(_ pid: Int32, top: String, engine: String) throws(Failure) {
        let table = { (path: String) throws(Failure) in
            MountTable(
                String(
                    decoding: try attempt("looking at the container's mounts", path) { () throws(Errno) in
                        try Files.read(path, limit: 64 << 20)
                    }, as: UTF8.self))
        }
        let trees = ShownTrees(of: top, staging: try table("/proc/self/mountinfo"))
        if let fault = trees.fault(in: try table("/proc/\(pid)/mountinfo")) {
            throw Failure("the engine \(engine) shows the container what it must not: \(fault): use runc, or crun 1.9 or later")
        }
    }
}
