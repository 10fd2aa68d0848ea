/// Names of vNodes: also a directory, a cgroup and, unless told otherwise, a hostname.
public enum Name {
    public static let forms = "1 to 63 of a-z, 0-9, . and -, the first of them a letter or a digit"

    public static func isValid(_ text: String) -> Bool {
        guard let first = text.utf8.first, isPlain(first), text.utf8.count <= 63 else { return false }
        return text.utf8.allSatisfy { isPlain($0) || $0 == 0x2d || $0 == 0x2e }
    }

    private static func isPlain(_ byte: UInt8) -> Bool { (0x61...0x7a).contains(byte) || (0x30...0x39).contains(byte) }

    /// `prefix-1a2b3c4d`
    static func random(_ prefix: String) -> String { prefix + "-" + hex(UInt64(UInt32.random(in: 0...UInt32.max)), 8) }

    /// A random UUID (version 4).
    static func uuid() -> String {
        let high = UInt64.random(in: 0...UInt64.max) & ~0xf000 | 0x4000
        let low = UInt64.random(in: 0...UInt64.max) & ~(3 << 62) | 2 << 62
        return [hex(high >> 32, 8), hex(high >> 16 & 0xffff, 4), hex(high & 0xffff, 4), hex(low >> 48, 4), hex(low & 0xffff_ffff_ffff, 12)]
            .joined(separator: "-")
    }

    private static func hex(_ number: UInt64, _ width: Int) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
