/// The channels of "ContainerLeaks: Emerging Security Threats of Information Leakages in Container Clouds" (DSN 2017), table I.
public enum ContainerLeaks {
    public struct Line: Sendable, Equatable, Codable {
        public let channel: String
        /// Files and links that match it inside, those that can be read, and those with a finding.
        public let present: Int
        public let readable: Int
        public let leaking: Int
        public let verdict: String
    }

    /// `*` is any part of a path.
    static let channels: [(name: String, patterns: [String])] = [
        ("/proc/locks", ["/proc/locks"]),
        ("/proc/zoneinfo", ["/proc/zoneinfo"]),
        ("/proc/modules", ["/proc/modules"]),
        ("/proc/timer_list", ["/proc/timer_list"]),
        ("/proc/sched_debug", ["/proc/sched_debug", "/sys/kernel/debug/sched/debug"]),
        ("/proc/softirqs", ["/proc/softirqs"]),
        ("/proc/uptime", ["/proc/uptime"]),
        ("/proc/version", ["/proc/version"]),
        ("/proc/stat", ["/proc/stat"]),
        ("/proc/meminfo", ["/proc/meminfo"]),
        ("/proc/loadavg", ["/proc/loadavg"]),
        ("/proc/interrupts", ["/proc/interrupts"]),
        ("/proc/cpuinfo", ["/proc/cpuinfo"]),
        ("/proc/schedstat", ["/proc/schedstat"]),
        ("/proc/sys/fs/*", ["/proc/sys/fs/*"]),
        ("/proc/sys/kernel/random/*", ["/proc/sys/kernel/random/*"]),
        ("/proc/sys/kernel/sched_domain/*", ["/proc/sys/kernel/sched_domain/*", "/sys/kernel/debug/sched/domains/*"]),
        ("/proc/fs/ext4/*", ["/proc/fs/ext4/*"]),
        ("/sys/fs/cgroup/net_prio/*", ["/sys/fs/cgroup/net_prio/*", "/sys/fs/cgroup/*net_prio*"]),
        ("/sys/devices/*", ["/sys/devices/*"]),
        ("/sys/class/*", ["/sys/class/*"]),
    ]

    public static func report(_ walk: Walk, _ samples: Samples, _ result: AuditResult) -> [Line] {
        var kinds: [String: Set<FindingKind>] = [:]
        for finding in result.findings where finding.kind != .undecided && finding.kind != .writable {
            kinds[finding.path, default: []].insert(finding.kind)
        }
        let excepted = Dictionary(result.exceptions.map { ($0.finding.path, $0.exception) }, uniquingKeysWith: { first, _ in first })
        return channels.map { channel in
            let paths = walk.found.filter { found in
                found.entry.kind != .directory && channel.patterns.contains { matches(found.path, $0) }
            }.map(\.path)
            let readable = paths.filter { samples.files[$0]?.contains { !$0.inside.isEmpty } == true }
            let leaking = paths.filter { kinds[$0] != nil }
            let documented = Set(paths.compactMap { excepted[$0] })
            let verdict: String
            if !leaking.isEmpty {
                let counts = FindingKind.allCases.compactMap { kind -> String? in
                    let count = leaking.count { kinds[$0]?.contains(kind) == true }
                    return count > 0 ? "\(count) \(kind.rawValue)" : nil
                }
                verdict = "leaks: " + counts.joined(separator: ", ")
            } else if paths.isEmpty {
                verdict = "absent"
            } else if readable.isEmpty {
                verdict = "covered"
            } else {
                verdict = documented.isEmpty ? "emulated" : "emulated; documented: " + documented.sorted().joined(separator: ", ")
            }
            return Line(channel: channel.name, present: paths.count, readable: readable.count, leaking: leaking.count, verdict: verdict)
        }
    }

    static func matches(_ path: String, _ pattern: String) -> Bool {
        let parts = pattern.split(separator: "*", omittingEmptySubsequences: false)
        guard let first = parts.first, path.hasPrefix(first) else { return false }
        if parts.count == 1 { return path == pattern }
        var rest = path.dropFirst(first.count)
        for part in parts.dropFirst().dropLast() {
            guard let range = rest.firstRange(of: part) else { return false }
            rest = rest[range.upperBound...]
        }
        return parts.last.map { rest.hasSuffix($0) } ?? true
    }
}
