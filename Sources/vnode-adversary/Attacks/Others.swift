import CLinux
import Glibc
import Linux
import SystemPackage

private let subject = "processes"

extension Attack {
    /// Processes of the node, of other vNodes, of the engine.
    static let others: [Attack] = [
        Attack("every process in sight is the vNode's own", subject, .namespace, in: .container) { scene in
            for entry in (try? Directories.list("/proc")) ?? [] where Int32(entry.name) != nil {
                let words = (Scene.text("/proc/\(entry.name)/cmdline") ?? "") + (Scene.text("/proc/\(entry.name)/environ") ?? "")
                // This program has been told what to look for.
                if words.contains("--fact") { continue }
                for name in ["node.token", "other.token"] {
                    if let token = scene.fact(name), words.contains(token) { return .breached("/proc/\(entry.name) is \(words)") }
                }
            }
            return .contained("no other's process listed")
        },
        Attack("/proc/1/root and what it leads to", subject, .lock, in: .container) { scene in
            for way in ["root", "cwd", "root/..", "cwd/../../.."] {
                if let path = scene.fact("secret.path"), Scene.text("/proc/1/\(way)\(path)") != nil {
                    return .breached("/proc/1/\(way)\(path)")
                }
                for name in ["procfs", "shown", "node/etc", "inner", "fuse", "sys/fs/cgroup/vnode"]
                where Directories.kind("/proc/1/\(way)/\(name)") != nil {
                    return .breached("/proc/1/\(way)/\(name) is the staging namespace's")
                }
                if let leak = scene.revealed(at: "/proc/1/\(way)/proc") { return .breached(leak) }
            }
            return .contained("the outer container")
        },
        Attack("/proc/*/root, cwd, exe, fd of everybody lead nowhere", subject, .lock, in: .container) { scene in
            for entry in (try? Directories.list("/proc")) ?? [] where Int32(entry.name) != nil {
                let process = "/proc/\(entry.name)"
                if let path = scene.fact("secret.path"), Scene.text("\(process)/root\(path)") != nil { return .breached("\(process)/root") }
                if let leak = scene.revealed(at: "\(process)/root/proc") { return .breached(leak) }
                for file in (try? Directories.list("\(process)/fd")) ?? [] {
                    let path = "\(process)/fd/\(file.name)"
                    if Directories.kind(path + "/etc") != nil, Directories.kind(path + "/run/vnode") != nil { return .breached(path) }
                    if let target = try? Directories.readLink(path), target.hasPrefix("anon_inode:[fuse") || target == "/dev/fuse" {
                        return .breached("\(path) is \(target)")
                    }
                }
            }
            return .contained("the vNode's own files")
        },
        Attack("the program of PID 1 for writing", subject, .permission, [EACCES, ETXTBSY, EPERM, EROFS], in: .container) { _ in
            _ = try Kernel.open("/proc/1/exe", O_WRONLY)
            return .breached("opened")
        },
        Attack("the own program by /proc/self/exe is the container's", subject, .launcher, in: .container) { scene in
            let target = (try? Directories.readLink("/proc/self/exe")) ?? ""
            return target.hasPrefix(scene.directory) || target.contains("adversary") ? .contained(target) : .breached(target)
        },
        Attack("the memory of PID 1 for writing", subject, .permission, [EACCES, EPERM], in: .container) { _ in
            _ = try Kernel.open("/proc/1/mem", O_RDWR)
            return .contained("vnode-init is root of the vNode's as well")
        },
        Attack("SIGKILL to PID 1", subject, .namespace, in: .container) { _ in
            try Kernel.call(.kill, 1, .number(Int(SIGKILL)))
            usleep(20000)
            return Directories.kind("/proc/1/root") == nil ? .breached("killed") : .contained("ignored, as by any PID 1")
        },
        Attack("nobody in sight has a namespace of others", subject, .namespace, in: .container) { scene in
            var seen = 0
            for entry in (try? Directories.list("/proc")) ?? [] where Int32(entry.name) != nil {
                for kind in ["mnt", "pid", "pid_for_children", "net", "ipc", "uts", "cgroup", "time", "time_for_children", "user"] {
                    guard let found = try? Directories.readLink("/proc/\(entry.name)/ns/\(kind)") else { continue }
                    seen += 1
                    let name = kind.split(separator: "_").first.map(String.init) ?? kind
                    for whose in ["node", "other"] where found == scene.fact("\(whose).ns.\(name)") {
                        return .breached("/proc/\(entry.name)/ns/\(kind) is \(whose == "node" ? "the node's" : "the other vNode's")")
                    }
                }
            }
            return seen == 0 ? .unavailable("no namespaces in sight") : .contained("\(seen) looked at")
        },
        Attack("signals to everybody reach nobody else", subject, .namespace) { scene in
            // In a PID namespace of its own, or it would end the container. The witnesses would have been counting.
            try scene.nested([.pid, .mount]) {
                _ = try? Kernel.call(.kill, -1, .number(Int(SIGUSR1)))
                return .contained("sent")
            }
        },
        Attack("the session and the terminal of the caller", subject, .launcher, [EPERM, ENOTTY, EIO, ENXIO], in: .container) { _ in
            // TIOCSTI puts characters into a terminal's input.
            for file in 0...2 as ClosedRange<CInt> where isatty(file) == 1 {
                let letter = Kernel.place([0x78])
                _ = try control(file, 0x5412, letter)
                return .breached("typed on the node's terminal")
            }
            _ = try Kernel.open("/dev/tty", O_RDWR)
            return .breached("there is a terminal of the node's")
        },
    ]

