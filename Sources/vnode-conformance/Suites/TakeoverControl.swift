import Control
import Glibc
import Linux

extension Suite {
    /// A worker that dies in the middle of a control request.
    static let controlRequests: [Check] = ["begun", "performed", "answered"].map { stage in
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
