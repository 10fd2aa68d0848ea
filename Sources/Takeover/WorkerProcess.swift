import CLinux
import Glibc
import Linux
import SystemPackage

/// A child process that serves, or is about to.
final class WorkerProcess {
    static let linkDescriptor: CInt = 3

    let pid: Int32
    let pidfd: OwnedFD
    let link: Link
    /// What it was started from: its successor after a death is the same program, whatever has been installed since.
    let program: OwnedFD
    let startedAt = Clock.monotonic
    var hasGreeted = false
    var readyAt: Int64?

    /// Starts `program` as `vnode-fs worker --link 3 ...`. It dies with this process.
    init(_ program: consuming OwnedFD, arguments: [String]) throws(Errno) {
        let pair = try Sockets.seqPacketPair()
        try Sockets.setTimeouts(pair.first, seconds: 10)
        let theirs = pair.second.raw
        let parent = getpid()
        let child = try Processes.fork {
            _ = clinux_die_with_parent(SIGKILL)
            guard getppid() == parent else { return 1 }
            // The program may be open at the very number the link takes.
            let moved = clinux_fcntl(program.raw, F_DUPFD_CLOEXEC, CLong(WorkerProcess.linkDescriptor + 1))
            guard moved >= 0 else { return 1 }
            let own = OwnedFD(taking: moved)
            guard theirs == WorkerProcess.linkDescriptor || dup2(theirs, WorkerProcess.linkDescriptor) >= 0 else { return 1 }
            Processes.closeOnExecute(from: WorkerProcess.linkDescriptor + 1)
            _ = clinux_fcntl(WorkerProcess.linkDescriptor, F_SETFD, 0)
            Processes.unblockSignals()
            let words = ["vnode-fs", "worker", "--link", "\(WorkerProcess.linkDescriptor)"] + arguments
            _ = Processes.execute(own, words, environment: Processes.environment)
            return 127
        }
        pid = child.pid
        pidfd = try child.pidfd.duplicate()
        link = Link(try pair.first.duplicate())
        self.program = program
    }

    /// Ends it now.
    func kill() { try? Processes.send(SIGKILL, to: pidfd) }

    /// All its threads have ended.
    var hasEnded: Bool { (try? Poll.readable([pidfd.raw], milliseconds: 0)) == [true] }

    /// It is dead, but a thread of it waits in the kernel, where no signal reaches it (state D): it serves no more.
    var isStuckDead: Bool {
        guard !hasEnded, let stat = try? Files.read("/proc/\(pid)/stat") else { return false }
        return WorkerProcess.isStuckDead(stat: stat, status: (try? Files.read("/proc/\(pid)/status")) ?? [])
    }

    /// The main thread has ended and another one not, or has a SIGKILL to die of and cannot: every other thread has got it too.
    static func isStuckDead(stat: [UInt8], status: [UInt8]) -> Bool {
        guard let end = stat.lastIndex(of: 0x29), end + 2 < stat.count else { return false }
        switch stat[end + 2] {
        case UInt8(ascii: "Z"): return true
        case UInt8(ascii: "D"): return isPending(SIGKILL, in: status)
        default: return false
        }
    }

    /// Whether a signal waits for the thread or its process, by its `/proc/PID/status`.
    private static func isPending(_ signal: Int32, in status: [UInt8]) -> Bool {
        String(decoding: status, as: UTF8.self).split(separator: "\n").contains { line in
            let words = line.split(whereSeparator: { $0 == ":" || $0 == "\t" })
            guard words.count == 2, words[0] == "SigPnd" || words[0] == "ShdPnd" else { return false }
            return UInt64(words[1], radix: 16).map { $0 >> UInt64(signal - 1) & 1 == 1 } ?? false
        }
    }

    /// Reaps it; the signal it died of, 0 if it ended by itself, and its status. nil when it has not ended after so long: a killed
    /// process runs no more then, though a thread may still wait in the kernel.
    func wait(milliseconds: CInt = 2000) -> (signal: Int32, status: Int32)? {
        guard (try? Poll.readable([pidfd.raw], milliseconds: milliseconds)) == [true] else { return nil }
        guard let ending = try? Processes.wait(pid) else { return (0, 0) }
        return ending.status > 128 ? (ending.status - 128, ending.status) : (0, ending.status)
    }
}
