import Glibc
import Linux
import SystemPackage

/// Entering and filling the staging mount namespace of a vNode. From then on paths are those of the new root.
enum Staging {
    /// `base` is an existing directory, hidden by the new root in the new namespace only.
    static func enter(at base: String, cgroups: CgroupRoot, rootfs: String?) throws(Failure) {
        let layout = NodeLayout.read()
        try attempt("making the staging mount namespace") { () throws(Errno) in
            try Namespaces.unshare(.mount)
            try Mounts.mount("none", on: "/", [.recursive, .isPrivate])
        }
        umask(0o022)
        try MountStep.perform(StagingPlan.root(at: base, layout: layout, cgroups: cgroups.path, rootfs: rootfs), "staging")
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

    /// Mounts what only a process of the vNode's namespaces can: its procfs, and cgroup2 with the vNode's top as root.
    static func mountKernelFilesystems(of pidfd: borrowing OwnedFD) throws(Failure) {
        let own = try attempt("opening the own PID namespace") { () throws(Errno) in try Files.open("/proc/self/ns/pid", flags: O_RDONLY) }
        try attempt("entering the vNode's PID namespace") { () throws(Errno) in try Namespaces.enter(pidfd, .pid) }
        let raw = pidfd.raw
        let (reading, writing) = try attempt("making a pipe") { () throws(Errno) in try Processes.pipe() }
        let said = OwnedFD(taking: reading)
        let helper = Result { () throws(Failure) in
            try attempt("mounting procfs") { () throws(Errno) in
                try Processes.fork {
                    _ = close(said.raw)
                    do throws(Failure) {
                        try attempt("mounting proc", "/procfs") { () throws(Errno) in
                            try Mounts.mount("proc", on: "/procfs", type: "proc", [.noSetUID, .noDevices, .noExecute])
                        }
                        try attempt("mounting cgroup2", "/cgroup") { () throws(Errno) in
                            try Namespaces.enter(raw, .cgroup)
                            try Mounts.mount("cgroup2", on: "/cgroup", type: "cgroup2", [.noSetUID, .noDevices, .noExecute])
                        }
                        return 0
                    } catch {
                        Report.send(error.message, to: writing)
                        return 1
                    }
                }.pid
            }
        }
        _ = close(writing)
        try attempt("returning to the own PID namespace") { () throws(Errno) in try Namespaces.enter(own, .pid) }
        let pid = try helper.get()
        let ending = try attempt("waiting for a helper") { () throws(Errno) in try Processes.wait(pid) }
        if ending.status != 0 { throw Failure(Report.receive(said) ?? "mounting procfs: the helper ended with \(ending.status)") }
    }

    /// Mounts the vNode's two FUSE connections. Answers their devices, for the daemon to serve.
    static func mountFuse(_ name: String) throws(Failure) -> OwnedFD {
        let path = "/fuse/\(name)"
        let device = try attempt("opening", "/dev/fuse") { () throws(Errno) in try Files.open("/dev/fuse", flags: O_RDWR | O_NONBLOCK) }
        let options = "fd=\(device.raw),rootmode=40000,user_id=0,group_id=0,allow_other,default_permissions,max_read=131072"
        try attempt("mounting FUSE", path) { () throws(Errno) in
            try Mounts.mount("vnode", on: path, type: "fuse.vnode", [.noSetUID, .noDevices, .noExecute], data: options)
        }
        return device
    }
}

/// What a child says of its failure before it ends.
enum Report {
    static func send(_ message: String, to pipe: CInt) {
        let bytes = Array(message.utf8.prefix(1024))
        _ = unsafe bytes.withUnsafeBytes { unsafe write(pipe, $0.baseAddress, $0.count) }
    }

    /// nil when the other end was closed without a word.
    static func receive(_ pipe: borrowing OwnedFD) -> String? {
        var bytes = [UInt8](repeating: 0, count: 1024)
        let raw = pipe.raw
        let size = unsafe bytes.withUnsafeMutableBytes { unsafe read(raw, $0.baseAddress, $0.count) }
        return size > 0 ? String(decoding: bytes.prefix(size), as: UTF8.self) : nil
    }
}
