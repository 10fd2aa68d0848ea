/// The keys of a kernel file in their order, which stays as it is while the kernel runs: so a file is compared with the keys it
/// had the last time, and nothing is looked up by name. What a key's place means is decided once a layout.
public struct LineLayout: Sendable {
    public enum Shape: Sendable {
        /// `key value`, as memory.stat (see `FlatKeyed`).
        case flat
        /// `Name:   value kB`, as /proc/meminfo (see `namedValues`).
        case named

        @inline(__always)
        var separator: UInt8 { self == .flat ? 0x20 : 0x3a }
    }

    public let names: [String]
    private let shape: Shape
    /// Every key with its separator, one after the other, and where each ends.
    private let keys: [UInt8]
    private let ends: [Int]

    public init(_ names: [String], _ shape: Shape) {
        self.names = names
        self.shape = shape
        var keys: [UInt8] = []
        var ends: [Int] = []
        for name in names {
            keys += name.utf8
            keys.append(shape.separator)
            ends.append(keys.count)
        }
        self.keys = keys
        self.ends = ends
    }

    /// The values of a file with exactly these keys in this order and nothing else; nil for any other.
    public func values(of file: [UInt8]) -> [UInt64]? {
        let bytes = file.span
        let keys = self.keys.span
        let isNamed = shape == .named
        var values: [UInt64] = []
        values.reserveCapacity(ends.count)
        var at = 0
        var key = 0
        for end in ends {
            guard bytes.count - at >= end - key else { return nil }
            while key < end {
                guard bytes[at] == keys[key] else { return nil }
                at += 1
                key += 1
            }
            if isNamed { while at < bytes.count, isBlank(bytes[at]) { at += 1 } }
            let digits = at
            var value: UInt64 = 0
            while at < bytes.count, (0x30...0x39).contains(bytes[at]) {
                value = Digits.append(bytes[at], to: value)
                at += 1
            }
            guard at > digits, at == bytes.count || bytes[at] == 0x0a || (isNamed && isBlank(bytes[at])) else { return nil }
            while at < bytes.count, bytes[at] != 0x0a { at += 1 }
            at += 1
            values.append(value)
        }
        return at >= bytes.count ? values : nil
    }

    /// Where a name stands; the first of two alike.
    public func position(of name: String) -> Int? { names.firstIndex(of: name) }
}
