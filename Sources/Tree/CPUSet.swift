/// A set of CPU numbers, in the kernel's list notation `0-3,8` and mask notation `ffff,00000003`.
public struct CPUSet: Sendable, Equatable {
    /// Ascending, without repeats.
    public private(set) var ids: [Int]

    public init(_ ids: some Sequence<Int> = []) { self.ids = Set(ids.filter { $0 >= 0 && $0 < CPUSet.most }).sorted() }

    private init(ascending ids: [Int]) { self.ids = ids }

    /// NR_CPUS of the largest kernel configuration.
    public static let most = 8192

    public var count: Int { ids.count }
    public var isEmpty: Bool { ids.isEmpty }

    public func contains(_ id: Int) -> Bool {
        var low = 0
        var high = ids.count
        while low < high {
            let middle = (low + high) / 2
            if ids[middle] < id { low = middle + 1 } else { high = middle }
        }
        return low < ids.count && ids[low] == id
    }

    public func intersection(_ other: CPUSet) -> CPUSet { CPUSet(ascending: ids.filter(other.contains)) }

    /// The lowest `count` ids.
    public func prefix(_ count: Int) -> CPUSet { CPUSet(ascending: Array(ids.prefix(max(0, count)))) }

    /// Parses `0-3,8`, surrounding white space allowed; nil for anything else. An empty list is the empty set.
    public init?(list: some StringProtocol) {
        var ranges: [ClosedRange<Int>] = []
        let text = list.drop { $0.isWhitespace }
        let trimmed = text.prefix { !$0.isWhitespace }
        guard text.dropFirst(trimmed.count).allSatisfy(\.isWhitespace) else { return nil }
        if !trimmed.isEmpty {
            for part in trimmed.split(separator: ",", omittingEmptySubsequences: false) {
                let ends = part.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
                guard let from = ends.first, let to = ends.last, let first = CPUSet.number(String(from)),
                    let last = CPUSet.number(String(to)), first <= last
                else { return nil }
                ranges.append(first...last)
            }
        }
        ids = []
        // A text of a few bytes a range must not cost thousands of ids each time it names them again.
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            let first = max(range.lowerBound, (ids.last ?? -1) + 1)
            if first <= range.upperBound { ids += first...range.upperBound }
        }
    }

    /// The same for the content of a file.
    public init?(file bytes: [UInt8]) {
        var found: [Int] = []
        var at = 0
        var end = bytes.count
        while at < end, CPUSet.isBlank(bytes[at]) { at += 1 }
        while end > at, CPUSet.isBlank(bytes[end - 1]) { end -= 1 }
        func number() -> Int? {
            let start = at
            var value = 0
            while at < end, (0x30...0x39).contains(bytes[at]) {
                value = min(CPUSet.most, value * 10 + Int(bytes[at] &- 0x30))
                at += 1
            }
            return at > start && value < CPUSet.most ? value : nil
        }
        while at < end {
            guard let first = number() else { return nil }
            var last = first
            if at < end, bytes[at] == 0x2d {
                at += 1
                guard let number = number(), number >= first else { return nil }
                last = number
            }
            // The kernel's lists ascend; any other order is put right below.
            found += first...last
            if at == end { break }
            guard bytes[at] == 0x2c, at + 1 < end, found.count <= CPUSet.most else { return nil }
            at += 1
        }
        self.init(ascending: zip(found, found.dropFirst()).allSatisfy { $0 < $1 } ? found : Set(found).sorted())
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0d).contains(byte) }

    private static func number(_ text: String) -> Int? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let value = Int(text), value < CPUSet.most
        else { return nil }
        return value
    }

    /// `0-3,8`, as `%*pbl`.
    public var list: String {
        var parts: [String] = []
        var index = 0
        while index < ids.count {
            var end = index
            while end + 1 < ids.count, ids[end + 1] == ids[end] + 1 { end += 1 }
            parts.append(end == index ? "\(ids[index])" : "\(ids[index])-\(ids[end])")
            index = end + 1
        }
        return parts.joined(separator: ",")
    }

    /// `00000000,0000000f`: hexadecimal words of 32, `width` bits in all, as `%*pb`.
    public func mask(width: Int) -> String {
        let words = max(1, (max(1, width) + 31) / 32)
        var bits = [UInt32](repeating: 0, count: words)
        for id in ids where id < words * 32 { bits[id / 32] |= 1 << UInt32(id % 32) }
        let top = (max(1, width) - 1) % 32 / 4 + 1
        var text = ""
        for (place, word) in bits.reversed().enumerated() {
            let digits = String(word, radix: 16)
            let wanted = place == 0 ? top : 8
            if place > 0 { text += "," }
            text += String(repeating: "0", count: max(0, wanted - digits.count)) + digits
        }
        return text
    }
}
