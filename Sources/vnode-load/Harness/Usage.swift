import Glibc
import Linux
import SystemPackage
import Text

/// What one process of the daemon holds and has used.
struct Usage: Encodable {
    /// `supervisor`, `worker`, or `daemon` when there is one process.
    let role: String
    let pid: Int32
    let threads: UInt64
    let descriptors: Int
    /// kB.
    let rss: UInt64
    let pss: UInt64
    let `private`: UInt64

    init(role: String, pid: Int32) {
        self.role = role
        self.pid = pid
        let status = Usage.fields("/proc/\(pid)/status")
        threads = status["Threads"] ?? 0
        descriptors = (try? Directories.list("/proc/\(pid)/fd"))?.count ?? 0
        let memory = Usage.fields("/proc/\(pid)/smaps_rollup")
        rss = memory["Rss"] ?? 0
        pss = memory["Pss"] ?? 0
        self.private = (memory["Private_Clean"] ?? 0) + (memory["Private_Dirty"] ?? 0)
    }

    static func fields(_ path: String) -> [String: UInt64] {
        var found: [String: UInt64] = [:]
        for (name, value) in namedValues((try? Files.read(path)) ?? []) { found[name] = value }
        return found
    }
}

extension Server {
    var usage: [Usage] {
        let children = children
        return [Usage(role: children.isEmpty ? "daemon" : "supervisor", pid: pid)] + children.map { Usage(role: "worker", pid: $0) }
    }

    /// CPU time of all processes and threads, nanoseconds. That of ended threads is lost: for times when none ends.
    var cpuTime: Int64 {
        processes.reduce(Int64(0)) { sum, pid in
            ((try? Directories.list("/proc/\(pid)/task")) ?? []).reduce(sum) { sum, task in
                let bytes = (try? Files.read("/proc/\(pid)/task/\(task.name)/schedstat")) ?? []
                return sum + Int64(clamping: String(decoding: bytes, as: UTF8.self).split(separator: " ").first.flatMap { UInt64($0) } ?? 0)
            }
        }
    }
}

/// kB of the kernel's own memory, as far as FUSE mounts are in it.
struct KernelMemory: Encodable {
    let slab: UInt64
    let reclaimable: UInt64
    let unreclaimable: UInt64
    /// Active objects times their size; empty when slabinfo cannot be read.
    let caches: [String: UInt64]

    static let names: Set<String> = [
        "fuse_inode", "fuse_request", "inode_cache", "dentry", "proc_inode_cache", "shmem_inode_cache", "kernfs_node_cache", "mnt_cache",
        "radix_tree_node", "filp",
    ]

    init() {
        let memory = Usage.fields("/proc/meminfo")
        slab = memory["Slab"] ?? 0
        reclaimable = memory["SReclaimable"] ?? 0
        unreclaimable = memory["SUnreclaim"] ?? 0
        var found: [String: UInt64] = [:]
        for line in String(decoding: (try? Files.read("/proc/slabinfo")) ?? [], as: UTF8.self).split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count > 3, KernelMemory.names.contains(String(words[0])), let active = UInt64(words[1]), let size = UInt64(words[3])
            else { continue }
            found[String(words[0])] = active * size / 1024
        }
        caches = found
    }
}
