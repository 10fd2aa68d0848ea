/// What a finding is about.
public enum FindingKind: String, Sendable, CaseIterable, Codable, Comparable {
    /// The node has the same content at the same path, and not every machine has.
    case equal
    /// Numbers move as the node's do.
    case moves
    /// Names the node or something on it.
    case identifier
    /// A write would reach the node.
    case writable
    /// No row of the table decided it, and it can be read.
    case undecided

    public static func < (one: FindingKind, other: FindingKind) -> Bool { one.order < other.order }

    private var order: Int { FindingKind.allCases.firstIndex(of: self) ?? 0 }

    var meaning: String {
        switch self {
        case .equal: "the same content as there"
        case .moves: "numbers that move as those there do"
        case .identifier: "names the node"
        case .writable: "a write would reach the node"
        case .undecided: "no row of the table decided it"
        }
    }
}

public struct Finding: Sendable, Equatable, Codable {
    public let kind: FindingKind
    public let path: String
    /// What was seen, for people.
    public let evidence: String

    public init(_ kind: FindingKind, _ path: String, _ evidence: String) {
        self.kind = kind
        self.path = path
        self.evidence = evidence
    }
}

/// A finding that is documented, with the reason why it is no leak, or why it stays.
public struct Excepted: Sendable, Equatable, Codable {
    public let finding: Finding
    public let exception: String
    public let reason: String
}

public struct AuditResult: Sendable, Equatable, Codable {
    /// Sorted by kind and path.
    public var findings: [Finding] = []
    public var exceptions: [Excepted] = []
    /// What keeps the audit from being whole.
    public var gaps: [String] = []
    /// Files and links looked at, those with content, and those whose equal content every machine has.
    public var entries = 0
    public var files = 0
    public var constants = 0
    /// Writable files by what a write reaches.
    public var writable: [String: Int] = [:]

    public init() {}

    /// Paths with a finding of any kind.
    public var paths: Int { Set(findings.map(\.path)).count }

    public func count(_ kind: FindingKind) -> Int { findings.count { $0.kind == kind } }
}
