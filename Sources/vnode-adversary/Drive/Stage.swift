import Glibc
import Linux
import SystemPackage

/// The node, a vNode that attacks, a vNode that looks on, and what the driver knows of them.
final class Stage {
    let programs: Programs
    let names: String
    let scratch: String
    let rounds: Int
    private let baseline: Drive.Baseline?
    var report: Report
    private(set) var facts: [String: String] = [:]
    private var daemon: Job?
    var daemonPID: Int32 { daemon?.pid ?? 0 }
    private(set) var onNode: Job?
    private(set) var inOther: Job?
    private var before: (node: Node, things: Leftovers, descriptors: Int)?
    let socket: String
    private let privatePath = "/usr/local/etc/vnode-adversary-\(getpid())"

    var attacker: String { names + "-attacker" }
    var other: String { names + "-other" }
    var errors: String { scratch + "/errors" }

    struct Broken: Error, CustomStringConvertible { let description: String }

    init(programs: Programs, format: Report.Format, baseline: Drive.Baseline?, rounds: Int) throws {
        self.rounds = rounds
        self.programs = programs
        self.baseline = baseline
        names = "adv\(getpid())"
        scratch = "/var/tmp/vnode-adversary-\(getpid())"
        socket = scratch + "/vnode-fs.sock"
        let subject = baseline.map { $0 == .userns ? "runc, user namespace" : "runc, privileged" } ?? "vNode"
        report = Report(format: format, subject: subject)
        try Directories.makeAll(scratch, mode: 0o755)
    }

    func fail(_ name: String, _ text: String) { report.add(Row("driver", name, .breached(text))) }

    // MARK: Making it all

    func open() throws {
        for program in ["vnode", "vnode-fs", "vnode-init"] where unsafe access("\(programs.directory)/\(program)", X_OK) != 0 {
            throw Broken(description: "\(programs.directory)/\(program) is not there: build it, or name its directory with --bin")
        }
        unsafe setenv("VNODE_SOCKET", socket, 1)
        let node = Node.now(programs: programs.all)
        try secrets()
        let daemon = try Job([programs.daemon, "serve", "--socket", socket, "--state", scratch + "/state"], errors: errors)
        self.daemon = daemon
        for _ in 0..<500 where unsafe access(socket, F_OK) != 0 { usleep(10000) }
        let things = Leftovers.now(names: names, daemon: daemon.pid)
        before = (node, things, descriptors(of: daemon.pid))
        let here = try Job([programs.own, "witness", token("node")], errors: errors)
        onNode = here
        try learn("node", from: here)
        facts["node.pid"] = "\(here.pid)"
        try run([programs.vnode, "run", "--name", other, "--keep", "--", "true"])
        let there = try Job([programs.vnode, "exec", other, "--", "sh", "-c", Stage.receive("witness \(token("other"))")], errors: errors)
        there.send(file: programs.own)
        inOther = there
        try learn("other", from: there)
        facts["other.pid"] = pid(of: token("other"))
        if baseline == nil { try run([programs.vnode, "run", "--name", attacker, "--keep", "--", "true"]) }
    }

    /// The program comes in by standard input, what follows it are commands.
    static func receive(_ arguments: String) -> String {
        var status = stat()
        let size = unsafe stat("/proc/self/exe", &status) == 0 ? status.st_size : 0
        return "head -c \(size) >/tmp/adversary && chmod 755 /tmp/adversary && exec /tmp/adversary \(arguments)"
    }

    private func token(_ whose: String) -> String {
        if let known = facts["\(whose).token"] { return known }
        let made = "\(whose)-\(String(UInt64.random(in: 0...UInt64.max), radix: 36))"
        facts["\(whose).token"] = made
        return made
    }

    private func learn(_ whose: String, from witness: Job) throws {
        while let line = witness.line(seconds: 60) {
            if line == "ready" { return }
            if line.hasPrefix("held ") {
                for word in line.dropFirst(5).split(separator: ",") where word.contains("=") {
                    let pair = word.split(separator: "=", maxSplits: 1)
                    if pair.count == 2 { facts["\(whose).\(pair[0])"] = String(pair[1]) }
                }
            } else if let sign = line.firstIndex(of: "=") {
                facts["\(whose).\(line[..<sign])"] = String(line[line.index(after: sign)...])
            }
        }
        throw Broken(description: "the witness of \(whose) did not start: \(Scene.text(errors) ?? "")")
    }

