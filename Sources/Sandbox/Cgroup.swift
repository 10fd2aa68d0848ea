import Glibc
import Linux
import SystemPackage

/// The cgroups of one vNode: `<root>/vnode/<name>` with `init` and a `c-<container>` for each inner container below.
struct Cgroup {
    static let directory = "vnode"

    /// Path on the node, or as the staging mount namespace has it.
    let path: String

    init(path: String) { self.path = path }

    init(root: CgroupRoot, name: String) { path = "\(root.path)/\(Cgroup.directory)/\(name)" }

    var initPath: String { path + "/init" }

    func container(_ name: String) -> String { "\(path)/\(Cgroup.leaf(name))" }

    static func leaf(_ container: String) -> String { "c-" + container }

    /// Makes the top. The parent may vanish in between: another vNode's end removes it. Failing, it leaves what was there alone.
    func make(root: CgroupRoot) throws(Failure) {
        let controllers = CgroupRoot.controllers(of: root.path).filter { Cgroup.wanted.contains($0) }
        let parent = "\(root.path)/\(Cgroup.directory)"
        let remedy = "if it is EEXIST, processes are in it that no vNode on record owns: end them, or choose another --name"
        try attempt("making the cgroup", path, remedy: remedy) { () throws(Errno) in
            for _ in 0..<100 {
                do throws(Errno) {
                    do throws(Errno) { try Directories.make(parent) } catch { if error != .fileExists { throw error } }
                    Cgroup.enable(controllers, in: root.path)
                    Cgroup.enable(controllers, in: parent)
                    try Directories.make(path)
                    return
                } catch {
                    // The name is claimed: one nobody is in has lost its vNode.
                    if error == .fileExists {
                        guard Cgroup.isDeserted(path), (try? Directories.removeDirectories(path)) != nil else { throw error }
                    } else if error != .noSuchFileOrDirectory {
                        throw error
                    }
                }
            }
            throw .noSuchFileOrDirectory
        }
    }

    /// Makes `init` below the top and sets the limits.
    func fill(limits: Limits, root: CgroupRoot) throws(Failure) {
        let controllers = CgroupRoot.controllers(of: root.path).filter { Cgroup.wanted.contains($0) }
        try attempt("making the cgroup", initPath) { () throws(Errno) in try Directories.make(initPath) }
        for (file, text) in limits.files(controllers: controllers) {
            try attempt("setting a limit", "\(path)/\(file) (\(text))") { () throws(Errno) in try Files.write(text, to: "\(path)/\(file)") }
        }
    }

    /// Those whose files a view reads.
    static let wanted: Set<String> = ["cpu", "cpuset", "io", "memory", "pids"]

    /// Gives the children of a cgroup its controllers, as many as it will.
    static func enable(_ controllers: [String], in path: String) {
        guard !controllers.isEmpty else { return }
        let file = path + "/cgroup.subtree_control"
        if (try? Files.write(controllers.map { "+" + $0 }.joined(separator: " "), to: file)) != nil { return }
        for controller in controllers { try? Files.write("+" + controller, to: file) }
    }

    func enableForChildren() { Cgroup.enable(CgroupRoot.controllers(of: path).filter { Cgroup.wanted.contains($0) }, in: path) }

    /// Lets `owner` make cgroups below `path` and move its processes among them, as cgroups(7) has it of delegation. What the limits of
    /// `path` itself are stays with the node.
    static func delegate(_ path: String, to owner: UInt32) throws(Failure) {
        for (file, text) in mostBelow {
            try attempt("delegating the cgroup", "\(path)/\(file)") { () throws(Errno) in try Files.write(text, to: "\(path)/\(file)") }
        }
        for file in ["", "/cgroup.procs", "/cgroup.threads", "/cgroup.subtree_control"] {
            try attempt("delegating the cgroup", path + file) { () throws(Errno) in
                try Directories.setOwner(path + file, uid: owner, gid: owner)
            }
        }
    }

    /// So that what root of a vNode makes can be taken away: paths stay shorter than PATH_MAX, and the kernel's memory for them has a bound.
    private static let mostBelow = [("cgroup.max.depth", "12"), ("cgroup.max.descendants", "1000")]

    /// Kills every process at or below `path`.
    static func kill(_ path: String) { try? Files.write("1", to: path + "/cgroup.kill") }

    /// Kills what is left and removes the subtree: bounded by two seconds. EBUSY when something cannot be killed.
    static func remove(_ path: String) throws(Errno) {
        var last = Errno.resourceBusy
        for round in 0..<200 {
            do throws(Errno) {
                // Names below are a delegated tree's own, and need be no text.
                try Directories.removeDirectories(path)
                return
            } catch {
                if error == .noSuchFileOrDirectory { return }
                last = error
            }
            if round % 20 == 0 { kill(path) }
            usleep(round < 10 ? 1000 : 10000)
        }
        throw last
    }

    /// Whether no process is at or below it.
    private static func isDeserted(_ path: String) -> Bool {
        guard let events = try? Files.read(path + "/cgroup.events") else { return false }
        return String(decoding: events, as: UTF8.self).split(separator: "\n").contains("populated 0")
    }

    /// Whether there is one with a process at or below it.
    static func isPopulated(_ path: String) -> Bool {
        guard let events = try? Files.read(path + "/cgroup.events") else { return false }
        return String(decoding: events, as: UTF8.self).split(separator: "\n").contains("populated 1")
    }

    /// Removes the top and, when this was the last vNode, the directory of all.
    static func removeVNode(_ path: String) throws(Errno) {
        try remove(path)
        if let slash = path.lastIndex(of: "/") { try? Directories.remove(String(path[..<slash])) }
    }
}
