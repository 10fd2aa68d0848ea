import ArgumentParser
import Glibc
import Linux
import LoadChecks
import SystemPackage

struct Chaos: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Read the files of real vNodes while workers are killed, binaries swapped and vNodes stopped and started.",
        discussion: "Checks the shape of every byte and that no counter goes back. Ctrl-C ends it early, with the summary.")

    @Option(help: "How long, minutes. Default: 10.")
    var minutes: Double?

    @Option(help: "How long, seconds.")
    var seconds: Double?

    @Option(help: "vNodes up at a time.")
    var vnodes = 4

    @Option(help: "Threads that read.")
    var readers = 8

    @Option(help: "Seconds between two kills of the worker, on average; as long between two of everything else.")
    var killInterval = 2.0

    @Option(help: "Milliseconds a reader rests between two files, on average.")
    var pause = 2.0

    @Option(help: "Repeats the order of a run; what the machine does in between is its own.")
    var seed: UInt64?

    @OptionGroup var common: Common

    func validate() throws {
        guard minutes == nil || seconds == nil else { throw ValidationError("--minutes and --seconds exclude each other") }
        guard (minutes ?? 1) > 0, (seconds ?? 1) > 0 else { throw ValidationError("the duration must be more than 0") }
        guard (1...1000).contains(vnodes) else { throw ValidationError("--vnodes must be from 1 to 1000") }
        guard (1...256).contains(readers) else { throw ValidationError("--readers must be from 1 to 256") }
        guard killInterval > 0, pause >= 0 else { throw ValidationError("--kill-interval must be more than 0, --pause not less") }
    }

    func run() throws {
        let bin = try common.programs(["vnode", "vnode-fs", "vnode-init"])
        let interrupts = try Interrupts()
        let scratch = try Scratch.make()
        let seed = seed ?? UInt64(truncatingIfNeeded: Clock.wall)
        var faults: [String] = []
        let server: Server
        do { server = try Server(bin: bin, scratch: scratch) } catch {
            try? Directories.removeTree(scratch)
            throw error
        }
        let run = Run()
        var actor: ChaosActor?
        do {
            let fleet = try Fleet(bin: bin, scratch: scratch, socket: server.socket)
            let started = ChaosActor(run: run, server: server, fleet: fleet, bin: bin, scratch: scratch, interval: killInterval)
            actor = started
            try started.prepare()
            for _ in 0..<vnodes where !interrupts.wait(milliseconds: 0) { started.startOne() }
            try begin(started, seed)
            watch(started, interrupts, until: Clock.monotonic + Int64((seconds ?? (minutes ?? 10) * 60) * 1e9))
        } catch {
            faults.append("\(error)")
        }
        let ended = Clock.monotonic
        run.join()
        faults += actor?.fleet.stopAll() ?? []
        if !server.isRunning { faults.append("vnode-fs has ended: \(server.lastWords)") }
        if let fault = server.stop() { faults.append(fault) }
        run.lookForHung()
        if isMounted(scratch) { faults.append("something is still mounted below \(scratch)") }
        do { try Directories.removeTree(scratch) } catch { faults.append("removing \(scratch): \(error)") }
        let report = ChaosReport(
            seed: seed, seconds: run.seconds(at: ended), wasInterrupted: interrupts.isRaised, tally: run.tally,
            actions: actor?.counts ?? ChaosActor.Counts(), faults: faults)
        try common.print(report) { report.text }
        fflush(nil)
        if !report.passed { throw ExitCode(1) }
    }

    private func begin(_ actor: ChaosActor, _ seed: UInt64) throws {
        let run = actor.run
        for number in 0..<readers {
            try run.start { reader in
                var dice = Dice(seed &+ UInt64(number) &* 1000)
                while !run.isOver {
                    guard let target = actor.fleet.all.randomElement(using: &dice)?.targets.randomElement(using: &dice) else {
                        usleep(10_000)
                        continue
                    }
                    reader.pass(target, step: [1, 7, 64, 5000, 65536].randomElement(using: &dice) ?? 65536)
                    if pause > 0 { rest(seconds: dice.pause(mean: pause / 1000), unless: { run.isOver }) }
                }
            }
        }
        try run.start { actor.watchLong($0, seed: seed &+ 1) }
        try run.start { actor.killWorkers($0, seed: seed &+ 2) }
        try run.start { actor.act($0, seed: seed &+ 3) }
    }

    /// Looks on until the time is over or somebody wants an end.
    private func watch(_ actor: ChaosActor, _ interrupts: Interrupts, until end: Int64) {
        let isTerminal = isatty(2) == 1
        let every: Int64 = (isTerminal ? 3 : 30) * 1_000_000_000
        var next = Clock.monotonic + every
        while Clock.monotonic < end, !interrupts.wait(milliseconds: 200), actor.server.isRunning {
            actor.run.lookForHung()
            guard Clock.monotonic >= next else { continue }
            next += every
            let tally = actor.run.tally
            let counts = actor.counts
            say(
                "\(Int(actor.run.seconds(at: Clock.monotonic))) s: \(tally.opens) opens, \(counts.kills) kills, \(counts.upgrades) upgrades, "
                    + "\(counts.stopped) stopped, \(tally.faults + counts.failedCommands) wrong, p99 \(duration(tally.latency.quantile(0.99)))"
            )
        }
    }

    private func isMounted(_ path: String) -> Bool {
        String(decoding: (try? Files.read("/proc/self/mountinfo")) ?? [], as: UTF8.self).contains(" \(path)")
    }
}
