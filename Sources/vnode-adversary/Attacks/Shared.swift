import CLinux
import Glibc
import Linux
import SystemPackage

private let subject = "shared kernel objects"

extension Attack {
    /// What witnesses on the node and in another vNode hold, under names the attacker knows.
    static let shared: [Attack] = [
        Attack("System V shared memory", subject, .namespace, [ENOENT], in: .container) { _ in
            _ = try Kernel.call(.shmget, .number(Witness.key), 0, 0)
            return .breached("found")
        },
        Attack("System V shared memory by every id", subject, .namespace, [EINVAL, EIDRM, EACCES], in: .container) { scene in
            var last = Refused(call: "shmat", error: .invalidArgument)
            for id in 0..<4096 {
                do throws(Refused) {
                    _ = try Kernel.call(.shmat, .number(id), 0, 0o10000)
                    return .breached("segment \(id)")
                } catch { last = error }
            }
            throw last
        },
        Attack("System V semaphores", subject, .namespace, [ENOENT], in: .container) { _ in
            _ = try Kernel.call(.semget, .number(Witness.key), 0, 0)
            return .breached("found")
        },
        Attack("System V messages", subject, .namespace, [ENOENT], in: .container) { _ in
            _ = try Kernel.call(.msgget, .number(Witness.key), 0)
            return .breached("found")
        },
        Attack("a POSIX message queue", subject, .namespace, [ENOENT], in: .container) { _ in
            _ = try Kernel.call(.mq_open, .text(String(Witness.queue.dropFirst())), 0, 0, 0)
            return .breached("found")
        },
        Attack("a file of /dev/shm", subject, .namespace, [ENOENT], in: .container) { _ in
            _ = try Kernel.open("/dev/shm" + Witness.queue)
            return .breached("found")
        },
        Attack(
            "a key of the session's and of the user's", subject, .namespace, [ENOKEY, EACCES, EPERM, ENOSYS, EDQUOT, ENOENT], in: .container
        ) { _ in
            _ = try Kernel.call(.request_key, "user", .text(Witness.keyName), 0, 0)
            return .breached("found")
        },
        Attack("keys by every serial number near", subject, .namespace, [EACCES, ENOKEY, EPERM, ENOSYS], in: .container) { scene in
            guard let serial = scene.fact("node.key").flatMap({ Int($0) }) else { return .unavailable("none known") }
            let room = Kernel.place([UInt8](repeating: 0, count: 256))
            // KEYCTL_READ, KEYCTL_DESCRIBE.
            _ = try? Kernel.call(.keyctl, 6, .number(serial), .number(room), 256)
            let size = try Kernel.call(.keyctl, 11, .number(serial), .number(room), 256)
            return .breached("read \(size) bytes")
        },
        Attack("/proc/keys shows no other's", subject, .namespace, in: .container) { _ in
            (Scene.text("/proc/keys") ?? "").contains(Witness.keyName) ? .breached("listed") : .contained("own keys")
        },
        Attack("/proc/locks shows no other's", subject, .view, in: .container) { scene in
            let own = (Scene.text("/proc/locks") ?? "").split(separator: "\n")
            let pid = scene.fact("node.pid") ?? "-"
            return own.contains { $0.split(separator: " ").contains(Substring(pid)) }
                ? .breached("\(own)") : .contained("\(own.count) of its own")
        },
        Attack("who holds a lock on a file both have", subject, .namespace, in: .container) { _ in
            // struct flock: F_WRLCK, SEEK_SET, whole file; l_pid comes back in the namespace of who asks.
            let file = try Kernel.open(Witness.lockedFile)
            var lock = flock()
            lock.l_type = Int16(F_WRLCK)
            let got = unsafe withUnsafeMutablePointer(to: &lock) { clinux_fcntl(file, F_GETLK, Int(bitPattern: $0)) }
            if got < 0 { throw Refused(call: "fcntl", error: Errno(rawValue: errno)) }
            if lock.l_type == Int16(F_UNLCK) { return .contained("no lock in sight") }
            return lock.l_pid > 0 ? .breached("process \(lock.l_pid)") : .contained("that there is a lock, not whose")
        },
        Attack("inotify of a file of the node's", subject, .namespace, in: .container) { _ in
            let instance = inotify_init1(0)
            if instance < 0 { throw Refused(call: "inotify_init", error: Errno(rawValue: errno)) }
            let watch = unsafe inotify_add_watch(instance, "/usr/bin/env", 0x20)
            return watch < 0 ? .refused(call: "inotify_add_watch", error: errno) : .contained("when programs of /usr are run: documented")
        },
    ]
}
