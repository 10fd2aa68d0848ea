import ArgumentParser
import FoundationEssentials
import Glibc
import Linux
import LoadChecks
import Synchronization
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

/// What happens while others read.
final class ChaosActor: Sendable {
    struct Counts: Sendable {
        var kills = 0
        var upgrades = 0
        var started = 0
        var stopped = 0
        var execs = 0
        var failedCommands = 0
        var examples: [Example] = []
        var notes: [String] = []
        /// Until another worker was there.
        var successors = Histogram()
    }

    let run: Run
    let server: Server
    let fleet: Fleet
    private let bin: String
    private let scratch: String
    private let interval: Double
    private let state = Mutex(Counts())
    private let upgrades = Atomic<Bool>(false)
    /// Held by who replaces the worker: a killed upgrade has failed rightly.
    private let replacing = Mutex(())

    init(run: Run, server: Server, fleet: Fleet, bin: String, scratch: String, interval: Double) {
        self.run = run
        self.server = server
        self.fleet = fleet
        self.bin = bin
        self.scratch = scratch
        self.interval = interval
    }

    var counts: Counts { state.withLock { $0 } }

    /// Finds out what this vnode-fs can.
    func prepare() throws {
        if server.worker == nil { note("vnode-fs has no worker process: none is killed") }
        let help = try Command.run(["\(bin)/vnode-fs", "--help"], scratch: scratch)
        let hasUpgrade = help.output.split(separator: "\n").contains { $0.split(separator: " ").first == "upgrade" }
        upgrades.store(hasUpgrade, ordering: .relaxed)
        if !hasUpgrade { note("vnode-fs has no upgrade command: none is done") }
    }

    private func note(_ text: String) {
        state.withLock { $0.notes.append(text) }
        say(text)
    }

    private func failed(_ command: String, _ node: String, _ what: String, since begin: Int64) {
        let meanwhile = run.kills.overlaps(begin, Clock.monotonic) ? ", with a worker killed meanwhile" : ""
        let example = Example(
            kind: "command", vnode: node, file: command, what: what + meanwhile, step: 0, isKeptOpen: false, seconds: run.seconds(at: begin)
        )
        state.withLock { counts in
            counts.failedCommands += 1
            if counts.examples.count < 20 { counts.examples.append(example) }
        }
    }

    func startOne() {
        let begin = Clock.monotonic
        do {
            _ = try fleet.start()
            state.withLock { $0.started += 1 }
        } catch {
            failed("vnode run", "", "\(error)", since: begin)
        }
    }

    // MARK: - Threads

    /// Kills the worker now and then, under handles that were opened before and are read to their end after it.
    func killWorkers(_ reader: Reader, seed: UInt64) {
        guard server.worker != nil else { return }
        var dice = Dice(seed)
        while !run.isOver {
            rest(seconds: dice.pause(mean: interval), unless: { run.isOver })
            if run.isOver { return }
            let files = ["/proc/meminfo", "/proc/stat", "/proc/uptime", "/proc/vmstat", "/proc/cpuinfo"]
            guard let member = fleet.all.randomElement(using: &dice), let name = files.randomElement(using: &dice),
                let target = member.target(name)
            else { continue }
            let step = Bool.random(using: &dice) ? 7 : 64
            let before = Int.random(in: 0...3, using: &dice)
            _ = reader.hold(target, step: step) { (file: borrowing OwnedFD) throws(Errno) in
                var bytes: [UInt8] = []
                var begin = Clock.monotonic
                var buffer = [UInt8](repeating: 0, count: step)
                let raw = file.raw
                for _ in 0..<before {
                    let size = try check(unsafe buffer.withUnsafeMutableBytes { unsafe read(raw, $0.baseAddress, $0.count) })
                    bytes += buffer[..<size]
                }
                killOne()
                if before == 0 { begin = Clock.monotonic }
                var reads = 0
                bytes += try Reader.read(file, step: step, reads: &reads)
                return (bytes, begin)
            }
        }
    }

