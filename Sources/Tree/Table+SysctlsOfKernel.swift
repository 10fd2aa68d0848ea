extension Table {
    /// `/proc/sys/kernel`, but for what namespaces have of their own.
    static let sysctlsOfKernel: [Row] = identity + processes + faults + scheduler + logging + limits + dangerous

    private static let identity: [Row] = [
        .fixed("/proc/sys/kernel/ostype", "Linux", "kernel/utsname_sysctl.c", mode: 0o444),
        .identity("/proc/sys/kernel/osrelease", "kernel/utsname_sysctl.c", Sysctl.osrelease),
        .identity("/proc/sys/kernel/version", "kernel/utsname_sysctl.c", Sysctl.version),
        .identity("/proc/sys/kernel/arch", "kernel/utsname_sysctl.c", Sysctl.architecture),
        .identity("/proc/sys/kernel/random/boot_id", "drivers/char/random.c", Sysctl.bootID),
        .identity("/proc/sys/kernel/random/uuid", needs: .uuid, "drivers/char/random.c", Sysctl.uuid),
        .fixed("/proc/sys/kernel/random/poolsize", "256", "drivers/char/random.c", mode: 0o444),
        .fixed("/proc/sys/kernel/random/entropy_avail", "256", "drivers/char/random.c", mode: 0o444),
        kernel("random/write_wakeup_threshold", "256", .ignored, "drivers/char/random.c"),
        kernel("random/urandom_min_reseed_secs", "60", .ignored, "drivers/char/random.c"),
        .fixed("/proc/sys/kernel/bootloader_type", "114", "arch/x86/kernel/setup.c", mode: 0o444),
        .fixed("/proc/sys/kernel/bootloader_version", "2", "arch/x86/kernel/setup.c", mode: 0o444),
        .fixed("/proc/sys/kernel/tainted", "0", "kernel/panic.c"),
    ]

    private static let processes: [Row] = [
        kernel("pid_max", "4194304", .int(301...4_194_304), "kernel/pid.c"),
        .identity("/proc/sys/kernel/ns_last_pid", needs: .tasks, "kernel/pid_namespace.c", Sysctl.lastPID),
        kernel("threads-max", "126976", .int(1...0x3fff_ffff), "kernel/fork.c"),
        .fixed("/proc/sys/kernel/ngroups_max", "65536", "kernel/groups.c", mode: 0o444),
        .fixed("/proc/sys/kernel/cap_last_cap", "40", "kernel/capability.c", mode: 0o444),
        kernel("overflowuid", "65534", .int(0...65535), "kernel/sysctl.c"),
        kernel("overflowgid", "65534", .int(0...65535), "kernel/sysctl.c"),
        kernel("randomize_va_space", "2", .int, "mm/memory.c"),
        kernel("yama/ptrace_scope", "1", .latch(0...3, at: 3, refusal: .invalid), "security/yama/yama_lsm.c"),
        kernel("unprivileged_bpf_disabled", "2", .latch(0...2, at: 1, refusal: .notPermitted), "kernel/bpf/syscall.c"),
        // Nested user namespaces are refused.
        .fixed("/proc/sys/kernel/unprivileged_userns_clone", "0", "kernel/fork.c (Debian)"),
        kernel("bpf_stats_enabled", "0", .flag, "kernel/bpf/syscall.c"),
        kernel("io_uring_disabled", "0", .int(0...2), "io_uring/io_uring.c"),
        kernel("io_uring_group", "-1", .int, "io_uring/io_uring.c"),
        kernel("print-fatal-signals", "0", .int, "kernel/signal.c"),
        kernel("task_delayacct", "0", .flag, "kernel/delayacct.c"),
        kernel("acct", "4\t2\t30", .ints(count: 3, Int64(Int32.min)...Int64(Int32.max)), "kernel/acct.c"),
        kernel("pty/max", "4096", .count, "drivers/tty/pty.c"),
        kernel("pty/reserve", "1024", .count, "drivers/tty/pty.c"),
        .fixed("/proc/sys/kernel/pty/nr", "0", "drivers/tty/pty.c", mode: 0o444),
        .fixed(
            "/proc/sys/kernel/seccomp/actions_avail", "kill_process kill_thread trap errno user_notif trace log allow", "kernel/seccomp.c",
            mode: 0o444),
        .fixed(
            "/proc/sys/kernel/seccomp/actions_logged", "kill_process kill_thread trap errno user_notif trace log", "kernel/seccomp.c"),
        kernel("keys/maxkeys", "200", .int(1...Int64(Int32.max)), "security/keys/sysctl.c"),
        kernel("keys/maxbytes", "20000", .int(1...Int64(Int32.max)), "security/keys/sysctl.c"),
        kernel("keys/root_maxkeys", "1000000", .int(1...Int64(Int32.max)), "security/keys/sysctl.c"),
        kernel("keys/root_maxbytes", "25000000", .int(1...Int64(Int32.max)), "security/keys/sysctl.c"),
        kernel("keys/gc_delay", "300", .count, "security/keys/sysctl.c"),
        kernel("keys/persistent_keyring_expiry", "259200", .count, "security/keys/sysctl.c"),
    ]

    private static let faults: [Row] = [
        kernel("panic", "0", .int, "kernel/panic.c"),
        kernel("panic_on_oops", "0", .int, "kernel/panic.c"),
        kernel("panic_on_warn", "0", .flag, "kernel/panic.c"),
        kernel("panic_print", "0", .long, "kernel/panic.c"),
        .fixed("/proc/sys/kernel/panic_sys_info", "", "kernel/panic.c"),
        .fixed("/proc/sys/kernel/kernel_sys_info", "", "lib/sys_info.c"),
        .fixed("/proc/sys/kernel/softlockup_sys_info", "", "kernel/watchdog.c"),
        .fixed("/proc/sys/kernel/hardlockup_sys_info", "", "kernel/watchdog.c"),
        .fixed("/proc/sys/kernel/hung_task_sys_info", "", "kernel/hung_task.c"),
        kernel("panic_on_io_nmi", "0", .int, "kernel/panic.c"),
        kernel("panic_on_unrecovered_nmi", "0", .int, "kernel/panic.c"),
        kernel("unknown_nmi_panic", "0", .int, "arch/x86/kernel/nmi.c"),
        kernel("panic_on_rcu_stall", "0", .flag, "kernel/rcu/tree_stall.h"),
        kernel("max_rcu_stall_to_panic", "0", .int(1...Int64(Int32.max)), "kernel/rcu/tree_stall.h"),
        kernel("oops_limit", "10000", .unsigned(0...UInt64(UInt32.max)), "kernel/exit.c"),
        kernel("warn_limit", "0", .unsigned(0...UInt64(UInt32.max)), "kernel/panic.c"),
        kernel("oops_all_cpu_backtrace", "0", .flag, "kernel/panic.c"),
        kernel("watchdog", "1", .flag, "kernel/watchdog.c"),
        kernel("watchdog_thresh", "10", .int(0...60), "kernel/watchdog.c"),
        .identity("/proc/sys/kernel/watchdog_cpumask", needs: .cpus, "kernel/watchdog.c", Sysctl.visibleCPUs),
        kernel("nmi_watchdog", "0", .flag, "kernel/watchdog.c"),
        kernel("soft_watchdog", "1", .flag, "kernel/watchdog.c"),
        kernel("softlockup_panic", "0", .flag, "kernel/watchdog.c"),
        kernel("softlockup_all_cpu_backtrace", "0", .flag, "kernel/watchdog.c"),
        kernel("hardlockup_panic", "0", .flag, "kernel/watchdog.c"),
        kernel("hardlockup_all_cpu_backtrace", "0", .flag, "kernel/watchdog.c"),
        kernel("hung_task_panic", "0", .flag, "kernel/hung_task.c"),
        kernel("hung_task_check_count", "4194304", .count, "kernel/hung_task.c"),
        kernel("hung_task_timeout_secs", "120", .longs(count: 1, 0...longestTimeout), "kernel/hung_task.c"),
        kernel("hung_task_check_interval_secs", "0", .longs(count: 1, 0...longestTimeout), "kernel/hung_task.c"),
        kernel("hung_task_warnings", "10", .int(-1...Int64(Int32.max)), "kernel/hung_task.c"),
        kernel("hung_task_all_cpu_backtrace", "0", .flag, "kernel/hung_task.c"),
        .fixed("/proc/sys/kernel/hung_task_detect_count", "0", "kernel/hung_task.c", mode: 0o444),
        kernel("core_pipe_limit", "0", .count, "fs/coredump.c"),
        kernel("core_uses_pid", "0", .int, "fs/coredump.c"),
        kernel("core_sort_vma", "0", .unsigned(0...1), "fs/coredump.c"),
        kernel("core_file_note_size_limit", "4194304", .unsigned(4_194_304...16_777_216), "fs/coredump.c"),
        .fixed("/proc/sys/kernel/core_modes", "file\npipe\nsocket", "fs/coredump.c", mode: 0o444),
        kernel("split_lock_mitigate", "1", .unsigned(0...1), "arch/x86/kernel/cpu/bus_lock.c"),
        kernel("io_delay_type", "0", .int(0...3), "arch/x86/kernel/io_delay.c"),
        kernel("acpi_video_flags", "0", .long, "arch/x86/kernel/acpi/sleep.c"),
    ]

    private static let scheduler: [Row] = [
        kernel("sched_rt_period_us", "1000000", .int(1...Int64(Int32.max)), "kernel/sched/rt.c"),
        kernel("sched_rt_runtime_us", "950000", .int(-1...Int64(Int32.max)), "kernel/sched/rt.c"),
        kernel("sched_rr_timeslice_ms", "100", .int, "kernel/sched/rt.c"),
        kernel("sched_deadline_period_max_us", "4194304", .unsigned(100...UInt64(UInt32.max)), "kernel/sched/deadline.c"),
        kernel("sched_deadline_period_min_us", "100", .unsigned(0...4_194_304), "kernel/sched/deadline.c"),
        kernel("sched_cfs_bandwidth_slice_us", "5000", .int(1...Int64(Int32.max)), "kernel/sched/fair.c"),
        kernel("sched_autogroup_enabled", "1", .flag, "kernel/sched/autogroup.c"),
        kernel("sched_schedstats", "0", .flag, "kernel/sched/core.c"),
        kernel("sched_child_runs_first", "0", .int, "kernel/sched/fair.c"),
        kernel("sched_energy_aware", "1", .flag, "kernel/sched/topology.c"),
        kernel("sched_util_clamp_min", "1024", .unsigned(0...1024), "kernel/sched/core.c"),
        kernel("sched_util_clamp_max", "1024", .unsigned(0...1024), "kernel/sched/core.c"),
        kernel("sched_util_clamp_min_rt_default", "1024", .unsigned(0...1024), "kernel/sched/core.c"),
        kernel("numa_balancing", "0", .int(0...4), "kernel/sched/core.c"),
        kernel("numa_balancing_promote_rate_limit_MBps", "65536", .count, "kernel/sched/fair.c"),
        kernel("timer_migration", "1", .flag, "kernel/time/timer.c"),
        kernel("perf_event_paranoid", "2", .int, "kernel/events/core.c"),
        kernel("perf_event_mlock_kb", "516", .int, "kernel/events/core.c"),
        kernel("perf_event_max_sample_rate", "100000", .int(1...Int64(Int32.max)), "kernel/events/core.c"),
        kernel("perf_cpu_time_max_percent", "25", .int(0...100), "kernel/events/core.c"),
        kernel("perf_event_max_stack", "127", .int(0...640 << 10), "kernel/events/callchain.c"),
        kernel("perf_event_max_contexts_per_stack", "8", .int(0...1000), "kernel/events/callchain.c"),
    ]

    private static let logging: [Row] = [
        kernel("printk", "4\t4\t1\t7", .ints(count: 4, Int64(Int32.min)...Int64(Int32.max)), "kernel/printk/sysctl.c"),
        kernel("printk_ratelimit", "5", .seconds, "kernel/printk/sysctl.c"),
        kernel("printk_ratelimit_burst", "10", .int, "kernel/printk/sysctl.c"),
        kernel("printk_delay", "0", .int(0...10000), "kernel/printk/sysctl.c"),
        kernel("printk_devkmsg", "ratelimit", .words(["on", "off", "ratelimit"], room: 10), "kernel/printk/sysctl.c"),
        kernel("dmesg_restrict", "1", .flag, "kernel/printk/sysctl.c"),
        kernel("kptr_restrict", "0", .int(0...2), "kernel/printk/sysctl.c"),
    ]

    private static let limits: [Row] = [
        kernel("sysctl_writes_strict", "1", .int(-1...1), "kernel/sysctl.c"),
        kernel("ctrl-alt-del", "0", .int, "kernel/reboot.c"),
        kernel("max_lock_depth", "1024", .int, "kernel/locking/rtmutex_api.c"),
        kernel("firmware_config/force_sysfs_fallback", "0", .unsigned(0...1), "drivers/base/firmware_loader/fallback_table.c"),
        kernel("firmware_config/ignore_sysfs_fallback", "0", .unsigned(0...1), "drivers/base/firmware_loader/fallback_table.c"),
    ]

    /// What would run, load, stop or trace something on the node.
    private static let dangerous: [Row] = [
        .fixed("/proc/sys/kernel/core_pattern", "core", "fs/coredump.c"),
        .fixed("/proc/sys/kernel/modprobe", "/sbin/modprobe", "kernel/module/main.c"),
        .fixed("/proc/sys/kernel/modules_disabled", "0", "kernel/module/main.c"),
        .fixed("/proc/sys/kernel/poweroff_cmd", "/sbin/poweroff", "kernel/reboot.c"),
        .fixed("/proc/sys/kernel/cad_pid", "1", "kernel/reboot.c", mode: 0o600),
        .fixed("/proc/sys/kernel/sysrq", "16", "drivers/tty/sysrq.c"),
        .fixed("/proc/sys/kernel/usermodehelper/bset", "4294967295\t511", "kernel/umh.c", mode: 0o600),
        .fixed("/proc/sys/kernel/usermodehelper/inheritable", "4294967295\t511", "kernel/umh.c", mode: 0o600),
        .fixed("/proc/sys/kernel/kexec_load_disabled", "0", "kernel/kexec_core.c"),
        .fixed("/proc/sys/kernel/kexec_load_limit_panic", "-1", "kernel/kexec_core.c"),
        .fixed("/proc/sys/kernel/kexec_load_limit_reboot", "-1", "kernel/kexec_core.c"),
        .fixed("/proc/sys/kernel/real-root-dev", "0", "init/do_mounts_initrd.c"),
        .fixed("/proc/sys/kernel/ftrace_enabled", "1", "kernel/trace/ftrace.c"),
        .fixed("/proc/sys/kernel/ftrace_dump_on_oops", "0", "kernel/trace/trace.c"),
        .fixed("/proc/sys/kernel/traceoff_on_warning", "0", "kernel/trace/trace.c"),
        .fixed("/proc/sys/kernel/tracepoint_printk", "0", "kernel/trace/trace.c"),
        .fixed("/proc/sys/kernel/stack_tracer_enabled", "0", "kernel/trace/trace_stack.c"),
        .fixed("/proc/sys/kernel/user_events_max", "32768", "kernel/trace/trace_events_user.c"),
    ]

    /// Seconds, LONG_MAX / HZ at 250.
    private static let longestTimeout: UInt64 = 36_893_488_147_419_103

    private static func kernel(_ name: String, _ original: String, _ form: SysctlForm, _ source: String) -> Row {
        .stored("/proc/sys/kernel/" + name, original, form, source)
    }
}
