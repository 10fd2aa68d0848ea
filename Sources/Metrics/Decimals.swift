import Text

/// Fractions written from whole numbers, so that they look the same everywhere.
enum Decimals {
    /// A whole number of units of 10 to the power of -`digits`, without zeroes at the end: `0.000128`, `12`.
    static func text(_ value: UInt64, digits: Int) -> String {
        var unit: UInt64 = 1
        for _ in 0..<digits { unit = unit.times(10) }
        var out = ByteWriter(capacity: 24)
        out.write(value / unit)
        var rest = value % unit
        guard rest > 0 else { return String(decoding: out.bytes, as: UTF8.self) }
        var left = digits
        while rest % 10 == 0 {
            rest /= 10
            left -= 1
        }
        out.write(byte: 0x2e)
        out.write(rest, width: left, pad: 0x30)
        return String(decoding: out.bytes, as: UTF8.self)
    }
}
