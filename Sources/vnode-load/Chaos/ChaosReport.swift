import LoadChecks

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
    /// The longest system call of each of these: how long a reader was kept waiting.
    let pauseAtKill: Latency
    let longestCall: Int64
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
        pauseAtKill = Latency(tally.callAtKill)
        longestCall = tally.longestCall
        successor = Latency(actions.successors)
        examples = actions.examples + tally.examples.sorted { $0.seconds < $1.seconds }
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
            "longest system call of each: \(pauseAtKill.text); of all: \(duration(longestCall))",
        ]
        if kills > 0 { lines.append("kill until the next worker: \(successor.text)") }
        // One of each is what people read; the rest is in the JSON.
        var shown: Set<String> = []
        lines += examples.filter { shown.insert("\($0.kind) \($0.file)").inserted }.prefix(30).map(\.text)
        lines += faults.map { "fault: \($0)" } + notes.map { "note: \($0)" }
        return lines.joined(separator: "\n")
    }
}
