import Control
import Glibc
import Linux

/// A running `vnode-fs serve` of the suite's own.
struct Daemon: Sendable {
    let socket: String
    let program: Program

    func connect() throws -> Channel {
        let channel = try Channel.connect(to: socket)
        try Sockets.setTimeouts(channel.socket, seconds: 20)
        return channel
    }

    /// It answers as it should.
    func isWell() throws {
        try expect(program.isRunning, "a daemon that runs", got: "its end: \(program.error)")
        let (response, _) = try connect().ask(.hello(version: protocolVersion))
        try expect("answer to hello", response, is: .hello(version: protocolVersion, pid: program.pid))
    }

    /// No descriptor more than `before` stays open.
    func keeps(_ before: Int) async throws {
        try await eventually("\(before) descriptors", got: { "\(program.descriptors)" }) {
            program.descriptors.count <= before
        }
    }
}

extension Context {
    func daemonWords(socket: String, state: String) -> [String] {
        [program("vnode-fs"), "serve", "--socket", path(socket), "--state", path(state)]
    }

    /// Runs `body` beside a daemon.
    @discardableResult
    func withDaemon<Result: Sendable>(
        socket: String = "fs.sock", state: String = "state", arguments: [String] = [], environment: [String: String] = [:],
        bound: Duration = .seconds(300), _ body: @escaping @Sendable (Daemon) async throws -> Result
    ) async throws -> (Result, Outcome) {
        try await withProgram(
            daemonWords(socket: socket, state: state) + arguments, in: self, environment: environment, bound: bound
        ) { program in
            let daemon = Daemon(socket: path(socket), program: program)
            try await eventually("a daemon that listens", got: { program.error }) {
                try expect(program.isRunning, "a daemon that listens", got: "its end: \(program.error)")
                return (try? daemon.connect()) != nil
            }
            let result = try await body(daemon)
            if program.isRunning { try await program.terminate() }
            return result
        }
    }
}
