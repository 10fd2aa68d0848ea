import CLinux
import Glibc
import Linux
import SystemPackage

private let subject = "namespaces"

extension Attack {
    static let namespaces: [Attack] =
        ABI.allCases.map { abi in
            Attack("unshare of a user namespace\(abi.title)", subject, .filter, [EPERM, ENOSPC, ENOSYS]) { scene in
                try Kernel.unshare(.user, abi: abi)
                return nestedRoot(scene)
            }
        }
        + ABI.allCases.map { abi in
            Attack("clone with a user namespace\(abi.title)", subject, .filter, [EPERM, ENOSPC, ENOSYS]) { scene in
                // SIGCHLD, CLONE_NEWUSER, CLONE_VFORK: the child ends at once.
                let child = try Kernel.call(.clone, .number(Int(Namespaces.user.rawValue) | Int(SIGCHLD)), 0, 0, 0, 0, abi: abi)
                if child == 0 { _exit(0) }
                return .contained("a user namespace within")
            }
        }
        + ABI.allCases.map { abi in
            Attack("clone3 with a user namespace\(abi.title)", subject, .filter, [EPERM, ENOSPC, ENOSYS]) { scene in
                // struct clone_args: flags first, exit_signal fifth.
                let arguments = Kernel.words([UInt64(Namespaces.user.rawValue), 0, 0, 0, UInt64(SIGCHLD), 0, 0, 0])
                let child = try Kernel.call(.clone3, .bytes(arguments), 64, abi: abi)
                if child == 0 { _exit(0) }
                return .contained("a user namespace within")
            }
        } + [
            Attack("a fresh proc in a nested user namespace", subject, .lock, [EPERM, ENOSPC, ENOSYS, EINVAL]) { scene in
                let place = scene.makeDirectory("nested")
                return try scene.nested([.user, .pid, .mount]) {
                    try Kernel.mount("proc", place, "proc")
                    return scene.judge("mounted", place)
                }
            },
            Attack("umount2 of a cover in a nested user namespace", subject, .lock, [EPERM, ENOSPC, ENOSYS, EINVAL]) { scene in
                try scene.nested([.user, .mount]) {
                    try Kernel.umount("/proc/iomem")
                    return .breached("umounted")
                }
            },
            Attack("max_user_namespaces is 0", subject, .view, in: .container) { _ in
                let value = Scene.text("/proc/sys/user/max_user_namespaces")?.split(whereSeparator: \.isWhitespace).first
                return value == "0" || value == nil ? .contained("\(value ?? "absent")") : .contained("says \(value ?? "")")
            },
            Attack("setns to the own user namespace", subject, .filter, [EPERM, EINVAL]) { _ in
                let file = try Kernel.open("/proc/self/ns/user")
                try Kernel.call(.setns, .number(Int(file)), 0x1000_0000)
                return .breached("entered again")
            },
            Attack("the user namespace above", subject, .permission, [EPERM]) { _ in
                // NS_GET_USERNS of the user namespace is its parent.
                let file = try Kernel.open("/proc/self/ns/user")
                _ = try control(file, 0xb701)
                return .breached("a descriptor of the node's user namespace")
            },
            Attack("the PID namespace above", subject, .permission, [EPERM]) { _ in
                let file = try Kernel.open("/proc/self/ns/pid")
                _ = try control(file, 0xb702)
                return .breached("a descriptor of the node's PID namespace")
            },
            Attack("the owner of the mount namespace of PID 1", subject, .permission, [EPERM, EACCES]) { _ in
                let file = try Kernel.open("/proc/1/ns/mnt")
                let owner = try control(file, 0xb701)
                let own = try Directories.readLink("/proc/self/ns/user")
                let found = try Directories.readLink("/proc/self/fd/\(owner)")
                return found == own ? .contained("the vNode's own") : .breached(found)
            },
            Attack("setns to every namespace of PID 1 but user", subject, .lock) { scene in
                for kind in ["mnt", "pid", "net", "ipc", "uts", "cgroup"] {
                    let file = try Kernel.open("/proc/1/ns/\(kind)")
                    _ = try? Kernel.call(.setns, .number(Int(file)), 0)
                }
                _ = unsafe chdir("/")
                if let path = scene.fact("secret.path"), Scene.text(path) != nil { return .breached(path) }
                return scene.judge("the outer container's", "/outer/proc", "/procfs")
            },
            Attack("the cgroup namespace of PID 1 shows the vNode's top", subject, .namespace) { scene in
                let file = try Kernel.open("/proc/1/ns/cgroup")
                try Kernel.call(.setns, .number(Int(file)), 0)
                let paths = Scene.text("/proc/self/cgroup") ?? ""
                return paths.contains("..")
                    ? .contained("paths relative to it") : .contained(paths.split(separator: "\n").last.map(String.init) ?? "")
            },
            Attack("namespaces are not another's", subject, .namespace, in: .container) { scene in
                for kind in ["mnt", "pid", "net", "ipc", "uts", "cgroup", "time", "user"] {
                    let own = (try? Directories.readLink("/proc/self/ns/\(kind)")) ?? ""
                    for whose in ["node", "other"] where !own.isEmpty && own == scene.fact("\(whose).ns.\(kind)") {
                        return .breached("\(kind) is \(whose == "node" ? "the node's" : "the other vNode's"): \(own)")
                    }
                }
                return .contained("eight of its own")
            },
            Attack("mounts of others by listmount", subject, .namespace, [EPERM, ENOSYS, ENOENT, EINVAL], in: .container) { scene in
                // struct mnt_id_req: size, unused, LSMT_ROOT, last id, 24 bytes; room for 256.
                let request = Kernel.words([24, UInt64.max, 0])
                let room = Kernel.place([UInt8](repeating: 0, count: 2048))
                let count = try Kernel.call(.listmount, .bytes(request), .number(room), 256, 0)
                let table = (Scene.text("/proc/self/mountinfo") ?? "").split(separator: "\n").count
                return count <= table ? .contained("\(count) of its own") : .breached("\(count) mounts, mountinfo has \(table)")
            },
            Attack("mountinfo names no place of the node's", subject, .namespace, in: .container) { scene in
                let table = Scene.text("/proc/self/mountinfo") ?? ""
                for name in ["node.token", "other.token"] {
                    if let token = scene.fact(name), table.contains(token) { return .breached("a mount with \(token)") }
                }
                for place in ["/run/vnode", "/inner/", "/staging"] where table.contains(place) { return .breached("a mount of \(place)") }
                return .contained("none")
            },
        ]

    private static func nestedRoot(_ scene: Scene) -> Finding {
        for map in ["uid_map", "gid_map"] {
            if map == "gid_map" { try? Kernel.write("deny", to: "/proc/self/setgroups") }
            try? Kernel.write("0 0 1\n", to: "/proc/self/\(map)")
        }
        return scene.judge("a user namespace within")
    }
}
