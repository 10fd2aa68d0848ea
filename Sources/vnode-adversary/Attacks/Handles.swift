import Glibc
import Linux
import SystemPackage

private let subject = "files of the node"

extension Attack {
    static let handles: [Attack] = [
        Attack("the secret by its path", subject, .namespace, [ENOENT, EACCES, ENOTDIR], in: .container) { scene in
            guard let path = scene.fact("secret.path") else { return .unavailable("none known") }
            _ = try Kernel.open(path)
            return .breached("opened")
        },
        Attack("the secret by its handle", subject, .permission, [EPERM, ESTALE, EINVAL, EOPNOTSUPP], in: .container) { scene in
            try byHandle(scene, "secret.handle")
        },
        Attack("the node's root by its handle", subject, .permission, [EPERM, ESTALE, EINVAL, EOPNOTSUPP], in: .container) { scene in
            try byHandle(scene, "root.handle")
        },
        Attack(
            "file handles guessed, with every directory in sight", subject, .permission, [EPERM, ESTALE, EINVAL, EOPNOTSUPP], in: .container
        ) {
            scene in
            // struct file_handle of ext4: 8 bytes, type 1, inode and generation. Inode 2 is the root of a file system.
            let handle: [UInt8] = [8, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]
            var last = Refused(call: "open_by_handle_at", error: .permissionDenied)
            for place in ["/", "/usr", "/opt", "/etc", "/proc", "/sys", "/dev", "/etc/ssl/certs", "/tmp"] {
                guard let directory = try? Kernel.open(place, O_RDONLY | O_DIRECTORY) else { continue }
                do throws(Refused) {
                    let file = try Kernel.call(.open_by_handle_at, .number(Int(directory)), .bytes(handle), .number(Int(O_RDONLY)))
                    if Directories.kind("/proc/self/fd/\(file)/etc") != nil { return .breached("the root of what \(place) is on") }
                } catch { last = error }
            }
            throw last
        },
        Attack("a file only the node's root may read", subject, .permission, [EACCES, EPERM, ENOENT], in: .container) { scene in
            guard let path = scene.fact("private.path") else { return .unavailable("none known") }
            _ = try Kernel.open(path)
            return .breached("opened")
        },
        Attack("chmod of a file of the node's", subject, .permission, [EPERM, EROFS, ENOENT], in: .container) { scene in
            if unsafe chmod("/usr/bin/env", 0o4777) == 0 { return .breached("changed") }
            throw Refused(call: "chmod", error: Errno(rawValue: errno))
        },
        Attack("/dev/null gets another mode", subject, .permission, [EPERM, EROFS], in: .container) { _ in
            if unsafe chmod("/dev/null", 0o600) == 0 { return .breached("changed") }
            throw Refused(call: "chmod", error: Errno(rawValue: errno))
        },
        Attack("descriptors a container is started with", subject, .launcher, in: .container) { scene in
            var found: [String] = []
            for entry in (try? Directories.list("/proc/self/fd")) ?? [] {
                guard let number = CInt(entry.name), number > 2, let target = try? Directories.readLink("/proc/self/fd/\(number)") else {
                    continue
                }
                if target.hasPrefix("/proc/"), target.hasSuffix("/fd") { continue }
                // The pipe to the process that waits for this answer.
                if target.hasPrefix("pipe:") { continue }
                found.append("\(number) \(target)")
            }
            return found.isEmpty ? .contained("0 to 2") : .breached(found.joined(separator: ", "))
        },
        Attack("descriptors of every other process", subject, .launcher, in: .container) { scene in
            for entry in (try? Directories.list("/proc")) ?? [] where Int32(entry.name) != nil {
                for file in (try? Directories.list("/proc/\(entry.name)/fd")) ?? [] {
                    guard let target = try? Directories.readLink("/proc/\(entry.name)/fd/\(file.name)") else { continue }
                    let isSuspect = ["/dev/fuse", "/run/", "/proc/", "/sys/fs/cgroup", "mnt:[", "user:["].contains { target.hasPrefix($0) }
                    if isSuspect, !target.hasSuffix("/fd"), Directories.kind("/proc/\(entry.name)/fd/\(file.name)/1") != nil {
                        return .breached("/proc/\(entry.name)/fd/\(file.name) is \(target)")
                    }
                    if target == "/dev/fuse" || target.hasPrefix("/run/vnode") { return .breached("\(entry.name) has \(target)") }
                }
            }
            return .contained("none that leads out")
        },
        Attack("the working directory", subject, .launcher, in: .container) { _ in
            let place = (try? Directories.readLink("/proc/self/cwd")) ?? "(unreachable)"
            let isOutside = place.hasPrefix("(unreachable)") || Directories.kind("./../../../../run/vnode") != nil
            return isOutside ? .breached(place) : .contained(place)
        },
        Attack(
            "fanotify of the file system the node's files are on", subject, .permission, [EPERM, EINVAL, ENODEV, EXDEV, ENOSYS],
            in: .container
        ) { _ in
            let group = try Kernel.call(.fanotify_init, .number(0x200), 0)
            // FAN_MARK_ADD | FAN_MARK_FILESYSTEM; FAN_OPEN.
            try Kernel.call(.fanotify_mark, .number(group), 0x101, 0x20, .number(Kernel.here), "/usr")
            return .breached("marked")
        },
        Attack("fanotify that may forbid", subject, .permission, [EPERM, EINVAL, ENOSYS], in: .container) { _ in
            // FAN_CLASS_CONTENT.
            _ = try Kernel.call(.fanotify_init, 4, 0)
            return .breached("opened")
        },
    ]

    private static func byHandle(_ scene: Scene, _ name: String) throws -> Finding {
        guard let text = scene.fact(name) else { return .unavailable("none known") }
        let digits = Array(text.utf8)
        let bytes = stride(from: 0, to: digits.count - 1, by: 2).compactMap {
            UInt8(String(decoding: digits[$0...$0 + 1], as: UTF8.self), radix: 16)
        }
        var last = Refused(call: "open_by_handle_at", error: .permissionDenied)
        for place in ["/usr", "/", "/opt", "/etc/ssl/certs"] {
            guard let directory = try? Kernel.open(place, O_RDONLY | O_DIRECTORY) else { continue }
            do throws(Refused) {
                _ = try Kernel.call(.open_by_handle_at, .number(Int(directory)), .bytes(bytes), .number(Int(O_RDONLY)))
                return .breached("opened by way of \(place)")
            } catch { last = error }
        }
        throw last
    }
}
