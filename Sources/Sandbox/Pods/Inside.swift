import FoundationEssentials
import Glibc
import Linux
import SystemPackage

/// A vNode of pods seen from the node: what is needed to work in its staging mount namespace.
final class Inside {
    let state: State
    let daemon: Daemon
    let first: OwnedFD
    let staging: OwnedFD
    let engine: Engine

    /// `record` is of a container that is there: its engine is the one that made it, whatever the node's is by now.
    init(_ state: State, _ settings: RuntimeSettings, for record: ContainerRecord? = nil) throws(Failure) {
        self.state = state
        guard let first = state.initProcess?.open() else { throw Failure("the vNode \(state.name) has ended") }
        self.first = first
        daemon = try Daemon.reconnect(state)
        staging = try Entry.staging(of: state, daemon)
        engine = try Inside.engine(settings, record)
    }

    /// Where a package has moved it, that of its name.
    private static func engine(_ settings: RuntimeSettings, _ record: ContainerRecord?) throws(Failure) -> Engine {
        guard let path = record?.engine else { return try Programs.engine(settings.engine) }
        if let same = try? Programs.engine(path) { return same }
        return try Programs.engine(String(path.split(separator: "/").last ?? ""))
    }

    /// The vNode's user namespace.
    func users() throws(Failure) -> OwnedFD { try namespace("user") }

    /// A namespace of the vNode's first process.
    func namespace(_ kind: String) throws(Failure) -> OwnedFD {
        let path = "/proc/\(state.initProcess?.pid ?? 0)/ns/\(kind)"
        let found = try attempt("opening", path) { () throws(Errno) in try Files.open(path, flags: O_RDONLY) }
        // It still is that process, so the pid was.
        guard state.initProcess?.isAlive == true else { throw Failure("the vNode \(state.name) has ended") }
        return found
    }

    /// What work in staging answers.
    struct Answer: Codable {
        /// Of the engine, 0 when it was not run.
        var status: Int32 = 0
        /// What the engine wrote to its pid file, node pids both.
        var pid: Int32?
        var failure: String?

        /// As it goes through a pipe: a failure that is too long for one loses its end, not the answer its form.
        var encoded: String {
            var answer = self
            while true {
                let bytes = (try? JSONEncoder().encode(answer)) ?? Data()
                guard bytes.count > Report.longest, let failure = answer.failure else { return String(decoding: bytes, as: UTF8.self) }
                answer.failure = String(decoding: failure.utf8.prefix(failure.utf8.count * 3 / 4), as: UTF8.self)
            }
        }
    }

    /// Runs `body` in a child that has entered staging, and answers what it answers.
    func run(_ body: () throws(Failure) -> Answer) throws(Failure) -> Answer {
        let ends = try attempt("making a pipe") { () throws(Errno) in try Processes.pipe() }
        let reading = OwnedFD(taking: ends.reading)
        let child = try attempt("entering the staging mount namespace") { () throws(Errno) in
            try Processes.fork {
                var answer = Answer()
                do throws(Failure) {
                    try enter()
                    answer = try body()
                } catch {
                    answer.failure = error.message
                }
                Report.send(answer.encoded, to: ends.writing)
                return 0
            }
        }
        _ = close(ends.writing)
        let text = Report.receive(reading)
        _ = try? Processes.wait(child.pid)
        guard let text, let answer = try? JSONDecoder().decode(Answer.self, from: Data(text.utf8)) else {
            throw Failure("working in the staging mount namespace: the helper ended")
        }
        if let failure = answer.failure { throw Failure(failure) }
        return answer
    }

    private func enter() throws(Failure) {
        try attempt("entering the staging mount namespace") { () throws(Errno) in
            try Processes.dieWithParent()
            try Namespaces.enter(staging, .mount)
            _ = try check(unsafe chdir("/"))
        }
        umask(0o022)
    }

    /// Runs `body` with the vNode's own mounts and its root as root. Only in staging.
    func inOuter(_ body: () throws(Failure) -> Void) throws(Failure) {
        try attempt("entering the outer container") { () throws(Errno) in try Namespaces.enter(first, .mount) }
        var failed: Failure?
        do throws(Failure) { try body() } catch { failed = error }
        try attempt("returning to the staging mount namespace") { () throws(Errno) in
            try Namespaces.enter(staging, .mount)
            _ = try check(unsafe chdir("/"))
        }
        if let failed { throw failed }
    }

