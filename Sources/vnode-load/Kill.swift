import ArgumentParser
import Glibc
import Linux
import LoadChecks
import SystemPackage

struct Kill: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Read files of one vNode while the worker is killed again and again.",
        discussion: "Without a worker process nothing is killed; the same time is measured.")

    @Option(help: "How often.")
    var kills = 50

    @Option(help: "Milliseconds between two kills.")
    var interval = 200

    @Option(help: "Threads that read.")
    var readers = 4

    @OptionGroup var common: Common

    func validate() throws {
        guard (1...100_000).contains(kills), (1...60_000).contains(interval), (1...256).contains(readers) else {
            throw ValidationError("--kills, --interval or --readers is out of range")
        }
    }

    func run() throws {
        let bin = try common.programs(["vnode-fs"])
        try withStage(bin) { server, stage, run, interrupts, _ in
            let member = try stage.add(0, views: 1)
            let targets =
                ["/proc/meminfo", "/proc/stat", "/proc/uptime", "/proc/loadavg", "/proc/vmstat"].map { member.target($0) }
                + ["/proc/cpuinfo", "/proc/version", "/sys/devices/system/cpu/online"].map { member.target($0, isStatic: true) }
            for number in 0..<readers {
                try run.start { reader in
                    var dice = Dice(UInt64(number))
                    while !run.isOver {
                        guard let target = targets.randomElement(using: &dice) else { return }
                        reader.pass(target, step: [7, 64, 5000, 65536].randomElement(using: &dice) ?? 65536)
                    }
                }
            }
            var successors = Histogram()
            var missing = 0
            for _ in 0..<kills where !interrupts.wait(milliseconds: interval) {
                run.lookForHung()
                let begin = Clock.monotonic
                guard let last = server.killWorker(run.kills) else { continue }
                if server.successor(of: last, seconds: 10) == nil { missing += 1 }
                let end = Clock.monotonic
                run.kills.recovered(at: end)
                successors.add(end - begin)
            }
            run.join()
            let report = KillReport(tally: run.tally, successors: successors, missing: missing)
            try common.print(report) { report.text }
            fflush(nil)
            if !report.passed { throw ExitCode(1) }
        }
    }
}

struct KillReport: Encodable {
    let passed: Bool
    let kills: UInt64
    let opens: Int
    let bytes: Int
    let failed: Int
    let malformed: Int
    let backward: Int
    let hung: Int
    /// Kills after which no worker came within 10 s.
    let withoutSuccessor: Int
    let latency: Latency
    /// Passes during which there was a kill, in whatever steps.
    let latencyAtKill: Latency
    /// The longest system call of each of these: how long a reader was kept waiting.
    let pauseAtKill: Latency
    let longestCall: Int64
    /// Until another worker process was there.
    let successor: Latency
    let examples: [Example]

    init(tally: Tally, successors: Histogram, missing: Int) {
        kills = successors.count
        opens = tally.opens
        bytes = tally.bytes
        failed = tally.failed
        malformed = tally.malformed
        backward = tally.backward
        hung = tally.hung
        withoutSuccessor = missing
        latency = Latency(tally.latency)
        latencyAtKill = Latency(tally.atKill)
        pauseAtKill = Latency(tally.callAtKill)
        longestCall = tally.longestCall
        successor = Latency(successors)
        examples = tally.examples
        passed = tally.faults == 0 && missing == 0 && tally.opens > 0
    }

    var text: String {
        var lines = [
            "\(passed ? "passed" : "FAILED"): \(kills) kills under \(opens) opens",
            "failed \(failed), malformed \(malformed), backward \(backward), hung \(hung), kills without a successor \(withoutSuccessor)",
            "open + read + close: \(latency.text)",
            "those under a kill (\(latencyAtKill.count)): \(latencyAtKill.text)",
            "longest system call of each: \(pauseAtKill.text); of all: \(duration(longestCall))",
            "kill until the next worker: \(successor.text)",
        ]
        if kills == 0 { lines.append("note: vnode-fs has no worker process: none was killed") }
        return (lines + examples.map(\.text)).joined(separator: "\n")
    }
}
