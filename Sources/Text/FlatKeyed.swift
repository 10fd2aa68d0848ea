/// A flat keyed file, `key value\n` a line, as memory.stat and cpu.stat. Keeps the bytes and looks keys up in place: such a
/// file is parsed on every refresh of every view, and sixty strings each time would be most of the cost.
public struct FlatKeyed: Sendable, Equatable {
    private struct Entry: Sendable, Equatable {
        let start: Int
        let end: Int
        let value: UInt64
    }

    private let bytes: [UInt8]
    private var entries: [Entry] = []

    /// Keys and values in their order, of every line that counts.
    public var all: [(key: String, value: UInt64)] {
        entries.map { (String(decoding: bytes[$0.start..<$0.end], as: UTF8.self), $0.value) }
    }

    /// Lines that are not a key, one space and digits are skipped.
    public init(_ bytes: [UInt8] = []) {
        self.bytes = bytes
        entries.reserveCapacity(bytes.count / 20)
        var at = 0
        while at < bytes.count {
            let start = at
            while at < bytes.count, bytes[at] != 0x20, bytes[at] != 0x0a { at += 1 }
            let end = at
            var value: UInt64 = 0
            var digits = 0
            if at < bytes.count, bytes[at] == 0x20 {
                at += 1
                while at < bytes.count, (0x30...0x39).contains(bytes[at]) {
                    value = Digits.append(bytes[at], to: value)
                    digits += 1
                    at += 1
                }
            }
            let isWhole = at == bytes.count || bytes[at] == 0x0a
            while at < bytes.count, bytes[at] != 0x0a { at += 1 }
            at += 1
            if isWhole, digits > 0, end > start { entries.append(Entry(start: start, end: end, value: value)) }
        }
    }

    /// The value of a key, matched whole; the first of two alike.
    public subscript(_ key: String) -> UInt64? {
        let wanted = key.utf8
        let length = wanted.count
        for entry in entries where entry.end - entry.start == length && bytes[entry.start..<entry.end].elementsEqual(wanted) {
            return entry.value
        }
        return nil
    }

    public var count: Int { entries.count }
}
