import Glibc
import Linux
import SystemPackage

private let subject = "fresh proc and sysfs"

/// Namespaces an attacker can make before it mounts.
private struct Surroundings: Sendable {
    let title: String
    let kinds: Namespaces

    static let all = [
        Surroundings(title: "", kinds: []),
        Surroundings(title: " in a new mount namespace", kinds: .mount),
        Surroundings(title: " in a new PID namespace", kinds: [.pid, .mount]),
        Surroundings(title: " in a new network namespace", kinds: [.network, .mount]),
        Surroundings(title: " in new namespaces of all kinds but user", kinds: [.pid, .mount, .ipc, .uts, .network, .cgroup]),
    ]
}

/// Ways to mount a file system of a type.
enum Way: Sendable, CaseIterable {
    case mount, mount32, mountX32, fsopen, fsopen32

    var title: String {
        switch self {
        case .mount: "mount of a fresh "
        case .mount32: "a 32-bit mount of a fresh "
        case .mountX32: "an x32 mount of a fresh "
        case .fsopen: "fsopen, fsmount of a fresh "
        case .fsopen32: "a 32-bit fsopen, fsmount of a fresh "
        }
    }

    func mount(_ type: String, on place: String, options: [(String, String)] = []) throws(Refused) {
        switch self {
        case .mount, .mount32, .mountX32:
            let abi: ABI = self == .mount ? .native : self == .mount32 ? .i386 : .x32
            try Kernel.mount(type, place, type, 0, data: options.map { "\($0.0)=\($0.1)" }.joined(separator: ","), abi: abi)
        case .fsopen, .fsopen32:
            let abi: ABI = self == .fsopen ? .native : .i386
            let context = try Kernel.call(.fsopen, .text(type), 0, abi: abi)
            for (key, value) in options { try Kernel.call(.fsconfig, .number(context), 1, .text(key), .text(value), 0, abi: abi) }
            try Kernel.call(.fsconfig, .number(context), 6, 0, 0, 0, abi: abi)
            let made = try Kernel.call(.fsmount, .number(context), 0, 0, abi: abi)
            try Kernel.call(.move_mount, .number(made), "", .number(Kernel.here), .text(place), 4, abi: abi)
        }
    }
}

extension Attack {
    /// A procfs or sysfs of one's own shows everything, unless the broker covers it.
    static let freshProc: [Attack] = Surroundings.all.flatMap { around in
        ["proc", "sysfs"].flatMap { type in
            Way.allCases.map { way in
                Attack(way.title + type + around.title, subject, .lock, [EPERM, ENOSYS, EBUSY], filtered: .broker) { scene in
                    let place = scene.makeDirectory("fresh")
                    let body: () throws -> Finding = {
                        try way.mount(type, on: place)
                        if type == "proc", let loose = uncover(place) { return .breached(loose) }
                        return scene.judge("mounted, covered", place)
                    }
                    return around.kinds.isEmpty ? try body() : try scene.nested(around.kinds, body)
                }
            }
        }
    }

    /// A proc somebody mounted for us must be as tight as the first one.
    private static func uncover(_ place: String) -> String? {
        for name in ["iomem", "kcore", "cmdline", "sys/kernel"] where (try? Kernel.umount("\(place)/\(name)")) != nil {
            return "umounted \(name) in the fresh proc"
        }
        let copy = "\(place)-copy"
        try? Directories.make(copy)
        if (try? Kernel.mount(place, copy, "", Kernel.bind)) != nil { return "bound the fresh proc without its covers" }
        return nil
    }

