import ArgumentParser
import Glibc
import Linux
import LoadChecks
import Synchronization
import SystemPackage

struct Noise: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Hammer one vNode and measure a reader in another.",
        discussion: "\"busy\" has as many threads read the node's own /proc/uptime: what is lost to the CPUs they take.")

    @Option(help: "Threads that hammer.")
    var threads = 64

    @Option(help: "Seconds of each measurement.")
    var seconds = 5.0

    @OptionGroup var common: Common

    func validate() throws {
        guard (1...1024).contains(threads), seconds > 0 else { throw ValidationError("--threads or --seconds is out of range") }
    }

    func run() throws {
        let bin = try common.programs(["vnode-fs"])
        try withStage(bin) { _, stage, run, interrupts, _ in
            let loud = try stage.add(0, views: 1).target("/proc/uptime")
            let quiet = try stage.add(1, views: 1)
            let own = Target(
                Node(name: "node", root: try Files.open("/", flags: O_RDONLY | O_DIRECTORY), expectation: quiet.node.expectation),
                path: "proc/uptime", name: "/proc/uptime", isCached: false)
            let files = [quiet.target("/proc/uptime"), quiet.target("/proc/meminfo"), quiet.target("/proc/cpuinfo", isStatic: true)]
            var rows: [NoiseReport.Row] = []
            let hammer = Hammer()
            for _ in 0..<threads { try run.start { hammer.run($0) } }
            for file in files {
                var found: [Histogram] = []
                var rates: [Double] = []
                for victim in [nil, own, loud] {
                    hammer.aim(at: victim)
                    _ = interrupts.wait(milliseconds: 200)
                    let before = hammer.count
                    let begin = Clock.monotonic
                    found.append(measure(file, run, unless: interrupts))
                    rates.append(Double(hammer.count - before) / (Double(Clock.monotonic - begin) / 1e9))
                }
                hammer.aim(at: nil)
                if interrupts.isRaised { throw Trouble("interrupted") }
                rows.append(NoiseReport.Row(file.name, found, rates))
            }
            run.join()
            let tally = run.tally
            let report = NoiseReport(threads: threads, rows: rows, failed: tally.failed, hung: tally.hung, examples: tally.examples)
            try common.print(report) { report.text }
            fflush(nil)
            if tally.faults > 0 { throw ExitCode(1) }
        }
    }

    private func measure(_ target: Target, _ run: Run, unless interrupts: Interrupts) -> Histogram {
        let reader = Reader(run)
        let end = Clock.monotonic + Int64(seconds * 1e9)
        while Clock.monotonic < end, !interrupts.wait(milliseconds: 0) { reader.pass(target, step: 65536) }
        return reader.tally.latency
    }
}

/// Threads that read one file as fast as they can.
private final class Hammer: Sendable {
    private let victim = Mutex<Target?>(nil)
    private let passes = Atomic<Int>(0)

    var count: Int { passes.load(ordering: .relaxed) }

    func aim(at target: Target?) { victim.withLock { $0 = target } }

    func run(_ reader: Reader) {
        while !reader.run.isOver {
            guard let target = victim.withLock({ $0 }) else {
                usleep(10_000)
                continue
            }
            for _ in 0..<16 {
                reader.strike(target)
                passes.wrappingAdd(1, ordering: .relaxed)
            }
        }
    }
}

struct NoiseReport: Encodable {
    struct Row: Encodable {
        let file: String
        let quiet: Latency
        /// With the threads at the node's own procfs.
        let busy: Latency
        let noisy: Latency
        /// noisy / quiet.
        let ratioP50: Double
        let ratioP99: Double
        /// Passes a second of the threads.
        let busyRate: Double
        let noisyRate: Double

        init(_ file: String, _ found: [Histogram], _ rates: [Double]) {
            self.file = file
            quiet = Latency(found[0])
            busy = Latency(found[1])
            noisy = Latency(found[2])
            ratioP50 = Double(noisy.p50) / Double(max(1, quiet.p50))
            ratioP99 = Double(noisy.p99) / Double(max(1, quiet.p99))
            busyRate = rates[1]
            noisyRate = rates[2]
        }
    }

    let threads: Int
    let rows: [Row]
    let failed: Int
    let hung: Int
    let examples: [Example]

    var text: String {
        var cells = [
            ["\(threads) threads", "quiet p50", "p99", "busy p50", "p99", "noisy p50", "p99", "ratio p50", "p99", "noise a second"]
        ]
        for row in rows {
            cells.append([
                row.file, duration(row.quiet.p50), duration(row.quiet.p99), duration(row.busy.p50), duration(row.busy.p99),
                duration(row.noisy.p50), duration(row.noisy.p99), decimal(row.ratioP50), decimal(row.ratioP99), decimal(row.noisyRate),
            ])
        }
        return ([table(cells)] + examples.map(\.text)).joined(separator: "\n")
    }
}
