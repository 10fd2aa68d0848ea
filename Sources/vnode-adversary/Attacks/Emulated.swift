import CLinux
import Glibc
import Linux
import Synchronization
import SystemPackage

private let subject = "the served files"

extension Attack {
    /// What a hostile reader may do to a file system that a program serves. It must answer, and answer others.
    static let emulated: [Attack] = [
        Attack("reads at every odd place", subject, .view, in: .container) { _ in
            let places: [off_t] = [-1, -4096, 1 << 31, 1 << 32, off_t.max, off_t.max - 4096, 1, 4095, 4097]
            for path in ["/proc/meminfo", "/proc/cpuinfo", "/proc/stat", "/sys/devices/system/cpu/online", "/proc/sys/kernel/panic"] {
                guard let file = try? Files.open(path, flags: O_RDONLY) else { continue }
                var bytes = [UInt8](repeating: 0, count: 1 << 20)
                for place in places {
                    let raw = file.raw
                    _ = unsafe bytes.withUnsafeMutableBytes { unsafe pread(raw, $0.baseAddress, $0.count, place) }
                    for whence in [SEEK_SET, SEEK_CUR, SEEK_END, 3, 4] as [CInt] { _ = lseek(raw, place, whence) }
                }
            }
            return answered()
        },
        Attack("reads into no memory, of no length, of 1 GiB", subject, .view, in: .container) { _ in
            let size = 1 << 30
            let memory = unsafe mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | 0x4000, -1, 0)
            guard let memory = unsafe memory, unsafe memory != MAP_FAILED else { return .unavailable("no memory") }
            for path in ["/proc/meminfo", "/proc/interrupts", "/proc/cpuinfo"] {
                guard let file = try? Files.open(path, flags: O_RDONLY) else { continue }
                _ = unsafe read(file.raw, UnsafeMutableRawPointer(bitPattern: 8), 4096)
                _ = unsafe read(file.raw, memory, 0)
                _ = unsafe read(file.raw, memory, size)
            }
            return answered()
        },
        Attack("names of 255 bytes, paths of 4095, 2,000 that are not there", subject, .view, in: .container) { _ in
            let name = String(repeating: "x", count: 255)
            for top in ["/proc", "/sys", "/proc/sys", "/sys/devices/system/cpu"] {
                _ = Directories.kind("\(top)/\(name)")
                _ = Directories.kind(top + String(repeating: "/\(name)", count: 15))
                _ = Directories.kind(top + String(repeating: "/.", count: 2000))
                _ = Directories.kind(top + String(repeating: "/..", count: 1300))
                for number in 0..<500 { _ = Directories.kind("\(top)/none-\(number)") }
                for odd in ["\u{1}", "%s%n", "\n", "..\u{7f}", "cpu-1", "cpu99999999999999999999", "cpu0x1", "node-0"] {
                    _ = Directories.kind("\(top)/\(odd)")
                }
            }
            return answered()
        },
        Attack("directories read in small pieces and from anywhere", subject, .view, in: .container) { _ in
            for path in ["/sys", "/sys/devices/system/cpu", "/proc/sys/kernel", "/proc"] {
                guard let directory = try? Files.open(path, flags: O_RDONLY | O_DIRECTORY) else { continue }
                var room = [UInt8](repeating: 0, count: 64)
                for place: off_t in [0, 1, 2, 77, 1 << 40, off_t.max] {
                    let raw = directory.raw
                    _ = lseek(raw, place, SEEK_SET)
                    for _ in 0..<20 { _ = unsafe room.withUnsafeMutableBytes { unsafe clinux_getdents(raw, $0.baseAddress, $0.count) } }
                }
            }
            return answered()
        },
        Attack("everything that changes a file system", subject, .view, in: .container) { scene in
            var taken: [String] = []
            for path in ["/proc/meminfo", "/sys/devices", "/proc/sys/kernel/panic", "/sys/class"] {
                if unsafe unlink(path) == 0 { taken.append("unlink \(path)") }
                if unsafe rmdir(path) == 0 { taken.append("rmdir \(path)") }
                if unsafe mkdir("\(path)/x", 0o755) == 0 { taken.append("mkdir \(path)") }
                if unsafe symlink("/etc", "\(path)/x") == 0 { taken.append("symlink \(path)") }
                if unsafe rename(path, path + "x") == 0 { taken.append("rename \(path)") }
                if unsafe link(path, path + "x") == 0 { taken.append("link \(path)") }
                if unsafe chmod(path, 0o777) == 0 { taken.append("chmod \(path)") }
                if unsafe chown(path, 0, 0) == 0 { taken.append("chown \(path)") }
                if unsafe truncate(path, 1 << 40) == 0, !path.hasPrefix("/proc/sys") { taken.append("truncate \(path)") }
                if unsafe mkfifo("\(path)/x", 0o600) == 0 { taken.append("mkfifo \(path)") }
            }
            return taken.isEmpty ? answered() : .breached(taken.joined(separator: ", "))
        },
        Attack("ioctl, locks, mmap for writing on served files", subject, .view, in: .container) { _ in
            for path in ["/proc/meminfo", "/proc/cpuinfo", "/proc/sys/kernel/panic", "/sys/devices/system/cpu/online"] {
                guard let file = try? Files.open(path, flags: O_RDONLY) else { continue }
                for request: UInt in [0x5401, 0x541b, 0x1272, 0xffff_ffff] {
                    let room = Kernel.place([UInt8](repeating: 0, count: 256))
                    _ = try? control(file.raw, request, room)
                }
                _ = try? Locks.tryLock(file)
                if unsafe mmap(nil, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file.raw, 0) != MAP_FAILED {
                    return .breached("mapped \(path)")
                }
            }
            return answered()
        },
        Attack("64 threads read what is not cached for a second", subject, .view, in: .container) { _ in
            let passes = Counter()
            for number in 0..<64 {
                try? Threads.start(stack: 1 << 18) {
                    let paths = ["/proc/uptime", "/proc/meminfo", "/proc/stat", "/proc/loadavg", "/proc/sys/kernel/panic", "/sys/kernel"]
                    while true {
                        _ = try? Files.read(paths[number % paths.count])
                        passes.add()
                    }
                }
            }
            usleep(1_000_000)
            guard passes.value > 64 else { return .breached("\(passes.value) reads in a second") }
            return answered()
        },
        Attack("1,000 open files and 1,000 that poll for pressure", subject, .view, in: .container) { _ in
            var held: [CInt] = []
            defer { for file in held { close(file) } }
            for number in 0..<1000 {
                let path = ["/proc/meminfo", "/proc/stat", "/proc/uptime", "/proc/pressure/cpu"][number % 4]
                guard let file = try? Files.open(path, flags: number % 4 == 3 ? O_RDWR : O_RDONLY).release() else { break }
                held.append(file)
                if number % 4 == 3 { _ = unsafe write(file, "some 500000 1000000", 20) }
            }
            return answered()
        },
        Attack("readers killed while they read", subject, .view, in: .container) { _ in
            for _ in 0..<40 {
                guard
                    let child = try? Child.fork({
                        while true { for path in ["/proc/stat", "/proc/interrupts", "/proc/zoneinfo"] { _ = try? Files.read(path) } }
                    })
                else { break }
                usleep(3000)
                kill(child, SIGKILL)
                _ = try? Processes.wait(child)
            }
            return answered()
        },
    ]

    /// The files are served still.
    private static func answered() -> Finding {
        guard let memory = Scene.text("/proc/meminfo"), memory.hasPrefix("MemTotal:") else {
            return .breached("/proc/meminfo is not answered")
        }
        return .contained("served on")
    }
}

/// Counts across threads.
final class Counter: Sendable {
    private let count = Atomic(0)
    func add() { count.add(1, ordering: .relaxed) }
    var value: Int { count.load(ordering: .relaxed) }
}