    static let freshTrees: [Attack] = [
        Attack("mount of proc with subset=pid", subject, .lock, [EPERM, ENOSYS], filtered: .broker) { scene in
            let place = scene.makeDirectory("fresh")
            try Way.mount.mount("proc", on: place, options: [("subset", "pid")])
            try? reconfigure(place, "subset", ",")
            return scene.judge("mounted", place)
        },
        Attack("mount of proc with hidepid=0,gid=0", subject, .lock, [EPERM, ENOSYS], filtered: .broker) { scene in
            let place = scene.makeDirectory("fresh")
            try Way.mount.mount("proc", on: place, options: [("hidepid", "0"), ("gid", "0")])
            return scene.judge("mounted", place)
        },
        // Parsed by who mounts it: a path there would be opened by the node's root, in a mount namespace no vNode is in.
        withOption("pidns=/dev/null") { _ in [("pidns", "/dev/null")] },
        withOption("pidns=/proc/1/ns/pid") { _ in [("pidns", "/proc/1/ns/pid")] },
        withOption("hidepid=2, pidns=/proc/self/ns/pid") { _ in [("hidepid", "2"), ("pidns", "/proc/self/ns/pid")] },
        withOption("pidns= a FIFO of one's own, which holds up who opens it") { scene in
            let fifo = scene.directory + "/fifo-\(getpid())"
            guard unsafe mkfifo(fifo, 0o600) == 0 else { return nil }
            // In a root filesystem, and where that is staged.
            return [("pidns", "/inner/main/rootfs" + fifo), ("pidns", fifo)]
        },
        Attack("mount of sysfs with an option", subject, .lock, [EPERM, ENOSYS, EINVAL], filtered: .broker) { scene in
            let place = scene.makeDirectory("fresh")
            try Way.mount.mount("sysfs", on: place, options: [("source", "/dev/null")])
            return scene.judge("mounted", place)
        },
        Attack("fsopen of proc with hidepid=ptraceable, subset=pid", subject, .lock, [EPERM, ENOSYS], filtered: .filter) { scene in
            let place = scene.makeDirectory("fresh")
            try Way.fsopen.mount("proc", on: place, options: [("hidepid", "ptraceable"), ("subset", "pid")])
            try? reconfigure(place, "subset", ",")
            return scene.judge("mounted", place)
        },
        Attack("remount of /proc with hidepid=0", subject, .lock) { scene in
            try Kernel.mount("none", "/proc", "", Kernel.remount, data: "hidepid=0")
            return scene.judge("its own processes only")
        },
        Attack("fspick: /proc shows processes only, and everything again", subject, .lock) { scene in
            try reconfigure("/proc", "subset", "pid")
            try reconfigure("/proc", "subset", ",")
            return scene.judge("the covers stayed")
        },
        Attack("mount of proc over /proc", subject, .lock, [EPERM, EBUSY, ENOSYS], filtered: .broker) { scene in
            try Kernel.mount("proc", "/proc", "proc")
            return scene.judge("mounted, covered")
        },
        Attack("mount of proc on a directory named by /proc/self/fd", subject, .lock, [EPERM, ENOSYS], filtered: .broker) { scene in
            let place = try Kernel.open(scene.makeDirectory("fresh"), Files.place)
            try Kernel.mount("proc", "/proc/self/fd/\(place)", "proc")
            return scene.judge("mounted, covered", "/proc/self/fd/\(place)")
        },
        Attack("mount of proc in a chroot of one's own", subject, .lock, [EPERM, ENOSYS], filtered: .broker) { scene in
            let jail = scene.makeDirectory("jail")
            try Directories.make("\(jail)/proc")
            try Kernel.call(.chroot, .text(jail))
            _ = unsafe chdir("/")
            try Kernel.mount("proc", "/proc", "proc")
            return scene.judge("mounted, covered")
        },
        Attack("mount of a type that is changed while it is read", subject, .lock, [EPERM, ENOSYS, ENODEV], filtered: .broker) { scene in
            try race(scene)
        },
        Attack("mount of a type named at the end of memory", subject, .lock, [EPERM, EFAULT, ENOSYS], filtered: .broker) { scene in
            let place = scene.makeDirectory("fresh")
            // The string ends where the mapping does.
            let page = 4096
            let memory = unsafe mmap(nil, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
            guard let memory = unsafe memory, unsafe memory != MAP_FAILED else { return .unavailable("no memory") }
            unsafe munmap(memory + page, page)
            let end = unsafe memory + page - 5
            for (index, byte) in Array("proc\0".utf8).enumerated() { unsafe end.storeBytes(of: byte, toByteOffset: index, as: UInt8.self) }
            let type = Int(bitPattern: end)
            try Kernel.call(.mount, "proc", .text(place), .number(type), 0, 0)
            return scene.judge("mounted, covered", place)
        },
        Attack("mount of proc with a source of 4095 bytes", subject, .lock, [EPERM, ENAMETOOLONG, ENOSYS, EINVAL], filtered: .broker) {
            scene in
            let place = scene.makeDirectory("fresh")
            try Kernel.mount(String(repeating: "p", count: 4095), place, "proc")
            return scene.judge("mounted, covered", place)
        },
        Attack("io_uring opens what is covered", subject, .lock, [ENOENT, EACCES, EPERM, ENOSYS]) { scene in
            let file = try Uring.open("/proc/iomem")
            var byte: UInt8 = 0
            return unsafe read(file, &byte, 1) == 1 ? .breached("/proc/iomem has content") : .contained("opened the cover")
        },
        Attack("io_uring opens kcore", subject, .lock, [ENOENT, EACCES, EPERM, ENOSYS]) { scene in
            _ = try Uring.open("/proc/kcore")
            return .breached("opened")
        },
        Attack("a 32-bit open of what is covered", subject, .lock, [ENOENT, EACCES, EPERM, ENOSYS]) { scene in
            _ = try Kernel.open("/proc/kcore", abi: .i386)
            return .breached("opened")
        },
    ]

    /// A mount of proc with options of which one names a file: EINVAL, at once. Answers nil when it cannot be tried.
    private static func withOption(
        _ title: String, _ options: @escaping @Sendable (Scene) -> [(String, String)]?
    ) -> Attack {
        Attack("mount of proc with \(title)", subject, .lock, [EPERM, ENOSYS, EINVAL], filtered: .broker) { scene in
            guard let options = options(scene) else { return .unavailable("no file to name") }
            let place = scene.makeDirectory("fresh")
            let start = ContinuousClock.now
            let result = Kernel.raw(
                .mount, ["proc", .text(place), "proc", 0, .text(options.map { "\($0.0)=\($0.1)" }.joined(separator: ","))])
            let took = ContinuousClock.now - start
            if result >= 0 { return .breached("mounted, so its path was opened") }
            let error = Errno(rawValue: CInt(-result))
            if Scene.isFiltered, error != .invalidArgument { return .breached("\(error.name) in \(took): the kernel has parsed it") }
            return .refused(call: "mount", error: error.rawValue)
        }
    }

    /// fspick(2) and FSCONFIG_CMD_RECONFIGURE with one option.
    static func reconfigure(_ path: String, _ key: String, _ value: String) throws(Refused) {
        let context = try Kernel.call(.fspick, .number(Kernel.here), .text(path), 0)
        try Kernel.call(.fsconfig, .number(context), 1, .text(key), .text(value), 0)
        try Kernel.call(.fsconfig, .number(context), 7, 0, 0, 0)
    }

    /// One thread changes the type from tmpfs to proc and back while another one mounts: who looks twice sees two things.
    private static func race(_ scene: Scene) throws -> Finding {
        let address = Kernel.place(Array("tmpfs\0\0\0".utf8))
        try Threads.start(stack: 1 << 16) {
            let names = ["tmpfs\0\0\0", "proc\0\0\0\0", "sysfs\0\0\0"].map { Array($0.utf8) }
            var turn = 0
            while true {
                guard let at = unsafe UnsafeMutableRawPointer(bitPattern: address) else { return }
                for (index, byte) in names[turn % 3].enumerated() { unsafe at.storeBytes(of: byte, toByteOffset: index, as: UInt8.self) }
                turn += 1
            }
        }
        var (made, refused) = (0, 0)
        let end = ContinuousClock.now + .milliseconds(1500)
        let place = scene.makeDirectory("race")
        while ContinuousClock.now < end {
            let result = Kernel.raw(.mount, ["x", .text(place), .number(address), 0, 0])
            if result < 0 { refused += 1; continue }
            made += 1
            if let leak = scene.revealed(at: place) { return .breached(leak) }
            try? Kernel.umount(place)
        }
        return .contained("\(made) mounted, none open; \(refused) refused")
    }
}
