import Control
import Glibc
import Linux
import SystemPackage

extension Suite {
    static let serve = Suite(
        name: "serve",
        checks: [
            Check("the socket has mode 0600 and belongs to root") { context in
                try await context.withDaemon { daemon in
                    let status = try Files.status(daemon.socket)
                    try expect("mode", String(status.st_mode & 0o7777, radix: 8), is: "600")
                    try expect("uid", status.st_uid, is: 0)
                }
            },
            Check("it says hello") { context in try await context.withDaemon { try $0.isWell() } },
            Check("another version of the protocol is refused with both numbers") { context in
                try await context.withDaemon { daemon in
                    let error = controlFailure { () throws(ControlError) in _ = try daemon.connectOrFail().ask(.hello(version: 999)) }
                    try expect(
                        error?.message.contains("999") == true && error?.message.contains("\(protocolVersion)") == true,
                        "a message with 999 and \(protocolVersion)", got: "\(error?.message ?? "none")")
                    try daemon.isWell()
                }
            },
            Check("a second daemon on the same socket is refused, the first goes on") { context in
                try await context.withDaemon { daemon in
                    let second = try await command(context.daemonWords(socket: "fs.sock", state: "other"), in: context)
                    try second.refused(naming: ["fs.sock"])
                    try daemon.isWell()
                }
            },
            Check("a second daemon on the same state directory is refused, the first goes on") { context in
                try await context.withDaemon { daemon in
                    let second = try await command(
                        context.daemonWords(socket: "other.sock", state: "state"), in: context)
                    try second.refused(naming: ["state"])
                    try expect("other.sock there", Files.exists(context.path("other.sock")), is: false)
                    try daemon.isWell()
                }
            },
            Check("two daemons with two sockets get on") { context in
                try await context.withDaemon { first in
                    try await context.withDaemon(socket: "b.sock", state: "b") { second in
                        try first.isWell()
                        try second.isWell()
                    }
                }
            },
            Check("SIGTERM removes the socket and ends with status 0") { context in
                try await context.end(with: SIGTERM, socketStays: false, status: 0)
            },
            Check("Ctrl-C removes the socket and ends with status 0") { context in
                try await context.end(with: SIGINT, socketStays: false, status: 0)
            },
            Check("a socket that SIGKILL left is taken over") { context in
                try await context.end(with: SIGKILL, socketStays: true, status: 137)
                try await context.withDaemon { try $0.isWell() }
            },
            Check("a file in place of the socket is not removed") { context in
                try Files.put("precious", at: context.path("fs.sock"))
                let outcome = try await command(context.daemonWords(socket: "fs.sock", state: "state"), in: context)
                try outcome.refused(naming: ["fs.sock"])
                try expect("content", try Files.text(context.path("fs.sock")), is: "precious")
            },
            Check("somebody who is not root cannot connect") { context in
                let copy = context.path("client")
                _ = try await command(["cp", "/proc/\(getpid())/exe", copy], in: context).succeeded()
                try await context.withDaemon { daemon in
                    let root = try await command([copy, "--connect", daemon.socket], in: context)
                    try expect("root's try", root.text, is: "connected")
                    let nobody = try await context.asNobody([copy, "--connect", daemon.socket])
                    try expect("errno of nobody's try", nobody.text, is: "\(EACCES)")
                }
            },
            Check("somebody who is not root cannot serve") { context in
                _ = try await command(["chmod", "777", context.scratch], in: context).succeeded()
                let outcome = try await context.asNobody(context.daemonWords(socket: "fs.sock", state: "state"))
                try outcome.refused(naming: ["root"])
            },
            refusal("too many workers", ["--workers", "65"], naming: ["--workers"]),
            refusal("no workers", ["--workers", "0"], naming: ["--workers"]),
            refusal("an unknown log level", ["--log-level", "loud"], naming: ["loud"]),
        ])

    private static func refusal(_ name: String, _ options: [String], naming words: [String]) -> Check {
        Check("refuses \(name)") { context in
            let outcome = try await command(
                context.daemonWords(socket: "fs.sock", state: "state") + options, in: context)
            try outcome.refused(naming: words)
        }
    }
}

extension Context {
    fileprivate func end(with signal: Int32, socketStays: Bool, status: Int32) async throws {
        let (_, outcome) = try await withDaemon { daemon in
            daemon.program.signal(signal)
            try await daemon.program.ended()
            try expect("socket there", Files.exists(daemon.socket), is: socketStays)
        }
        try expect(outcome.status == status, "status \(status)", got: outcome.summary)
    }
}

extension Daemon {
    func connectOrFail() throws(ControlError) -> Channel {
        do throws(Errno) { return try Channel.connect(to: socket) } catch { throw ControlError(error, "connecting: \(error)") }
    }
}

func controlFailure(_ body: () throws(ControlError) -> Void) -> ControlError? {
    do throws(ControlError) {
        try body()
        return nil
    } catch {
        return error
    }
}
