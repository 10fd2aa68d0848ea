import Glibc
import Linux
import SystemPackage

/// Entering and filling the staging mount namespace of a vNode. From then on paths are those of the new root.
enum Staging {
    /// `base` is an existing directory, hidden by the new root in the new namespace only.
    static func enter(at base: String, cgroups: CgroupRoot, rootfs: NodeTree?, isForPods: Bool = false) throws(Failure) {
        let layout = NodeLayout.read()
        try attempt("making the staging mount namespace") { () throws(Errno) in
            try Namespaces.unshare(.mount)
            try Mounts.mount("none", on: "/", [.recursive, .isPrivate])
        }
        umask(0o022)
        try MountStep.perform(
            StagingPlan.root(at: base, layout: layout, cgroups: cgroups.path, size: isForPods ? "64m" : "16m"), "staging")
        try rootfs?.putReadOnly(on: base + "/node/rootfs")
        if isForPods {
            let services = StagingPlan.services.filter { Directories.kind("/" + $0) == .directory }
            try MountStep.perform(StagingPlan.forPods(at: base, services: services), "staging")
        }
        try attempt("entering the staging root", base) { () throws(Errno) in try changeRoot(to: base) }
    }

    /// Makes the mount at `path` the root and lets go of the old one and everything below it.
    static func changeRoot(to path: String) throws(Errno) {
        _ = try check(unsafe chdir(path))
        try Mounts.pivotRoot(to: ".", old: ".")
        try Mounts.detach(".")
        _ = try check(unsafe chdir("/"))
    }

    /// A time namespace for children, whose clocks start now. Answers the node's CLOCK_BOOTTIME it starts at, nanoseconds.
    static func startClocks() throws(Failure) -> UInt64 {
        try attempt("making the time namespace") { () throws(Errno) in
            try Namespaces.unshare(.time)
            let boot = UInt64(clamping: Clock.boot)
            let monotonic = UInt64(clamping: Clock.monotonic)
            try Files.write("monotonic \(offset(monotonic))\nboottime \(offset(boot))\n", to: "/proc/self/timens_offsets")
            return boot
        }
    }

