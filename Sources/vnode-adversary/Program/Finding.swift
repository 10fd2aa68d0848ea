import Linux
import SystemPackage

/// What came of an attack.
enum Finding: Sendable, Equatable {
    case refused(call: String, error: CInt)
    /// It did something, and that stayed inside.
    case contained(String)
    case breached(String)
    /// This kernel, or this container, does not have what it takes.
    case unavailable(String)
    /// It did not come back: nobody knows what it would have got.
    case unanswered(String)

    var word: String {
        switch self {
        case .refused: "refused"
        case .contained: "contained"
        case .breached: "breached"
        case .unavailable: "unavailable"
        case .unanswered: "unanswered"
        }
    }

    /// What is never as it should be.
    var isFault: Bool {
        switch self {
        case .breached, .unanswered: true
        case .refused, .contained, .unavailable: false
        }
    }

    /// `EPERM`, when it was refused.
    var error: String? {
        if case .refused(_, let error) = self { Errno(rawValue: error).name } else { nil }
    }

    var detail: String {
        switch self {
        case .refused(let call, _): call
        case .contained(let text), .breached(let text), .unavailable(let text), .unanswered(let text): text
        }
    }

    /// One line, for the process that waits for it.
    var line: String {
        let text = detail.map { $0.isNewline || $0 == "\t" ? " " : $0 }.prefix(300)
        if case .refused(_, let error) = self { return "refused\t\(error)\t\(String(text))" }
        return "\(word)\t0\t\(String(text))"
    }

    init?(line: Substring) {
        let fields = line.split(separator: "\t", maxSplits: 2, omittingEmptySubsequences: false)
        guard fields.count == 3, let error = CInt(fields[1]) else { return nil }
        let text = String(fields[2])
        switch fields[0] {
        case "refused": self = .refused(call: text, error: error)
        case "contained": self = .contained(text)
        case "breached": self = .breached(text)
        case "unavailable": self = .unavailable(text)
        case "unanswered": self = .unanswered(text)
        default: return nil
        }
    }
}

/// What keeps an attack from the node.
enum Mechanism: String, Sendable {
    /// Mounts copied into a user namespace are locked there.
    case lock = "kernel lock"
    case filter = "filter"
    case broker = "broker"
    /// A right that is needed in the node's user namespace, or the mode of a file.
    case permission = "permission"
    /// The thing does not exist in the vNode's namespaces.
    case namespace = "namespace"
    /// Served by vnode-fs, or covered by an entry of its.
    case view = "view"
    /// How the launcher starts things.
    case launcher = "launcher"
    case limit = "limit"
}
