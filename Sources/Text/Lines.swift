/// The lines of a text file without their newlines; a last line without one counts too.
public struct Lines: Sequence, IteratorProtocol, Sendable {
    private let bytes: ArraySlice<UInt8>
    private var at: Int

    public init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        at = bytes.startIndex
    }

    public init(_ bytes: [UInt8]) { self.init(bytes[...]) }

    public mutating func next() -> ArraySlice<UInt8>? {
        guard at < bytes.endIndex else { return nil }
        let end = bytes[at...].firstIndex(of: 0x0a) ?? bytes.endIndex
        defer { at = end + 1 }
        return bytes[at..<end]
    }
}

/// The words of a line: what stands between spaces and tabs.
public struct Words: Sequence, IteratorProtocol, Sendable {
    private let bytes: ArraySlice<UInt8>
    private var at: Int

    public init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        at = bytes.startIndex
    }

    public mutating func next() -> ArraySlice<UInt8>? {
        guard let start = bytes[at...].firstIndex(where: { !isBlank($0) }) else {
            at = bytes.endIndex
            return nil
        }
        let end = bytes[start...].firstIndex(where: isBlank) ?? bytes.endIndex
        at = end
        return bytes[start..<end]
    }
}

@inline(__always)
func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

/// `bytes` without white space at both ends.
public func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var slice = bytes
    while let first = slice.first, isBlank(first) || first == 0x0a { slice = slice.dropFirst() }
    while let last = slice.last, isBlank(last) || last == 0x0a { slice = slice.dropLast() }
    return slice
}
