import Glibc
import Linux
import SystemPackage

/// What an engine has made of the trees it was given for a container's `/proc` and `/sys`: shown whole, with everything that is mounted in
/// them, or not at all. crun 1.8 leaves that out where a container has a user namespace: its `/proc` would be the node's.
struct ShownTrees {
    /// What is mounted for the container in staging, the topmost of each point: its views first, then its volumes, which may have a `/proc`
    /// of the vNode in them.
    private var staged: [What: [MountTable.Mount]] = [:]
    /// What is mounted in each, by its point.
    private var inside: [String: [MountTable.Mount]] = [:]

    private struct What: Hashable {
        var device: String
        var root: String

        init(_ mount: MountTable.Mount) { (device, root) = (mount.device, mount.root) }
    }

    /// `top` is the container's directory in staging.
    init(of top: String, staging: MountTable) {
        var topmost: [String: MountTable.Mount] = [:]
        for mount in staging.mounts { topmost[mount.point] = mount }
        for place in ["/proc", "/sys", "/mounts"] {
            let own = topmost.values.filter { MountTable.isIn($0.point, top + place) }
            for mount in own.sorted(by: { $0.point < $1.point }) {
                staged[What(mount), default: []].append(mount)
                var above = mount.point[...]
                while let slash = above.lastIndex(of: "/"), slash > above.startIndex {
                    above = above[..<slash]
                    inside[String(above), default: []].append(mount)
                }
            }
        }
    }

    /// What is wrong with a container's mounts: `/proc/cmdline is not covered`. nil when nothing is.
    func fault(in container: MountTable) -> String? {
        var shown: [String: Set<What>] = [:]
        for mount in container.mounts { shown[mount.point, default: []].insert(What(mount)) }
        for mount in container.mounts where ["proc", "sysfs"].contains(mount.type) || mount.type.hasPrefix("fuse.vnode") {
            var missing: String?
            var isWhole = false
            for base in staged[What(mount)] ?? [] where !isWhole {
                let point = { (part: MountTable.Mount) in mount.point + part.point.dropFirst(base.point.count) }
                let first = inside[base.point]?.first { shown[point($0)]?.contains(What($0)) != true }
                if let first { missing = missing ?? point(first) } else { isWhole = true }
            }
            if isWhole { continue }
            return missing.map { "\($0) is not covered" } ?? "\(mount.point) is a \(mount.type) of its own"
        }
        return nil
    }

    static func check(_ pid: Int32, top: String, in staging: MountTable, engine: String) throws(Failure) {
        let shown = try attempt("looking at the container's mounts") { () throws(Errno) in try MountTable(of: "\(pid)") }
        if let fault = ShownTrees(of: top, staging: staging).fault(in: shown) {
            throw Failure("the engine \(engine) shows the container what it must not: \(fault): use runc, or crun 1.9 or later")
        }
    }
}