    private func killOne() {
        replacing.withLock { _ in
            let begin = Clock.monotonic
            guard let last = server.killWorker() else { return }
            run.kills.killed(at: begin)
            let successor = server.successor(of: last, seconds: 9)
            let end = Clock.monotonic
            run.kills.recovered(at: end)
            state.withLock {
                $0.kills += 1
                $0.successors.add(end - begin)
            }
            if successor == nil { failed("kill", "", "no worker 9 s after one was killed", since: begin) }
        }
    }

    /// Handles that are kept for long and read again from the start.
    func watchLong(_ reader: Reader, seed: UInt64) {
        var dice = Dice(seed)
        var handles: [LongHandle] = []
        while !run.isOver {
            handles = handles.filter { reader.again($0) }
            let held = Set(handles.map { ObjectIdentifier($0.target) })
            for member in fleet.all.prefix(4) {
                for name in ["/proc/stat", "/proc/uptime", "/proc/meminfo", "/proc/loadavg", "/proc/vmstat"] {
                    guard let target = member.target(name), !held.contains(ObjectIdentifier(target)), let handle = try? LongHandle(target)
                    else { continue }
                    handles.append(handle)
                }
            }
            rest(seconds: Double.random(in: 0.05..<0.6, using: &dice), unless: { run.isOver })
        }
    }

    /// Everything else that happens to vNodes.
    func act(_ reader: Reader, seed: UInt64) {
        var dice = Dice(seed)
        while !run.isOver {
            rest(seconds: dice.pause(mean: interval), unless: { run.isOver })
            if run.isOver { return }
            switch Int.random(in: 0..<10, using: &dice) {
            case 0..<4: replaceOne(reader, &dice)
            case 4..<7 where upgrades.load(ordering: .relaxed): upgrade(&dice)
            default: execute(&dice)
            }
        }
    }

    /// Stops a vNode under handles that stay open beyond the end of its cgroup, and starts another.
    private func replaceOne(_ reader: Reader, _ dice: inout Dice) {
        guard let member = fleet.all.randomElement(using: &dice) else { return startOne() }
        let handles = ["/proc/meminfo", "/proc/uptime", "/proc/cpuinfo", "/proc/stat"].compactMap { name in
            member.target(name).flatMap { try? LongHandle($0) }
        }
        fleet.retire(member)
        let begin = Clock.monotonic
        do {
            let outcome = try fleet.stop(member)
            if outcome.status == 0 {
                state.withLock { $0.stopped += 1 }
            } else {
                failed("vnode stop", member.node.name, outcome.summary, since: begin)
            }
        } catch {
            failed("vnode stop", member.node.name, "\(error)", since: begin)
        }
        if Directories.kind(member.cgroup) != nil {
            failed("vnode stop", member.node.name, "\(member.cgroup) is still there", since: begin)
        }
        for handle in handles { _ = reader.again(handle) }
        startOne()
    }

    private func upgrade(_ dice: inout Dice) {
        let begin = Clock.monotonic
        let binary = Bool.random(using: &dice) ? ["--binary", "\(bin)/vnode-fs"] : []
        replacing.withLock { _ in
            do {
                run.kills.killed(at: begin)
                defer { run.kills.recovered(at: Clock.monotonic) }
                let outcome = try Command.run(["\(bin)/vnode-fs", "upgrade", "--socket", server.socket] + binary, scratch: scratch)
                if outcome.status == 0 {
                    state.withLock { $0.upgrades += 1 }
                } else {
                    failed("vnode-fs upgrade", "", outcome.summary, since: begin)
                }
            } catch {
                failed("vnode-fs upgrade", "", "\(error)", since: begin)
            }
        }
    }

