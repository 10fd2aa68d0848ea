/// Unsigned decimal numbers as the kernel prints them.
public enum Digits {
    /// The number `bytes` spell; nil unless they are all digits and at least one. What is too large is the largest number.
    public static func parse(_ bytes: ArraySlice<UInt8>) -> UInt64? {
        guard !bytes.isEmpty else { return nil }
        var value: UInt64 = 0
        for byte in bytes {
            guard (0x30...0x39).contains(byte) else { return nil }
            value = append(byte, to: value)
        }
        return value
    }

    public static func parse(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64? {
        guard !bytes.isEmpty else { return nil }
        var value: UInt64 = 0
        for index in bytes.indices {
            guard unsafe (0x30...0x39).contains(bytes[index]) else { return nil }
            value = unsafe append(bytes[index], to: value)
        }
        return value
    }

    /// The same for the content of a file with one number and a newline.
    public static func parse(file bytes: [UInt8]) -> UInt64? { parse(trimmed(bytes[...])) }

    /// With an optional sign, for ids that the kernel prints as `-1` when unknown.
    public static func parseSigned(file bytes: [UInt8]) -> Int? {
        let text = trimmed(bytes[...])
        let isNegative = text.first == 0x2d
        guard let magnitude = parse(isNegative ? text.dropFirst() : text) else { return nil }
        let value = Int(clamping: magnitude)
        return isNegative ? 0 - value : value
    }

    @inline(__always)
    static func append(_ byte: UInt8, to value: UInt64) -> UInt64 {
        let (product, overflow) = value.multipliedReportingOverflow(by: 10)
        let (sum, carry) = product.addingReportingOverflow(UInt64(byte &- 0x30))
        return overflow || carry ? .max : sum
    }
}
