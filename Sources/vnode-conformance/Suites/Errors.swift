import Linux

extension Suite {
    /// What cannot be done: one clear message, and nothing half-made.
    static let errors = Suite(
        name: "errors",
        checks: [
            refusal("--memory 12Q", ["run", "--memory", "12Q", "--", "true"], naming: ["12Q", "--memory"]),
            refusal("--memory -1", ["run", "--memory=-1", "--", "true"], naming: ["-1", "--memory"]),
            refusal("--memory without a number", ["run", "--memory", "", "--", "true"], naming: ["--memory"]),
            refusal("--memory beyond 64 bits", ["run", "--memory", "99999999999T", "--", "true"], naming: ["--memory"]),
            refusal("--cpus 0", ["run", "--cpus", "0", "--", "true"], naming: ["--cpus"]),
            refusal("--cpus many", ["run", "--cpus", "many", "--", "true"], naming: ["many", "--cpus"]),
            refusal("--pids 15, with which runc cannot start", ["run", "--pids", "15", "--", "true"], naming: ["--pids"]),
            refusal("a name with a slash", ["run", "--name", "a/b", "--", "true"], naming: ["a/b"]),
            refusal("a name of dots", ["run", "--name", "..", "--", "true"], naming: [".."]),
            refusal("a name that is too long", ["run", "--name", String(repeating: "a", count: 64), "--", "true"], naming: ["--name"]),
            refusal(
                "a hostname that is too long", ["run", "--hostname", String(repeating: "a", count: 65), "--", "true"],
                naming: ["--hostname"]),
            refusal("no command", ["run"], naming: ["command"]),
            refusal("an option nobody knows", ["run", "--nonsense", "--", "true"], naming: ["--nonsense"]),
            refusal("an unknown rootfs", ["run", "--rootfs", "/no/such/rootfs", "--", "true"], naming: ["/no/such/rootfs"], status: 125),
            refusal("a rootfs that is a file", ["run", "--rootfs", "/etc/passwd", "--", "true"], naming: ["/etc/passwd"], status: 125),
            refusal(
                "a socket nobody listens on", ["run", "--socket", "/no/such.sock", "--", "true"],
                naming: ["/no/such.sock", "vnode-fs serve"], status: 125),
            refusal("stop of an unknown vNode", ["stop", "\(conf)-nobody"], naming: ["\(conf)-nobody"]),
            refusal("inspect of an unknown vNode", ["inspect", "\(conf)-nobody"], naming: ["\(conf)-nobody"]),
            refusal("exec in an unknown vNode", ["exec", "\(conf)-nobody", "--", "true"], naming: ["\(conf)-nobody"]),
            refusal("exec without a command", ["exec", "\(conf)-nobody"], naming: ["exec"]),
            refusal("stop of nothing", ["stop"], naming: ["--all"]),
            refusal("list in an unknown format", ["list", "--format", "xml"], naming: ["xml"]),
            limit("--memory", "64M", controller: "memory"),
            limit("--swap", "64M", controller: "memory"),
            limit("--cpus", "1.5", controller: "cpu"),
            limit("--pids", "100", controller: "pids"),
            Check("a socket whose daemon has died is refused and named") { context in
                let (socket, _) = try await context.withDaemon { daemon in
                    daemon.program.signal(9)
                    try await daemon.program.ended()
                    return daemon.socket
                }
                try await context.launcher(["run", "--socket", socket, "--", "true"]).refused(
                    status: 125, naming: [socket, "vnode-fs serve"])
            },
            Check("somebody who is not root is told so") { context in
                for words in [["run", "--", "true"], ["exec", "x", "--", "true"]] {
                    try await context.asNobody([context.program("vnode")] + words).refused(naming: ["root"])
                }
            },
            Check("vnode --help and --version work for everybody") { context in
                for option in [
                    "--help", "run --help", "exec --help", "list --help", "inspect --help", "logs --help", "top --help", "stop --help",
                ] {
                    let outcome = try await context.asNobody([context.program("vnode")] + option.split(separator: " ").map(String.init))
                        .succeeded()
                    try expect(outcome.output.contains("USAGE"), "a usage", got: outcome.summary)
                }
                for option in ["--help", "--version", "serve --help", "mount --help", "paths --help"] {
                    _ = try await context.asNobody([context.program("vnode-fs")] + option.split(separator: " ").map(String.init))
                        .succeeded()
                }
            },
        ])

    private static func refusal(_ name: String, _ words: [String], naming wanted: [String], status: Int32? = nil) -> Check {
        Check("refuses \(name)") { context in
            let before = Machine.now()
            try await context.launcher(words).refused(status: status, naming: wanted)
            let left = try await Machine.leftovers(since: before)
            try expect(left.isEmpty, "nothing half-made", got: left.joined(separator: ", "))
        }
    }

    /// Refused where the controller is missing; elsewhere the limit is taken.
    private static func limit(_ option: String, _ value: String, controller: String) -> Check {
        Check("\(option) without the \(controller) controller says what is missing, where and what to do") { context in
            let file = Machine.cgroup2 + "/cgroup.controllers"
            let outcome = try await context.run(["true"], options: [option, value])
            if try Files.text(file).split(whereSeparator: \.isWhitespace).contains(where: { $0 == controller }) {
                _ = try outcome.succeeded()
            } else {
                try outcome.refused(status: 125, naming: [option, "\"\(controller)\"", file, "boot with"])
            }
        }
    }
}
