/// Text of a vNode's on its way to a terminal, which takes control characters for orders: to move what is on it, to set its title, to
/// answer as if somebody had typed.
public enum TerminalText {
    /// U+FFFD in place of control characters (C0, DEL, C1) but tab and newline, and of what is not UTF-8.
    public static func clean(_ text: String) -> String {
        var clean = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { clean.append(isOrder(scalar) ? "\u{fffd}" : scalar) }
        return String(clean)
    }

    public static func clean(_ bytes: [UInt8]) -> [UInt8] { Array(clean(String(decoding: bytes, as: UTF8.self)).utf8) }

    private static func isOrder(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09, 0x0a: false
        case 0..<0x20, 0x7f..<0xa0: true
        default: false
        }
    }
}
