import Linux
import SystemPackage

/// Where this machine has cgroup v2.
struct CgroupRoot: Equatable {
    let path: String

    /// The first cgroup2 mount of a mount table in the notation of `/proc/self/mounts`.
    init?(mounts: String) {
        for line in mounts.split(separator: "\n") {
            let fields = line.split(separator: " ")
            if fields.count > 2, fields[2] == "cgroup2" {
                path = String(fields[1])
                return
            }
        }
        return nil
    }

    static func find() throws(Failure) -> CgroupRoot {
        let table = try attempt("reading the mount table", "/proc/self/mounts") { () throws(Errno) in try Files.read("/proc/self/mounts") }
        guard let root = CgroupRoot(mounts: String(decoding: table, as: UTF8.self)) else {
            throw Failure("no cgroup2 filesystem is mounted: mount one (mount -t cgroup2 cgroup2 /sys/fs/cgroup)")
        }
        return root
    }

    /// Names in `cgroup.controllers` of a cgroup.
    static func controllers(of path: String) -> [String] {
        guard let bytes = try? Files.read(path + "/cgroup.controllers") else { return [] }
        return String(decoding: bytes, as: UTF8.self).split { $0 == " " || $0 == "\n" }.map(String.init)
    }
}

extension Limits {
    /// Files of the top cgroup and what to write to them. `cpuset` only where there is a controller for it.
    func files(controllers: [String]) -> [(file: String, text: String)] {
        var files: [(file: String, text: String)] = []
        if let memory { files.append(("memory.max", "\(memory.bytes)")) }
        if let swap { files.append(("memory.swap.max", "\(swap.bytes)")) }
        if let cpus { files.append(("cpu.max", cpus.limit)) }
        if let cpuset, controllers.contains("cpuset") { files.append(("cpuset.cpus", cpuset)) }
        if let pids { files.append(("pids.max", "\(pids)")) }
        return files
    }

    /// Those of them that a container's own cgroup says too. Programs that size themselves by cgroups look at the root of their cgroup
    /// namespace and no higher. Not `cpu.max`: the time one level withholds would not be in the `cpu.stat` of the other.
    func filesOfContainers() -> [(file: String, text: String)] {
        files(controllers: []).filter { $0.file != "cpu.max" }
    }

    /// Options that need a controller which is not there: `--cpuset` has another way.
    func missing(controllers: [String]) -> [(option: String, controller: String)] {
        var needs: [(option: String, controller: String)] = []
        if memory != nil { needs.append(("--memory", "memory")) }
        if swap != nil { needs.append(("--swap", "memory")) }
        if cpus != nil { needs.append(("--cpus", "cpu")) }
        if pids != nil { needs.append(("--pids", "pids")) }
        return needs.filter { !controllers.contains($0.controller) }
    }

    func check(root: CgroupRoot) throws(Failure) {
        let controllers = CgroupRoot.controllers(of: root.path)
        guard let first = missing(controllers: controllers).first else { return }
        throw Failure(
            "\(first.option) needs the cgroup v2 controller \"\(first.controller)\", which \(root.path)/cgroup.controllers does not list: "
                + "boot with systemd.unified_cgroup_hierarchy=1 (or cgroup_no_v1=all), or leave the option out")
    }
}
