import Glibc
import Linux
import LoadChecks
import Synchronization
import SystemPackage

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
                reader.setOut()
                if before == 0 { begin = Clock.monotonic }
                var reads = 0
                bytes += try reader.read(file, step: step, reads: &reads)
                return (bytes, begin)
            }
        }
    }

    private func killOne() {
        replacing.withLock { _ in
            let begin = Clock.monotonic
            guard let last = server.killWorker(run.kills) else { return }
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
            // Not all of them for ever: what the last one leaves behind is what the next open finds.
            if Int.random(in: 0..<4, using: &dice) == 0, let gone = handles.indices.randomElement(using: &dice) { handles.remove(at: gone) }
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
            guard outcome.errors.isEmpty else {
                return failed("vnode exec", member.node.name, "it works and says \(outcome.summary)", since: begin)
            }
            state.withLock { $0.execs += 1 }
            _ = try FileKind(path: name).check(Array(outcome.output.utf8), member.node.expectation)
        } catch {
            failed("vnode exec cat \(name)", member.node.name, "\(error)", since: begin)
        }
    }
}
