/// Reads numbers as `proc_get_long` does: decimal, `0x` and `0` octal, `-` before them, white space or the end behind them.
struct SysctlScanner {
    struct Number {
        let magnitude: UInt64
        let isNegative: Bool
    }

    private let bytes: ArraySlice<UInt8>
    private var at: Int

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        at = bytes.startIndex
    }

    var left: Int { bytes.endIndex - at }

    private static let longest = 21

    /// What `isspace` holds of in the kernel, Latin-1's no-break space included.
    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0d).contains(byte) || byte == 0xa0 }

    mutating func skipSpaces() { while at < bytes.endIndex, SysctlScanner.isSpace(bytes[at]) { at += 1 } }

    /// The number that begins here; nil when none does, when it is too long, or when something else than white space follows.
    mutating func number() -> Number? {
        let window = bytes[at..<min(bytes.endIndex, at + SysctlScanner.longest)]
        var next = window.startIndex
        let isNegative = window.first == 0x2d && left > 1
        if isNegative { next += 1 }
        guard next < window.endIndex, (0x30...0x39).contains(window[next]) else { return nil }
        var base: UInt64 = 10
        if window[next] == 0x30 {
            base = 8
            if next + 2 < window.endIndex, window[next + 1] | 0x20 == 0x78, SysctlScanner.digit(window[next + 2], base: 16) != nil {
                base = 16
                next += 2
            }
        }
        var value: UInt64 = 0
        while next < window.endIndex, let digit = SysctlScanner.digit(window[next], base: base) {
            let (product, overflow) = value.multipliedReportingOverflow(by: base)
            let (sum, carry) = product.addingReportingOverflow(digit)
            if overflow || carry { return nil }
            value = sum
            next += 1
        }
        // What does not fit the kernel's buffer may go on.
        let length = next - window.startIndex
        guard length < SysctlScanner.longest else { return nil }
        if next < bytes.endIndex, ![0x20, 0x09, 0x0a].contains(bytes[next]) { return nil }
        at = next
        return Number(magnitude: value, isNegative: isNegative)
    }

    private static func digit(_ byte: UInt8, base: UInt64) -> UInt64? {
        let value: UInt64
        switch byte {
        case 0x30...0x39: value = UInt64(byte - 0x30)
        case 0x41...0x46: value = UInt64(byte - 0x41) + 10
        case 0x61...0x66: value = UInt64(byte - 0x61) + 10
        default: return nil
        }
        return value < base ? value : nil
    }
}
