import CLinux
import Glibc
import Linux
import SystemPackage

/// Taking all there is of something. Each holds on to it for some seconds, while others try to live.
enum Bomb: String, CaseIterable, Sendable {
    case processes, descriptors, mounts, mountsDoubled, watches, memory, pipes, sockets, listeners, keys, contexts, terminals, files,
        readers, sysctl, cgroups

    /// Grows until `end`, or until it is refused. Answers how much it got.
    func grow(until end: ContinuousClock.Instant, _ scene: Scene) -> String {
        switch self {
        case .processes:
            return count(end, most: 20000) { (try? Child.fork { while true { sleep(100) } }) != nil }
        case .descriptors:
            var most = rlimit(rlim_cur: 1 << 20, rlim_max: 1 << 20)
            _ = unsafe setrlimit(__rlimit_resource_t(7), &most)
            return count(end, most: 1 << 20) { unsafe clinux_openat(AT_FDCWD, "/proc/self/status", O_RDONLY, 0) >= 0 }
        case .mounts:
            try? Kernel.unshare(.mount)
            let place = scene.makeDirectory("mounts")
            return count(end, most: 200_000) { (try? Kernel.mount("tmpfs", place, "tmpfs")) != nil }
        case .mountsDoubled:
            try? Kernel.unshare(.mount)
            let place = scene.makeDirectory("doubled")
            try? Kernel.mount("tmpfs", place, "tmpfs")
            try? Kernel.mount("none", place, "", Kernel.shared)
            for name in ["a", "b"] { try? Directories.make("\(place)/\(name)") }
            return count(end, most: 64) { (try? Kernel.mount(place, "\(place)/a", "", Kernel.bind | Kernel.recursive)) != nil }
        case .watches:
            return count(end, most: 100_000) {
                let instance = inotify_init1(0)
                if instance >= 0 { _ = unsafe inotify_add_watch(instance, "/", 0xfff) }
                return instance >= 0
            }
        case .memory:
            var touched = 0
            return count(end, most: 4096) {
                let memory = unsafe mmap(nil, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
                guard let memory = unsafe memory, unsafe memory != MAP_FAILED else { return false }
                for page in stride(from: 0, to: 1 << 20, by: 4096) { unsafe memory.storeBytes(of: 1, toByteOffset: page, as: UInt8.self) }
                touched += 1
                // Without a cgroup nothing else would stop it.
                return touched < (scene.facts["memory.megabytes"].flatMap { Int($0) } ?? 512)
            }
        case .pipes:
            return count(end, most: 100_000) {
                guard let ends = try? Processes.pipe() else { return false }
                return clinux_fcntl(ends.writing, 1031, 1 << 20) >= 0
            }
        case .sockets: return count(end, most: 100_000) { socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0) >= 0 }
        case .listeners:
            return count(end, most: 60_000) {
                let listener = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
                return listener >= 0 && listen(listener, 4096) == 0
            }
        case .keys:
            var number = 0
            return count(end, most: 100_000) {
                number += 1
                return Kernel.raw(.add_key, ["user", .text("bomb-\(number)"), "x", 1, -2]) >= 0
            }
        case .contexts:
            return count(end, most: 10_000) {
                var context = 0
                return unsafe withUnsafeMutablePointer(to: &context) { Kernel.raw(.io_setup, [4096, .number(Int(bitPattern: $0))]) } >= 0
            }
        case .terminals: return count(end, most: 10_000) { unsafe clinux_openat(AT_FDCWD, "/dev/ptmx", O_RDWR | O_NOCTTY, 0) >= 0 }
        case .files:
            let place = scene.makeDirectory("files")
            var number = 0
            return count(end, most: 200_000) {
                number += 1
                return (try? Files.open("\(place)/\(number)", flags: O_WRONLY | O_CREAT, mode: 0o600)) != nil
            }
        case .readers:
            for number in 0..<64 {
                try? Threads.start(stack: 1 << 18) {
                    let paths = ["/proc/uptime", "/proc/meminfo", "/proc/stat", "/proc/interrupts", "/proc/sys/kernel/panic"]
                    while true { _ = try? Files.read(paths[number % paths.count]) }
                }
            }
            return "64 threads"
        case .cgroups:
            var number = 0
            return count(end, most: 100_000) {
                number += 1
                // Names that are no text have to be taken away as well.
                let name = Array("/sys/fs/cgroup/\(number)".utf8) + [0xff, 0]
                return unsafe mkdir(name.map { CChar(bitPattern: $0) }, 0o755) == 0
            }
        case .sysctl:
            let size = 1 << 30
            let memory = unsafe mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | 0x4000, -1, 0)
            guard let memory = unsafe memory, unsafe memory != MAP_FAILED else { return "no memory" }
            return count(end, most: 1000) {
                guard let file = try? Files.open("/proc/sys/kernel/panic", flags: O_WRONLY) else { return false }
                _ = unsafe write(file.raw, memory, size)
                return true
            }
        }
    }

    private func count(_ end: ContinuousClock.Instant, most: Int, _ more: () -> Bool) -> String {
        var got = 0
        while got < most, ContinuousClock.now < end {
            if !more() { return "\(got), then \(Errno(rawValue: errno).name)" }
            got += 1
        }
        return got == most ? "\(got), enough" : "\(got) in time"
    }

    /// Says that it has grown, and then holds on until it is killed.
    func run(_ scene: Scene, seconds: Int) -> Never {
        setpgid(0, 0)
        let what = grow(until: .now + .seconds(seconds), scene)
        print("\(rawValue): \(what)")
        fflush(nil)
        while true { sleep(100) }
    }
}
