import FoundationEssentials

/// What is told of an audit, as text and as JSON, in an order that depends on nothing but the findings.
public struct AuditReport: Sendable, Codable {
    /// What was audited, in words.
    public var subject: String
    /// What it was compared with.
    public var against: String
    public var result: AuditResult
    public var containerleaks: [ContainerLeaks.Line]?

    public init(subject: String, against: String, result: AuditResult, containerleaks: [ContainerLeaks.Line]? = nil) {
        self.subject = subject
        self.against = against
        self.result = result
        self.containerleaks = containerleaks
    }

    public func json() throws -> String {
        struct Whole: Encodable {
            let subject: String
            let against: String
            let clean: Bool
            let entries: Int
            let files: Int
            let constants: Int
            let counts: [String: Int]
            let paths: Int
            let writable: [String: Int]
            let findings: [Finding]
            let exceptions: [Excepted]
            let gaps: [String]
            let containerleaks: [ContainerLeaks.Line]?
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let counts = Dictionary(uniqueKeysWithValues: FindingKind.allCases.map { ($0.rawValue, result.count($0)) })
        let whole = Whole(
            subject: subject, against: against, clean: result.findings.isEmpty && result.gaps.isEmpty, entries: result.entries,
            files: result.files, constants: result.constants, counts: counts, paths: result.paths, writable: result.writable,
            findings: result.findings, exceptions: result.exceptions, gaps: result.gaps, containerleaks: containerleaks)
        return String(decoding: try encoder.encode(whole), as: UTF8.self)
    }

    public func text() -> String {
        var text = "\(subject), compared with \(against): \(result.entries) entries, \(result.files) files read\n"
        for kind in FindingKind.allCases {
            text += padded(kind.rawValue, 12) + padded("\(result.count(kind))", 8, left: true) + "  \(kind.meaning)\n"
        }
        text += padded("in all", 12) + padded("\(result.paths)", 8, left: true) + "  paths with a finding\n"
        text += padded("exceptions", 12) + padded("\(result.exceptions.count)", 8, left: true) + "  findings that are documented, below\n"
        text += padded("constants", 12) + padded("\(result.constants)", 8, left: true) + "  equal, as on every machine\n"
        let writable = Reach.allCases.compactMap { reach in result.writable[reach.rawValue].map { "\($0) \(reach.rawValue)" } }
        if !writable.isEmpty { text += "writable files: \(writable.joined(separator: ", "))\n" }
        if let containerleaks {
            text += "\ncontainerleaks (channel, verdict, files, readable, leaking)\n"
            for line in containerleaks {
                text += padded(line.channel, 34) + padded(line.verdict, 48) + "\(line.present) \(line.readable) \(line.leaking)\n"
            }
            return text + gaps
        }
        if !result.findings.isEmpty { text += "\nfindings\n" }
        for finding in result.findings {
            text += "\(padded(finding.kind.rawValue, 12))\(Excerpt.of(finding.path))  \(finding.evidence)\n"
        }
        if !result.exceptions.isEmpty { text += "\ndocumented exceptions\n" }
        var last = ""
        for excepted in result.exceptions {
            if excepted.exception != last { text += "\(excepted.exception): \(excepted.reason)\n" }
            last = excepted.exception
            text += "  \(padded(excepted.finding.kind.rawValue, 12))\(Excerpt.of(excepted.finding.path))  \(excepted.finding.evidence)\n"
        }
        return text + gaps
    }

    private var gaps: String {
        result.gaps.isEmpty ? "" : "\nnot looked at\n" + result.gaps.map { Excerpt.of($0) + "\n" }.joined()
    }

    private func padded(_ text: String, _ width: Int, left: Bool = false) -> String {
        let room = String(repeating: " ", count: max(left ? 0 : 1, width - text.count))
        return left ? room + text : text + room
    }
}
