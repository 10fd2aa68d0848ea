import Control
import Glibc
import Linux
import SystemPackage

extension Suite {
    static let counts: [Check] = [
        Check("metrics count requests by vNode and file, restarts by reason and replays, in every format") { context in
            try await context.withDaemon(arguments: ["--metrics", "unix:" + context.path("metrics.sock")]) { daemon in
                let vnode = try await context.keep("counted", on: daemon)
                let requests = "vnode_requests_total{vnode=\"\(vnode.name)\",path=\"/proc/uptime\"}"
                _ = try vnode.text("/proc/uptime")
                let before = try await daemon.metric(requests, in: context)
                for _ in 0..<5 { _ = try vnode.text("/proc/uptime") }
                // OPEN, at least one READ and RELEASE of each; the last RELEASE may be on its way.
                let counted = try await daemon.metric(requests, in: context) - before
                try expect((10...40).contains(counted), "from 10 to 40 requests for 5 reads", got: "\(counted)")
                try await daemon.strikeWorker()
                try await daemon.isWellAgain()
                try expect("kills", try await daemon.metric("vnode_worker_restarts_total{reason=\"kill\"}", in: context), is: 1)
                try expect("generation", try await daemon.metric("vnode_worker_generation", in: context), is: 2)
                _ = try vnode.text("/proc/uptime")
                for (format, words) in [("text", [vnode.name, "/proc/uptime"]), ("json", ["\"workerGeneration\":2", vnode.name])] {
                    let words = words
                    let shown = try await command(
                        [context.program("vnode-fs"), "metrics", "--socket", daemon.socket, "--format", format], in: context
                    ).succeeded()
                    for word in words { try expect(shown.output.contains(word), "\(word) as \(format)", got: shown.output) }
                }
                let scraped = try context.scrape("metrics.sock")
                try expect(scraped.hasPrefix("HTTP/1.1 200"), "HTTP/1.1 200", got: scraped)
                try expect("generation", try Daemon.metric("vnode_worker_generation", in: scraped), is: 2)
                try await context.stop(vnode)
            }
            try expect("metrics.sock there", Files.exists(context.path("metrics.sock")), is: false)
        },
        Check("metrics are not served to other machines") { context in
            for address in ["0.0.0.0:9000", "[::]:9000"] {
                let words = context.daemonWords(socket: "fs.sock", state: "state") + ["--metrics", address]
                let outcome = try await command(words, in: context)
                try outcome.refused(naming: ["--metrics", address, "loopback"])
                try expect("socket there", Files.exists(context.path("fs.sock")), is: false)
            }
        },
        Check("after 200 views, 40 vNodes and 20 kills no descriptor is open that was not, and no memory taken") { context in
            try await context.withDaemon { daemon in
                let vnode = try await context.keep("staying", on: daemon)
                func open() async throws -> [Int] {
                    try await daemon.isWellAgain()
                    return [daemon.program.descriptors.count, ProcessTable.descriptors(of: try await daemon.worker()).count]
                }
                try await daemon.strikeWorker()
                for name in Kept.live + Kept.fixed { _ = try vnode.text(name) }
                var before = try await open()
                try await eventually("clients to be let go of") {
                    let now = daemon.program.descriptors.count
                    defer { before[0] = min(before[0], now) }
                    return now == before[0]
                }
                for round in 0..<10 {
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        for _ in 0..<4 {
                            group.addTask { _ = try await context.run(["true"], options: ["--socket", daemon.socket]).succeeded() }
                        }
                        try await group.waitForAll()
                    }
                    let channel = try daemon.connect()
                    let cgroup = try unwrap(try daemon.records().first?.cgroup, "its cgroup", got: "none")
                    for _ in 0..<20 {
                        let request = Request.addView(vnode: vnode.name, ViewRecord(name: "v", cgroup: cgroup), isTied: round % 2 == 0)
                        guard case .view(let number) = try channel.ask(request).0 else {
                            throw Mismatch(expected: "a view", got: "another answer")
                        }
                        if round % 2 == 1 { _ = try channel.ask(.removeView(vnode: vnode.name, number: number)) }
                    }
                    _ = consume channel
                    for _ in 0..<2 {
                        try await daemon.strikeWorker()
                        try await daemon.isWellAgain()
                    }
                }
                for name in Kept.live + Kept.fixed { _ = try vnode.text(name) }
                try await daemon.keeps(before[0])
                let worker = try await daemon.worker()
                try await eventually("\(before[1]) descriptors of the worker", got: { "\(ProcessTable.descriptors(of: worker))" }) {
                    ProcessTable.descriptors(of: worker).count <= before[1]
                }
                let inspected = try await context.launcher(["inspect", vnode.name, "--format", "json"]).succeeded()
                try expect(!inspected.output.contains("\"v\""), "its own view alone", got: inspected.output)
                try await context.stop(vnode)
            }
        },
    ]
}

extension Context {
    /// What a GET of /metrics at a unix socket is answered.
    fileprivate func scrape(_ name: String) throws -> String {
        let socket = OwnedFD(taking: try check(Glibc.socket(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)))
        try Sockets.setTimeouts(socket, seconds: 60)
        try Sockets.connect(socket, to: path(name))
        try Sockets.send(Array("GET /metrics HTTP/1.1\r\nHost: node\r\nConnection: close\r\n\r\n".utf8), on: socket)
        return String(decoding: try Files.read(socket, limit: 8 << 20), as: UTF8.self)
    }
}
