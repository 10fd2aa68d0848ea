import Glibc
import Linux
import SystemPackage
import Tree

/// The over-mounts that make a view of a real procfs and of the served trees.
enum ViewPlan {
    /// `top` has empty `proc` and `sys` directories; `covers` are those of the table.
    /// `namespaced` are directories that a sysfs of the vNode's own is bound over.
    static func steps(
        number: UInt32, top: String, procfs: [Cover], sysfs: [Cover], namespaced: [String] = [], hasCgroupDirectory: Bool
    ) -> [MountStep] {
        let tree = { (cover: Cover) in source(of: cover, number) }
        var steps: [MountStep] = [.bind("/procfs", over: "\(top)/proc")]
        steps += procfs.map { .cover(tree($0), over: "\(top)/\($0.target)") }
        steps.append(.bind("/fuse/static/\(number)/sys", over: "\(top)/sys", readOnly: true))
        steps += sysfs.map { .bind(tree($0), over: "\(top)/\($0.target)", readOnly: true) }
        steps += namespaced.map { .bind("/sysfs" + $0.dropFirst("sys".count), over: "\(top)/\($0)") }
        if hasCgroupDirectory { steps.append(.bind("/cgroup", over: "\(top)/sys/fs/cgroup")) }
        return steps
    }

    /// Mounts the tree of one view on `top`. `first` is the pidfd of the vNode's first process.
    static func stage(number: UInt32, top: String, first: CInt, withCgroups: Bool) throws(Failure) {
        let covers = try attempt("listing the vNode's procfs", "/procfs") { () throws(Errno) in
            try Catalog.standard.covers { (path: String) throws(Errno) -> [RealEntry] in
                try Directories.list("/procfs" + path.dropFirst("proc".count)).map {
                    RealEntry(name: $0.name, isDirectory: $0.kind == .directory, isSymlink: $0.kind == .symlink)
                }
            }
        }
        let hasCgroups = hasCgroupDirectory(number)
        let steps = ViewPlan.steps(
            number: number, top: top, procfs: covers, sysfs: Catalog.standard.sysfsCovers(), namespaced: Catalog.standard.sysfsMountPoints,
            hasCgroupDirectory: withCgroups && hasCgroups)
        try MountStep.perform(steps, "covering")
        try fillNetCore(number: number, top: top, first: first)
    }

    private static func source(of cover: Cover, _ number: UInt32) -> String {
        "/fuse/\(cover.connection.rawValue)/\(number)/\(cover.source)"
    }

    /// Sysctls of `net` are other files in every network namespace: what is mounted over them is there for who shares the one it was
    /// mounted in.
    private static func fillNetCore(number: UInt32, top: String, first: CInt) throws(Failure) {
        let own = try attempt("opening", "/proc/self/ns/net") { () throws(Errno) in try Files.open("/proc/self/ns/net", flags: O_RDONLY) }
        try attempt("entering the vNode's network namespace") { () throws(Errno) in try Namespaces.enter(first, .network) }
        let path = top + Cover.netCore.path
        let isEmpty = ((try? Directories.list(path)) ?? []).isEmpty && Directories.kind(path) == .directory
        let filled = Result { () throws(Failure) in
            if isEmpty { try MountStep.perform([.cover(source(of: Cover.netCore.cover, number), over: path)], "covering") }
        }
        try attempt("returning to the own network namespace") { () throws(Errno) in try Namespaces.enter(own, .network) }
        try filled.get()
    }

    static func hasCgroupDirectory(_ number: UInt32) -> Bool { Directories.kind("/fuse/static/\(number)/sys/fs/cgroup") == .directory }
}
