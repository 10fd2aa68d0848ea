import Glibc
import Linux
import SystemPackage

private let subject = "covers"

extension Attack {
    /// Taking covers off: what they are mounted over is the kernel's own file.
    static let covers: [Attack] =
        ["/proc/iomem", "/proc/cmdline", "/proc/kcore", "/proc/sysrq-trigger", "/proc/sys/kernel", "/proc/irq", "/sys/class/net"].flatMap {
            path in
            [0, Kernel.detach, 4, 8].map { flags in
                Attack("umount2 \(path), flags \(flags)", subject, .lock, [EINVAL, EAGAIN, ENOENT]) { scene in
                    try Kernel.umount(path, flags)
                    // MNT_EXPIRE takes it away at the second call.
                    if flags == 4 { try Kernel.umount(path, flags) }
                    return .breached("umounted \(path)")
                }
            }
        }
        + ABI.allCases.map { abi in
            Attack("umount2 /proc/iomem\(abi.title)", subject, .lock, [EINVAL, ENOSYS]) { _ in
                try Kernel.umount("/proc/iomem", abi: abi)
                return .breached("umounted")
            }
        } + [
            Attack("umount2 by way of /proc/self/fd", subject, .lock, [EINVAL]) { _ in
                let file = try Kernel.open("/proc/iomem", Files.place)
                try Kernel.umount("/proc/self/fd/\(file)")
                return .breached("umounted")
            },
            Attack("umount2 of everything, then proc", subject, .lock, [EPERM, EINVAL, EBUSY], filtered: .broker) { scene in
                try? Kernel.umount("/proc")
                try? Kernel.umount("/sys")
                try Kernel.mount("proc", "/proc", "proc")
                return scene.judge("a fresh proc")
            },
            Attack("umount2 -l /proc, then what was below", subject, .lock) { scene in
                let before = try Kernel.open("/proc", O_RDONLY | O_DIRECTORY)
                try Kernel.umount("/proc")
                _ = fchdir(before)
                return scene.judge("unmounted as a whole", "/proc/self/fd/\(before)", ".")
            },
            Attack("mount --bind of /proc without what is on it", subject, .lock, [EINVAL]) { scene in
                let place = scene.makeDirectory("bind")
                try Kernel.mount("/proc", place, "", Kernel.bind)
                return scene.judge("bound", place)
            },
            Attack("mount --bind of /proc/sys without what is on it", subject, .lock, [EINVAL]) { scene in
                let place = scene.makeDirectory("bind")
                try Kernel.mount("/proc/sys", place, "", Kernel.bind)
                let kernel = Scene.text("\(place)/kernel/core_pattern")
                return kernel == Scene.text("/proc/sys/kernel/core_pattern") ? .contained("bound") : .breached("other sysctls")
            },
            Attack("mount --bind of / without what is on it", subject, .lock, [EINVAL]) { scene in
                let place = scene.makeDirectory("bind")
                try Kernel.mount("/", place, "", Kernel.bind)
                return scene.judge("bound", "\(place)/proc", "\(place)/sys")
            },
            Attack("mount --rbind of /proc, umount2 in the copy", subject, .lock, [EINVAL]) { scene in
                let place = scene.makeDirectory("rbind")
                try Kernel.mount("/proc", place, "", Kernel.bind | Kernel.recursive)
                try Kernel.umount("\(place)/iomem")
                return .breached("umounted in the copy")
            },
            Attack("mount --rbind of /proc shows the same", subject, .lock, [EINVAL]) { scene in
                let place = scene.makeDirectory("rbind")
                try Kernel.mount("/proc", place, "", Kernel.bind | Kernel.recursive)
                return scene.judge("bound with its covers", place)
            },
            Attack("mount --move of a cover", subject, .lock, [EINVAL]) { scene in
                try Kernel.mount("/proc/iomem", scene.makeFile("moved"), "", Kernel.move)
                return .breached("moved")
            },
            Attack("mount --move of /proc", subject, .lock, [EINVAL]) { scene in
                let place = scene.makeDirectory("moved")
                try Kernel.mount("/proc", place, "", Kernel.move)
                return scene.judge("moved with its covers", place)
            },
            Attack("move_mount of a cover", subject, .lock, [EINVAL]) { scene in
                let from = try Kernel.open("/proc/iomem", Files.place)
                try Kernel.call(.move_mount, .number(Int(from)), "", -100, .text(scene.makeFile("moved")), 4)
                return .breached("moved")
            },
            Attack("move_mount below a cover", subject, .lock, [EINVAL, EPERM]) { scene in
                // MOVE_MOUNT_BENEATH, then umount of what is on top.
                let tree = try Kernel.cloneTree("/usr/bin/env", recursive: false)
                try Kernel.call(.move_mount, .number(tree), "", -100, "/proc/iomem", .number(0x204))
                try Kernel.umount("/proc/iomem")
                return .breached("a mount beneath the cover, and the cover away")
            },
            Attack("open_tree of /proc without what is on it", subject, .lock, [EINVAL, EPERM]) { scene in
                let tree = try Kernel.cloneTree("/proc", recursive: false)
                return scene.judge("a detached tree", "/proc/self/fd/\(tree)")
            },
            Attack("open_tree of /proc, attached elsewhere, umount2 in it", subject, .lock, [EINVAL]) { scene in
                let place = scene.makeDirectory("tree")
                try Kernel.attach(try Kernel.cloneTree("/proc", recursive: true), place)
                try Kernel.umount("\(place)/iomem")
                return .breached("umounted in the clone")
            },
            Attack("open_tree of /proc, umount2 while it is detached", subject, .lock, [EINVAL]) { scene in
                let tree = try Kernel.cloneTree("/proc", recursive: true)
                try Kernel.umount("/proc/self/fd/\(tree)/iomem")
                return .breached("umounted in the detached clone")
            },
            Attack("open_tree of a cover's place by openat2 without crossing", subject, .lock, [EXDEV, EINVAL]) { scene in
                // O_PATH, RESOLVE_NO_XDEV.
                let directory = try Kernel.open("/proc", O_RDONLY | O_DIRECTORY)
                let how = Kernel.words([UInt64(Files.place), 0, 1])
                let file = try Kernel.call(.openat2, .number(Int(directory)), "iomem", .bytes(how), 24)
                return (Scene.beginning("/proc/self/fd/\(file)") ?? []).isEmpty ? .contained("nothing in it") : .breached("content")
            },
            Attack("mount_setattr makes /usr writable", subject, .lock, [EPERM, EINVAL]) { _ in
                try Kernel.setAttributes("/usr", set: 0, clear: 1, recursive: false)
                return .breached("writable")
            },
            Attack("mount_setattr makes all of / writable", subject, .lock, [EPERM, EINVAL]) { _ in
                try Kernel.setAttributes("/", set: 0, clear: 1, recursive: true)
                return .breached("writable")
            },
            Attack("remount of /usr for writing", subject, .lock, [EPERM]) { _ in
                try Kernel.mount("", "/usr", "", Kernel.remount | Kernel.bind)
                return .breached("writable")
            },
            Attack("remount of a copy of /usr for writing", subject, .lock, [EPERM]) { scene in
                let place = scene.makeDirectory("usr")
                try Kernel.mount("/usr", place, "", Kernel.bind | Kernel.recursive)
                try Kernel.mount("", place, "", Kernel.remount | Kernel.bind)
                return .breached("writable")
            },
            Attack("mount_setattr gives /usr other owners", subject, .permission, [EPERM, EINVAL]) { _ in
                let users = try Kernel.open("/proc/self/ns/user")
                let tree = try Kernel.cloneTree("/usr", recursive: false)
                let attributes = Kernel.words([0x10_0000, 0, 0, UInt64(users)])
                try Kernel.call(.mount_setattr, .number(tree), "", 0x1000, .bytes(attributes), 32)
                return .breached("the node's files belong to root of the vNode")
            },
            Attack("remount of /sys for writing", subject, .lock, [EPERM, EINVAL]) { _ in
                try Kernel.mount("", "/sys", "", Kernel.remount | Kernel.bind)
                return .breached("writable")
            },
            Attack("remount of /dev/null with devices on /tmp", subject, .permission, [EPERM, EINVAL]) { scene in
                let place = scene.makeFile("device")
                try Kernel.call(.mknod, .text(place + "x"), .number(Int(S_IFCHR) | 0o666), .number(1 << 8 | 1))
                return .breached("made a device")
            },
            Attack("pivot_root to a copy of /proc", subject, .lock) { scene in
                let place = scene.makeDirectory("pivot")
                try Kernel.mount("/proc", place, "", Kernel.bind | Kernel.recursive)
                _ = unsafe chdir(place)
                try Kernel.call(.pivot_root, ".", ".")
                try Kernel.umount(".")
                return scene.judge("/proc is the root", "/", ".")
            },
            Attack("pivot_root, and the old root below the new one", subject, .lock) { scene in
                let place = scene.makeDirectory("pivot")
                try Kernel.mount("tmpfs", place, "tmpfs")
                try Directories.make("\(place)/old")
                try Kernel.call(.pivot_root, .text(place), .text("\(place)/old"))
                try? Kernel.umount("/old/proc")
                return scene.judge("the old root is where it is", "/old/proc", "/old/sys", "/old/old/proc")
            },
            Attack("chroot twice and out", subject, .lock) { scene in
                let outside = try Kernel.open("/", O_RDONLY | O_DIRECTORY)
                try Kernel.call(.chroot, .text(scene.makeDirectory("jail")))
                _ = fchdir(outside)
                for _ in 0..<64 { _ = unsafe chdir("..") }
                try Kernel.call(.chroot, ".")
                if let path = scene.fact("secret.path"), Scene.text(path)?.contains(scene.fact("node.token") ?? "-") == true {
                    return .breached("the node's root")
                }
                return scene.judge("out of the jail, not of the container", "/proc", "/outer/proc", "/procfs", "/node/etc")
            },
        ]
}
