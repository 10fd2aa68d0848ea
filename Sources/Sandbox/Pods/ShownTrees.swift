import Glibc
import Linux
import SystemPackage

/// What an engine has made of the trees it was given for a container's `/proc` and `/sys`: shown whole, with everything that is mounted in
/// them, or not at all. crun 1.8 leaves that out where a container has a user namespace: its `/proc` would be the node's.
struct ShownTrees {
    /// A tree as it lies in staging.
    private struct Tree {
        var base: MountTable.Mount
        /// What is mounted in it, by the way from there: `/sys/vm`.
        var inside: [(way: String, mount: MountTable.Mount)]
    }

    private var trees: [Tree] = []

    /// `top` is the container's directory in staging: its views and its volumes, which may have a `/proc` of the vNode in them.
    init(of top: String, staging: MountTable) {
        var bases: [String: MountTable.Mount] = [:]
        for mount in staging.mounts { bases[mount.point] = mount }
        let views = ["/proc", "/sys"].compactMap { bases[top + $0] }
        let volumes = bases.values.filter { ShownTrees.isVolume($0.point, top) }.sorted { $0.point < $1.point }
        for base in views + volumes {
            var inside: [String: MountTable.Mount] = [:]
            for mount in staging.mounts where mount.point.hasPrefix(base.point + "/") {
                inside[String(mount.point.dropFirst(base.point.count))] = mount
            }
            trees.append(Tree(base: base, inside: inside.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }))
        }
    }

    /// `/inner/a/mounts/3`, not what is below.
    private static func isVolume(_ point: String, _ top: String) -> Bool {
        let directory = top + "/mounts/"
        return point.hasPrefix(directory) && !point.dropFirst(directory.count).contains("/")
    }

    /// What is wrong with a container's mounts: `/proc/cmdline is not covered`. nil when nothing is.
    func fault(in container: MountTable) -> String? {
        var shown: [String: [MountTable.Mount]] = [:]
        for mount in container.mounts { shown[mount.point, default: []].append(mount) }
        for mount in container.mounts where ["proc", "sysfs"].contains(mount.type) || mount.type.hasPrefix("fuse.vnode") {
            let candidates = trees.filter { $0.base.isSame(as: mount) }
            guard !candidates.isEmpty else {
                // One that is itself mounted in a tree is looked at with that.
                if trees.contains(where: { $0.inside.contains { $0.mount.isSame(as: mount) } }) { continue }
                return "\(mount.point) is a \(mount.type) of its own"
            }
            let missing = candidates.map { tree in
                tree.inside.first { part in shown[mount.point + part.way]?.contains { $0.isSame(as: part.mount) } != true }
            }
            if let first = missing.first, missing.allSatisfy({ $0 != nil }), let first {
                return "\(mount.point + first.way) is not covered"
            }
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
