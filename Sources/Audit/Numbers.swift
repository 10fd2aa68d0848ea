/// The numbers of a file, each under a name that does not depend on other numbers: a line's words, and its place in the line.
struct Numbers {
    struct Key: Hashable {
        let line: String
        /// The how manieth line with these words.
        let occurrence: Int
        let place: Int
    }

    private(set) var values: [Key: Int64] = [:]
    /// In the order of the file.
    private(set) var keys: [Key] = []

    /// More would be a table of a hostile file system's.
    static let most = 20_000

    init(_ bytes: [UInt8]) {
        var seen: [String: Int] = [:]
        for line in bytes.split(separator: 0x0a) {
            let (words, numbers) = Numbers.parse(line)
            guard !numbers.isEmpty else { continue }
            let occurrence = seen[words, default: 0]
            seen[words] = occurrence + 1
            for (place, value) in numbers.enumerated() {
                guard keys.count < Numbers.most else { return }
                let key = Key(line: words, occurrence: occurrence, place: place)
                keys.append(key)
                values[key] = value
            }
        }
    }

    subscript(key: Key) -> Int64? { values[key] }

    /// All words, and the number a line begins with and names itself by; the numbers of the rest. `12.34` is 1234, eight hexadecimal digits and more are
    /// hexadecimal, as is what begins with 0x.
    static func parse(_ line: ArraySlice<UInt8>) -> (words: String, numbers: [Int64]) {
        var words: [UInt8] = []
        var numbers: [Int64] = []
        for (index, token) in line.split(whereSeparator: { !isPart($0) }).enumerated() {
            if let number = number(token) {
                // A number with a colon names the line: of an interrupt, a socket.
                if index == 0, token.endIndex < line.endIndex, line[token.endIndex] == 0x3a { words += token + [0x20] }
                numbers.append(number)
            } else {
                words += token + [0x20]
            }
        }
        return (String(decoding: words.prefix(200), as: UTF8.self), numbers)
    }

    private static func isPart(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte) || byte == 0x5f || byte == 0x2e
    }

    private static func number(_ token: ArraySlice<UInt8>) -> Int64? {
        if token.allSatisfy({ (0x30...0x39).contains($0) || $0 == 0x2e }), token.first != 0x2e, token.last != 0x2e,
            token.count(where: { $0 == 0x2e }) <= 1
        {
            let isPadded = token.first == 0x30 && token.count >= 8 && token.count.isMultiple(of: 8)
            if !isPadded { return value(token.filter { $0 != 0x2e }, radix: 10) }
        }
        var digits = token
        if token.starts(with: [0x30, 0x78]) { digits = token.dropFirst(2) } else if token.count < 8 { return nil }
        guard !digits.isEmpty else { return nil }
        return value(Array(digits), radix: 16)
    }

    /// nil when it is none, or past what a counter of 63 bits holds.
    private static func value(_ digits: [UInt8], radix: Int64) -> Int64? {
        var value: Int64 = 0
        for digit in digits {
            let one: Int64
            switch digit {
            case 0x30...0x39: one = Int64(digit - 0x30)
            case 0x61...0x66 where radix == 16: one = Int64(digit - 0x61) + 10
            case 0x41...0x46 where radix == 16: one = Int64(digit - 0x41) + 10
            default: return nil
            }
            let (product, overflow) = value.multipliedReportingOverflow(by: radix)
            let (sum, more) = product.addingReportingOverflow(one)
            if overflow || more { return nil }
            value = sum
        }
        return value
    }
}
