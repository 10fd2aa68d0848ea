import FoundationEssentials
import Glibc
import Linux

/// What `vnode-fs audit --format json` says, as far as checks look at it.
struct AuditReport: Decodable, Sendable {
    struct Finding: Decodable, Sendable {
        let kind: String
        let path: String
    }

    struct Excepted: Decodable, Sendable {
        let exception: String
    }

    let clean: Bool
    let counts: [String: Int]
    let findings: [Finding]
    private let excepted: [Excepted]

    var exceptions: Set<String> { Set(excepted.map(\.exception)) }

    private enum CodingKeys: String, CodingKey {
        case clean, counts, findings
        case excepted = "exceptions"
    }
}

extension Context {
    func audit(_ arguments: [String], status: ClosedRange<Int32>) async throws -> AuditReport {
        let outcome = try await command([program("vnode-fs"), "audit", "--format", "json"] + arguments, in: self, bound: .seconds(600))
        try expect(status.contains(outcome.status), "status \(status)", got: "\(outcome.status), error \"\(outcome.error)\"")
        do { return try JSONDecoder().decode(AuditReport.self, from: Data(outcome.output.utf8)) } catch {
            throw Mismatch(expected: "a report", got: "\(error): error \"\(outcome.error)\", output \"\(outcome.output)\"")
        }
    }

    /// vNodes that stay up while `body` runs.
    func keeping(_ names: [String], _ body: @escaping @Sendable ([String]) async throws -> Void) async throws {
        let names = names.map { "\(conf)-\($0)" }
        var failed: (any Error)?
        do {
            for name in names { _ = try await launcher(["run", "--name", name, "--keep", "--", "true"]).succeeded() }
            try await body(names)
        } catch { failed = error }
        let stopped = try await launcher(["stop"] + names)
        if let failed { throw failed }
        _ = try stopped.succeeded()
    }

    /// A container as runc makes them, with all namespaces but the user's; `body` gets its first process.
    func withContainer(_ body: @escaping @Sendable (Int32) async throws -> Void) async throws {
        let bundle = try makeDirectory("bundle")
        for name in ["usr", "proc", "sys", "dev", "etc", "tmp"] { _ = try makeDirectory("bundle/rootfs/\(name)") }
        for name in ["bin", "sbin", "lib", "lib64"] where Files.exists("/" + name) {
            try Directories.link("\(bundle)/rootfs/\(name)", to: "usr/\(name)")
        }
        try Files.put(Context.container, at: bundle + "/config.json")
        let words = ["runc", "run", "--bundle", bundle, "--pid-file", bundle + "/pid", "\(conf)-container"]
        _ = try await withProgram(words, in: self, bound: .seconds(1000)) { program in
            let file = bundle + "/pid"
            try await eventually("the container's pid file") { Files.exists(file) }
            guard let pid = Int32(try Files.text(file)) else { throw Mismatch(expected: "a pid", got: try Files.text(file)) }
            do {
                try await eventually("the container's command") {
                    try Files.text("/proc/\(pid)/cmdline") == "sleep\01005\0"
                }
                try await body(pid)
            } catch {
                // runc is killed for it, and would leave its container behind.
                kill(pid, SIGKILL)
                throw error
            }
            kill(pid, SIGKILL)
            try await program.ended()
        }
    }

    private static let container = """
        {
          "ociVersion": "1.0.2",
          "process": {
            "user": {"uid": 0, "gid": 0}, "args": ["sleep", "1005"], "cwd": "/", "noNewPrivileges": true,
            "env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"],
            "capabilities": {"bounding": ["CAP_KILL", "CAP_CHOWN"], "effective": ["CAP_KILL"], "permitted": ["CAP_KILL"]}
          },
          "root": {"path": "rootfs", "readonly": true},
          "hostname": "plain",
          "mounts": [
            {"destination": "/proc", "type": "proc", "source": "proc"},
            {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["ro", "nosuid", "nodev", "noexec"]},
            {"destination": "/usr", "type": "bind", "source": "/usr", "options": ["rbind", "ro"]},
            {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755"]}
          ],
          "linux": {
            "namespaces": [
              {"type": "pid"}, {"type": "mount"}, {"type": "ipc"}, {"type": "uts"}, {"type": "cgroup"}, {"type": "network"}
            ],
            "maskedPaths": [
              "/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats",
              "/proc/sched_debug", "/sys/firmware", "/proc/scsi"
            ],
            "readonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]
          }
        }
        """
}

extension ProcessTable {
    /// The process with exactly this command line, once there is one.
    static func named(_ words: [String]) async throws -> Int32 {
        let wanted = words.map { $0 + "\0" }.joined()
        var found: Int32?
        try await eventually("a process \(words.joined(separator: " "))") {
            found = Files.names("/proc").compactMap { Int32($0) }.first { (try? Files.text("/proc/\($0)/cmdline")) == wanted }
            return found != nil
        }
        return try unwrap(found, "a process", got: "none")
    }
}
