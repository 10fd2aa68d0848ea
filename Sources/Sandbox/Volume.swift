import Linux

/// A directory or file of the node that inner containers see: `SRC:DST[:ro]`.
public struct Volume: Codable, Sendable, Equatable {
    /// On the node.
    public var source: String
    /// In the container.
    public var destination: String
    public var readOnly: Bool

    public static let forms = "SRC:DST or SRC:DST:ro, both absolute, DST not on /proc, /sys or /dev"

    public init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2 || (parts.count == 3 && ["ro", "rw"].contains(parts[2])), InsidePath.isPlain(parts[0]) else { return nil }
        guard InsidePath.isPlain(parts[1]), parts[1] != "/", !InsidePath.isKernels(parts[1]) else { return nil }
        source = parts[0]
        destination = parts[1]
        readOnly = parts.count == 3 && parts[2] == "ro"
    }

    /// Where the staging mount namespace has it, out of the vNode's reach.
    static func place(_ index: Int) -> String { "/volumes/\(index)" }
}

/// A device of the node that inner containers may use as far as anybody may: `/dev/X[:/dev/Y]`.
public struct Device: Codable, Sendable, Equatable {
    public var source: String
    public var destination: String

    public static let forms = "/dev/X or /dev/X:/dev/Y"

    public init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 1 || parts.count == 2, let first = parts.first, let last = parts.last, InsidePath.isPlain(first),
            InsidePath.isPlain(last), last.hasPrefix("/dev/")
        else { return nil }
        source = first
        destination = last
    }

    static func place(_ index: Int) -> String { "/devices/\(index)" }
}

/// Paths as options name them.
enum InsidePath {
    /// Absolute, and what it says: without empty parts, `.` and `..`.
    static func isPlain(_ path: String) -> Bool {
        guard path.hasPrefix("/"), !path.utf8.contains(0), !path.utf8.contains(0x0a) else { return false }
        // By bytes: a combining mark makes one Character with the / before it.
        let parts = path.utf8.split(separator: 0x2f, omittingEmptySubsequences: false).dropFirst()
        return path == "/" || parts.allSatisfy { part in !["", ".", ".."].contains { part.elementsEqual($0.utf8) } }
    }

    /// Where a view is, or the engine puts devices.
    static func isKernels(_ path: String) -> Bool {
        ["/proc", "/sys", "/dev"].contains { path == $0 || path.utf8.starts(with: ($0 + "/").utf8) }
    }
}
