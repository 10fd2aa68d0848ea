import Glibc
import Linux
import SystemPackage

private let subject = "writes to the kernel"

extension Attack {
    /// Files that act on the whole machine. The values do no harm where they get through; the driver looks at the node's.
    static let writes: [Attack] =
        [
            ("/proc/sysrq-trigger", "h"), ("/proc/sys/kernel/core_pattern", "|/bin/false vnode-adversary"),
            ("/proc/sys/kernel/modprobe", "/bin/false"), ("/proc/sys/kernel/poweroff_cmd", "/bin/false"),
            ("/proc/sys/kernel/sysrq", "0"), ("/proc/sys/vm/drop_caches", "1"), ("/proc/sys/kernel/hotplug", "/bin/false"),
            ("/proc/sys/kernel/usermodehelper/bset", "0 0"), ("/proc/sys/kernel/modules_disabled", "0"),
            ("/proc/sys/kernel/kexec_load_disabled", "0"), ("/proc/sys/kernel/ftrace_dump_on_oops", "1"),
            ("/proc/sys/fs/binfmt_misc/register", ":vnode-adversary:M::vNodeAdversary::/bin/true:"),
            ("/proc/sys/fs/binfmt_misc/status", "0"),
            ("/proc/sys/kernel/tainted", "1"), ("/proc/sys/vm/compact_memory", "1"), ("/proc/sys/kernel/ns_last_pid", "77"),
            ("/sys/kernel/uevent_helper", "/bin/false"), ("/sys/kernel/mm/ksm/run", "0"), ("/sys/power/state", " "),
            ("/sys/power/wake_lock", "vnode-adversary"), ("/sys/kernel/profiling", "0"), ("/sys/class/mem/null/uevent", "change"),
            ("/sys/devices/system/cpu/cpu1/online", "1"), ("/sys/devices/system/cpu/microcode/reload", "0"),
            ("/sys/bus/pci/rescan", "1"), ("/sys/kernel/mm/transparent_hugepage/enabled", "never"),
            ("/sys/module/fuse/parameters/max_user_bgreq", "1"), ("/sys/fs/cgroup/release_agent", "/bin/false"),
            ("/proc/irq/0/smp_affinity", "1"), ("/proc/mtrr", "disable=0"), ("/proc/acpi/wakeup", "x"), ("/proc/scsi/scsi", "x"),
            ("/proc/1/oom_score_adj", "1000"), ("/proc/bus/pci/00/00.0", "x"), ("/dev/kmsg", "vnode-adversary\n"), ("/dev/mem", ""),
        ].map { path, text in
            Attack("write to \(path)", subject, .view) { scene in
                try Kernel.write(text, to: path)
                // Taken: it must be the vNode's own, which the driver sees on the node.
                return .contained("taken")
            }
        }
        // The kernel's limits are the node's: values are the vNode's to see only.
        + [
            "kernel/panic", "kernel/printk", "kernel/pid_max", "vm/overcommit_memory", "fs/file-max", "kernel/yama/ptrace_scope",
            "fs/protected_symlinks",
        ]
        .map { name in
            Attack("a harmless value for /proc/sys/\(name)", subject, .view) { scene in
                let path = "/proc/sys/\(name)"
                guard let before = Scene.text(path)?.split(whereSeparator: \.isWhitespace).first else { return .unavailable("not there") }
                let value = before == "1" ? "0" : name.contains("max") ? "4194303" : "1"
                try Kernel.write(value + "\n", to: path)
                return .contained("taken here: \(Scene.text(path).map { $0.prefix(12) } ?? "")")
            }
        } + [
            Attack("a sysctl of 1 GiB in one write", subject, .view, [EINVAL, EFBIG, ENOMEM, EACCES, E2BIG]) { scene in
                let size = 1 << 30
                let memory = unsafe mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | 0x4000, -1, 0)
                guard let memory = unsafe memory, unsafe memory != MAP_FAILED else { return .unavailable("no memory") }
                let file = try Kernel.open("/proc/sys/kernel/panic", O_WRONLY)
                let written = unsafe write(file, memory, size)
                if written < 0 { throw Refused(call: "write", error: Errno(rawValue: errno)) }
                return .contained("\(written) bytes taken")
            },
            Attack("a sysctl written at an offset of 2^62", subject, .view, [EINVAL, EFBIG, EOVERFLOW, EACCES, ENOMEM]) { scene in
                let file = try Kernel.open("/proc/sys/kernel/panic", O_WRONLY)
                var byte: UInt8 = 0x31
                let written = unsafe pwrite(file, &byte, 1, 1 << 62)
                if written < 0 { throw Refused(call: "pwrite", error: Errno(rawValue: errno)) }
                return .contained("\(written) bytes ignored")
            },
        ]
}
