import ArgumentParser
import Glibc
import Linux
import LoadChecks
import SystemPackage

struct Scale: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Register more and more vNodes with one daemon and measure what that costs.",
        discussion: "They are nothing but their files: two FUSE mounts and some views each, by the control protocol.")

    @Option(help: "Numbers of vNodes, ascending, as in 1,10,100,1000.", transform: Scale.numbers)
    var vnodes = [1, 10, 100, 1000]

    @Option(help: "Views of each.")
    var views = 2

    @Option(help: "Seconds the daemon's CPU time is measured while nobody asks it.")
    var idle = 10.0

    @OptionGroup var common: Common

    static func numbers(_ text: String) throws -> [Int] {
        let numbers = text.split(separator: ",", omittingEmptySubsequences: false).compactMap { Int($0) }
        guard !numbers.isEmpty, numbers == Array(Set(numbers)).sorted(), numbers[0] > 0, numbers.count == text.split(separator: ",").count
        else { throw ValidationError("not ascending numbers from 1 on") }
        return numbers
    }

    func validate() throws {
        guard (1...16).contains(views), idle > 0 else { throw ValidationError("--views or --idle is out of range") }
    }

    func run() throws {
        let bin = try common.programs(["vnode-fs"])
        try withStage(bin) { server, stage, run, interrupts, _ in
            let empty = server.usage
            var members: [Stage.Member] = []
            var points: [ScaleReport.Point] = []
            var limit: String?
            for count in vnodes {
                let begin = Clock.monotonic
                let first = members.count
                do {
                    while members.count < count, !interrupts.wait(milliseconds: 0) {
                        members.append(try stage.add(members.count, views: views))
                    }
                } catch {
                    limit = "vNode \(members.count + 1) could not be registered: \(error)"
                    break
                }
                let took = Double(Clock.monotonic - begin)
                if interrupts.isRaised { break }
                say("\(count) vNodes: registered")
                let one = sample(run) { _ in members[0] }
                let all = sample(run) { members.randomElement(using: &$0) ?? members[0] }
                let usage = server.usage
                let before = server.cpuTime
                if interrupts.wait(milliseconds: Int(idle * 1000)) { break }
                let used = server.cpuTime - before
                points.append(
                    ScaleReport.Point(
                        vnodes: count, processes: usage, registration: Int64(took / Double(max(1, count - first))), idleSeconds: idle,
                        idle: used, oneFile: Latency(one.latency), anyFile: Latency(all.latency),
                        kill: try kill(server, stage, members, run),
                        failed: one.faults + all.faults))
            }
            let report = ScaleReport(views: views, empty: empty, points: points, limit: limit)
            try common.print(report) { report.text }
            fflush(nil)
            if interrupts.isRaised || !report.passed { throw ExitCode(1) }
        }
    }

    /// Open, read, close of a file that is asked for anew every time.
    private func sample(_ run: Run, _ choose: (inout Dice) -> Stage.Member) -> Tally {
        let reader = Reader(run)
        var dice = Dice(1)
        for _ in 0..<2000 { reader.pass(choose(&dice).target("/proc/uptime"), step: 65536) }
        return reader.tally
    }

    /// Kills the worker and asks the first vNode, then every other.
    private func kill(_ server: Server, _ stage: Stage, _ members: [Stage.Member], _ run: Run) throws -> ScaleReport.Kill? {
        let reader = Reader(run)
        let begin = Clock.monotonic
        guard let last = server.killWorker(run.kills) else { return nil }
        reader.pass(members[0].target("/proc/uptime"), step: 65536)
        let first = Clock.monotonic - begin
        for member in members { reader.pass(member.target("/proc/uptime"), step: 65536) }
        let all = Clock.monotonic - begin
        run.kills.recovered(at: Clock.monotonic)
        try stage.reconnect()
        guard server.successor(of: last, seconds: 10) != nil else {
            throw Trouble("no worker came after one was killed: \(server.lastWords)")
        }
        return ScaleReport.Kill(firstAnswer: first, allAnswered: all, failed: reader.tally.faults)
    }
}