    /// Minus so many nanoseconds, in seconds and nanoseconds of which the second must not be negative.
    static func offset(_ nanoseconds: UInt64) -> String {
        let (seconds, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        return rest == 0 ? "-\(seconds) 0" : "-\(seconds + 1) \(1_000_000_000 - rest)"
    }

    /// Runs `body`, which makes a process and answers its pid, in a helper whose cgroup namespace has the vNode's top as root,
    /// and mounts cgroup2 as that sees it. The helper is born in the top: moving a process there and out again costs an RCU grace
    /// period each time; and where cgroup2 is mounted with nsdelegate, only who is inside may put a child below it (ENOENT).
    static func bornInTop(of cgroup: Cgroup, _ body: () throws(Failure) -> Int32) throws(Failure) -> Int32 {
        let top = try attempt("opening the cgroup", cgroup.path) { () throws(Errno) in
            try Files.open(cgroup.path, flags: O_RDONLY | O_DIRECTORY)
        }
        let ends = try attempt("making a pipe") { () throws(Errno) in try Processes.pipe() }
        let reading = OwnedFD(taking: ends.reading)
        let helper = try attempt("making the cgroup namespace") { () throws(Errno) in
            try Processes.fork(cgroup: top) {
                do throws(Failure) {
                    try attempt("making the cgroup namespace") { () throws(Errno) in try Namespaces.unshare(.cgroup) }
                    try mountCgroups()
                    Report.send("\(try body())", to: ends.writing)
                    return 0
                } catch {
                    Report.send(error.message, to: ends.writing)
                    return 1
                }
            }.pid
        }
        _ = close(ends.writing)
        let answer = Report.receive(reading)
        _ = try? Processes.wait(helper)
        guard let pid = answer.flatMap({ Int32($0) }) else { throw Failure(answer ?? "making the cgroup namespace: the helper ended") }
        return pid
    }

    /// cgroup2 with the top of the own cgroup namespace as root.
    static func mountCgroups() throws(Failure) {
        try attempt("mounting cgroup2", "/cgroup") { () throws(Errno) in
            try Mounts.mount("cgroup2", on: "/cgroup", type: "cgroup2", [.noSetUID, .noDevices, .noExecute])
        }
    }

    /// Mounts the vNode's procfs twice, which only a process of its PID namespace can: on `/shown`, for the views, and on `/procfs`, for
    /// the launcher and the daemon. A procfs belongs to the user namespace of its PID namespace: root of the vNode may give the one in
    /// sight other options (`subset=pid`), and what there is to cover must not depend on them.
    /// Mounts the sysfs of its network namespace on `/sysfs`; in that one gives those limits a value that the kernel has taken from the
    /// size of the node's memory.
    static func mountKernelViews(of pidfd: borrowing OwnedFD) throws(Failure) {
        let own = try attempt("opening", "/proc/self/ns/pid") { () throws(Errno) in try Files.open("/proc/self/ns/pid", flags: O_RDONLY) }
        try attempt("entering the vNode's PID namespace") { () throws(Errno) in try Namespaces.enter(pidfd, .pid) }
        let helper = Result { () throws(Errno) in
            try Processes.fork {
                do throws(Errno) {
                    for place in ["/procfs", "/shown"] {
                        try Mounts.mount("proc", on: place, type: "proc", [.noSetUID, .noDevices, .noExecute])
                    }
                } catch {
                    return error.rawValue
                }
                do throws(Errno) {
                    try Namespaces.enter(pidfd, .network)
                    try Mounts.mount("sysfs", on: "/sysfs", type: "sysfs", [.noSetUID, .noDevices, .noExecute])
                    StagingPlan.setNetworkLimits()
                } catch {
                    return error.rawValue | ofSysfs
                }
                return 0
            }.pid
        }
        try attempt("returning to the own PID namespace") { () throws(Errno) in try Namespaces.enter(own, .pid) }
        let status = try attempt("mounting proc", "/procfs") { () throws(Errno) in try Processes.wait(try helper.get()).status }
        if status & ofSysfs != 0 { throw Failure("mounting sysfs", "/sysfs", Errno(rawValue: status & ~ofSysfs)) }
        if status != 0 { throw Failure("mounting proc", "/procfs", Errno(rawValue: status)) }
    }

    private static let ofSysfs: Int32 = 0x80

    /// Mounts the vNode's two FUSE connections. Answers their devices, for the daemon to serve.
    static func mountFuse(_ name: String) throws(Failure) -> OwnedFD {
        let path = "/fuse/\(name)"
        let device = try attempt("opening", "/dev/fuse") { () throws(Errno) in try Files.open("/dev/fuse", flags: O_RDWR | O_NONBLOCK) }
        let options = "fd=\(device.raw),rootmode=40000,user_id=0,group_id=0,allow_other,default_permissions,max_read=131072"
        try attempt("mounting FUSE", path) { () throws(Errno) in
            try Mounts.mount("vnode", on: path, type: "fuse.vnode", [.noSetUID, .noDevices, .noExecute, .noAccessTime], data: options)
        }
        return device
    }
}

/// What a child says of its failure before it ends.
enum Report {
    /// PIPE_BUF: written and read at once, or not at all.
    static let longest = 4096

    static func send(_ message: String, to pipe: CInt) {
        let bytes = Array(message.utf8.prefix(longest))
        _ = unsafe bytes.withUnsafeBytes { unsafe write(pipe, $0.baseAddress, $0.count) }
    }

    /// nil when the other end was closed without a word.
    static func receive(_ pipe: borrowing OwnedFD) -> String? {
        var bytes = [UInt8](repeating: 0, count: longest)
        let raw = pipe.raw
        let size = unsafe bytes.withUnsafeMutableBytes { unsafe read(raw, $0.baseAddress, $0.count) }
        return size > 0 ? String(decoding: bytes.prefix(size), as: UTF8.self) : nil
    }
}
