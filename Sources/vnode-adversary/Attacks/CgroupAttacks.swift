import Glibc
import Linux
import SystemPackage

private let subject = "cgroups"

extension Attack {
    static let cgroups: [Attack] = [
        Attack("mount -t cgroup2 shows the own tree", subject, .namespace, [EPERM, EBUSY]) { scene in
            let place = scene.makeDirectory("cgroup2")
            try Kernel.mount("cgroup2", place, "cgroup2")
            return outside(place) ?? .contained("a tree of its own")
        },
        Attack("mount -t cgroup2 in a new cgroup namespace", subject, .namespace, [EPERM, EBUSY]) { scene in
            let place = scene.makeDirectory("cgroup2")
            return try scene.nested([.cgroup, .mount]) {
                try Kernel.mount("cgroup2", place, "cgroup2")
                return outside(place) ?? .contained("a tree of its own")
            }
        },
        Attack("the process moves above its own cgroup", subject, .namespace) { scene in
            let place = scene.makeDirectory("cgroup2")
            try Kernel.mount("cgroup2", place, "cgroup2")
            // What is mounted is the root of the namespace: there is no name for what is above.
            for way in ["\(place)/..", "\(place)/../..", "\(place)/../../vnode"]
            where (try? Kernel.write("0", to: "\(way)/cgroup.procs")) != nil {
                return .breached("moved to \(way)")
            }
            return .contained("no name for it")
        },
        Attack("a limit of the vNode's is raised from within", subject, .permission, [EACCES, EPERM, ENOENT, EROFS, EBUSY]) { scene in
            let place = scene.makeDirectory("cgroup2")
            try Kernel.mount("cgroup2", place, "cgroup2")
            let name = ["memory.max", "pids.max", "cpu.max"].first { Directories.kind("\(place)/\($0)") != nil }
            guard let name else { return .unavailable("no controller here") }
            // In the cgroup namespace of an inner container its own limit may be its to set; the vNode's is above.
            try Kernel.write("max", to: "\(place)/\(name)")
            return .contained("\(name) of the inner container, below the vNode's")
        },
        Attack(
            "mount -t cgroup (v1) and its release_agent", subject, .permission, [EPERM, EBUSY, EINVAL, ENODEV, ENOENT, EACCES],
            filtered: .filter
        ) { scene in
            try firstVersion(scene, [.mount])
        },
        Attack(
            "the same in a new cgroup namespace", subject, .permission, [EPERM, EBUSY, EINVAL, ENODEV, ENOENT, EACCES], filtered: .filter
        ) { scene in
            try firstVersion(scene, [.cgroup, .mount])
        },
        Attack("remount of cgroup2 with other options", subject, .namespace, [EPERM, EINVAL]) { scene in
            let place = scene.makeDirectory("cgroup2")
            try Kernel.mount("cgroup2", place, "cgroup2")
            try Kernel.mount("none", place, "", Kernel.remount, data: "memory_localevents")
            return .contained("no effect outside: the driver looks")
        },
        Attack("a cgroup of the node's by its name", subject, .namespace, [ENOENT, EACCES, EROFS, EPERM]) { scene in
            for place in ["/sys/fs/cgroup/vnode", "/sys/fs/cgroup/system.slice", "/sys/fs/cgroup/../../../sys/fs/cgroup/vnode"] {
                if Directories.kind(place) != nil { return .breached(place) }
            }
            let name = "/sys/fs/cgroup/\(scene.fact("node.cgroup") ?? "vnode")/cgroup.procs"
            try Kernel.write("0", to: name)
            return .breached("moved to \(name)")
        },
    ]

    /// The tree must not be the node's: there no process file is writable, and its children are known.
    private static func outside(_ place: String) -> Finding? {
        let names = Set(((try? Directories.list(place)) ?? []).filter { $0.kind == .directory }.map(\.name))
        let foreign = names.intersection(["vnode", "system.slice", "user.slice", "init.scope"])
        return foreign.isEmpty ? nil : .breached("\(foreign.sorted())")
    }

    private static func firstVersion(_ scene: Scene, _ kinds: Namespaces) throws -> Finding {
        let place = scene.makeDirectory("cgroup1")
        return try scene.nested(kinds) {
            var last = Refused(call: "mount", error: .notPermitted)
            for controller in [
                "memory", "pids", "cpu", "devices", "freezer", "rdma", "misc", "none,name=vnode-adversary", "none,name=systemd",
            ] {
                do throws(Refused) { try Kernel.mount("cgroup", place, "cgroup", 0, data: controller) } catch {
                    last = error
                    continue
                }
                do throws(Refused) {
                    try Kernel.write("/bin/false", to: "\(place)/release_agent")
                    return .breached("release_agent of \(controller)")
                } catch { last = error }
                let above = ((try? Directories.list(place)) ?? []).filter { $0.kind == .directory }.map(\.name)
                if !above.isEmpty {
                    return .contained("\(controller): names of the node's version 1 cgroups (\(above.count)); not writable")
                }
                return .contained("\(controller) without children; its release_agent: \(last.error.name)")
            }
            throw last
        }
    }
}
