import Control
import Glibc
import Linux
import Metrics
import SystemPackage

/// What a vNode uses now, and has used since another look.
public struct Usage: Codable, Sendable, Equatable {
    public var name: String
    public var status: String
    /// Of one CPU, in percent: 150 is one and a half. nil without accounting.
    public var cpuPercent: Double?
    /// Bytes; nil without the memory controller.
    public var memory: UInt64?
    public var memoryLimit: UInt64?
    public var processes: Int
    /// Requests for files of its /proc and /sys that vnode-fs answered, a second. nil when it cannot be asked.
    public var readsPerSecond: Double?
}

/// Looks at all vNodes of a state directory again and again.
public final class UsageWatch {
    /// What only grows.
    struct Counters: Equatable {
        var microseconds: UInt64?
        var requests: UInt64?
    }

    private let directory: StateDirectory
    private var before: [String: Counters] = [:]
    private var lastLook: Int64 = 0

    public init(stateDirectory: String) throws(Failure) { directory = try StateDirectory(stateDirectory) }

    /// Rates are those since the look before; the first look has none to tell.
    public func look() throws(Failure) -> [Usage] {
        try directory.reconcile()
        let states = try directory.names().compactMap { directory.state(of: $0) }
        let requests = UsageWatch.requests(of: states)
        let now = Clock.monotonic
        let seconds = Double(now - lastLook) / 1e9
        var counters: [String: Counters] = [:]
        let found = states.map { state in
            let seen = Counters(microseconds: UsageWatch.cpu(state.cgroup), requests: requests[state.name])
            // Another vNode may have the name by now.
            counters[state.bootID] = seen
            let last = before[state.bootID]
            return Usage(
                name: state.name, status: Summary(state).status,
                cpuPercent: UsageWatch.rate(seen.microseconds, last?.microseconds, seconds).map { $0 / 10_000 },
                memory: UsageWatch.number("\(state.cgroup)/memory.current"), memoryLimit: state.limits.memory?.bytes,
                processes: UsageWatch.processes(state.cgroup), readsPerSecond: UsageWatch.rate(seen.requests, last?.requests, seconds))
        }
        before = counters
        lastLook = now
        return found
    }

    /// nil where one of the two is not known.
    static func rate(_ now: UInt64?, _ before: UInt64?, _ seconds: Double) -> Double? {
        guard let now, let before, seconds > 0 else { return nil }
        return now >= before ? Double(now - before) / seconds : 0
    }

    static func microseconds(cpuStat text: String) -> UInt64? {
        text.split(separator: "\n").first { $0.hasPrefix("usage_usec ") }.flatMap { UInt64($0.dropFirst("usage_usec ".count)) }
    }

    private static func cpu(_ cgroup: String) -> UInt64? { text(cgroup + "/cpu.stat").flatMap(microseconds) }

    private static func number(_ path: String) -> UInt64? { text(path).flatMap { UInt64($0.split(separator: "\n").first ?? "") } }

    private static func text(_ path: String) -> String? { (try? Files.read(path)).map { String(decoding: $0, as: UTF8.self) } }

    /// At and below a cgroup; one that is gone has none.
    static func processes(_ cgroup: String) -> Int {
        guard let opened = try? Files.open(cgroup, flags: O_RDONLY | O_DIRECTORY) else { return 0 }
        return processes(in: opened)
    }

    private static func processes(in cgroup: borrowing OwnedFD) -> Int {
        var count = (try? Files.read("cgroup.procs", below: cgroup.raw, limit: 8 << 20))?.count { $0 == 0x0a } ?? 0
        try? Directories.eachDirectory(in: cgroup) { (below: borrowing OwnedFD, _) throws(Errno) in count += processes(in: below) }
        return count
    }

    /// Requests answered, by vNode; each daemon is asked once.
    private static func requests(of states: [State]) -> [String: UInt64] {
        var found: [String: UInt64] = [:]
        for socket in Set(states.map(\.daemonSocket)) {
            guard let report = try? report(socket) else { continue }
            for vnode in report.vnodes {
                found[vnode.name] = vnode.files.reduce(0) { $0 &+ $1.counters.requests }
            }
        }
        // One that nothing was asked of yet is in no report.
        for state in states where found[state.name] == nil && state.initProcess != nil { found[state.name] = 0 }
        return found
    }

    private static func report(_ socket: String) throws -> Metrics.Report {
        let channel = try Channel.connect(to: socket, seconds: 2)
        let (_, received) = try channel.ask(.metrics)
        guard received.count == 1, let raw = received.first else {
            for descriptor in received { _ = close(descriptor) }
            throw Errno.protocolError
        }
        return try Metrics.Report(reading: OwnedFD(taking: raw))
    }
}
