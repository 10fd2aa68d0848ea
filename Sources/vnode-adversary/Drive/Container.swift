import Glibc
import Linux
import SystemPackage

/// Where the attacks are made: a vNode, or what it is compared with.
enum Container: Sendable {
    case vnode(name: String)
    /// runc with a user namespace, and the paths masked that engines mask by default.
    case userNamespace(bundle: String)
    /// runc without a user namespace and with nothing masked. Only for a machine to throw away.
    case privileged(bundle: String)

    /// A command that runs `script` with sh inside.
    func command(_ script: String, programs: Programs) throws -> [String] {
        switch self {
        case .vnode(let name):
            return [programs.vnode, "exec", name, "--", "sh", "-c", script]
        case .userNamespace(let bundle), .privileged(let bundle):
            var isPrivileged = false
            if case .privileged = self { isPrivileged = true }
            try Container.write(bundle, script, isPrivileged: isPrivileged)
            return ["runc", "--root", bundle + "/state", "run", "--bundle", bundle, "vnode-adversary-\(getpid())"]
        }
    }

    private static func write(_ bundle: String, _ script: String, isPrivileged: Bool) throws {
        for name in ["rootfs", "usr", "opt", "proc", "sys", "dev", "etc", "tmp", "run"] {
            try? Directories.makeAll("\(bundle)/\(name == "rootfs" ? name : "rootfs/\(name)")")
        }
        for name in ["bin", "sbin", "lib", "lib64"] { try? Directories.link("\(bundle)/rootfs/\(name)", to: "usr/\(name)") }
        // Their owner is root of the container.
        if !isPrivileged {
            for name in ["", "/etc", "/run"] { try? Directories.setOwner("\(bundle)/rootfs\(name)", uid: base, gid: base) }
        }
        let path = bundle + "/config.json"
        _ = unsafe unlink(path)
        _ = try Files.open(path, flags: O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
        try Files.write(specification(script, isPrivileged: isPrivileged), to: path)
    }

    private static let base: UInt32 = 1_900_000_000

    private static func specification(_ script: String, isPrivileged: Bool) -> String {
        let all = (0...40).compactMap(capability).map { "\"\($0)\"" }.joined(separator: ",")
        let map = "[{\"containerID\":0,\"hostID\":\(base),\"size\":65536}]"
        let quoted = script.unicodeScalars.map { $0 == "\"" || $0 == "\\" ? "\\" + String($0) : String($0) }.joined()
        let masks = """
            ,"uidMappings": \(map), "gidMappings": \(map),
            "maskedPaths": ["/proc/acpi","/proc/asound","/proc/kcore","/proc/keys","/proc/latency_stats","/proc/timer_list","/proc/timer_stats",
                "/proc/sched_debug","/sys/firmware","/proc/scsi"],
            "readonlyPaths": ["/proc/bus","/proc/fs","/proc/irq","/proc/sys","/proc/sysrq-trigger"]
            """
        return """
            {"ociVersion": "1.0.2",
             "process": {"user": {"uid": 0, "gid": 0}, "args": ["sh", "-c", "\(quoted)"], "cwd": "/",
               "env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"],
               "capabilities": {"bounding": [\(all)], "effective": [\(all)], "permitted": [\(all)], "inheritable": [\(all)]}},
             "root": {"path": "rootfs"}, "hostname": "baseline",
             "mounts": [
               {"destination": "/proc", "type": "proc", "source": "proc"},
               {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["\(isPrivileged ? "rw" : "ro")","nosuid","nodev","noexec"]},
               {"destination": "/usr", "type": "bind", "source": "/usr", "options": ["rbind","ro"]},
               {"destination": "/opt", "type": "bind", "source": "/opt", "options": ["rbind","ro"]},
               {"destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "options": ["mode=1777"]},
               {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid","mode=755"]},
               {"destination": "/dev/pts", "type": "devpts", "source": "devpts", "options": ["newinstance","ptmxmode=0666"]},
               {"destination": "/dev/shm", "type": "tmpfs", "source": "shm", "options": ["mode=1777"]},
               {"destination": "/dev/mqueue", "type": "mqueue", "source": "mqueue"}],
             "linux": {"namespaces": [{"type":"pid"},{"type":"mount"},{"type":"ipc"},{"type":"uts"},{"type":"cgroup"},{"type":"network"}\(isPrivileged ? "" : ",{\"type\":\"user\"}")],
               "resources": {"devices": [{"allow": true, "access": "rwm"}]}\(isPrivileged ? "" : masks)}}
            """
    }

    private static func capability(_ number: Int) -> String? {
        let names = [
            "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP", "LINUX_IMMUTABLE",
            "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER", "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT",
            "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE", "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE",
            "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP", "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ",
            "PERFMON", "BPF", "CHECKPOINT_RESTORE",
        ]
        return number < names.count ? "CAP_" + names[number] : nil
    }
}

/// Where the programs are.
struct Programs: Sendable {
    let directory: String
    /// This program.
    let own: String

    var vnode: String { directory + "/vnode" }
    var daemon: String { directory + "/vnode-fs" }
    var all: [String] {
        ["vnode", "vnode-fs", "vnode-init", "vnode-adversary"].map { "\(directory)/\($0)" } + ["/usr/sbin/runc", "/usr/bin/runc"]
    }
}
