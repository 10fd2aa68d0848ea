import CLinux
import Glibc
import Linux
import Synchronization
import SystemPackage

/// What systemd does for a service with a store of descriptors: sd_notify(3), sd_listen_fds(3).
final class ServiceManager: Sendable {
    private struct State {
        var stored: [(name: String, descriptor: CInt)] = []
        var ready = 0
        var heard: [String] = []
        var isOver = false
    }

    /// For NOTIFY_SOCKET.
    let address: String
    private let socket: OwnedFD
    private let state = Mutex(State())

    init(in context: Context) throws {
        address = context.path("notify.sock")
        socket = try Sockets.datagram()
        try Sockets.bind(socket, to: address)
        try Sockets.setTimeouts(socket, seconds: 1)
        try Threads.start(stack: 1 << 20) { [self] in
            while !state.withLock({ $0.isOver }) { hear() }
        }
    }

    deinit {
        state.withLock { state in for entry in state.stored { close(entry.descriptor) } }
    }

    /// Ends with the last message, and lets go of everything.
    func end() {
        state.withLock { state in
            state.isOver = true
            for entry in state.stored { close(entry.descriptor) }
            state.stored = []
        }
    }

    /// Names of the descriptors it keeps.
    var names: [String] { state.withLock { $0.stored.map(\.name) } }

    /// How often the service said READY=1.
    var ready: Int { state.withLock { $0.ready } }

    /// Lines that it was told, of anybody.
    var heard: [String] { state.withLock { $0.heard } }

    /// Tells it something as a service would.
    func tell(_ text: String) throws {
        let own = try Sockets.datagram()
        try Sockets.connect(own, to: address)
        try Sockets.send(Array(text.utf8), on: own)
    }

    private func hear() {
        guard let (bytes, descriptors) = try? Sockets.receive(longest: 4096, descriptors: 128, on: socket) else { return }
        var left = descriptors
        defer { for descriptor in left { close(descriptor) } }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
        let name = lines.first { $0.hasPrefix("FDNAME=") }.map { String($0.dropFirst(7)) } ?? "stored"
        state.withLock { state in
            state.heard += lines
            if lines.contains("READY=1") { state.ready += 1 }
            if lines.contains("FDSTORE=1"), !state.isOver {
                for descriptor in left { state.stored.append((name, descriptor)) }
                left = []
            }
            if lines.contains("FDSTOREREMOVE=1") {
                for entry in state.stored where entry.name == name { close(entry.descriptor) }
                state.stored.removeAll { $0.name == name }
            }
        }
    }

    // MARK: Starting the service with what is stored

    private static let call = "start-with-descriptors"

    /// The command that starts `words` with the descriptors, which `give` hands over.
    func words(_ words: [String], in context: Context) throws -> [String] {
        let own = try unwrap(Files.link("/proc/self/exe"), "this program", got: "none")
        return [own, ServiceManager.call, context.path("store.sock")] + words
    }

    /// Waits for the started command and sends it the descriptors.
    func listen(in context: Context) throws -> OwnedFD {
        let listener = try Sockets.seqPacket()
        try Sockets.listen(listener, at: context.path("store.sock"))
        return listener
    }

    func give(on listener: borrowing OwnedFD) throws {
        guard try Poll.readable([listener.raw], milliseconds: 60_000) == [true] else {
            throw Mismatch(expected: "the service to start", got: "nothing")
        }
        let peer = try Sockets.accept(on: listener)
        let stored = state.withLock { $0.stored }
        for entry in stored { try Sockets.send(Array(entry.name.utf8), descriptors: [entry.descriptor], on: peer) }
    }

    /// Returns unless this program is to become a service.
    static func startIfCalled() {
        let words = CommandLine.arguments
        guard words.count > 3, words[1] == call else { return }
        do {
            let socket = try Sockets.seqPacket()
            try Sockets.connect(socket, to: words[2])
            var names: [String] = []
            var received: [CInt] = []
            while true {
                let (bytes, descriptors) = try Sockets.receive(longest: 4096, on: socket)
                if bytes.isEmpty { break }
                names.append(String(decoding: bytes, as: UTF8.self))
                received += descriptors
            }
            let program = try Files.open(words[3], flags: O_RDONLY)
            // Out of the way of the numbers they are to have.
            let high = try received.map { descriptor throws(Errno) in
                try check(clinux_fcntl(descriptor, F_DUPFD_CLOEXEC, CLong(3 + received.count + 64)))
            }
            let own = try check(clinux_fcntl(program.raw, F_DUPFD_CLOEXEC, CLong(3 + received.count + 64)))
            for (index, descriptor) in high.enumerated() { _ = try check(dup2(descriptor, CInt(3 + index))) }
            let variables = ["LISTEN_FDS=\(high.count)", "LISTEN_PID=\(getpid())", "LISTEN_FDNAMES=\(names.joined(separator: ":"))"]
            let error = Processes.execute(OwnedFD(taking: own), Array(words.dropFirst(3)), environment: Processes.environment + variables)
            print("\(words[3]): \(error)")
        } catch {
            print("\(error)")
        }
        exit(70)
    }
}
