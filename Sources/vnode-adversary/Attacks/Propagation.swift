import Glibc
import Linux
import SystemPackage

private let subject = "propagation"

extension Attack {
    /// Nothing done: what is there.
    static let sight: [Attack] = [
        Attack("what is there at first", "in sight", .view, in: .container) { scene in
            if let path = scene.fact("secret.path"), Scene.text(path)?.contains(scene.fact("node.token") ?? "-") == true {
                return .breached(path)
            }
            for name in ["shadow", "machine-id", "ssh"] where Directories.kind("/dev/shm/\(name)") != nil {
                return .breached("/dev/shm/\(name)")
            }
            return scene.judge("nothing of the node's", "/dev/shm", "/dev", "/tmp", "/etc", "/", "/run")
        }
    ]

    /// Events that travel between copies of a mount.
    static let propagation: [Attack] = [
        Attack("a shared copy of /proc, umount2 in the peer", subject, .lock, [EINVAL]) { scene in
            let place = scene.makeDirectory("peer")
            try Kernel.mount("none", "/proc", "", Kernel.shared | Kernel.recursive)
            try Kernel.mount("/proc", place, "", Kernel.bind | Kernel.recursive)
            try Kernel.umount("\(place)/iomem")
            return .breached("umounted in the peer")
        },
        Attack("a peer in another mount namespace, umount2 there", subject, .lock, [EINVAL]) { scene in
            try Kernel.mount("none", "/", "", Kernel.shared | Kernel.recursive)
            return try scene.nested(.mount) {
                try Kernel.mount("none", "/", "", Kernel.shared | Kernel.recursive)
                try Kernel.umount("/proc/iomem")
                return .breached("umounted in the peer")
            }
        },
        Attack("a shared parent, umount2 -l of a copy of all of /proc", subject, .lock) { scene in
            let place = scene.makeDirectory("peer")
            try Kernel.mount("none", "/", "", Kernel.shared | Kernel.recursive)
            try Kernel.mount("/proc", place, "", Kernel.bind | Kernel.recursive)
            try Kernel.umount(place)
            return scene.judge("the copy went, the covers stayed", place)
        },
        Attack("a mount on a cover that travels, and its umount2", subject, .lock) { scene in
            let place = scene.makeDirectory("peer")
            try Kernel.mount("none", "/proc", "", Kernel.shared | Kernel.recursive)
            try Kernel.mount("/proc", place, "", Kernel.bind | Kernel.recursive)
            try Kernel.mount("/usr/bin/env", "\(place)/iomem", "", Kernel.bind)
            try Kernel.umount("\(place)/iomem", 0)
            try? Kernel.umount("/proc/iomem", 0)
            return scene.judge("only one's own mount went", place)
        },
        Attack("a slave of the node's mounts", subject, .launcher) { scene in
            // Were the container's mounts slaves of a peer group of the node's, mountinfo would say so.
            let table = Scene.text("/proc/self/mountinfo") ?? ""
            let ties = table.split(separator: "\n").filter { $0.contains(" master:") || $0.contains(" propagate_from:") }
            if let tie = ties.first { return .breached(String(tie)) }
            try Kernel.mount("none", "/", "", Kernel.shared | Kernel.recursive)
            return .contained("no peer outside")
        },
        Attack("a mount made here travels to the node", subject, .launcher) { scene in
            let before = scene.fact("node.token") ?? ""
            try Kernel.mount("none", "/usr", "", Kernel.shared)
            // The driver finds it in the node's mount table if it got there.
            try Kernel.mount("tmpfs", "/usr/share", "tmpfs", 0, data: "mode=700")
            return before.isEmpty ? .unavailable("nobody looks") : .contained("mounted inside")
        },
    ]

    /// Removing a mount point where it is none takes away what is mounted on it elsewhere.
    static let reveals: [Attack] = [
        Attack("rmdir of the outer container's mount points", subject, .lock, in: .container) { scene in
            // From here they are none: the kernel takes away what is mounted on them, everywhere. Nothing may come to light.
            let outer = try Kernel.open("/proc/1/root", O_RDONLY | O_DIRECTORY)
            let root = "/proc/self/fd/\(outer)"
            for name in ["proc", "sys", "dev/shm", "dev/pts"] { _ = unsafe unlinkat(outer, name, AT_REMOVEDIR) }
            try? Directories.link("\(root)/dev/shm", to: "/proc")
            return scene.judge("removed", "\(root)/proc", "\(root)/sys", "\(root)/dev/shm")
        },
        Attack("rename of a covered entry's directory", subject, .view) { scene in
            if unsafe rename("/proc/sys", "/proc/system") == 0 { return .breached("renamed") }
            throw Errno(rawValue: errno)
        },
        Attack("unlink of a cover", subject, .view) { scene in
            if unsafe unlink("/proc/iomem") == 0 { return .breached("removed") }
            throw Errno(rawValue: errno)
        },
    ]
}
