import Glibc
import Linux
import SystemPackage

/// Calls about mounts that newer kernels have, by number instead of by path.
extension Attack {
    static let mountCalls: [Attack] = [
        Attack("mount namespaces of others by listmount", "namespaces", .namespace, [EPERM, ENOENT], in: .container) { _ in
            guard let own = namespaceNumber("/proc/self/ns/mnt") else { return .unavailable("no numbers of mount namespaces") }
            let inSight = ((try? Directories.list("/proc")) ?? []).filter { Int32($0.name) != nil }
                .compactMap { namespaceNumber("/proc/\($0.name)/ns/mnt") }
            let known = Set([own] + inSight)
            let room = Kernel.place([UInt8](repeating: 0, count: 8 * 256))
            // They are counted up: those of the launcher, the node and other vNodes are near, the first one is the node's own.
            let near = (own > 4096 ? own - 4096 : 1)..<(own + 1024)
            for number in Array(1..<64 as Range<UInt64>) + Array(near) where !known.contains(number) {
                // struct mnt_id_req: size, LSMT_ROOT, last id, namespace.
                let result = Kernel.raw(.listmount, [.bytes(Kernel.words([32, UInt64.max, 0, number])), .number(room), 256, 0])
                if result == -Int(ENOSYS) || result == -Int(E2BIG) { return .unavailable("no listmount of other namespaces") }
                if result >= 0 { return .breached("\(result) mounts of the namespace \(number)") }
            }
            return .contained("none but the \(known.count) in sight")
        },
        Attack("statmount of mounts nobody lists", "namespaces", .namespace, [EPERM, ENOENT, ENOSYS], in: .container) { _ in
            let most = 1024
            let room = Kernel.place([UInt8](repeating: 0, count: 8 * most))
            let count = try Kernel.call(.listmount, .bytes(Kernel.words([24, UInt64.max, 0])), .number(room), .number(most), 0)
            let listed = words(at: room, count)
            guard let first = listed.min(), let last = listed.max(), first > 4096 else { return .unavailable("no mounts listed") }
            let known = Set(listed)
            let answer = Kernel.place([UInt8](repeating: 0, count: 1024))
            // The staging namespace, of which this one is a copy, has the numbers just below.
            for number in (first - 2048)..<min(last + 256, first + 6144) where !known.contains(number) {
                // STATMOUNT_SB_BASIC: `sb_magic` is the fourth word of struct statmount.
                guard Kernel.raw(.statmount, [.bytes(Kernel.words([24, number, 1])), .number(answer), 1024, 0]) >= 0 else { continue }
                let magic = words(at: answer, 4).last ?? 0
                // ramfs, tmpfs: what the kernel has below the root of every mount namespace.
                if magic != 0x8584_58f6, magic != 0x0102_1994 { return .breached("the mount \(number) is of \(String(magic, radix: 16))") }
            }
            return .contained("none but the \(known.count) listed")
        },
        treeWithAttributes("/usr, writable", "/usr", set: 0, clear: 1),
        treeWithAttributes("/usr, with its owners shifted to the own user namespace", "/usr", set: 0x10_0000, clear: 0),
        treeWithAttributes("/proc without its covers", "/proc", set: 0, clear: 8, isRecursive: false),
        treeWithAttributes("/proc with programs and devices", "/proc", set: 0, clear: 0xe),
    ]

    /// A copy of mounts and a change of their attributes in one call.
    private static func treeWithAttributes(
        _ title: String, _ path: String, set: UInt64, clear: UInt64, isRecursive: Bool = true
    ) -> Attack {
        Attack("open_tree_attr of \(title)", "covers", .lock, [EPERM, EINVAL, ENOSYS]) { scene in
            let users = try Kernel.open("/proc/self/ns/user")
            // struct mount_attr; OPEN_TREE_CLONE, AT_RECURSIVE.
            let attributes = Kernel.words([set, clear, 0, set & 0x10_0000 != 0 ? UInt64(users) : 0])
            let flags = 1 | (isRecursive ? 0x8000 : 0)
            let tree = try Kernel.call(
                .open_tree_attr, .number(Kernel.here), .text(path), .number(flags), .bytes(attributes), 32)
            let place = scene.makeDirectory("tree")
            try Kernel.attach(tree, place)
            return path == "/proc" ? scene.judge("copied", place) : .breached("a copy of \(path) like that")
        }
    }

    /// NS_GET_MNTNS_ID.
    private static func namespaceNumber(_ path: String) -> UInt64? {
        guard let file = try? Kernel.open(path) else { return nil }
        defer { _ = close(file) }
        let room = Kernel.place([UInt8](repeating: 0, count: 8))
        guard (try? control(file, 0x8008_b705, room)) != nil else { return nil }
        return words(at: room, 1).first
    }

    private static func words(at address: Int, _ count: Int) -> [UInt64] {
        guard let start = unsafe UnsafeRawPointer(bitPattern: address) else { return [] }
        return (0..<max(count, 0)).map { unsafe start.loadUnaligned(fromByteOffset: $0 * 8, as: UInt64.self) }
    }
}
