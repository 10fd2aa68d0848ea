import CLinux
import Control
import Glibc
import Linux
import Synchronization
import SystemPackage

/// A running `vnode-fs serve`: the process that was started and, if it has one, the worker that is its child.
final class Server: Sendable {
    let pid: Int32
    let socket: String
    private let pidfd: OwnedFD
    private let log: String

    /// Starts it and waits until it answers. To be called while the program has one thread: it forks.
    init(bin: String, scratch: String) throws {
        socket = "\(scratch)/fs.sock"
        log = "\(scratch)/fs.log"
        let program = "\(bin)/vnode-fs"
        let words = [program, "serve", "--socket", socket, "--state", "\(scratch)/fs"]
        let null = try Files.open("/dev/null", flags: O_RDWR)
        let output = try Files.open(log, flags: O_WRONLY | O_CREAT | O_APPEND, mode: 0o600)
        let file = try Files.open(program, flags: O_RDONLY)
        let parent = getpid()
        let child = try Processes.fork {
            setsid()
            for (from, to) in [(null.raw, 0), (output.raw, 1), (output.raw, 2)] where dup2(from, CInt(to)) < 0 { return 1 }
            Processes.unblockSignals()
            // What is killed cleans nothing up, but it need not leave a daemon.
            _ = clinux_die_with_parent(SIGTERM)
            guard getppid() == parent else { return 1 }
            _ = Processes.execute(file, words, environment: Processes.environment)
            return 1
        }
        pid = child.pid
        pidfd = try child.pidfd.duplicate()
        let latest = Clock.monotonic + 20_000_000_000
        while true {
            if let channel = try? Channel.connect(to: socket), (try? channel.ask(.hello(version: protocolVersion))) != nil { return }
            guard isRunning, Clock.monotonic < latest else {
                _ = stop()
                throw Trouble("starting \(program): it does not answer: \(lastWords)")
            }
            usleep(10_000)
        }
    }

    var isRunning: Bool { (try? Poll.readable([pidfd.raw], milliseconds: 0)) == [false] }

    /// The last lines of its log.
    var lastWords: String {
        String(decoding: (try? Files.read(log, limit: 64 << 20)) ?? [], as: UTF8.self).split(separator: "\n").suffix(3).joined(
            separator: " | ")
    }

    var children: [Int32] {
        ((try? Directories.list("/proc/\(pid)/task")) ?? []).flatMap { task -> [Int32] in
            let bytes = (try? Files.read("/proc/\(pid)/task/\(task.name)/children")) ?? []
            return String(decoding: bytes, as: UTF8.self).split { $0 == " " || $0 == "\n" }.compactMap { Int32($0) }
        }
    }

    /// The one child that serves; nil for a daemon of one process, and between two workers.
    var worker: Int32? { children.first { Processes.startTime(of: $0) != nil } }

    /// All its processes.
    var processes: [Int32] { [pid] + children }

    /// Kills the worker, which `log` knows before anybody can notice. nil when there is none.
    func killWorker(_ log: KillLog? = nil) -> Int32? {
        // A pid names another process once its own has been reaped: whose it is is asked after it is held.
        guard let victim = worker, let held = try? Processes.openPidfd(victim), children.contains(victim) else { return nil }
        log?.killed(at: Clock.monotonic)
        // Whoever has ended meanwhile was not killed, but has no successor yet either.
        _ = try? Processes.send(SIGKILL, to: held)
        return victim
    }

    /// Waits for another worker than `last`; nil after so many seconds.
    func successor(of last: Int32, seconds: Double) -> Int32? {
        let end = Clock.monotonic + Int64(seconds * 1e9)
        while Clock.monotonic < end {
            if let now = worker, now != last { return now }
            usleep(500)
        }
        return nil
    }

    /// Ends it as a service manager would. What was wrong with that, or nil.
    func stop() -> String? {
        let children = children
        try? Processes.send(SIGTERM, to: pidfd)
        var fault: String?
        if (try? Poll.readable([pidfd.raw], milliseconds: 10_000)) != [true] {
            fault = "vnode-fs did not end within 10 s of SIGTERM"
            try? Processes.send(SIGKILL, to: pidfd)
        }
        if let ending = try? Processes.wait(pid), ending.status != 0, fault == nil { fault = "vnode-fs ended with status \(ending.status)" }
        for _ in 0..<200 where children.contains(where: { Processes.startTime(of: $0) != nil }) { usleep(10_000) }
        for child in children where Processes.startTime(of: child) != nil { return "worker \(child) outlived vnode-fs" }
        return fault
    }
}
