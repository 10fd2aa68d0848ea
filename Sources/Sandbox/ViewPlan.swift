import Glibc
import Linux
import SystemPackage
import Tree

/// The over-mounts that make a view of a real procfs and of the served trees.
enum ViewPlan {
    /// Where the vNode's own view is staged, out of its reach, for all its containers that see no more and no less.
    static let shared = "/view"

    /// `top` has empty `proc` and `sys` directories; `covers` are those of the table.
    /// `namespaced` are directories that a sysfs of the vNode's own is bound over.
    static func steps(
        number: UInt32, top: String, procfs: [Cover], sysfs: [Cover], namespaced: [String] = [], ofNetwork: String = "/sysfs"
    ) -> [MountStep] {
        procSteps(number: number, top: top, procfs) + sysSteps(number: number, top: top, sysfs, namespaced, ofNetwork: ofNetwork)
    }

    private static func procSteps(number: UInt32, top: String, _ covers: [Cover]) -> [MountStep] {
        [.bind("/shown", over: "\(top)/proc")]
            + covers.map {
                .cover(source(of: $0, number), over: "\(top)/\($0.target)", unlessGone: "/procfs/\($0.target.dropFirst("proc/".count))")
            }
    }

    private static func sysSteps(number: UInt32, top: String, _ covers: [Cover], _ namespaced: [String], ofNetwork: String = "/sysfs")
        -> [MountStep]
    {
        [.bind("/fuse/static/\(number)/sys", over: "\(top)/sys", readOnly: true)]
            + covers.map { .bind(source(of: $0, number), over: "\(top)/\($0.target)", readOnly: true) }
            + namespaced.map { .bind(ofNetwork + $0.dropFirst("sys".count), over: "\(top)/\($0)") }
    }

    /// The procfs on `/shown` with its covers, on `top`. `network` is the network namespace of who looks at it.
    static func coverProc(number: UInt32, top: String, network: CInt) throws(Failure) {
        try MountStep.perform(procSteps(number: number, top: top, try covers()), "covering")
        try coverNet(Cover.net, number: number, top: top, first: network)
    }

    /// The served tree with the sysfs on `/sysfs` over it, on `top`.
    static func coverSysfs(number: UInt32, top: String) throws(Failure) {
        let catalog = Catalog.standard
        try MountStep.perform(sysSteps(number: number, top: top, catalog.sysfsCovers(), catalog.sysfsMountPoints), "covering")
    }

    private static func covers() throws(Failure) -> [Cover] {
        try attempt("listing the vNode's procfs", "/procfs") { () throws(Errno) in
            try Catalog.standard.covers { (path: String) throws(Errno) -> [RealEntry] in
                try Directories.list("/procfs" + path.dropFirst("proc".count)).map {
                    RealEntry(name: $0.name, isDirectory: $0.kind == .directory, isSymlink: $0.kind == .symlink)
                }
            }
        }
    }

    /// Mounts the tree of one view on `top`. `first` is the pidfd of the vNode's first process, or another network namespace, whose sysfs
    /// then is at `sysfs`; `isPrepared`: one that does not belong to the vNode.
    static func stage(number: UInt32, top: String, first: CInt, sysfs: String = "/sysfs", isPrepared: Bool = false) throws(Failure) {
        let covers = try covers()
        let steps = ViewPlan.steps(
            number: number, top: top, procfs: covers, sysfs: Catalog.standard.sysfsCovers(), namespaced: Catalog.standard.sysfsMountPoints,
            ofNetwork: sysfs)
        try MountStep.perform(steps, "covering")
        try coverNet(isPrepared ? Cover.preparedNet : Cover.net, number: number, top: top, first: first)
    }

    private static func source(of cover: Cover, _ number: UInt32) -> String {
        "/fuse/\(cover.connection.rawValue)/\(number)/\(cover.source)"
    }

    /// Sysctls of `net` are other files in every network namespace: what is mounted over them is there for who shares the one it was
    /// mounted in. `first`: that namespace, or a process in it.
    private static func coverNet(_ covers: [NetCover], number: UInt32, top: String, first: CInt) throws(Failure) {
        let own = try attempt("opening", "/proc/self/ns/net") { () throws(Errno) in try Files.open("/proc/self/ns/net", flags: O_RDONLY) }
        try attempt("entering the vNode's network namespace") { () throws(Errno) in try Namespaces.enter(first, .network) }
        let covered = Result { () throws(Failure) in
            // Asked before anything is mounted: what is served in a directory that was empty needs no cover.
            for net in covers.filter({ isBare(top + $0.path, $0.cover) }) {
                try MountStep.perform([.cover(source(of: net.cover, number), over: top + net.path)], "covering")
            }
        }
        try attempt("returning to the own network namespace") { () throws(Errno) in try Namespaces.enter(own, .network) }
        try covered.get()
    }

    private static func isBare(_ path: String, _ cover: Cover) -> Bool {
        guard cover.isDirectory else { return Directories.kind(path) == .file }
        return Directories.kind(path) == .directory && ((try? Directories.list(path)) ?? []).isEmpty
    }

    /// Shows the vNode's own view at `top` as well: one mount each for all the covers, whose files nobody has to be asked for again.
    static func show(on top: String, withCgroups: Bool) throws(Failure) {
        var steps: [MountStep] = [.tree("\(shared)/proc", over: "\(top)/proc"), .tree("\(shared)/sys", over: "\(top)/sys")]
        if withCgroups && hasCgroupDirectory(shared) { steps.append(.bind("/cgroup", over: "\(top)/sys/fs/cgroup")) }
        try MountStep.perform(steps, "covering")
    }

    /// Whether the sysfs of a staged view has a place for cgroup2.
    static func hasCgroupDirectory(_ top: String) -> Bool { Directories.kind("\(top)/sys/fs/cgroup") == .directory }
}
