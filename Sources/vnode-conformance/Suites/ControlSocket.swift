import Control
import Glibc
import Linux

extension Suite {
    /// What strangers may send to the control socket.
    static let control = Suite(
        name: "control socket",
        checks: [
            abuse("random bytes") { socket in
                for length in [1, 2, 100, 4000, Channel.longest] {
                    try? Sockets.send((0..<length).map { _ in UInt8.random(in: 0...255) }, on: socket)
                }
            },
            abuse("JSON that is no request") { socket in
                for text in [
                    "{}", "[]", "null", "0", "\"hello\"", "{\"hello\":{\"version\":1}}", numbered("{\"hello\":{}}"),
                    numbered("{\"hello\":{\"version\":\"1\"}}"), numbered("{\"list\":{},\"hello\":{}}"),
                ] {
                    try? Sockets.send(Array(text.utf8), on: socket)
                }
            },
            abuse("nesting without end") { socket in
                try? Sockets.send([UInt8](repeating: UInt8(ascii: "["), count: Channel.longest), on: socket)
            },
            abuse("truncated requests") { socket in
                let whole = Array(numbered("{\"hello\":{\"version\":1}}").utf8)
                for length in 1..<whole.count { try? Sockets.send(Array(whole.prefix(length)), on: socket) }
            },
            abuse("oversized messages") { socket in
                for length in [Channel.longest + 1, 65536, 150_000] {
                    try? Sockets.send([UInt8](repeating: 0x20, count: length), on: socket)
                }
            },
            abuse("empty messages") { socket in for _ in 0..<3 { try? Sockets.send([], on: socket) } },
            abuse("surplus descriptors with a good request") { socket in
                let device = try Files.open("/dev/null", flags: O_RDWR)
                try? Sockets.send(
                    Array(numbered("{\"hello\":{\"version\":1}}").utf8), descriptors: [CInt](repeating: device.raw, count: 16), on: socket)
            },
            abuse("descriptors with a bad request") { socket in
                let device = try Files.open("/dev/null", flags: O_RDWR)
                try? Sockets.send(Array("nonsense".utf8), descriptors: [CInt](repeating: device.raw, count: 16), on: socket)
            },
            abuse("descriptors with an oversized message") { socket in
                let device = try Files.open("/dev/null", flags: O_RDWR)
                try? Sockets.send([UInt8](repeating: 0x20, count: 65536), descriptors: [device.raw, device.raw], on: socket)
            },
            abuse("silence") { _ in },
            Check("a vNode whose descriptors are missing is refused, and nothing of it is kept") { context in
                try await abuse(context) { daemon in
                    for count in [0, 1, 4, 6, 16] { try refuses(daemon, record("conformance"), descriptors: count) }
                }
            },
            Check("a vNode whose descriptors are of the wrong kind is refused, and nothing of it is kept") { context in
                try await abuse(context) { daemon in try refuses(daemon, record("conformance"), descriptors: 5) }
            },
            Check("requests about a vNode nobody added fail and name it") { context in
                try await abuse(context) { daemon in
                    let view = ViewRecord(name: "v", cgroup: Machine.cgroup2)
                    let requests: [Request] = [
                        .addView(vnode: "nobody", view, isTied: false), .removeView(vnode: "nobody", number: 1), .staging(vnode: "nobody"),
                    ]
                    for request in requests {
                        let error = controlFailure { () throws(ControlError) in _ = try daemon.connectOrFail().ask(request) }
                        try expect(
                            error?.message.contains("nobody") == true, "a message that names \"nobody\"",
                            got: "\(error?.message ?? "no error") to \(request)")
                    }
                }
            },
            Check("removing a vNode that is gone is done") { context in
                try await abuse(context) { daemon in
                    let (response, _) = try daemon.connect().ask(.removeVNode(name: "nobody"))
                    try expect("answer", response, is: .done)
                }
            },
            Check("100 clients at once are answered") { context in
                try await abuse(context) { daemon in
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        for _ in 0..<100 { group.addTask { try daemon.isWell() } }
                        try await group.waitForAll()
                    }
                }
            },
        ])

    private static func numbered(_ request: String) -> String { "{\"number\":1,\"request\":\(request)}" }

    private static func record(_ name: String) -> VNodeRecord {
        VNodeRecord(name: name, uidBase: 65536, startedAt: 0, hostname: name, bootID: "", cgroup: Machine.cgroup2, initPID: getpid())
    }

    private static func refuses(_ daemon: Daemon, _ record: VNodeRecord, descriptors: Int) throws {
        let device = try Files.open("/dev/null", flags: O_RDWR)
        let channel = try daemon.connect()
        let error = controlFailure { () throws(ControlError) in
            _ = try channel.ask(.addVNode(record), descriptors: [CInt](repeating: device.raw, count: descriptors))
        }
        try expect(error != nil, "\(descriptors) descriptors of /dev/null to be refused", got: "no error")
        let (answer, _) = try daemon.connect().ask(.list)
        try expect("answer to list", answer, is: .done)
    }

    private static func abuse(_ name: String, _ send: @escaping @Sendable (borrowing OwnedFD) throws -> Void) -> Check {
        Check("\(name): the daemon lives and leaks nothing") { context in
            try await abuse(context) { daemon in
                for _ in 0..<20 {
                    let socket = try Sockets.seqPacket()
                    try Sockets.connect(socket, to: daemon.socket)
                    try send(socket)
                }
            }
        }
    }

    private static func abuse(_ context: Context, _ body: @escaping @Sendable (Daemon) async throws -> Void) async throws {
        try await context.withDaemon { daemon in
            try daemon.isWell()
            try await daemon.keeps(daemon.program.descriptors.count)
            let before = daemon.program.descriptors.count
            try await body(daemon)
            try daemon.isWell()
            try await daemon.keeps(before)
        }
    }
}