    /// On the node, of a witness in a vNode: who has become the program it was sent.
    private func pid(of token: String) -> String {
        ((try? Directories.list("/proc")) ?? []).map(\.name).first { name in
            guard Int32(name) != nil, let words = Scene.text("/proc/\(name)/cmdline")?.split(separator: "\0") else { return false }
            return words.count == 3 && words[0] == "/tmp/adversary" && words[2] == token
        } ?? ""
    }

    private func secrets() throws {
        let path = scratch + "/secret"
        _ = try Files.open(path, flags: O_WRONLY | O_CREAT, mode: 0o644)
        try Files.write(token("node"), to: path)
        facts["secret.path"] = path
        facts["secret.handle"] = handle(path)
        facts["root.handle"] = handle("/")
        if (try? Files.open(privatePath, flags: O_WRONLY | O_CREAT, mode: 0o600)) != nil { facts["private.path"] = privatePath }
        facts["cmdline"] = Scene.text("/proc/cmdline").map { String($0.prefix { !$0.isNewline }) } ?? ""
        facts["control"] = socket
        facts["node.interfaces"] = (Scene.text("/proc/net/dev") ?? "").split(separator: "\n").dropFirst(2)
            .compactMap { $0.split(separator: ":").first?.filter { $0 != " " } }.joined(separator: ",")
    }

