import ArgumentParser
import Glibc
import Linux
import LoadChecks
import SystemPackage

struct Churn: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make and remove vNodes one after the other and see what stays.",
        discussion: """
            Each has two FUSE mounts and some views, of which files are read. Fails when a read goes wrong, descriptors of the daemon stay \
            open, its private memory grows by more than \(ChurnReport.mostPrivate) kB or the kernel's unreclaimable slab by more than \
            \(ChurnReport.mostSlab) kB.
            """)

    @Option(help: "How many.")
    var count = 10_000

    @Option(help: "How many before that, not counted; a tenth unless given.")
    var warmUp: Int?

    @Option(help: "Kill the worker in the middle of every so manieth; 0: never.")
    var killEvery = 0

    @Option(help: "Views of each.")
    var views = 2

    @OptionGroup var common: Common

    func validate() throws {
        guard count > 0, warmUp ?? 0 >= 0, killEvery >= 0, (1...16).contains(views) else {
            throw ValidationError("--count, --warm-up, --kill-every or --views is out of range")
        }
    }

    private struct Moment {
        let usage: [Usage]
        let kernel: KernelMemory

        init(_ server: Server) {
            usage = server.usage
            kernel = KernelMemory()
        }

        var descriptors: Int { usage.reduce(0) { $0 + $1.descriptors } }
        var pss: UInt64 { usage.reduce(0) { $0 + $1.pss } }
        var `private`: UInt64 { usage.reduce(0) { $0 + $1.private } }
    }

    func run() throws {
        let bin = try common.programs(["vnode-fs"])
        try withStage(bin) { server, stage, run, interrupts, _ in
            let reader = Reader(run)
            let uncounted = warmUp ?? count / 10
            var missing = 0
            func turn(_ number: Int) throws {
                let isKill = killEvery > 0 && number % killEvery == killEvery - 1
                try self.turn(number, stage, reader) {
                    guard isKill, let last = server.killWorker(run.kills) else { return }
                    if server.successor(of: last, seconds: 10) == nil { missing += 1 }
                    run.kills.recovered(at: Clock.monotonic)
                }
            }
            for number in 0..<uncounted where !interrupts.wait(milliseconds: 0) { try turn(number) }
            let before = Moment(server)
            let begin = Clock.monotonic
            var done = 0
            while done < count, !interrupts.wait(milliseconds: 0) {
                try turn(uncounted + done)
                done += 1
            }
            let seconds = Double(Clock.monotonic - begin) / 1e9
            // What is let go of by another thread of the daemon has a moment.
            var after = Moment(server)
            for _ in 0..<20 where after.descriptors > before.descriptors {
                _ = interrupts.wait(milliseconds: 100)
                after = Moment(server)
            }
            let tally = reader.tally
            func grown(_ value: (Moment) -> UInt64) -> Int64 { Int64(clamping: value(after)) - Int64(clamping: value(before)) }
            var caches: [String: Int64] = [:]
            for (name, size) in after.kernel.caches {
                caches[name] = Int64(clamping: size) - Int64(clamping: before.kernel.caches[name] ?? 0)
            }
            let report = ChurnReport(
                count: done, views: views, seconds: seconds, kills: run.kills.count, withoutSuccessor: missing,
                descriptors: after.descriptors - before.descriptors, pss: grown(\.pss), private: grown(\.private),
                slab: grown(\.kernel.slab), slabReclaimable: grown(\.kernel.reclaimable),
                slabUnreclaimable: grown(\.kernel.unreclaimable), slabCaches: caches, before: before.usage, after: after.usage,
                failed: tally.faults, examples: tally.examples)
            try common.print(report) { report.text }
            fflush(nil)
            if !report.faults.isEmpty { throw ExitCode(1) }
        }
    }

    /// `between` happens while the vNode is there.
    private func turn(_ number: Int, _ stage: Stage, _ reader: Reader, between: () -> Void) throws {
        let member = try stage.add(number, views: views)
        between()
        for view in 0..<views {
            reader.pass(member.target("/proc/meminfo", view: view), step: 65536)
            reader.pass(member.target("/proc/cpuinfo", view: view, isStatic: true), step: 65536)
        }
        try stage.remove(member)
    }
}

struct ChurnReport: Encodable {
    /// kB that may stay, of what was there after the warm-up.
    static let mostPrivate: Int64 = 2048
    static let mostSlab: Int64 = 5120

    let count: Int
    let views: Int
    let seconds: Double
    let kills: Int
    /// Kills after which no worker came within 10 s.
    let withoutSuccessor: Int
    /// Growth, from after the warm-up to the end. Memory in kB.
    let descriptors: Int
    let pss: Int64
    let `private`: Int64
    let slab: Int64
    let slabReclaimable: Int64
    let slabUnreclaimable: Int64
    let slabCaches: [String: Int64]
    let before: [Usage]
    let after: [Usage]
    let failed: Int
    let examples: [Example]

    /// What must not be.
    var faults: [String] {
        var faults: [String] = []
        if failed > 0 { faults.append("\(failed) reads went wrong") }
        if withoutSuccessor > 0 { faults.append("\(withoutSuccessor) kills without a successor") }
        if descriptors > 0 { faults.append("\(descriptors) descriptors stay open") }
        if self.private > ChurnReport.mostPrivate { faults.append("private memory grew by \(self.private) kB") }
        if slabUnreclaimable > ChurnReport.mostSlab { faults.append("unreclaimable slab grew by \(slabUnreclaimable) kB") }
        return faults
    }

    var text: String {
        var lines = [
            faults.isEmpty ? "passed" : "FAILED: " + faults.joined(separator: ", "),
            "\(count) vNodes with \(views) views made and removed in \(decimal(seconds)) s, \(decimal(seconds / Double(max(1, count)) * 1000)) ms each",
            "growth of descriptors \(descriptors), Pss \(pss) kB, private \(self.private) kB",
            "growth of Slab \(slab) kB, of it reclaimable \(slabReclaimable) kB, unreclaimable \(slabUnreclaimable) kB",
        ]
        if kills > 0 { lines.append("\(kills) kills, without a successor \(withoutSuccessor)") }
        if !slabCaches.isEmpty {
            lines.append(
                "growth of caches: " + slabCaches.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value) kB" }.joined(separator: ", "))
        }
        for (name, list) in [("before", before), ("after", after)] {
            for usage in list {
                lines.append(
                    "\(name): \(usage.role) \(usage.descriptors) descriptors, \(usage.threads) threads, Rss \(usage.rss) kB, Pss \(usage.pss) kB"
                )
            }
        }
        return (lines + examples.map(\.text)).joined(separator: "\n")
    }
}
