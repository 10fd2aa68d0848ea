/// Numbers and texts one after the other, as records keep them: 64-bit little endian, texts with their length before them.
public struct Packer {
    public private(set) var bytes: [UInt8] = []

    public init() {}

    public mutating func add(_ number: UInt64) {
        for shift in stride(from: UInt64(0), to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: number >> shift)) }
    }

    public mutating func add(_ number: Int64) { add(UInt64(bitPattern: number)) }

    public mutating func add(_ text: String) {
        add(UInt64(text.utf8.count))
        bytes.append(contentsOf: text.utf8)
    }

    /// A text that may be missing.
    public mutating func add(_ text: String?) {
        add(text == nil ? UInt64(0) : 1)
        if let text { add(text) }
    }

    public mutating func add(_ rest: [UInt8]) { bytes.append(contentsOf: rest) }

    public mutating func add(_ numbers: [UInt64]) {
        bytes.reserveCapacity(bytes.count + 8 * numbers.count)
        for number in numbers { add(number) }
    }
}

/// Reads what `Packer` made. Every method is nil past the end.
public struct Unpacker {
    private var rest: ArraySlice<UInt8>

    public init(_ bytes: [UInt8]) { rest = bytes[...] }

    public mutating func number() -> UInt64? {
        guard rest.count >= 8 else { return nil }
        defer { rest = rest.dropFirst(8) }
        return rest.prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    public mutating func signed() -> Int64? { number().map { Int64(bitPattern: $0) } }

    public mutating func text() -> String? {
        guard let count = number(), count <= UInt64(rest.count) else { return nil }
        defer { rest = rest.dropFirst(Int(count)) }
        return String(validating: rest.prefix(Int(count)), as: UTF8.self)
    }

    public mutating func optionalText() -> String?? {
        switch number() {
        case 0: return .some(nil)
        case 1: return text().map { .some($0) } ?? nil
        default: return nil
        }
    }

    public mutating func bytes() -> [UInt8] {
        defer { rest = [] }
        return Array(rest)
    }

    public mutating func numbers() -> [UInt64] {
        var found: [UInt64] = []
        while let next = number() { found.append(next) }
        return found
    }
}
