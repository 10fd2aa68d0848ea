import FoundationEssentials
import Glibc
import Linux
import LoadChecks
import Synchronization
import SystemPackage
import Tree

/// The kernel's own lists and CPUs, which the files of a vNode without limits agree with.
enum Machine {
    static func expectation(cpus: CPUSet? = nil) throws -> Expectation {
        let online = CPUSet(list: String(decoding: try Files.read("/sys/devices/system/cpu/online"), as: UTF8.self)) ?? CPUSet([0])
        return Expectation(cpus: cpus ?? online, meminfo: try Files.read("/proc/meminfo"), vmstat: try Files.read("/proc/vmstat"))
    }

    static var cgroup2: String {
        get throws {
            for line in String(decoding: try Files.read("/proc/self/mounts"), as: UTF8.self).split(separator: "\n") {
                let fields = line.split(separator: " ")
                if fields.count > 2, fields[2] == "cgroup2" { return String(fields[1]) }
            }
            throw Trouble("no cgroup2 filesystem is mounted")
        }
    }
}

/// vNodes made by `vnode run --keep` on one daemon, with their state in a directory of the run's own.
final class Fleet: Sendable {
    private struct Row: Decodable {
        let path: String
        let kind: String
        let policy: String
        let freshness: String
    }

    private struct Inspected: Decodable {
        let initPID: Int32?
        let hostname: String
        let bootID: String
        let cgroup: String
    }

    final class Member: Sendable {
        let node: Node
        let targets: [Target]
        let cgroup: String
        let initPID: Int32

        init(_ node: Node, targets: [Target], cgroup: String, initPID: Int32) {
            self.node = node
            self.targets = targets
            self.cgroup = cgroup
            self.initPID = initPID
        }

        func target(_ name: String) -> Target? { targets.first { $0.name == name } }
    }

    private let bin: String
    private let scratch: String
    private let socket: String
    private let rows: [Row]
    private let count = Atomic<Int>(0)
    private let members = Mutex<[Member]>([])
    /// Names that a stop has not confirmed.
    private let names = Mutex<Set<String>>([])

    init(bin: String, scratch: String, socket: String) throws {
        self.bin = bin
        self.scratch = scratch
        self.socket = socket
        let paths = try Command.run(["\(bin)/vnode-fs", "paths", "--format", "json"], scratch: scratch)
        guard paths.status == 0 else { throw Trouble("vnode-fs paths: \(paths.summary)") }
        rows = try JSONDecoder().decode([Row].self, from: Data(paths.output.utf8)).filter {
            // Below `net` a reader from outside sees its own; the last pid is another one whenever somebody forks.
            let isOthers = $0.path.hasPrefix("/proc/sys/net/") || $0.path == "/proc/sys/kernel/ns_last_pid"
            let isOurs = $0.policy == "emulate" || $0.policy == "constant" || $0.path == "/proc/sys/kernel/hostname"
            return $0.kind == "file" && isOurs && !isOthers
        }
    }

    var all: [Member] { members.withLock { $0 } }

    func vnode(_ arguments: [String], seconds: Int = 60) throws -> Command.Outcome {
        try Command.run(
            ["\(bin)/vnode"] + arguments, scratch: scratch, environment: ["VNODE_STATE=\(scratch)/state", "LC_ALL=C"], seconds: seconds)
    }

    /// Starts a vNode; every second one has the first CPU only, so that one is not taken for another.
    func start() throws -> Member {
        let number = count.wrappingAdd(1, ordering: .relaxed).newValue
        let name = "load\(getpid())-\(number)"
        let isNarrow = number % 2 == 0
        _ = names.withLock { $0.insert(name) }
        let run = try vnode(
            ["run", "--socket", socket, "--name", name, "--keep"] + (isNarrow ? ["--cpuset", "0"] : []) + ["--", "true"])
        guard run.status == 0 else { throw Trouble("vnode run: \(run.summary)") }
        let inspected = try vnode(["inspect", name, "--format", "json"])
        guard inspected.status == 0 else { throw Trouble("vnode inspect: \(inspected.summary)") }
        let found = try JSONDecoder().decode(Inspected.self, from: Data(inspected.output.utf8))
        guard let initPID = found.initPID else { throw Trouble("vnode inspect: no init pid of \(name)") }
        let node = Node(
            name: name, root: try Files.open("/proc/\(initPID)/root/.", flags: O_RDONLY | O_DIRECTORY),
            expectation: try Machine.expectation(cpus: isNarrow ? CPUSet([0]) : nil))
        let targets = rows.map { row in
            let path = row.path.replacing("cpu*", with: "cpu0")
            return Target(node, path: String(path.dropFirst()), name: path, isCached: row.freshness.hasSuffix("ms"))
        }
        .filter { isThere($0) }
        for target in targets {
            switch target.name {
            case "/proc/sys/kernel/random/boot_id": _ = target.ledger.settle(fixed: Array("\(found.bootID)\n".utf8))
            case "/proc/sys/kernel/hostname": _ = target.ledger.settle(fixed: Array("\(found.hostname)\n".utf8))
            case "/sys/devices/system/cpu/online": _ = target.ledger.settle(fixed: Array("\(node.expectation.cpus.list)\n".utf8))
            default: break
            }
        }
        let member = Member(node, targets: targets, cgroup: found.cgroup, initPID: initPID)
        members.withLock { $0.append(member) }
        return member
    }

    /// What this kernel has not, no vNode can show. A cpu0 has no `online`.
    private func isThere(_ target: Target) -> Bool {
        if target.name == "/sys/devices/system/cpu/cpu0/online" { return false }
        return Directories.kind(target.path, below: target.node.root.raw) != nil
    }

    /// No reader begins to read it from now on, and what fails of those who do may.
    func retire(_ member: Member) {
        member.node.leave()
        members.withLock { $0.removeAll { $0 === member } }
    }

    /// Ends a vNode.
    func stop(_ member: Member) throws -> Command.Outcome {
        let outcome = try vnode(["stop", member.node.name])
        if outcome.status == 0 { _ = names.withLock { $0.remove(member.node.name) } }
        return outcome
    }

    /// Ends whatever is left. What went wrong.
    func stopAll() -> [String] {
        var faults: [String] = []
        let last = all
        for member in last { retire(member) }
        for name in names.withLock({ $0 }).sorted() {
            guard let outcome = try? vnode(["stop", name]), outcome.status == 0 || outcome.errors.contains("no vNode") else {
                faults.append("vnode stop \(name) failed")
                continue
            }
        }
        for member in last {
            if Processes.startTime(of: member.initPID) != nil {
                faults.append("\(member.node.name): PID 1 (\(member.initPID)) is still there")
            }
            if Directories.kind(member.cgroup) != nil { faults.append("\(member.cgroup) is still there") }
        }
        return faults
    }
}