    /// Processes of the node and of another vNode, by their numbers on the node.
    static let foreign: [Attack] = [("node", "the node"), ("other", "another vNode")].flatMap { whose, title -> [Attack] in
        [
            process(whose, "a signal to a process of \(title)", [ESRCH, EPERM]) { pid, _ in
                try Kernel.call(.kill, .number(pid), .number(Int(SIGUSR1)))
            },
            process(whose, "ptrace of a process of \(title)", [ESRCH, EPERM]) { pid, _ in try Kernel.call(.ptrace, 16, .number(pid), 0, 0)
            },
            process(whose, "pidfd_open of a process of \(title)", [ESRCH, EPERM, EINVAL]) { pid, _ in
                let descriptor = try Kernel.call(.pidfd_open, .number(pid), 0)
                try Kernel.call(.pidfd_send_signal, .number(descriptor), .number(Int(SIGUSR1)), 0, 0)
            },
            process(whose, "namespaces of a process of \(title) by /proc", [ENOENT, EACCES, EPERM]) { pid, _ in
                var last = Refused(call: "openat", error: .noSuchFileOrDirectory)
                for kind in ["mnt", "pid", "net", "ipc", "uts", "cgroup", "time", "user"] {
                    do throws(Refused) {
                        _ = try Kernel.open("/proc/\(pid)/ns/\(kind)")
                        return
                    } catch { last = error }
                }
                throw last
            },
            process(whose, "process_vm_readv of a process of \(title)", [ESRCH, EPERM]) { pid, scene in
                let buffer = Kernel.place([UInt8](repeating: 0, count: 64))
                let local = Kernel.words([UInt64(buffer), 64])
                try Kernel.call(.process_vm_readv, .number(pid), .bytes(local), 1, .bytes(Kernel.words([0x40_0000, 64])), 1, 0)
            },
            process(whose, "kcmp with a process of \(title)", [ESRCH, EPERM, ENOSYS]) { pid, _ in
                try Kernel.call(.kcmp, .number(Int(getpid())), .number(pid), 1, 0, 0)
            },
            process(whose, "affinity of a process of \(title)", [ESRCH, EPERM]) { pid, _ in
                try Kernel.call(.sched_setaffinity, .number(pid), 8, .bytes(Kernel.words([1])))
            },
            process(whose, "limits of a process of \(title)", [ESRCH, EPERM]) { pid, _ in
                try Kernel.call(.prlimit64, .number(pid), 7, .bytes(Kernel.words([0, 0])), 0)
            },
            process(whose, "moving the pages of a process of \(title)", [ESRCH, EPERM, EACCES, ENOSYS, ENODEV]) { pid, _ in
                try Kernel.call(.move_pages, .number(pid), 1, .bytes(Kernel.words([0x40_0000])), 0, .bytes(Kernel.words([0])), 0)
            },
        ]
    }

    private static func process(
        _ whose: String, _ name: String, _ errors: [CInt], _ body: @escaping @Sendable (Int, Scene) throws -> Void
    ) -> Attack {
        Attack(name, subject, .namespace, errors, in: .container) { scene in
            guard let pid = scene.fact("\(whose).pid").flatMap({ Int($0) }) else { return .unavailable("no process known") }
            // A process of the vNode's may have the same number.
            if Directories.kind("/proc/\(pid)") != nil {
                let isOurs = !(Scene.text("/proc/\(pid)/cmdline") ?? "").contains(scene.fact("\(whose).token") ?? "-")
                if isOurs { return .unavailable("the number is taken here") }
            }
            try body(pid, scene)
            return .breached("it worked")
        }
    }
}
