import Tree

/// What is documented: a finding that stays, and why. None of it depends on who made the container.
struct DocumentedException: Sendable {
    let name: String
    let reason: String
    let applies: @Sendable (Finding, [UInt8], Subject) -> Bool

    static func first(for finding: Finding, content: [UInt8], of subject: Subject) -> DocumentedException? {
        all.first { $0.applies(finding, content, subject) }
    }

    static let all: [DocumentedException] = [
        DocumentedException(
            name: "config.gz", reason: "not emulated: how the kernel was built, which its release and package tell as well"
        ) { finding, _, _ in finding.path == "/proc/config.gz" },
        DocumentedException(
            name: "buddyinfo", reason: "not emulated: free blocks by size, for programs that want large pages"
        ) { finding, _, _ in finding.path == "/proc/buddyinfo" },
        DocumentedException(
            name: "possible CPUs", reason: "programs size per-CPU arrays by them and index with getcpu(2), which knows no other numbers"
        ) { finding, _, _ in
            finding.kind != .writable && ["possible", "kernel_max"].contains { finding.path == "/sys/devices/system/cpu/" + $0 }
        },
        DocumentedException(name: "kernel release", reason: "uname(2) tells everybody") { finding, content, subject in
            finding.kind == .equal && finding.path.hasPrefix("/proc/") && isOfUname(content, subject.kernel)
        },
        DocumentedException(name: "kernel build", reason: "built in, as config.gz tells") { finding, content, subject in
            finding.kind == .equal && isBuiltIn(content, finding.path, subject.build)
        },
        DocumentedException(name: "processor", reason: "the CPUID instruction tells everybody, and where one runs which CPUs there are") {
            finding, _, _ in finding.kind == .equal && isOfProcessor(finding.path)
        },
        DocumentedException(name: "usable CPUs", reason: "sched_getaffinity(2) tells a process where it may run") {
            finding, content, subject in
            finding.kind == .equal
                && (finding.path.hasPrefix("/sys/devices/system/") || finding.path == "/proc/sys/kernel/watchdog_cpumask"
                    || finding.path == "/sys/fs/cgroup/cpuset.cpus.effective")
                && isAffinity(content, subject.allowedCPUs)
        },
        DocumentedException(name: "loopback", reason: "every network namespace has its own, the same everywhere") { finding, _, _ in
            finding.kind == .equal && finding.path.hasPrefix("/sys/devices/virtual/net/lo/")
        },
        DocumentedException(name: "distance", reason: "10 is the distance of a NUMA node to itself, by definition") { finding, content, _ in
            finding.kind == .equal && finding.path == "/sys/devices/system/node/node0/distance" && content.elementsEqual("10\n".utf8)
        },
        DocumentedException(
            name: "cgroup controllers", reason: "those the kernel is built with, as config.gz tells, and every container is given"
        ) { finding, content, _ in
            finding.kind == .equal
                && ["cgroup.controllers", "cgroup.subtree_control"].contains { finding.path == "/sys/fs/cgroup/" + $0 }
                && content.allSatisfy { (0x61...0x7a).contains($0) || $0 == 0x5f || $0 == 0x20 || $0 == 0x0a }
        },
        DocumentedException(
            name: "process clocks", reason: "the kernel makes them for every process: nothing can be mounted over them, and chmod is EPERM"
        ) { finding, _, _ in
            finding.kind != .writable && ["/proc/self/sched", "/proc/self/timens_offsets"].contains(finding.path)
        },
    ]

    /// Only words of uname's: a kernel's release and version, without who built it and where.
    private static func isOfUname(_ content: [UInt8], _ kernel: Subject.KernelNames) -> Bool {
        guard !kernel.release.isEmpty else { return false }
        let known = Set("Linux version \(kernel.release) \(kernel.version)".split(whereSeparator: \.isWhitespace))
        let words = String(decoding: content, as: UTF8.self).split(whereSeparator: \.isWhitespace)
        return !words.isEmpty && words.allSatisfy { known.contains($0) }
    }

    /// Congestion control and packet loggers of the network are those of the build until somebody loads more.
    private static func isBuiltIn(_ content: [UInt8], _ path: String, _ build: [String: String]) -> Bool {
        let words = String(decoding: content, as: UTF8.self).split { !$0.isLetter && !$0.isNumber && $0 != "_" }.map(String.init)
        guard !build.isEmpty, !words.isEmpty else { return false }
        if path.hasPrefix("/proc/sys/net/ipv4/tcp_"), path.hasSuffix("congestion_control") {
            return words.allSatisfy { $0 == "reno" || build["CONFIG_TCP_CONG_" + $0.uppercased()] == "y" }
                && (path.hasSuffix("/tcp_available_congestion_control")
                    || words.contains { build["CONFIG_DEFAULT_TCP_CONG"] == "\"\($0)\"" })
        }
        if path.hasPrefix("/proc/sys/net/netfilter/nf_log/") || path == "/proc/self/net/netfilter/nf_log" {
            let loggers = words.filter { $0.hasPrefix("nf") }
            return build["CONFIG_NF_LOG_SYSLOG"] == "y"
                && loggers.allSatisfy { $0.hasPrefix("nf_log_") || build["CONFIG_NETFILTER_NETLINK_LOG"] == "y" }
        }
        return false
    }

    private static func isOfProcessor(_ path: String) -> Bool {
        // Which weaknesses a CPU has follows from its model, and what is done about them is a program's to know.
        if path == "/proc/cpuinfo" || path.hasPrefix("/sys/devices/system/cpu/vulnerabilities/") { return true }
        let parts = path.split(separator: "/")
        guard parts.count > 6, parts[0] == "sys", parts[3] == "cpu", parts[4].hasPrefix("cpu") else { return false }
        return parts[5] == "topology" || parts[5] == "cache"
    }

    /// The very CPUs the process may use, as a list or as a mask.
    private static func isAffinity(_ content: [UInt8], _ allowed: String) -> Bool {
        guard let cpus = CPUSet(list: allowed), !cpus.isEmpty, var bytes = Optional(content) else { return false }
        if bytes.last == 0x0a { bytes.removeLast() }
        let text = String(decoding: bytes, as: UTF8.self)
        if text == cpus.list { return true }
        let digits = text.filter { $0 != "," }.drop { $0 == "0" }
        return !digits.isEmpty && digits == cpus.mask(width: 1 + (cpus.ids.last ?? 0)).filter { $0 != "," }.drop { $0 == "0" }
    }
}