    /// A command in an inner container: its output has the shape, too.
    private func execute(_ dice: inout Dice) {
        guard let member = fleet.all.randomElement(using: &dice),
            let name = ["/proc/meminfo", "/proc/stat", "/proc/uptime"].randomElement(using: &dice)
        else { return }
        let begin = Clock.monotonic
        do {
            let outcome = try fleet.vnode(["exec", member.node.name, "--", "cat", name])
            guard outcome.status == 0 else { return failed("vnode exec", member.node.name, outcome.summary, since: begin) }
            state.withLock { $0.execs += 1 }
            _ = try FileKind(path: name).check(Array(outcome.output.utf8), member.node.expectation)
        } catch {
            failed("vnode exec cat \(name)", member.node.name, "\(error)", since: begin)
        }
    }
}

struct ChaosReport: Encodable {
    let seed: UInt64
    let seconds: Double
    let passed: Bool
    let wasInterrupted: Bool
    let opens: Int
    let reads: Int
    let bytes: Int
    let kills: Int
    let upgrades: Int
    let vnodesStarted: Int
    let vnodesStopped: Int
    let execs: Int
    let failed: Int
    let malformed: Int
    let backward: Int
    let hung: Int
    let frozen: Int
    let longestFrozen: Int64
    let failedCommands: Int
    /// Reads of vNodes that were being stopped; no failures.
    let failedWhileStopped: Int
    /// Passes of more than a second over a cached file that were not of one moment; documented, no failures.
    let stretched: Int
    let latency: Latency
    let longestPass: Int64
    /// Passes during which a worker was killed or replaced, in whatever steps.
    let latencyAtKill: Latency
    let successor: Latency
    let examples: [Example]
    let faults: [String]
    let notes: [String]

    init(seed: UInt64, seconds: Double, wasInterrupted: Bool, tally: Tally, actions: ChaosActor.Counts, faults: [String]) {
        self.seed = seed
        self.seconds = seconds
        self.wasInterrupted = wasInterrupted
        opens = tally.opens
        reads = tally.reads
        bytes = tally.bytes
        kills = actions.kills
        upgrades = actions.upgrades
        vnodesStarted = actions.started
        vnodesStopped = actions.stopped
        execs = actions.execs
        failed = tally.failed
        malformed = tally.malformed
        backward = tally.backward
        hung = tally.hung
        frozen = tally.frozen
        longestFrozen = tally.longestFrozen
        failedCommands = actions.failedCommands
        failedWhileStopped = tally.leaving
        stretched = tally.stretched
        latency = Latency(tally.latency)
        longestPass = tally.longest
        latencyAtKill = Latency(tally.atKill)
        successor = Latency(actions.successors)
        examples = (actions.examples + tally.examples).sorted { $0.seconds < $1.seconds }
        self.faults = faults
        notes = actions.notes
        passed = tally.faults == 0 && actions.failedCommands == 0 && faults.isEmpty && tally.opens > 0
    }

    var text: String {
        var lines = [
            "\(passed ? "passed" : "FAILED") after \(decimal(seconds)) s\(wasInterrupted ? ", interrupted" : "") (seed \(seed))",
            table([
                ["opens", "\(opens)"], ["reads", "\(reads)"], ["bytes", "\(bytes)"], ["kills", "\(kills)"], ["upgrades", "\(upgrades)"],
                ["vNodes started", "\(vnodesStarted)"], ["vNodes stopped", "\(vnodesStopped)"], ["vnode exec", "\(execs)"],
                ["failed reads", "\(failed)"], ["malformed", "\(malformed)"], ["backward", "\(backward)"], ["hung", "\(hung)"],
                ["frozen", frozen == 0 ? "0" : "\(frozen) (up to \(duration(longestFrozen)))"], ["failed commands", "\(failedCommands)"],
                ["of stopped vNodes", "\(failedWhileStopped)"], ["longer than 1 s, not of one moment", "\(stretched)"],
            ]),
            "open + read + close: \(latency.text)",
            "longest pass in any steps: \(duration(longestPass))",
            "those under a kill (\(latencyAtKill.count)): \(latencyAtKill.text)",
        ]
        if kills > 0 { lines.append("kill until the next worker: \(successor.text)") }
        lines += examples.prefix(20).map(\.text)
        lines += faults.map { "fault: \($0)" } + notes.map { "note: \($0)" }
        return lines.joined(separator: "\n")
    }
}
