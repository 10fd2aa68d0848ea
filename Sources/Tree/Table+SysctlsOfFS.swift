extension Table {
    /// `/proc/sys/fs`. What counts the node's files, inodes and dentries reads as on a machine that has just started.
    static let sysctlsOfFS: [Row] = [
        fs("file-max", "9223372036854775807", .longs(count: 1, 0...UInt64(Int64.max)), "fs/file_table.c"),
        Row(
            "/proc/sys/fs/file-nr", kind: .file, policy: .emulate, freshness: .everyOpen, source: "fs/file_table.c", mode: 0o444,
            owner: .nobody, shows: "/proc/sys/fs/file-max", render: Sysctl.fileNumbers),
        fs("nr_open", "1048576", .int(64...2_147_483_584), "fs/file_table.c"),
        fixed("inode-nr", "1024\t0", "fs/inode.c"),
        fixed("inode-state", "1024\t0\t0\t0\t0\t0\t0", "fs/inode.c"),
        fixed("dentry-state", "1024\t512\t45\t0\t256\t0", "fs/dcache.c"),
        fs("dentry-negative", "0", .flag, "fs/dcache.c"),
        fs("overflowuid", "65534", .int(0...65535), "kernel/sysctl.c"),
        fs("overflowgid", "65534", .int(0...65535), "kernel/sysctl.c"),
        fs("suid_dumpable", "0", .int(0...2), "fs/exec.c"),
        fs("protected_symlinks", "1", .flag, "fs/namei.c"),
        fs("protected_hardlinks", "1", .flag, "fs/namei.c"),
        fs("protected_fifos", "1", .int(0...2), "fs/namei.c"),
        fs("protected_regular", "2", .int(0...2), "fs/namei.c"),
        fs("pipe-max-size", "1048576", .pipeSize, "fs/pipe.c"),
        fs("pipe-user-pages-hard", "0", .long, "fs/pipe.c"),
        fs("pipe-user-pages-soft", "16384", .long, "fs/pipe.c"),
        fs("mount-max", "100000", .int(1...Int64(Int32.max)), "fs/namespace.c"),
        fs("leases-enable", "1", .int, "fs/locks.c"),
        fs("lease-break-time", "45", .int, "fs/locks.c"),
        fs("dir-notify-enable", "1", .int, "fs/notify/dnotify/dnotify.c"),
        fs("aio-max-nr", "65536", .long, "fs/aio.c"),
        fixed("aio-nr", "0", "fs/aio.c"),
        fs("epoll/max_user_watches", "1804185", .longs(count: 1, 0...UInt64(Int64.max)), "fs/eventpoll.c"),
        fs("inotify/max_queued_events", "16384", .count, "fs/notify/inotify/inotify_user.c"),
        fs("inotify/max_user_instances", "128", .longs(count: 1, 0...UInt64(Int32.max)), "fs/notify/inotify/inotify_user.c"),
        fs("inotify/max_user_watches", "1048576", .longs(count: 1, 0...UInt64(Int32.max)), "fs/notify/inotify/inotify_user.c"),
        fs("fanotify/max_queued_events", "16384", .count, "fs/notify/fanotify/fanotify_user.c"),
        fs("fanotify/max_user_groups", "128", .longs(count: 1, 0...UInt64(Int32.max)), "fs/notify/fanotify/fanotify_user.c"),
        fs("fanotify/max_user_marks", "131072", .longs(count: 1, 0...UInt64(Int32.max)), "fs/notify/fanotify/fanotify_user.c"),
        fs("fanotify/watchdog_timeout", "0", .count, "fs/notify/fanotify/fanotify_user.c"),
        fs("fuse/max_pages_limit", "256", .unsigned(1...65535), "fs/fuse/sysctl.c"),
        fs("fuse/default_request_timeout", "0", .unsigned(0...65535), "fs/fuse/sysctl.c"),
        fs("fuse/max_request_timeout", "0", .unsigned(0...65535), "fs/fuse/sysctl.c"),
        fs("verity/require_signatures", "0", .flag, "fs/verity/signature.c"),
        fixed("quota/lookups", "0", "fs/quota/dquot.c"),
        fixed("quota/drops", "0", "fs/quota/dquot.c"),
        fixed("quota/reads", "0", "fs/quota/dquot.c"),
        fixed("quota/writes", "0", "fs/quota/dquot.c"),
        fixed("quota/cache_hits", "0", "fs/quota/dquot.c"),
        fixed("quota/allocated_dquots", "0", "fs/quota/dquot.c"),
        fixed("quota/free_dquots", "0", "fs/quota/dquot.c"),
        fixed("quota/syncs", "0", "fs/quota/dquot.c"),
        fs("quota/warnings", "1", .int, "fs/quota/dquot.c"),
        // What it registers would run in every container of the node.
        .empty("/proc/sys/fs/binfmt_misc", kind: .directory, source: "fs/binfmt_misc.c"),
    ]

    private static func fs(_ name: String, _ original: String, _ form: SysctlForm, _ source: String) -> Row {
        .stored("/proc/sys/fs/" + name, original, form, source)
    }

    private static func fixed(_ name: String, _ text: String, _ source: String) -> Row {
        .fixed("/proc/sys/fs/" + name, text, source, mode: 0o444)
    }
}
