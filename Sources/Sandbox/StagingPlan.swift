import Glibc
import Linux
import Tree

/// What the staging mount namespace consists of. It is all the engine sees of the node.
enum StagingPlan {
    /// Directories of the new root, in the order they are made.
    static let directories = [
        "usr", "etc", "dev", "proc", "sys", "sys/fs", "sys/fs/cgroup", "run", "tmp", "node", "node/etc", "node/rootfs", "opt",
        "fuse", "fuse/static", "fuse/live", "outer", "view", "view/proc", "view/sys", "procfs", "shown", "sysfs", "shm", "cgroup", "inner",
    ]

    /// A new root at `base`, made from the node's.
    static func root(at base: String, layout: NodeLayout, cgroups: String, size: String = "16m") -> [MountStep] {
        var steps: [MountStep] = [.filesystem("tmpfs", at: base, options: "mode=755,size=\(size)")]
        steps += directories.map { .directory("\(base)/\($0)") }
        for (name, place) in layout.places {
            switch place {
            case .link(let target): steps.append(.link("\(base)/\(name)", to: target))
            case .directory: steps += [.directory("\(base)/\(name)"), .node("/\(name)", over: "\(base)/\(name)")]
            }
        }
        steps += [
            .node("/usr", over: "\(base)/usr"),
            .node("/etc", over: "\(base)/node/etc"),
            .link("\(base)/etc/ld.so.cache", to: "/node/etc/ld.so.cache"),
            .bind("/dev", over: "\(base)/dev"),
            .bind("/proc", over: "\(base)/proc"),
            .bind(cgroups, over: "\(base)/sys/fs/cgroup"),
        ]
        if layout.hasOpt { steps.append(.node("/opt", over: "\(base)/opt")) }
        return steps
    }

    /// Where an engine finds systemd, which makes the cgroups of pods.
    static let services = ["run/systemd", "run/dbus"]

    /// What engines of pods need besides.
    static func forPods(at base: String, services: [String]) -> [MountStep] {
        [.directory("\(base)/var"), .link("\(base)/var/run", to: "/run")]
            + services.flatMap { [.directory("\(base)/\($0)"), .bind("/\($0)", over: "\(base)/\($0)", readOnly: true)] }
    }

    /// Gives the network namespace of the caller the limits it has on a machine of 8 GB, whatever the node has.
    static func setNetworkLimits() {
        let directory = "/proc/sys/net/ipv4/"
        for (name, value) in [("tcp_max_tw_buckets", "65536"), ("tcp_max_syn_backlog", "1024")] {
            try? Files.write(value, to: directory + name)
        }
        let memory = UInt64(clamping: sysconf(CInt(_SC_PHYS_PAGES))) * UInt64(clamping: sysconf(CInt(_SC_PAGESIZE)))
        for (name, usual) in [("tcp_rmem", [6_291_456, 33_554_432]), ("tcp_wmem", [4_194_304 as UInt64])] {
            if let bytes = try? Files.read(directory + name),
                let value = raised(String(decoding: bytes, as: UTF8.self), to: usual, memory: memory)
            {
                try? Files.write(value, to: directory + name)
            }
        }
    }

    /// `4096 131072 22939744`, of which the kernel has computed the last from the memory, about a 128th of it, with the next of what other
    /// machines have; nil where it is one of these already, or somebody's who has set it.
    static func raised(_ text: String, to usual: [UInt64], memory: UInt64) -> String? {
        let fields = text.split(whereSeparator: \.isWhitespace)
        guard fields.count == 3, let most = UInt64(fields[2]), let next = usual.first(where: { $0 >= most }), next != most else {
            return nil
        }
        let computed = memory / 128
        guard most > computed - computed / 8, most < computed + computed / 8 else { return nil }
        return "\(fields[0]) \(fields[1]) \(next)"
    }

    /// Files of a network namespace that count for the whole node, which the table denies. Their mode is kept in the namespace, for all
    /// processes and mounts that show it; `procfs` is one of them. A namespace made inside later has its own.
    static func network(procfs: String, process: String = "1") -> [MountStep] {
        let link = "/proc/net/"
        return Table.rows.filter { $0.policy == .deny && $0.path.hasPrefix(link) }.map {
            .close("\(procfs)/\(process)/net/\($0.path.dropFirst(link.count))")
        }
    }

    static let deviceNames = ["null", "zero", "full", "random", "urandom", "tty"]

    /// The root of the outer container, without its `/proc` and `/sys`.
    static func outer(owner: UInt32) -> [MountStep] {
        let own = "uid=\(owner),gid=\(owner)"
        var steps: [MountStep] = [.filesystem("tmpfs", at: "/outer", [.noSetUID, .noDevices], options: "mode=755,size=1m,\(own)")]
        for name in ["proc", "sys", "dev", "run", "etc"] { steps.append(.directory("/outer/\(name)", owner: owner)) }
        steps += [.directory("/outer/tmp", mode: 0o1777, owner: owner)]
        steps.append(.filesystem("tmpfs", at: "/outer/dev", [.noSetUID, .noExecute], options: "mode=755,size=64k,\(own)"))
        for name in deviceNames { steps += [.file("/outer/dev/\(name)"), .bind("/dev/\(name)", over: "/outer/dev/\(name)")] }
        steps += [
            .directory("/outer/dev/pts", owner: owner), .directory("/outer/dev/shm", owner: owner),
            .filesystem(
                "devpts", at: "/outer/dev/pts", [.noSetUID, .noExecute], options: "newinstance,ptmxmode=0666,mode=620,gid=\(owner + 5)"),
            .link("/outer/dev/ptmx", to: "pts/ptmx"), .link("/outer/dev/fd", to: "/proc/self/fd"),
            // At a place of its own too: below /outer/dev the vNode's root decides what a name means.
            .filesystem("tmpfs", at: "/shm", [.noSetUID, .noDevices], options: "mode=1777,\(own)"), .bind("/shm", over: "/outer/dev/shm"),
        ]
        return steps
    }
}
