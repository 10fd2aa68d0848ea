import ArgumentParser
import Glibc
import Linux
import SystemPackage

/// The node's side: makes vNodes, has them attack, looks after the node, prints the table.
struct Drive: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make vNodes, attack from within, and look whether the node and another vNode are as before.",
        discussion: """
            Runs as root. Two vNodes share a daemon: one attacks, in the other and on the node somebody holds what must not be found. Exit \
            status 1 when something got through, or what is to be refused was not. With --baseline the same attacks are made in a \
            container of runc's instead, and nothing is judged: that shows what they do where nothing keeps them.
            """)

    enum Baseline: String, ExpressibleByArgument, CaseIterable { case userns, privileged }
    enum Part: String, ExpressibleByArgument, CaseIterable { case attacks, launcher, broker, bombs }

    @Option(help: "Directory of vnode, vnode-fs and vnode-init; that of this program unless given.")
    var bin: String?

    @Option(help: "tap, rows (tap, and lines for `table`) or json.")
    var format = "tap"

    @Option(help: "Attack from a container of runc's: userns, or privileged (on a machine to throw away).")
    var baseline: Baseline?

    @Option(help: "Only this part: attacks, launcher, broker, bombs; may be given again. Default: all.")
    var only: [Part] = []

    @Option(help: "Only attacks whose \"family: name\" contains this.")
    var filter: String?

    @Option(help: "Bombs: which, separated by commas.")
    var bombs = Bomb.allCases.map(\.rawValue).joined(separator: ",")

    @Option(help: "How often is done what shows only when it is done often; fewer on an emulated machine.")
    var rounds = 20

    @Option(help: "Seconds a bomb may grow.")
    var seconds = 1

    func validate() throws {
        guard Report.Format(rawValue: format) != nil else { throw ValidationError("--format is tap, rows or json") }
        for name in bombs.split(separator: ",") where Bomb(rawValue: String(name)) == nil { throw ValidationError("no bomb \(name)") }
        if baseline == .privileged, unsafe getenv("VNODE_ADVERSARY_DISPOSABLE") == nil {
            throw ValidationError("--baseline privileged changes the machine: set VNODE_ADVERSARY_DISPOSABLE=1 on one to throw away")
        }
    }

    func run() throws {
        guard geteuid() == 0 else { throw ValidationError("must run as root") }
        let own = try Directories.readLink("/proc/self/exe")
        let directory = bin ?? String(own[..<(own.lastIndex(of: "/") ?? own.endIndex)])
        try Processes.adoptOrphans()
        Glibc.signal(SIGPIPE, SIG_IGN)
        let stage = try Stage(
            programs: Programs(directory: directory, own: own), format: Report.Format(rawValue: format) ?? .tap, baseline: baseline,
            rounds: rounds)
        do {
            try stage.open()
            let parts = Set(only.isEmpty ? Part.allCases : only)
            if parts.contains(.attacks) { try stage.attacks(filter: filter) }
            if baseline == nil, parts.contains(.launcher) { try stage.launcher() }
            if baseline == nil, parts.contains(.broker) { try stage.silence() }
            if baseline == nil, parts.contains(.bombs) {
                try stage.bombs(bombs.split(separator: ",").compactMap { Bomb(rawValue: String($0)) }, seconds: seconds)
            }
        } catch { stage.fail("the driver", "\(error)") }
        stage.end()
        // What this kernel, or this machine, does not have: no proof of anything.
        if format != "json", stage.report.untried > 0 { print("# \(stage.report.untried) of them not tried") }
        if format != "json" { print("\(stage.report.passed) passed, \(stage.report.failed) failed") }
        if stage.report.failed > 0 || stage.report.passed == 0 { throw ExitCode(1) }
    }
}
