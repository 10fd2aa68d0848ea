import Glibc

/// The five questions, asked about what was walked and sampled. Pure.
public struct Examination {
    private let walk: Walk
    private let samples: Samples
    private let subject: Subject
    private let identifiers: IdentifierSearch
    /// Against another container: only what tells whether both are on one node. What is the same in two containers at rest is the same
    /// anywhere, unless the node has it too, which this one answers.
    private let isOnNode: ((String, [UInt8]) -> Bool)?

    private var isPair: Bool { isOnNode != nil }

    public init(
        _ walk: Walk, _ samples: Samples, _ subject: Subject, _ identifiers: [Identifier], isOnNode: ((String, [UInt8]) -> Bool)? = nil
    ) {
        self.walk = walk
        self.samples = samples
        self.subject = subject
        self.identifiers = IdentifierSearch(identifiers)
        self.isOnNode = isOnNode
    }

    public func result() -> AuditResult {
        var result = AuditResult()
        result.gaps = walk.gaps + samples.gaps
        result.entries = walk.found.count
        result.files = samples.files.count
        for found in walk.found {
            let content = samples.files[found.path]?.last?.inside ?? []
            for finding in findings(found, &result) {
                if let exception = DocumentedException.first(for: finding, content: content, of: subject) {
                    result.exceptions.append(Excepted(finding: finding, exception: exception.name, reason: exception.reason))
                } else {
                    result.findings.append(finding)
                }
            }
        }
        result.findings.sort { ($0.kind, $0.path) < ($1.kind, $1.path) }
        result.exceptions.sort { ($0.exception, $0.finding.path, $0.finding.kind) < ($1.exception, $1.finding.path, $1.finding.kind) }
        return result
    }

    private func findings(_ found: Walk.Found, _ result: inout AuditResult) -> [Finding] {
        let path = found.path
        let samples = samples.files[path] ?? []
        var list: [Finding] = []
        if let sample = samples.first(where: { $0.isEqual }), !Process.isOwn(path) {
            if Constants.holds(sample.inside, at: path) || isOnNode?(path, sample.inside) == false {
                result.constants += 1
            } else {
                list.append(Finding(.equal, path, Excerpt.of(sample.inside)))
            }
        }
        if let movement = Movement(samples), !Process.isOwn(path) {
            list.append(Finding(.moves, path, movement.evidence + (movement.count > 1 ? " (and \(movement.count - 1) more)" : "")))
        }
        list += named(found, samples)
        if isPair { return list }
        if found.entry.kind == .file, found.entry.isWritable {
            let reach = Reach(path, found.entry.answerer, subject)
            result.writable[reach.rawValue, default: 0] += 1
            if reach == .node { list.append(Finding(.writable, path, "open for writing is allowed, and reaches the kernel's own value")) }
        }
        if let undecided = undecided(found, samples) { list.append(undecided) }
        return list
    }

    private func named(_ found: Walk.Found, _ samples: [Sample]) -> [Finding] {
        var list: [Finding] = []
        var contents = samples.map(\.inside)
        if found.entry.kind == .symlink { contents.append(Array(found.entry.target.utf8)) }
        var names: [String] = []
        for content in contents {
            for identifier in identifiers.found(in: content) {
                let text = "\(identifier.name): \(Excerpt.of(Array(identifier.value.utf8)))"
                if !names.contains(text) { names.append(text) }
            }
        }
        if let sample = samples.last {
            if let pid = Traces.pid(in: sample.inside, at: found.path, subject.pids) { names.append("pid on the node: \(pid)") }
            if let clocks = subject.clocks, !Constants.holds(sample.inside, at: found.path),
                let text = Traces.clock(in: sample.inside, at: found.path, clocks)
            {
                names.append(text)
            }
        }
        if !names.isEmpty {
            let more = names.count > 3 ? " (and \(names.count - 3) more)" : ""
            list.append(Finding(.identifier, found.path, names.prefix(3).joined(separator: "; ") + more))
        }
        return list
    }

    private func undecided(_ found: Walk.Found, _ samples: [Sample]) -> Finding? {
        let entry = found.entry
        // The directory of a process is what the row of /proc/self says.
        if Process.isOwn(found.path) { return nil }
        let isReached: Bool
        switch entry.kind {
        case .file: isReached = !samples.isEmpty || walk.openable.contains(found.path)
        case .symlink: isReached = true
        case .directory: isReached = entry.answerer == .debug
        case .other: isReached = entry.mode & 0o444 != 0 && entry.answerer != .memory
        }
        guard isReached else { return nil }
        let unread = found.unread.map { entry.kind == .file ? ", not read: \($0)" : "" } ?? ""
        switch Decision(found.path, entry, subject) {
        case .decided: return nil
        case .denied:
            return samples.isEmpty && !walk.openable.contains(found.path)
                ? nil : Finding(.undecided, found.path, "denied by the table, and it can be read" + unread)
        case .none:
            return Finding(.undecided, found.path, entry.kind == .directory ? "a file system for debugging" : "it can be read" + unread)
        }
    }
}

/// A piece of a content that can be shown on a terminal, whoever wrote it.
enum Excerpt {
    static func of(_ bytes: [UInt8], most: Int = 60) -> String {
        var text = ""
        for byte in bytes.prefix(most) {
            switch byte {
            case 0x0a: text += " | "
            case 0x09: text += " "
            case 0x20...0x7e: text.append(Character(UnicodeScalar(byte)))
            default: text += "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }
        }
        while text.hasSuffix(" ") || text.hasSuffix("|") { text.removeLast() }
        return text + (bytes.count > most ? "..." : "")
    }

    /// A path or a message, the same way.
    static func of(_ text: String) -> String { of(Array(text.utf8), most: 4096) }
}
