import Glibc
import Linux
import SystemPackage

private let subject = "other file systems"

extension Attack {
    /// Types that show or change something of the node, and what of them would be in sight.
    static let fileSystems: [Attack] =
        [
            "debugfs", "tracefs", "securityfs", "configfs", "pstore", "efivarfs", "devtmpfs", "nfsd", "selinuxfs", "resctrl", "fusectl",
            "rpc_pipefs", "bdev", "sockfs", "pipefs", "nsfs", "hugetlbfs",
        ].map { type in
            Attack(
                "mount -t \(type)", subject, .permission, [EPERM, ENODEV, EINVAL, EBUSY, ENOENT, EOPNOTSUPP],
                filtered: type == "nfsd" ? .broker : nil
            ) { scene in
                let place = scene.makeDirectory("type")
                try Kernel.mount(type, place, type)
                let names = ((try? Directories.list(place)) ?? []).map(\.name)
                return names.isEmpty ? .contained("empty") : .breached("entries: \(names.prefix(5).joined(separator: " "))")
            }
        } + [
            Attack("mount -t ext4 of the node's disk", subject, .permission, [EPERM, ENODEV, ENOENT, ENOTBLK, EACCES]) { scene in
                let place = scene.makeDirectory("type")
                let device = scene.makeDirectory("dev") + "/disk"
                try Kernel.call(.mknod, .text(device), .number(Int(S_IFBLK) | 0o600), .number(254 << 8))
                try Kernel.mount(device, place, "ext4", Kernel.readOnly)
                return .breached("mounted")
            },
            Attack("mount -t binfmt_misc takes interpreters", subject, .namespace, [EPERM, ENODEV, EACCES]) { scene in
                let place = scene.makeDirectory("type")
                try Kernel.mount("binfmt_misc", place, "binfmt_misc")
                try Kernel.write(":vnode-adversary:M::vNodeAdversary::/bin/true:F", to: "\(place)/register")
                // A user namespace of its own since 6.7. The driver looks whether the node has it now.
                return .contained("registered here")
            },
            Attack("mount -t bpf, and a program in it", subject, .permission, [EPERM, ENODEV, ENOENT]) { scene in
                let place = scene.makeDirectory("type")
                try Kernel.mount("bpf", place, "bpf")
                return (try? Directories.list(place))?.isEmpty == true ? .contained("empty") : .breached("entries")
            },
            Attack("mount -t mqueue", subject, .namespace, [EPERM]) { scene in
                let place = scene.makeDirectory("type")
                try Kernel.mount("mqueue", place, "mqueue")
                let names = ((try? Directories.list(place)) ?? []).map(\.name)
                return names.contains { $0.contains("vnode-adversary") } ? .breached("another one's queue") : .contained("own queues")
            },
            Attack("mount -t devpts without newinstance", subject, .namespace, [EPERM]) { scene in
                let place = scene.makeDirectory("type")
                try Kernel.mount("devpts", place, "devpts", 0, data: "ptmxmode=0666")
                let names = ((try? Directories.list(place)) ?? []).map(\.name).filter { Int($0) != nil }
                return names.isEmpty ? .contained("an instance of its own") : .breached("terminals: \(names)")
            },
            Attack("mount -t overlay over /usr, then writing", subject, .permission, [EPERM, EINVAL, EACCES]) { scene in
                let top = scene.makeDirectory("overlay")
                try Kernel.mount("tmpfs", top, "tmpfs")
                for name in ["upper", "work", "merged"] { try Directories.make("\(top)/\(name)") }
                try Kernel.mount(
                    "overlay", "\(top)/merged", "overlay", 0, data: "lowerdir=/usr,upperdir=\(top)/upper,workdir=\(top)/work,userxattr")
                try Kernel.write("x", to: "\(top)/merged/bin/env")
                return .contained("a copy of its own")
            },
            Attack("mount -t overlay with /proc as a layer", subject, .lock, [EPERM, EINVAL]) { scene in
                let top = scene.makeDirectory("overlay")
                try Kernel.mount("overlay", top, "overlay", 0, data: "lowerdir=/proc:/sys")
                return scene.judge("mounted", top)
            },
            Attack("mount -t fuse", subject, .permission, [EPERM, ENODEV, EINVAL, ENOENT]) { scene in
                let device = scene.makeDirectory("dev") + "/fuse"
                try Kernel.call(.mknod, .text(device), .number(Int(S_IFCHR) | 0o666), .number(10 << 8 | 229))
                return .breached("made /dev/fuse")
            },
        ]
}
