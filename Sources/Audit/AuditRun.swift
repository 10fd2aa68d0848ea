import Glibc
import Linux
import SystemPackage

/// An audit of a container on this machine, from the process named to the report.
public struct AuditRun {
    public struct Options: Sendable {
        public var pid: Int32
        public var name: String
        /// Another container instead of the node.
        public var against: (pid: Int32, name: String)?
        public var hasContainerLeaks: Bool

        public init(pid: Int32, name: String, against: (pid: Int32, name: String)? = nil, hasContainerLeaks: Bool = false) {
            self.pid = pid
            self.name = name
            self.against = against
            self.hasContainerLeaks = hasContainerLeaks
        }
    }

    private let options: Options
    private let say: (String) -> Void

    /// `say` gets progress for people, when it takes long.
    public init(_ options: Options, say: @escaping (String) -> Void) {
        self.options = options
        self.say = say
    }

    /// For a process with one thread: its children enter namespaces.
    public func report() throws(AuditError) -> AuditReport {
        let target = try target(options.pid)
        let subject = try subject(target)
        var identifiers = NodeIdentifiers.gather()
        let reference: ReaderProcess
        if let against = options.against {
            let other = try self.target(against.pid)
            reference = try ReaderProcess(other)
            identifiers = PairIdentifiers.gather(reference)
        } else {
            reference = try ReaderProcess(nil)
        }
        let inside = try ReaderProcess(target)
        let start = Clock.monotonic
        var last = start
        func progress(_ text: String) {
            guard Clock.monotonic - start > 2_000_000_000, Clock.monotonic - last > 1_000_000_000 else { return }
            last = Clock.monotonic
            say(text)
        }
        let walk = Walk(inside) { progress("\($0) entries") }
        guard !walk.found.isEmpty else {
            throw AuditError("\(options.name) shows nothing in /proc and /sys\(inside.fault.map { ": \($0)" } ?? "")")
        }
        let samples = Samples(
            of: walk, inside: inside, node: reference, now: { Double(Clock.monotonic) / 1e9 }, pause: { usleep(UInt32($0 * 1e6)) },
            progress: { progress("\($0): \($1) of \($2) files") })
        if let fault = inside.fault { throw AuditError("\(options.name): \(fault)") }
        if let fault = reference.fault { throw AuditError("\(options.against?.name ?? "the node"): \(fault)") }
        let isOnNode: ((String, [UInt8]) -> Bool)?
        if options.against != nil {
            let node = try ReaderProcess(nil)
            isOnNode = { path, inside in Sample(before: nil, inside: inside, after: node.read(path).bytes, time: 0).isEqual }
        } else {
            isOnNode = nil
        }
        let result = Examination(walk, samples, subject, identifiers, isOnNode: isOnNode).result()
        return AuditReport(
            subject: options.name, against: options.against?.name ?? "the node", result: result,
            containerleaks: options.hasContainerLeaks ? ContainerLeaks.report(walk, samples, result) : nil)
    }

    private func target(_ pid: Int32) throws(AuditError) -> Target {
        do throws(Errno) { return try Target(pid: pid) } catch {
            throw AuditError("pid \(pid): \(error == .noSuchProcess || error == .noSuchFileOrDirectory ? "no such process" : "\(error)")")
        }
    }

    private func subject(_ target: Target) throws(AuditError) -> Subject {
        var names = utsname()
        _ = unsafe uname(&names)
        let release = unsafe withUnsafeBytes(of: &names.release) { unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        let version = unsafe withUnsafeBytes(of: &names.version) { unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        var subject = Subject(
            shared: target.shared, allowedCPUs: target.allowedCPUs, kernel: Subject.KernelNames(release: release, version: version),
            clocks: target.shared.contains("time") ? nil : clocks(of: target.pid),
            pids: target.shared.contains("pid") ? [] : pids(in: target.pid))
        subject.build = KernelBuild.read(release: release)
        return subject
    }

    /// The container's boot time clock is the node's and its offset.
    private func clocks(of pid: Int32) -> Subject.Clocks? {
        guard let text = try? Files.read("/proc/\(pid)/timens_offsets") else { return nil }
        for line in String(decoding: text, as: UTF8.self).split(separator: "\n") where line.hasPrefix("boottime") {
            let offset = line.split(separator: " ").dropFirst().compactMap { Int64($0) }
            let now = Clock.boot
            guard offset.count == 2, abs(offset[0]) < 1 << 32 else { return nil }
            return Subject.Clocks(nodeBoot: now, insideBoot: now + offset[0] * 1_000_000_000 + offset[1])
        }
        return nil
    }

    /// Processes of the same PID namespace, by their pids on the node.
    private func pids(in pid: Int32) -> Set<Int64> {
        guard let wanted = try? Directories.readLink("/proc/\(pid)/ns/pid") else { return [] }
        let all = ((try? Directories.list("/proc")) ?? []).compactMap { Int64($0.name) }
        return Set(all.filter { (try? Directories.readLink("/proc/\($0)/ns/pid")) == wanted })
    }
}

/// What names another container.
enum PairIdentifiers {
    static func gather(_ other: any TreeSource) -> [Identifier] {
        [("boot id", "/proc/sys/kernel/random/boot_id"), ("hostname", "/proc/sys/kernel/hostname")].compactMap { name, path in
            guard let bytes = other.read(path).bytes else { return nil }
            let value = String(decoding: bytes, as: UTF8.self).filter { !$0.isWhitespace }
            return value.isEmpty ? nil : Identifier(name: "\(name) of the other", value: value)
        }
    }
}
