/// Numbers that name something of the node only where they are what they look like.
enum Traces {
    /// A number of a file about processes that is a pid on the node of one of the container's.
    static func pid(in bytes: [UInt8], at path: String, _ pids: Set<Int64>) -> Int64? {
        guard !pids.isEmpty else { return nil }
        let name = path.split(separator: "/").last.map(String.init) ?? ""
        let isList = ["cgroup.procs", "cgroup.threads", "tasks", "locks", "netlink", "ns_last_pid"].contains(name)
        for line in bytes.split(separator: 0x0a) {
            let (words, numbers) = Numbers.parse(line)
            guard isList || words.lowercased().contains("pid") || (Process.isOwn(path) && ["sched", "stat"].contains(name)) else {
                continue
            }
            // Small ones are too often something else.
            if let pid = numbers.first(where: { $0 > 300 && pids.contains($0) }) { return pid }
        }
        return nil
    }

    /// How long the node has been up, where the container's own clock says something else.
    static func clock(in bytes: [UInt8], at path: String, _ clocks: Subject.Clocks) -> String? {
        if path == "/proc/self/timens_offsets" {
            return bytes.split(separator: 0x0a).contains { Numbers.parse($0).numbers.contains { $0 > 1 } }
                ? "the node's uptime, by the offset from it" : nil
        }
        let (node, inside) = (clocks.nodeBoot, clocks.insideBoot)
        // One that started with the node cannot be told apart.
        guard node - inside > 10_000_000_000 else { return nil }
        for line in bytes.split(separator: 0x0a) {
            let (words, numbers) = Numbers.parse(line)
            for number in numbers {
                // Addresses and flags in tables of the network have eight hexadecimal digits, which may all be decimal ones.
                if path.hasPrefix("/proc/self/net/"), (10_000_000..<100_000_000).contains(number) { continue }
                // Now, in nanoseconds and microseconds.
                for unit in [Int64(1), 1000] {
                    let (time, overflow) = number.multipliedReportingOverflow(by: unit)
                    if overflow { continue }
                    let isNow = abs(time - node) < 2_000_000_000
                    // The scheduler's clock began with the node, but does not count suspended time.
                    let isScheduler = unit == 1 && words.contains("exec_start") && time > inside + 10_000_000_000
                    if isNow || isScheduler { return "the node's uptime: \(number)" }
                }
            }
        }
        return nil
    }
}
