import Text

/// What is wrong with the content of a file, and where.
public struct Malformed: Error, Equatable, CustomStringConvertible {
    public let what: String
    /// Offset of the byte at which it was noticed.
    public let offset: Int

    public init(_ what: String, at offset: Int) {
        self.what = what
        self.offset = offset
    }

    public var description: String { "byte \(offset): \(what)" }
}

/// Reads a text from its start and accepts nothing it was not told to expect.
struct Scanner {
    let bytes: [UInt8]
    private(set) var at = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { at == bytes.count }

    func fail(_ what: String) -> Malformed { Malformed(what, at: at) }

    mutating func literal(_ text: StaticString) throws(Malformed) {
        guard accept(text) else { throw fail("expected \"\(text)\"") }
    }

    /// Goes past the text if it comes next.
    mutating func accept(_ text: StaticString) -> Bool {
        let size = text.utf8CodeUnitCount
        guard bytes.count - at >= size else { return false }
        let isNext = text.withUTF8Buffer { wanted in
            for index in 0..<size where unsafe wanted[index] != bytes[at + index] { return false }
            return true
        }
        if isNext { at += size }
        return isNext
    }

    mutating func literal(_ wanted: [UInt8]) throws(Malformed) {
        guard bytes.count - at >= wanted.count, bytes[at..<at + wanted.count].elementsEqual(wanted) else {
            throw fail("expected \"\(String(decoding: wanted, as: UTF8.self))\"")
        }
        at += wanted.count
    }

    mutating func newline() throws(Malformed) {
        guard at < bytes.count, bytes[at] == 0x0a else { throw fail("expected the end of the line") }
        at += 1
    }

    /// As the kernel prints it: without leading zeros.
    mutating func number() throws(Malformed) -> UInt64 {
        let start = at
        while at < bytes.count, isDigit(bytes[at]) { at += 1 }
        guard let value = Digits.parse(bytes[start..<at]) else { throw fail("expected a number") }
        guard at - start == 1 || bytes[start] != 0x30, at - start <= 20 else { throw Malformed("a number with leading zeros", at: start) }
        return value
    }

    /// `12.34` as 1234.
    mutating func hundredths() throws(Malformed) -> UInt64 {
        let whole = try number()
        try literal(".")
        guard bytes.count - at >= 2, isDigit(bytes[at]), isDigit(bytes[at + 1]) else { throw fail("expected two decimals") }
        defer { at += 2 }
        return whole.times(100).plus(UInt64(bytes[at] - 0x30) * 10 + UInt64(bytes[at + 1] - 0x30))
    }

    /// One blank or more; answers how many.
    @discardableResult
    mutating func spaces() throws(Malformed) -> Int {
        let start = at
        while at < bytes.count, bytes[at] == 0x20 { at += 1 }
        guard at > start else { throw fail("expected a space") }
        return at - start
    }

    /// The bytes up to one of `ends`, at least one.
    mutating func word(until ends: UInt8...) throws(Malformed) -> ArraySlice<UInt8> {
        let start = at
        while at < bytes.count, !ends.contains(bytes[at]) {
            guard bytes[at] >= 0x20 || bytes[at] == 0x09 else { throw fail("a control character") }
            at += 1
        }
        guard at > start, at < bytes.count else { throw fail("expected a word") }
        return bytes[start..<at]
    }

    private func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }
}
