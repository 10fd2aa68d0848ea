import Glibc
import Linux
import SystemPackage

/// Where an engine leaves the descriptor by which a container's system calls are answered.
struct SeccompListener: ~Copyable {
    private let socket: OwnedFD
    private var connection: OwnedFD?
    let path: String
    /// What is readable when there is a step to take.
    private(set) var awaited: CInt
    /// Whether nobody has connected yet.
    private(set) var isAlone = true

    /// Listens at a new path below a container's directory in staging.
    init(below top: String) throws(Failure) {
        let path = top + "/seccomp.sock"
        self.path = path
        socket = try attempt("listening for the engine", path) { () throws(Errno) in
            let socket = try Sockets.stream()
            try Sockets.listen(socket, at: path)
            return socket
        }
        awaited = socket.raw
    }

    enum Step: ~Copyable {
        /// It has sent nothing yet: crun connects long before it does.
        case connected
        case sent(OwnedFD)
        /// It has closed without having sent anything.
        case left
    }

    /// Takes what an engine sends: the state of the container, and the descriptor. Never waits. A connection is open no longer than it takes:
    /// it is in the container's `/proc/net/unix`.
    mutating func step() throws(Failure) -> Step {
        guard let peer = connection.take() else {
            let peer = try attempt("taking the seccomp descriptor", path) { () throws(Errno) in try Sockets.accept(on: socket) }
            awaited = peer.raw
            isAlone = false
            connection = consume peer
            return .connected
        }
        awaited = socket.raw
        let (bytes, descriptors) = try attempt("taking the seccomp descriptor", path) { () throws(Errno) in
            try Sockets.receive(longest: 64 << 10, waiting: false, on: peer)
        }
        if bytes.isEmpty && descriptors.isEmpty { return .left }
        guard descriptors.count == 1, let only = descriptors.first else {
            for descriptor in descriptors { _ = close(descriptor) }
            throw Failure("taking the seccomp descriptor: \(path): the engine sent \(descriptors.count)")
        }
        return .sent(OwnedFD(taking: only))
    }

    /// Whether somebody has connected who has neither sent anything nor left.
    var isPending: Bool { awaited != socket.raw }

    /// crun has the first process of a container with `no_new_privs` send the descriptor itself, when it is started: by then the engine and
    /// this program have ended. A process of its own waits for that, as long as the container is there. One whose descriptor cannot be
    /// handed over is killed. `kept` are the descriptors `handOver` needs.
    mutating func receiveLater(
        of container: borrowing OwnedFD, keeping kept: [CInt], handOver: (CInt) throws(Failure) -> Void
    ) throws(Failure) {
        let all = kept + [awaited, container.raw]
        _ = try attempt("waiting for the seccomp descriptor", path) { () throws(Errno) in
            try Processes.fork {
                // Whoever waits for the end of this program's output waits for this process too.
                Processes.closeAll(but: all)
                _ = setsid()
                while let events = try? Poll.readable([awaited, container.raw]), !events[1] || events[0] {
                    guard events[0] else { continue }
                    do throws(Failure) {
                        guard case .sent(let descriptor) = try step() else { break }
                        try handOver(descriptor.raw)
                        return 0
                    } catch { break }
                }
                try? Processes.send(SIGKILL, to: container)
                return 1
            }
        }
    }

    /// How an engine ends that left: it is about to and says itself why. One that goes on is ended, for its container's system calls
    /// nobody would answer.
    borrowing func ending(of child: borrowing Processes.Child) throws(Failure) -> Processes.Ending {
        let isEnding = (try? Poll.readable([child.pidfd.raw], milliseconds: 10_000)) == [true]
        if !isEnding { try? Processes.send(SIGKILL, to: child.pidfd) }
        let ending = try attempt("waiting for the engine") { () throws(Errno) in try Processes.wait(child.pid) }
        guard isEnding, ending.status != 0 else { throw Failure("taking the seccomp descriptor: \(path): the engine sent none") }
        return ending
    }
}