    /// struct file_handle in hexadecimal.
    private func handle(_ path: String) -> String {
        let room = Kernel.place([128, 0, 0, 0] + [UInt8](repeating: 0, count: 132))
        let mount = Kernel.place([UInt8](repeating: 0, count: 8))
        guard Kernel.raw(.name_to_handle_at, [.number(Kernel.here), .text(path), .number(room), .number(mount), 0]) == 0,
            let start = unsafe UnsafeRawPointer(bitPattern: room)
        else { return "" }
        let size = unsafe Int(start.loadUnaligned(as: UInt32.self)) + 8
        return (0..<size).map { index in
            let byte = unsafe start.loadUnaligned(fromByteOffset: index, as: UInt8.self)
            return (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
    }

    /// A command that has to succeed.
    func run(_ words: [String], seconds: Int = 60) throws {
        let job = try Job(words, errors: errors)
        job.closeInput()
        let status = job.end(seconds: seconds)
        if status != 0 {
            throw Broken(
                description: "\(words.joined(separator: " ").prefix(120)): status \(status): \(Scene.text(errors)?.suffix(300) ?? "")")
        }
    }

    /// Descriptors of vNodes that the daemon and its workers have.
    private func descriptors(of pid: Int32) -> Int {
        let kinds = ["/dev/fuse", "[pidfd]", "mnt:[", "seccomp", names]
        return ([pid] + children(of: pid)).flatMap { process in
            ((try? Directories.list("/proc/\(process)/fd")) ?? []).compactMap {
                try? Directories.readLink("/proc/\(process)/fd/\($0.name)")
            }
        }.filter { target in kinds.contains { target.contains($0) } && !target.hasPrefix(scratch) }.count
    }

    /// All the daemon has open, and its threads.
    private func holdings(of pid: Int32) -> (files: Int, threads: Int) {
        let all = [pid] + children(of: pid)
        let count = { (name: String) in all.reduce(0) { $0 + ((try? Directories.list("/proc/\($1)/\(name)").count) ?? 0) } }
        return (count("fd"), count("task"))
    }

    /// Some it keeps once and for all from the first vNode on, and those of a vNode that is gone for a moment.
    private func growth(of daemon: Job) throws {
        let name = names + "-again"
        let round = { [self] in
            try run([programs.vnode, "run", "--name", name, "--keep", "--", "true"])
            try run([programs.vnode, "stop", "--timeout", "1", name])
        }
        try round()
        sleep(2)
        let before = holdings(of: daemon.pid)
        for _ in 0..<max(rounds, 0) { try round() }
        var now = holdings(of: daemon.pid)
        for _ in 0..<100 where now.files > before.files || now.threads > before.threads {
            usleep(100_000)
            now = holdings(of: daemon.pid)
        }
        let text = "\(rounds) more: descriptors \(before.files) and \(now.files), threads \(before.threads) and \(now.threads)"
        let isSame = now.files <= before.files && now.threads <= before.threads
        report.add(Row("node", "the daemon has no more open after more vNodes", isSame ? .contained(text) : .breached(text)))
    }

    private func children(of pid: Int32) -> [Int32] {
        (Scene.text("/proc/\(pid)/task/\(pid)/children") ?? "").split(separator: " ").compactMap { Int32($0) }
    }

    // MARK: The attacks

    func container() -> Container {
        switch baseline {
        case nil: .vnode(name: attacker)
        case .userns: .userNamespace(bundle: scratch + "/bundle")
        case .privileged: .privileged(bundle: scratch + "/bundle")
        }
    }

    func attacks(filter: String?) throws {
        var words = facts.map { "--fact \(Stage.quote("\($0)=\($1)"))" }.sorted()
        if let filter { words.append("--filter \(Stage.quote(filter))") }
        let command = try container().command(Stage.receive("attack \(words.joined(separator: " "))"), programs: programs)
        let job = try Job(command, errors: errors)
        job.send(file: programs.own)
        job.closeInput()
        let known = Dictionary(Attack.all.map { ("\($0.family)\t\($0.name)", $0) }) { first, _ in first }
        var isFiltered = false
        var isComplete = false
        while let line = job.line(seconds: Attempt.patience + 60) {
            if line.hasPrefix("scene\t") { isFiltered = line.contains("\tfiltered") }
            if line == "end" { isComplete = true }
            let fields = line.split(separator: "\t", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3, let attack = known["\(fields[0])\t\(fields[1])"], let finding = Finding(line: fields[2]) else {
                continue
            }
            report.add(Row(attack, finding, isFiltered: isFiltered), judged: baseline == nil)
        }
        job.end()
        if !isComplete { fail("all attacks were made", "they ended early: \(Scene.text(errors)?.suffix(300) ?? "")") }
        inspect("after the attacks")
    }

    static func quote(_ text: String) -> String {
        "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }

    /// Witnesses are alive, nothing has reached them, the node is as it was.
    func inspect(_ when: String) {
        for (whose, witness) in [("the node's witness", onNode), ("the other vNode's witness", inOther)] {
            let answer = witness?.ask("state")
            report.add(
                Row("node", "\(whose) \(when)", answer == "intact" ? .contained("intact") : .breached(answer ?? "no answer")),
                judged: baseline == nil)
        }
        guard let before else { return }
        let now = Node.now(programs: programs.all)
        let changes = now.changes(since: before.node)
        let loaded = now.loaded(since: before.node)
        let note = loaded.isEmpty ? "" : "; documented: the kernel has loaded \(loaded.joined(separator: ", "))"
        report.add(
            Row(
                "node", "the node's settings and programs \(when)",
                changes.isEmpty ? .contained("as before\(note)") : .breached(changes.joined(separator: "; "))),
            judged: baseline == nil)
    }

    // MARK: The end

    func end() {
        for witness in [onNode, inOther] {
            witness?.closeInput()
            witness?.end(seconds: 10)
        }
        let stop = ContinuousClock.now
        let ours = ((try? Directories.list("/run/vnode/vnodes")) ?? []).map(\.name).filter { $0.hasPrefix(names) }
        for name in ours { try? run([programs.vnode, "stop", "--timeout", "2", name]) }
        let took = (ContinuousClock.now - stop) / .milliseconds(1)
        if let before, let daemon {
            let left = Leftovers.since(before.things, names: names, daemon: daemon.pid)
            report.add(
                Row(
                    "node", "nothing is left after stop",
                    left.isEmpty ? .contained("nothing, \(Int(took)) ms") : .breached(left.joined(separator: "; "))))
            var open = descriptors(of: daemon.pid)
            for _ in 0..<30 where open > before.descriptors {
                usleep(100_000)
                open = descriptors(of: daemon.pid)
            }
            report.add(
                Row(
                    "node", "the daemon's descriptors after stop",
                    open <= before.descriptors ? .contained("\(open)") : .breached("\(before.descriptors) before, \(open) now")))
        }
        if let daemon {
            do { try growth(of: daemon) } catch { fail("more vNodes", "\(error)") }
            kill(daemon.pid, SIGTERM)
            daemon.end(seconds: 10)
        }
        _ = unsafe unlink(privatePath)
        try? Directories.removeTree(scratch)
    }
}
