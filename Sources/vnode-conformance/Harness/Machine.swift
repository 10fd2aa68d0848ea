import Glibc
import Linux

/// What vNodes could leave on a machine.
struct Machine: Sendable {
    var things: Set<String>

    /// Files of the launcher and the engine that hold no vNode.
    private static let standing: Set<String> = [
        "/run/vnode/lock", "/run/vnode/vnodes", "/run/vnode/claims", "/run/vnode/claims.lock", "/run/vnode", "/run/runc",
        "/run/vnode/pods.lock", "/run/vnode/containers",
    ]

    static func now() -> Machine {
        var things: Set<String> = []
        for line in ((try? Files.text("/proc/self/mountinfo")) ?? "").split(separator: "\n") {
            let fields = line.split(separator: " ")
            if fields.count > 4 { things.insert("mount \(fields[4]) of \(fields[2])") }
        }
        for process in ProcessTable.descendants { things.insert("process \(process.pid) (\(process.name))") }
        for path in Files.walk("/run/vnode") + Files.walk("/run/runc") where !standing.contains(path) { things.insert("state \(path)") }
        for hierarchy in cgroups { for path in Files.walk(hierarchy) where Files.isDirectory(path) { things.insert("cgroup \(path)") } }
        return Machine(things: things)
    }

    /// Directories a vNode or its engine would make, in every cgroup hierarchy.
    private static var cgroups: [String] {
        mountPoints { $0 == "cgroup2" || $0 == "cgroup" }.flatMap { root in
            Files.names(root).filter { $0 == "vnode" || $0.hasPrefix("vnode-") || $0.hasPrefix("c-") }.map { "\(root)/\($0)" }
        }
    }

    static var cgroup2: String { mountPoints { $0 == "cgroup2" }.first ?? "/sys/fs/cgroup" }

    private static func mountPoints(_ isWanted: (Substring) -> Bool) -> [String] {
        ((try? Files.text("/proc/self/mounts")) ?? "").split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ")
            return fields.count > 2 && isWanted(fields[2]) ? String(fields[1]) : nil
        }
    }

    /// Whether something is mounted exactly there.
    static func isMounted(_ path: String) -> Bool { now().things.contains { $0.hasPrefix("mount \(path) of ") } }

    func leftovers(since before: Machine) -> [String] { things.subtracting(before.things).sorted() }

    /// What is there now and was not before. What the kernel takes away behind a process's back has a minute.
    static func leftovers(since before: Machine, besides isFine: (String) -> Bool = { _ in false }) async throws -> [String] {
        var found: [String] = []
        for _ in 0..<600 {
            found = now().leftovers(since: before).filter { !isFine($0) }
            if found.isEmpty { return [] }
            try await Task.sleep(for: .milliseconds(100))
        }
        return found
    }
}
