/// `Name:   value kB` a line, as /proc/meminfo: names and values in order. Lines of another shape are skipped.
public func namedValues(_ bytes: [UInt8]) -> [(name: String, value: UInt64)] {
    var found: [(name: String, value: UInt64)] = []
    found.reserveCapacity(64)
    for line in Lines(bytes) {
        guard let colon = line.firstIndex(of: 0x3a), colon > line.startIndex else { continue }
        var words = Words(line[(colon + 1)...])
        guard let value = words.next().flatMap({ Digits.parse($0) }) else { continue }
        found.append((String(decoding: line[..<colon], as: UTF8.self), value))
    }
    return found
}

/// One line of a nested keyed file such as io.stat: `8:0 rbytes=1 wbytes=2`.
public struct NestedLine: Sendable {
    public let key: ArraySlice<UInt8>
    private let rest: ArraySlice<UInt8>

    /// nil for an empty line.
    public init?(_ line: ArraySlice<UInt8>) {
        var words = Words(line)
        guard let key = words.next() else { return nil }
        self.key = key
        rest = line[key.endIndex...]
    }

    /// The number of `name=number`; nil when the name is not there or its value is no number.
    public subscript(_ name: String) -> UInt64? {
        for word in Words(rest) {
            guard let equals = word.firstIndex(of: 0x3d), word[..<equals].elementsEqual(name.utf8) else { continue }
            return Digits.parse(word[(equals + 1)...])
        }
        return nil
    }

    /// The key as a device number `major:minor`.
    public var device: (major: Int, minor: Int)? {
        guard let colon = key.firstIndex(of: 0x3a), let major = Digits.parse(key[..<colon]), let minor = Digits.parse(key[(colon + 1)...])
        else { return nil }
        return (Int(clamping: major), Int(clamping: minor))
    }
}
