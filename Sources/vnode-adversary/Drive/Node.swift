import CLinux
import Glibc
import Linux
import SystemPackage

/// What of the node must be as it was.
struct Node {
    let values: [String: String]

    private static let files = [
        "/proc/sys/kernel/core_pattern", "/proc/sys/kernel/modprobe", "/proc/sys/kernel/poweroff_cmd", "/proc/sys/kernel/sysrq",
        "/proc/sys/kernel/hotplug", "/proc/sys/kernel/panic", "/proc/sys/kernel/printk", "/proc/sys/kernel/pid_max",
        "/proc/sys/kernel/usermodehelper/bset", "/proc/sys/kernel/modules_disabled", "/proc/sys/kernel/kexec_load_disabled",
        "/proc/sys/kernel/hostname", "/proc/sys/kernel/domainname", "/proc/sys/kernel/shmmax", "/proc/sys/kernel/yama/ptrace_scope",
        "/proc/sys/kernel/ftrace_dump_on_oops", "/proc/sys/vm/overcommit_memory", "/proc/sys/fs/file-max",
        "/proc/sys/fs/protected_symlinks", "/sys/kernel/uevent_helper", "/sys/kernel/mm/ksm/run", "/sys/kernel/profiling",
        "/sys/kernel/mm/transparent_hugepage/enabled", "/sys/devices/system/cpu/online", "/sys/power/wake_lock", "/proc/swaps",
        "/proc/sys/fs/binfmt_misc/vnode-adversary",
    ]

    /// `programs`: what must not be overwritten.
    static func now(programs: [String]) -> Node {
        var values: [String: String] = [:]
        for path in files { values[path] = Scene.text(path) ?? "absent" }
        for path in programs + ["/usr/bin/env", "/dev/null", "/etc/passwd"] {
            var status = stat()
            guard unsafe lstat(path, &status) == 0 else { continue }
            // The time of the last change, which nobody but the clock can set.
            let isFile = status.st_mode & S_IFMT == S_IFREG
            let changed = isFile ? "\(status.st_ctim.tv_sec).\(status.st_ctim.tv_nsec)" : ""
            values[path] = "\(status.st_mode) \(status.st_uid) \(status.st_size) \(changed)"
        }
        values["modules"] = (Scene.text("/proc/modules") ?? "").split(separator: "\n").compactMap { $0.split(separator: " ").first }
            .sorted()
            .joined(separator: " ")
        return Node(values: values)
    }

    /// Modules that are there now and were not: the kernel loads what somebody asks for, see the threat model.
    func loaded(since before: Node) -> [Substring] {
        let old = Set((before.values["modules"] ?? "").split(separator: " "))
        return (values["modules"] ?? "").split(separator: " ").filter { !old.contains($0) }
    }

    func changes(since before: Node) -> [String] {
        let loaded = loaded(since: before)
        return values.compactMap { key, value in
            let old = before.values[key] ?? "absent"
            let value =
                key == "modules" ? value.split(separator: " ").filter { !loaded.contains($0) }.joined(separator: " ") : value
            return old == value ? nil : "\(key): \(old.prefix(60)) became \(value.prefix(60))"
        }.sorted()
    }
}

/// What vNodes could leave behind.
struct Leftovers {
    let things: Set<String>

    /// `names`: what the names of the driver's own vNodes begin with. Others may be at work on the machine.
    static func now(names: String, daemon: Int32) -> Leftovers {
        var things: Set<String> = []
        for line in (Scene.text("/proc/self/mountinfo") ?? "").split(separator: "\n") {
            let fields = line.split(separator: " ")
            // Others may mount at the same time; here is what would be ours, or would have travelled out.
            let isOurs =
                fields.count > 4 && ["/var/tmp/vnode-adversary", "/run/vnode", "/usr", "/tmp/rbind"].contains { fields[4].hasPrefix($0) }
            if isOurs { things.insert("mount on \(fields[4])") }
        }
        for line in (Scene.text("/proc/mounts") ?? "").split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count > 2, fields[2] == "cgroup2" else { continue }
            for entry in (try? Directories.list("\(fields[1])/vnode")) ?? [] where entry.name.hasPrefix(names) {
                things.insert("cgroup \(fields[1])/vnode/\(entry.name)")
            }
        }
        for entry in (try? Directories.list("/run/vnode/vnodes")) ?? [] where entry.name.hasPrefix(names) {
            things.insert("state \(entry.name)")
        }
        for entry in (try? Directories.list("/proc")) ?? [] {
            guard let pid = Int32(entry.name), let words = Scene.text("/proc/\(pid)/stat"), let end = words.lastIndex(of: ")") else {
                continue
            }
            let fields = words[words.index(after: end)...].split(separator: " ")
            // What loses its parent becomes the driver's.
            if fields.count > 1, fields[1] == "\(getpid())", pid != daemon { things.insert("process \(words[...end])") }
        }
        return Leftovers(things: things)
    }

    /// Those that stay. Some take the kernel a moment.
    static func since(_ before: Leftovers, names: String, daemon: Int32) -> [String] {
        var left: [String] = []
        for _ in 0..<60 {
            var status: CInt = 0
            while unsafe waitpid(-1, &status, WNOHANG) > 0 {}
            left = now(names: names, daemon: daemon).things.subtracting(before.things).sorted()
            if left.isEmpty { return [] }
            usleep(100_000)
        }
        return left
    }
}
