import Glibc
import Linux
import SystemPackage

extension Suite {
    static let mountEnds = Suite(
        name: "mount ends",
        checks: [
            ending("Ctrl-C leaves no mount", status: 0...255) { mount in mount.program.signal(SIGINT) },
            ending("SIGTERM leaves no mount", status: 0...255) { mount in mount.program.signal(SIGTERM) },
            ending("SIGHUP leaves no mount", status: 0...255) { mount in mount.program.signal(SIGHUP) },
            Check("SIGTERM ends it with status 0") { context in
                let (_, outcome) = try await context.withDebugMount { _ in }
                try expect(outcome.status == 0, "status 0", got: outcome.summary)
            },
            ending("Ctrl-C to the whole group leaves no mount", status: 0...255) { mount in kill(-mount.program.pid, SIGINT) },
            ending("SIGKILL of the server leaves no mount and a status that says so", status: 1...255) { mount in
                kill(try mount.server(), SIGKILL)
            },
            ending("SIGKILL of the guard leaves no mount", status: 137...137) { mount in mount.program.signal(SIGKILL) },
            Check("a mount with both killed is replaced by the next one") { context in
                let (directory, _) = try await context.withDebugMount { mount in
                    let server = try mount.server()
                    mount.program.signal(SIGSTOP)
                    kill(server, SIGKILL)
                    mount.program.signal(SIGKILL)
                    try await mount.program.ended()
                    return mount.directory
                }
                try expect("both killed: a mount left at \(directory)", Machine.isMounted(directory), is: true)
                try await context.withDebugMount { mount in
                    let text = try Files.text(mount.path("/proc/uptime"))
                    if let fault = Shape.fault(of: text, path: "/proc/uptime") { throw Mismatch(expected: fault, got: text) }
                    try expect("mounts at \(mount.directory)", mounts(at: mount.directory), is: 1)
                }
            },
            Check("a reader in the middle does not keep the mount") { context in
                try await context.withDebugMount { mount in
                    let file = try Files.open(mount.path("/proc/meminfo"), flags: O_RDONLY)
                    _ = try Files.read(file, step: 100)
                    mount.program.signal(SIGTERM)
                    try await mount.program.ended()
                    try expect("mounted", Machine.isMounted(mount.directory), is: false)
                }
            },
            Check("a mount of a cgroup ends its answers with the cgroup") { context in
                let cgroup = Machine.cgroup2 + "/vnode"
                let leaf = cgroup + "/conformance-\(getpid())"
                try Directories.makeAll(leaf, mode: 0o755)
                defer {
                    _ = unsafe rmdir(leaf)
                    _ = unsafe rmdir(cgroup)
                }
                let directory = try context.makeDirectory("mount")
                _ = try await withProgram(context.mountWords(directory, ["--cgroup", leaf]), in: context) { program in
                    try await program.says("serving")
                    let before = try Files.text(directory + "/proc/loadavg")
                    if let fault = Shape.fault(of: before, path: "/proc/loadavg") { throw Mismatch(expected: fault, got: before) }
                    _ = unsafe rmdir(leaf)
                    try await Task.sleep(for: .milliseconds(600))
                    let node = try Files.text("/proc/stat").split(separator: "\n").first { $0.hasPrefix("processes") }
                    switch Result(catching: { try Files.text(directory + "/proc/stat") }) {
                    case .success(let after):
                        let ours = after.split(separator: "\n").first { $0.hasPrefix("processes") }
                        try expect(ours != node, "the last good answer", got: "the node's \(ours ?? "")")
                    case .failure(let error): try expect("errno", "\(error)", is: "\(Errno(rawValue: ENODEV))")
                    }
                    try await program.terminate()
                }
            },
        ])

    /// A debug mount that ends as `end` has it must be gone, with its processes.
    private static func ending(
        _ name: String, status: ClosedRange<Int32>, _ end: @escaping @Sendable (DebugMount) throws -> Void
    ) -> Check {
        Check(name) { context in
            let (_, outcome) = try await context.withDebugMount { mount in
                let server = try mount.server()
                try expect("mounted before", Machine.isMounted(mount.directory), is: true)
                try end(mount)
                try await mount.program.ended()
                try await eventually("no mount at \(mount.directory)") { !Machine.isMounted(mount.directory) }
                try await eventually("server \(server) to end") { !ProcessTable.isRunning(server) }
                try expect("names in \(mount.directory)", Files.names(mount.directory), is: [])
            }
            try expect(status.contains(outcome.status), "status \(status)", got: outcome.summary)
        }
    }

    private static func mounts(at path: String) -> Int {
        ((try? Files.text("/proc/self/mounts")) ?? "").split(separator: "\n").count { $0.contains(" \(path) ") }
    }
}
