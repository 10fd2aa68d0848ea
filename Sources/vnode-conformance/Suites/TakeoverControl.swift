import Control
import Glibc
import Linux
import SystemPackage

extension Suite {
    /// A worker that dies in the middle of a control request.
    static let controlRequests: [Check] =
        controlDeaths + [
            Check("a control request that traps workers is refused, logged and counted, everything else is answered") { context in
                try await context.withDaemon(arguments: ["--fault", "trap-control:removeVNode"]) { daemon in
                    let channel = try daemon.connect()
                    try Sockets.setTimeouts(channel.socket, seconds: 60)
                    for round in 1...2 {
                        do throws(ControlError) {
                            _ = try channel.ask(.removeVNode(name: "nobody"))
                            throw ControlError(.invalidArgument, "an answer")
                        } catch {
                            try expect("errno", error.errno, is: .ioError)
                        }
                        try expect("deaths", daemon.logged("worker died").count, is: 2 * round)
                        try expect("refusals", daemon.logged("is refused", "removeVNode").count, is: round)
                    }
                    try expect("poisoned", try await daemon.metric("vnode_poisoned_requests_total", in: context), is: 2)
                    try daemon.isWell()
                }
            },
            Check("a control thread that hangs is reported and its worker replaced, while files are answered") { context in
                let arguments = ["--stuck-limit", "8", "--fault", "hang-control:removeVNode@1-2"]
                try await context.withDaemon(arguments: arguments) { daemon in
                    let vnode = try await context.keep("hanging", on: daemon)
                    try await daemon.reading([vnode]) { readers in
                        let channel = try daemon.connect()
                        try Sockets.setTimeouts(channel.socket, seconds: 60)
                        try channel.start(.removeVNode(name: "nobody"))
                        try await eventually("a report", got: { daemon.program.error }) {
                            !daemon.logged("the control thread does not come back").isEmpty
                        }
                        try await readers.advance(30)
                        try await eventually("two workers ended", got: { daemon.program.error }) {
                            daemon.logged("worker died").count == 2
                        }
                        do throws(ControlError) {
                            _ = try channel.answer()
                            throw ControlError(.invalidArgument, "an answer")
                        } catch {
                            try expect("errno", error.errno, is: .ioError)
                        }
                        try await readers.advance(30)
                    }
                    // No reader is blamed for it.
                    try expect("refusals", daemon.logged("is refused").count, is: daemon.logged("is refused", "removeVNode").count)
                    try await context.stop(vnode)
                }
            },
        ]

    private static let controlDeaths: [Check] = ["begun", "performed", "answered"].map { stage in
        Check("control requests that workers die of as soon as they are \(stage) are done once and answered") { context in
            let requests = ["addVNode", "addView", "addListener", "list", "removeView", "removeVNode"]
            let faults = requests.enumerated().map { "\(stage):\($1)@\($0 + 1)" }.joined(separator: ",")
            try await context.withDaemon(arguments: ["--fault", faults]) { daemon in
                func died(_ count: Int, _ asked: String) async throws {
                    try await eventually("\(count) deaths after \(asked)", got: { daemon.program.error }) {
                        daemon.logged("worker died").count == count
                    }
                    try await daemon.isWellAgain()
                }
                let vnode = try await context.keep("asked", on: daemon)
                try await died(4, "vnode run")
                // The listener answers mount.
                let script = "mkdir /tmp/m && mount -t proc proc /tmp/m && umount /tmp/m && echo mounted"
                let outcome = try await context.launcher(["exec", vnode.name, "--", "sh", "-c", script]).succeeded()
                try expect("output", outcome.output, is: "mounted\n")
                try expect("errors", outcome.error, is: "")
                let record = try unwrap(try daemon.records().first, "a vNode", got: "none")
                let channel = try daemon.connect()
                let request = Request.addView(vnode: vnode.name, ViewRecord(name: "v", cgroup: record.cgroup), isTied: false)
                guard case .view(let number) = try channel.ask(request).0 else { throw Mismatch(expected: "a view", got: "another answer") }
                _ = try channel.ask(.removeView(vnode: vnode.name, number: number))
                try await died(5, "removing a view")
                try expect("metric of views", try await daemon.metric("vnode_views", in: context), is: 1)
                _ = try channel.ask(.removeVNode(name: "nobody"))
                try await died(6, "removing a vNode")
                try await context.stop(vnode)
                try expect("vNodes", try daemon.records().map(\.name), is: [])
            }
        }
    }
}