struct ScaleReport: Encodable {
    struct Kill: Encodable {
        /// From the kill, nanoseconds.
        let firstAnswer: Int64
        let allAnswered: Int64
        let failed: Int
    }

    struct Point: Encodable {
        let vnodes: Int
        let processes: [Usage]
        /// Mounting and registering one vNode and its views, nanoseconds.
        let registration: Int64
        let idleSeconds: Double
        /// CPU time in that time, nanoseconds.
        let idle: Int64
        let oneFile: Latency
        let anyFile: Latency
        let kill: Kill?
        let failed: Int

        var threads: UInt64 { processes.reduce(0) { $0 + $1.threads } }
        var descriptors: Int { processes.reduce(0) { $0 + $1.descriptors } }
        var pss: UInt64 { processes.reduce(0) { $0 + $1.pss } }
        var `private`: UInt64 { processes.reduce(0) { $0 + $1.private } }
    }

    let views: Int
    let passed: Bool
    /// Before there was a vNode.
    let empty: [Usage]
    let points: [Point]
    /// Why there were not more.
    let limit: String?
    /// Daemon memory a vNode takes, bytes: from the first number of vNodes to the last; nil with one number.
    let privateBytesPerVNode: Int64?
    let pssBytesPerVNode: Int64?
    let descriptorsPerVNode: Double?

    init(views: Int, empty: [Usage], points: [Point], limit: String?) {
        self.limit = limit
        self.views = views
        self.empty = empty
        self.points = points
        passed = limit == nil && !points.isEmpty && points.allSatisfy { $0.failed == 0 && $0.kill?.failed ?? 0 == 0 }
        guard let first = points.first, let last = points.last, last.vnodes > first.vnodes else {
            (privateBytesPerVNode, pssBytesPerVNode, descriptorsPerVNode) = (nil, nil, nil)
            return
        }
        let more = Int64(last.vnodes - first.vnodes)
        privateBytesPerVNode = (Int64(last.private) - Int64(first.private)) * 1024 / more
        pssBytesPerVNode = (Int64(last.pss) - Int64(first.pss)) * 1024 / more
        descriptorsPerVNode = Double(last.descriptors - first.descriptors) / Double(more)
    }

    var text: String {
        var cells = [["vNodes", "threads", "fds", "Pss kB", "private kB", "register", "idle CPU", "one p50", "p99", "any p50", "p99"]]
        if points.contains(where: { $0.kill != nil }) { cells[0] += ["kill: first", "all"] }
        for point in points {
            var row = ["\(point.vnodes)", "\(point.threads)", "\(point.descriptors)", "\(point.pss)", "\(point.private)"]
            row += [duration(point.registration), duration(point.idle)]
            row += [point.oneFile.p50, point.oneFile.p99, point.anyFile.p50, point.anyFile.p99].map(duration)
            if let kill = point.kill { row += [duration(kill.firstAnswer), duration(kill.allAnswered)] }
            cells.append(row)
        }
        var lines = [table(cells)]
        for usage in points.last?.processes ?? [] {
            lines.append(
                "\(usage.role) at the end: Rss \(usage.rss) kB, Pss \(usage.pss) kB, private \(usage.private) kB, "
                    + "\(usage.threads) threads, \(usage.descriptors) descriptors")
        }
        if let bytes = privateBytesPerVNode, let descriptors = descriptorsPerVNode {
            lines.append("a vNode with \(views) views: \(bytes) bytes private, \(decimal(descriptors)) descriptors")
        }
        if !passed {
            let wrong = points.reduce(0) { $0 + $1.failed + ($1.kill?.failed ?? 0) }
            lines.append("FAILED: \(limit ?? "\(wrong) reads went wrong")")
        }
        return lines.joined(separator: "\n")
    }
}