    /// Runs the engine. Only in staging; its log goes to `log`, which has no path there. Answers its exit status.
    func runEngine(_ arguments: RuntimeArguments, network: CInt?, log: CInt?) throws(Failure) -> Int32 {
        let child = try startEngine(arguments, network: network, log: log)
        return try attempt("waiting for the engine") { () throws(Errno) in try Processes.wait(child.pid) }.status
    }

    /// The same, handing over to the daemon what the engine sends to a listener meanwhile. A container whose system calls nobody answers is
    /// none: the engine is ended.
    func runEngine(
        _ arguments: RuntimeArguments, network: CInt?, log: CInt?, listener: inout SeccompListener,
        handOver: (CInt) throws(Failure) -> Void
    ) throws(Failure) -> Int32 {
        let child = try startEngine(arguments, network: network, log: log)
        while true {
            let events = try attempt("waiting for the engine") { () throws(Errno) in
                try Poll.readable([child.pidfd.raw, listener.awaited])
            }
            if events[1] {
                do throws(Failure) {
                    switch try listener.step() {
                    case .connected: continue
                    case .left: return try listener.ending(of: child).status
                    case .sent(let descriptor):
                        try handOver(descriptor.raw)
                        _ = consume descriptor
                    }
                } catch {
                    try? Processes.send(SIGKILL, to: child.pidfd)
                    _ = try? Processes.wait(child.pid)
                    throw error
                }
            }
            if events[0] { return try attempt("waiting for the engine") { () throws(Errno) in try Processes.wait(child.pid) }.status }
        }
    }

    private func startEngine(_ arguments: RuntimeArguments, network: CInt?, log: CInt?) throws(Failure) -> Processes.Child {
        let preserved = CInt(clamping: Int(arguments.value("preserve-fds") ?? "0") ?? 0)
        let words = [engine.name] + Inside.globals(arguments, log: log) + arguments.words
        // Closed by the program that is executed: until then it says what went wrong.
        let ends = try attempt("making a pipe") { () throws(Errno) in try Processes.pipe() }
        let failures = OwnedFD(taking: ends.reading)
        let child = try attempt("running the engine", engine.path) { () throws(Errno) in
            try Processes.fork {
                do throws(Failure) {
                    try become(words, network, preserved, log)
                } catch {
                    Report.send(error.message, to: ends.writing)
                }
                return 125
            }
        }
        _ = close(ends.writing)
        if let failure = Report.receive(failures) {
            _ = try? Processes.wait(child.pid)
            throw Failure(failure)
        }
        return child
    }

    /// In the engine's own process. Only returns with an error.
    private func become(_ words: [String], _ network: CInt?, _ preserved: CInt, _ log: CInt?) throws(Failure) {
        let stage = "running the engine: " + engine.name
        try attempt(stage) { () throws(Errno) in try Processes.dieWithParent() }
        // Not joined by the engine: from inside the user namespace it could not be.
        if let network {
            try attempt(stage + ": entering the network namespace") { () throws(Errno) in try Namespaces.enter(network, .network) }
        }
        try attempt(stage + ": entering the time namespace") { () throws(Errno) in try Namespaces.enter(first, .time) }
        Processes.closeOnExecute(from: 3 + preserved)
        if let log { try attempt(stage) { () throws(Errno) in try Descriptors.keepOnExecute(log) } }
        Processes.unblockSignals()
        throw Failure(stage, engine.path, engine.execute(words, environment: Processes.environment))
    }

    /// Where the engine keeps its own state, in staging: it goes with the vNode.
    static let engineRoot = "/run/runc"

    private static func globals(_ arguments: RuntimeArguments, log: CInt?) -> [String] {
        var words = ["--root", engineRoot]
        if let log { words += ["--log", "/proc/self/fd/\(log)"] }
        if let format = arguments.global("log-format") { words += ["--log-format", format] }
        if arguments.hasGlobal("systemd-cgroup") { words.append("--systemd-cgroup") }
        if arguments.hasGlobal("debug") { words.append("--debug") }
        return words
    }
}

extension Engine {
    /// `runc`
    var name: String { path.split(separator: "/").last.map(String.init) ?? path }
}
