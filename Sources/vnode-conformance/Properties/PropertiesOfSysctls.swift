import Linux
import SystemPackage

extension Property {
    static let sysctls: [Property] = [
        Property("sysctls are numbers where the kernel has numbers", of: numbers) { tree, paths, _ in
            for path in paths where Files.exists(tree.path(path)) {
                let text = try tree.text(path)
                let words = text.dropLast().split(separator: "\t", omittingEmptySubsequences: false)
                try expect(
                    text.last == "\n" && !words.isEmpty && words.allSatisfy { Int64($0) != nil || UInt64($0) != nil },
                    "\(path): numbers and a line feed", got: text)
            }
        },
        Property("bad values are EINVAL, and the old one stays", of: refused.map(\.path)) { tree, paths, _ in
            for (path, values) in refused where paths.contains(path) && Files.exists(tree.path(path)) {
                let before = try tree.text(path)
                for value in values {
                    let error = failure { () throws(Errno) in try Files.write(value, to: tree.path(path)) }
                    try expect(error == .invalidArgument, "\(path): EINVAL for \"\(value)\"", got: "\(error.map { "\($0)" } ?? "success")")
                    try expect("\(path) after \"\(value)\"", try tree.text(path), is: before)
                }
            }
        },
    ]

    private static let numbers =
        [
            "pid_max", "threads-max", "panic", "panic_on_oops", "printk", "kptr_restrict", "dmesg_restrict", "shmmax", "shmall", "shmmni",
            "msgmax", "msgmnb", "msgmni", "sem", "ngroups_max", "cap_last_cap", "randomize_va_space", "sched_rt_runtime_us",
            "random/poolsize", "random/entropy_avail", "keys/maxkeys", "pty/max", "perf_event_paranoid", "sysrq", "watchdog",
        ].map { "proc/sys/kernel/" + $0 }
        + [
            "overcommit_memory", "overcommit_ratio", "swappiness", "max_map_count", "min_free_kbytes", "dirty_ratio", "dirty_bytes",
            "mmap_min_addr", "lowmem_reserve_ratio", "vfs_cache_pressure", "nr_hugepages", "oom_kill_allocating_task",
        ].map { "proc/sys/vm/" + $0 }
        + [
            "file-max", "file-nr", "nr_open", "inode-nr", "aio-max-nr", "inotify/max_user_watches", "mqueue/msg_max", "pipe-max-size",
            "protected_hardlinks", "protected_symlinks", "suid_dumpable", "epoll/max_user_watches",
        ].map { "proc/sys/fs/" + $0 }

    /// Values that no kernel takes, so that asking the node's own changes nothing.
    private static let refused: [(path: String, values: [String])] = [
        ("proc/sys/kernel/panic", ["abc", "1x", "-", "0x", "99999999999999999999999"]),
        ("proc/sys/kernel/pid_max", ["abc", "0", "-1", "4194305", "99999999999"]),
        ("proc/sys/kernel/printk", ["x", "a b c d"]),
        ("proc/sys/kernel/randomize_va_space", ["x"]),
        ("proc/sys/kernel/kptr_restrict", ["3", "-1", "x"]),
        ("proc/sys/vm/swappiness", ["abc", "-1", "201", "1e1"]),
        ("proc/sys/vm/overcommit_memory", ["3", "-1", "one"]),
        ("proc/sys/vm/max_map_count", ["-1", "x", "0y1"]),
        ("proc/sys/fs/protected_symlinks", ["2", "-1", "no"]),
        ("proc/sys/fs/suid_dumpable", ["3", "-1", "no"]),
    ]
}
