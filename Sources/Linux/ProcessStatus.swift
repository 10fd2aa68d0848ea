/// `/proc/PID/status`, as far as brokered calls look at it.
public struct ProcessStatus: Sendable {
    private let lines: [Substring]

    public init(_ bytes: [UInt8]) { lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n") }

    /// The words after `name:`.
    public func words(_ name: String) -> [Substring] {
        guard let line = lines.first(where: { $0.hasPrefix(name + ":") }) else { return [] }
        return line.dropFirst(name.utf8.count + 1).split(whereSeparator: \.isWhitespace)
    }

    /// Real, effective, saved, file system.
    public var userIDs: [UInt32] { words("Uid").compactMap { UInt32($0) } }
    public var groupIDs: [UInt32] { words("Gid").compactMap { UInt32($0) } }
    public var groups: [UInt32] { words("Groups").compactMap { UInt32($0) } }
    /// Those in effect, bits by number.
    public var capabilities: UInt64 { words("CapEff").first.flatMap { UInt64($0, radix: 16) } ?? 0 }
}
