import CLinux
import Glibc
import Linux
import SystemPackage

/// A child process that reads for the audit: as a process of a container, or on the node. One that does not answer in time is killed and
/// replaced; a file system that answers nobody, not even a signal, keeps its corpse and nothing else.
public final class ReaderProcess: TreeSource {
    private let target: Target?
    private let patience: Int64
    private var socket: CInt = -1
    private var child: Int32 = 0
    private var pidfd: CInt = -1
    private var failures = 0
    /// Why it reads no more.
    public private(set) var fault: String?

    /// `target` nil: on the node. ENOTSUP, EPERM...: its namespaces cannot be entered.
    public init(_ target: Target?, seconds: Int = 3) throws(AuditError) {
        self.target = target
        patience = Int64(seconds) * 1_000_000_000
        try start()
    }

    deinit { stop() }

    public func list(_ path: String) -> Listing { ask(.list(path)).flatMap(Wire.listing) ?? .hung }

    public func read(_ path: String) -> Content { ask(.read(path)).flatMap(Wire.content) ?? .hung }

    public func canOpen(_ path: String) -> Bool { ask(.open(path)).flatMap(Wire.content)?.bytes != nil }

    private func ask(_ request: Wire.Request) -> [UInt8]? {
        guard fault == nil else { return nil }
        if socket < 0 {
            do { try start() } catch {
                fault = "\(error)"
                return nil
            }
        }
        if Stream.send(Wire.frame(Wire.encode(request)), to: socket),
            let answer = Stream.receive(socket, longest: Wire.longest, until: Clock.monotonic + patience)
        {
            return answer
        }
        stop()
        failures += 1
        if failures >= Bounds.hung { fault = "\(failures) files gave no answer in time" }
        return nil
    }

    private func start() throws(AuditError) {
        var ends: [CInt] = [-1, -1]
        let made = unsafe ends.withUnsafeMutableBufferPointer {
            unsafe socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, $0.baseAddress)
        }
        guard made == 0 else { throw AuditError("making a socket pair", Errno(rawValue: errno)) }
        let (ours, theirs) = (ends[0], ends[1])
        do throws(Errno) {
            let process = try Processes.fork { target == nil ? readNode(theirs) : readTarget(theirs) }
            child = process.pid
            pidfd = try process.pidfd.duplicate().release()
        } catch {
            _ = close(ours)
            _ = close(theirs)
            throw AuditError("starting a reader", error)
        }
        _ = close(theirs)
        socket = ours
        let greeting = Stream.receive(ours, longest: 4096, until: Clock.monotonic + 10_000_000_000)
        guard let greeting, greeting.isEmpty else {
            stop()
            throw AuditError(greeting.map { String(decoding: $0, as: UTF8.self) } ?? "the reader ended before it read anything")
        }
    }

    private func stop() {
        if socket >= 0 { _ = close(socket) }
        if pidfd >= 0 {
            _ = clinux_pidfd_send_signal(pidfd, SIGKILL)
            // Not for ever: a read that nobody answers does not end by a signal.
            for _ in 0..<100 where waitpid(child, nil, WNOHANG) == 0 { usleep(2000) }
            _ = close(pidfd)
        }
        socket = -1
        pidfd = -1
    }

    // From here on in the child, which never returns.

    private func readNode(_ socket: CInt) -> CInt {
        _ = try? Processes.dieWithParent()
        let root = unsafe clinux_openat(AT_FDCWD, "/", Files.place | O_DIRECTORY, 0)
        let own = unsafe clinux_openat(AT_FDCWD, "/proc/self/fd", Files.place | O_DIRECTORY, 0)
        return serve(socket, root: root, own: own, process: getpid())
    }

    private func readTarget(_ socket: CInt) -> CInt {
        do throws(AuditError) {
            let node = try enter()
            // The PID namespace is that of children.
            let reader = try attempt("starting the reader") { () throws(Errno) in
                try Processes.fork { readInside(socket, node: node) }.pid
            }
            _ = close(socket)
            return (try? Processes.wait(reader).status) ?? 1
        } catch {
            _ = Stream.send(Wire.frame(Array(error.description.utf8.prefix(4096))), to: socket)
            return 1
        }
    }

    /// Into all namespaces but the user namespace, and to the target's root directory. Answers the node's `/proc`.
    private func enter() throws(AuditError) -> CInt {
        guard let target else { return -1 }
        // Root of the container may be the same user: it must not look into this process, which has the audit's memory.
        guard clinux_hide() == 0 else { throw AuditError("hiding from the container", Errno(rawValue: errno)) }
        try attempt("preparing the reader") { () throws(Errno) in try Processes.dieWithParent() }
        let node = try attempt("opening /proc") { () throws(Errno) in try Files.open("/proc", flags: Files.place | O_DIRECTORY).release() }
        for (kind, descriptor) in target.namespaces where kind != .user {
            let name = Target.kinds.first { $0.kind == kind }?.name ?? ""
            try attempt("entering the \(name) namespace of \(target.pid)") { () throws(Errno) in try Namespaces.enter(descriptor, kind) }
        }
        try attempt("entering the root directory of \(target.pid)") { () throws(Errno) in
            _ = try check(fchdir(target.root.raw))
            _ = try check(unsafe chroot("."))
        }
        return node
    }

    private func readInside(_ socket: CInt, node: CInt) -> CInt {
        guard let target else { return 1 }
        do throws(AuditError) {
            let own = try attempt("opening the own descriptors") { () throws(Errno) in
                try Files.open("self/fd", below: node, flags: Files.place | O_DIRECTORY).release()
            }
            if let user = target.namespaces.first(where: { $0.kind == .user })?.descriptor {
                try attempt("entering the user namespace of \(target.pid)") { () throws(Errno) in try Namespaces.enter(user, .user) }
            }
            try attempt("taking on the container's root") { () throws(Errno) in
                _ = try check(clinux_become_root_here())
                _ = try check(clinux_keep_capabilities(target.capabilities))
                _ = try check(clinux_hide())
                try Processes.dieWithParent()
            }
            let root = unsafe clinux_openat(AT_FDCWD, "/", Files.place | O_DIRECTORY, 0)
            return serve(socket, root: root, own: own, process: target.innerPID)
        } catch {
            _ = Stream.send(Wire.frame(Array(error.description.utf8.prefix(4096))), to: socket)
            return 1
        }
    }

    private func serve(_ socket: CInt, root: CInt, own: CInt, process: Int32) -> CInt {
        // Nothing else of the audit's is within reach of the container, should it ever get at this process.
        let first: CInt = 300
        let kept = [socket, root, own].map { clinux_fcntl($0, F_DUPFD_CLOEXEC, Int(first)) }
        guard kept.allSatisfy({ $0 >= first }) else { return 1 }
        _ = clinux_close_range(0, UInt32(first - 1))
        guard Stream.send(Wire.frame([]), to: kept[0]) else { return 1 }
        return Reader(root: kept[1], descriptors: kept[2], process: process).serve(kept[0])
    }
}

/// What keeps the audit from being done.
public struct AuditError: Error, CustomStringConvertible {
    public let description: String

    public init(_ message: String) { description = message }

    init(_ stage: String, _ error: Errno) { description = "\(stage): \(error)" }
}

func attempt<Result: ~Copyable>(_ stage: String, _ body: () throws(Errno) -> Result) throws(AuditError) -> Result {
    do throws(Errno) { return try body() } catch { throw AuditError(stage, error) }
}
