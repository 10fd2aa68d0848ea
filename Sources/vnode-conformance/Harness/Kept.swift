import Control
import Glibc
import Linux
import SystemPackage

/// A vNode that stays up, its files read from outside through its first process.
struct Kept: Sendable {
    let name: String
    let initPID: Int32

    func path(_ path: String) -> String { "/proc/\(initPID)/root\(path)" }

    func text(_ path: String) throws(Errno) -> String { try Files.text(self.path(path)) }

    /// What must not go back: CPU time, processes started, seconds since the start.
    private func counters(_ text: String, _ path: String) -> [Double] {
        switch path {
        case "/proc/uptime": text.split(separator: " ").prefix(1).compactMap { Double($0) }
        case "/proc/stat":
            text.split(separator: "\n").filter { $0.hasPrefix("cpu ") || $0.hasPrefix("processes ") }
                .flatMap { $0.split(separator: " ").dropFirst().compactMap { Double($0) } }
        case "/proc/interrupts", "/proc/softirqs": text.split { $0 == " " || $0 == "\n" }.compactMap { Double($0) }
        default: []
        }
    }

    static let live = [
        "/proc/stat", "/proc/meminfo", "/proc/uptime", "/proc/loadavg", "/proc/vmstat", "/proc/interrupts", "/proc/softirqs",
    ]
    static let fixed = [
        "/proc/cpuinfo", "/proc/version", "/proc/sys/kernel/hostname", "/proc/sys/kernel/random/boot_id", "/sys/devices/system/cpu/online",
    ]

    /// One pass over files of every kind in steps of so many bytes, again and again: none fails, is torn, goes back or changes that
    /// must not.
    func watcher(step: Int) -> () throws -> Void {
        var last: [String: [Double]] = [:]
        var first: [String: String] = [:]
        var passes = 0
        return {
            for name in Kept.live {
                let file = try open(name)
                let text = try read(file, name, step: step)
                if let fault = Consistency.torn(text, path: name) ?? (passes % 64 == 0 ? Shape.fault(of: text, path: name) : nil) {
                    throw Mismatch(expected: "\(name) of \(self.name): \(fault)", got: text)
                }
                let now = counters(text, name)
                if let before = last[name], before.count != now.count || zip(before, now).contains(where: { $0 > $1 }) {
                    throw Mismatch(expected: "\(name) of \(self.name): at least \(before)", got: "\(now)")
                }
                last[name] = now
            }
            for name in Kept.fixed {
                let text = try read(try open(name), name, step: step)
                if let before = first[name] { try expect("\(name) of \(self.name)", text, is: before) } else { first[name] = text }
            }
            passes += 1
        }
    }

    func open(_ name: String) throws -> OwnedFD {
        do throws(Errno) { return try Files.open(path(name), flags: O_RDONLY) } catch {
            throw Mismatch(expected: "open of \(name) of \(self.name)", got: "\(error)")
        }
    }

    private func read(_ file: borrowing OwnedFD, _ name: String, step: Int) throws -> String {
        do throws(Errno) { return try Files.read(file, step: step) } catch {
            throw Mismatch(expected: "read of \(name) of \(self.name)", got: "\(error)")
        }
    }
}

extension Context {
    /// Makes a vNode served by `daemon` that stays until it is stopped.
    func keep(_ name: String, on daemon: Daemon, options: [String] = []) async throws -> Kept {
        let name = "\(conf)-\(name)"
        let words = ["run", "--socket", daemon.socket, "--name", name, "--keep"] + options + ["--", "true"]
        _ = try await launcher(words).succeeded()
        let record = try unwrap(try daemon.records().first { $0.name == name }, "\(name) at the daemon", got: "none")
        return Kept(name: name, initPID: record.initPID)
    }

    func stop(_ vnode: Kept) async throws { _ = try await launcher(["stop", vnode.name]).succeeded() }
}

extension Daemon {
    /// The vNodes it serves.
    func records() throws -> [VNodeRecord] {
        let channel = try connect()
        try channel.start(.list)
        var found: [VNodeRecord] = []
        while case .vnode(let record, _) = try channel.answer().0 { found.append(record) }
        return found
    }

    /// Processes that serve for it: one, none between two, two in an upgrade.
    var workers: [Int32] { Daemon.children(of: program.pid) }

    static func children(of pid: Int32) -> [Int32] {
        Files.names("/proc/\(pid)/task").flatMap { task in
            ((try? Files.text("/proc/\(pid)/task/\(task)/children")) ?? "").split(separator: " ").compactMap { Int32($0) }
        }.filter { ProcessTable.isRunning($0) }
    }

    /// The worker that serves, another one than `last`.
    @discardableResult func worker(after last: Int32? = nil, within bound: Duration = .seconds(60)) async throws -> Int32 {
        var found: Int32 = 0
        try await eventually("a worker\(last.map { " after \($0)" } ?? "")", within: bound, got: { program.error }) {
            let now = workers
            found = now.first ?? 0
            return now.count == 1 && found != last
        }
        return found
    }

    /// Kills the worker and waits until there is another one.
    @discardableResult func strikeWorker() async throws -> Int32 {
        let last = try await worker()
        kill(last, SIGKILL)
        return try await worker(after: last)
    }

    /// Lines of its log that contain all of `words`.
    func logged(_ words: String...) -> [String] {
        program.error.split(separator: "\n").map(String.init).filter { line in words.allSatisfy { line.contains($0) } }
    }

    /// A number of `vnode-fs metrics`.
    func metric(_ name: String, in context: Context) async throws -> Int {
        let text = try await command([context.program("vnode-fs"), "metrics", "--socket", socket, "--format", "prometheus"], in: context)
        return try Daemon.metric(name, in: text.succeeded().output)
    }

    static func metric(_ name: String, in text: String) throws -> Int {
        let line = text.split(separator: "\n").first { $0.hasPrefix(name + " ") }
        return try unwrap(line.flatMap { Int($0.dropFirst(name.utf8.count + 1)) }, "\(name) in the metrics", got: text)
    }
}
