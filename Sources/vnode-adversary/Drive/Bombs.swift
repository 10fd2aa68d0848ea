import Glibc
import Linux
import SystemPackage

/// A vNode takes all it can get of something, and others go on.
extension Stage {
    func bombs(_ list: [Bomb], seconds: Int) throws {
        let quiet = (node: probe(onNode), other: probe(inOther))
        for bomb in list {
            let name = "\(names)-bomb"
            let before = Leftovers.now(names: names, daemon: daemonPID)
            let limits = Stage.hasLimits ? ["--pids", "300", "--memory", "256M"] : []
            let delegation = bomb == .cgroups ? ["--delegate-cgroup"] : []
            let words =
                [programs.vnode, "run", "--name", name] + limits + delegation + [
                    "--", "sh", "-c", Stage.receive("bomb \(bomb.rawValue) --seconds \(seconds)"),
                ]
            let job = try Job(words, errors: errors)
            job.send(file: programs.own)
            job.closeInput()
            let said = job.line(seconds: seconds + 60) ?? "ended before it had grown"
            let during = (node: probe(onNode), other: probe(inOther))
            let start = ContinuousClock.now
            let stop = try Job([programs.vnode, "stop", "--timeout", "1", name], errors: errors)
            stop.closeInput()
            stop.end(seconds: 60)
            let took = Int((ContinuousClock.now - start) / .milliseconds(1))
            job.end(seconds: 30)
            let left = Leftovers.since(before, names: names, daemon: daemonPID)
            report.add(Row("bombs", "\(bomb.rawValue): the node goes on", Stage.judge(during.node, quiet.node, said), .limit))
            report.add(Row("bombs", "\(bomb.rawValue): the other vNode goes on", Stage.judge(during.other, quiet.other, said), .limit))
            report.add(
                Row(
                    "bombs", "\(bomb.rawValue): nothing is left",
                    left.isEmpty ? .contained("ended in \(took) ms") : .breached(left.joined(separator: "; ")),
                    .launcher))
        }
    }

    /// Whether vNodes can have limits here.
    static var hasLimits: Bool { (Scene.text("/sys/fs/cgroup/cgroup.controllers") ?? "").contains("pids") }

    private func probe(_ witness: Job?) -> Probe? { witness?.ask("probe", seconds: 60).flatMap { Probe(line: $0) } }

    /// Kernels have one of these for the whole machine, and no cgroup that counts it: see the threat model.
    private static let shared = ["asynchronous I/O", "a terminal"]

    private static func judge(_ now: Probe?, _ quiet: Probe?, _ what: String) -> Finding {
        guard let now else { return .breached("no answer in a minute; \(what)") }
        let lacking = now.lacking.filter { name in !(quiet?.lacking.contains(name) ?? false) }
        let judged = lacking.filter { name in !shared.contains { name.hasPrefix($0) } }
        if !judged.isEmpty { return .breached("no \(judged.joined(separator: ", no ")); \(what)") }
        let factor = quiet.map { Double(now.median) / Double(max($0.median, 1)) } ?? 0
        let note = lacking.isEmpty ? "" : "; documented: no \(lacking.joined(separator: ", no "))"
        return .contained("\(what); median \(tenths(factor)) x, highest \(now.highest / 1000) ms\(note)")
    }

    private static func tenths(_ value: Double) -> String { "\(Int(value)).\(Int(value * 10) % 10)" }
}
