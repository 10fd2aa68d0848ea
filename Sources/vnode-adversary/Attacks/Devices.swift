import Glibc
import Linux
import SystemPackage

private let subject = "devices"

extension Attack {
    static let devices: [Attack] =
        ABI.allCases.flatMap { abi in
            [("a block device", S_IFBLK, 254 << 8), ("/dev/mem", S_IFCHR, 1 << 8 | 1), ("/dev/kmsg", S_IFCHR, 1 << 8 | 11)].map {
                name, kind, number in
                Attack("mknod of \(name)\(abi.title)", subject, .permission, [EPERM, ENOSYS], filtered: .filter) { scene in
                    let path = scene.makeDirectory("node") + "/device"
                    try Kernel.call(.mknod, .text(path), .number(Int(kind) | 0o666), .number(number), abi: abi)
                    let opened = try? Files.open(path, flags: O_RDONLY | O_NONBLOCK)
                    return opened == nil ? .contained("made, but not to be opened") : .breached("made and opened")
                }
            }
        }
        + ABI.allCases.map { abi in
            Attack("mknodat of a character device\(abi.title)", subject, .permission, [EPERM, ENOSYS], filtered: .filter) { scene in
                let path = scene.makeDirectory("node") + "/device"
                try Kernel.call(.mknodat, .number(Kernel.here), .text(path), .number(Int(S_IFCHR) | 0o666), .number(1 << 8 | 1), abi: abi)
                return .breached("made")
            }
        } + [
            Attack("mknod on a tmpfs of one's own", subject, .permission, [EPERM], filtered: .filter) { scene in
                let place = scene.makeDirectory("tmpfs")
                try Kernel.mount("tmpfs", place, "tmpfs")
                try Kernel.call(.mknod, .text("\(place)/mem"), .number(Int(S_IFCHR) | 0o666), .number(1 << 8 | 1))
                return (try? Files.open("\(place)/mem", flags: O_RDONLY)) == nil ? .contained("not to be opened") : .breached("opened")
            },
            Attack("devices in sight", subject, .launcher, in: .container) { _ in
                let harmless: Set<String> = [
                    "null", "zero", "full", "random", "urandom", "tty", "ptmx", "console", "fd", "stdin", "stdout", "stderr", "core",
                ]
                let found = ((try? Directories.list("/dev")) ?? []).filter { $0.kind == .other || $0.kind == .file }.map(\.name)
                let more = found.filter { !harmless.contains($0) }
                return more.isEmpty ? .contained(found.sorted().joined(separator: " ")) : .breached(more.joined(separator: " "))
            },
            Attack("entropy taken back from the node", subject, .permission, [EPERM, EACCES, ENOTTY, EINVAL], in: .container) { _ in
                // RNDCLEARPOOL.
                let file = try Kernel.open("/dev/random", O_RDWR)
                _ = try control(file, 0x5206)
                return .breached("cleared")
            },
        ]
}
