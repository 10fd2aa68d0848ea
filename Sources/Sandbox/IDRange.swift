/// A vNode's own UIDs and GIDs on the node.
public enum IDRange {
    public static let size: UInt32 = 65536
}

/// The ids of the node that vNodes get theirs from, in ranges of 65,536 beginning with the first.
public struct IDPool: Sendable, Equatable {
    public let first: UInt32
    public let last: UInt32

    /// All but the lowest 65,536, which are the node's own, and the highest, which hold (uid_t)-1.
    public static let standard = IDPool(first: IDRange.size, last: 0xfffe_ffff)

    public static let forms =
        "FIRST-LAST, from \(standard.first) to \(standard.last) and at least \(IDRange.size) ids, as in 1000000-67108863"

    private init(first: UInt32, last: UInt32) {
        self.first = first
        self.last = last
    }

    /// What the node's configuration says, which has been checked.
    public init?(_ ids: ClosedRange<UInt32>) { self.init("\(ids.lowerBound)-\(ids.upperBound)") }

    public init?(_ text: String) {
        let ends = text.split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2, let first = IDPool.number(ends[0]), let last = IDPool.number(ends[1]),
            first >= IDPool.standard.first, last <= IDPool.standard.last, first <= last, last - first >= IDRange.size - 1
        else { return nil }
        self.init(first: first, last: last)
    }

    static func number(_ text: Substring) -> UInt32? { text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? UInt32(text) : nil }

    /// How many ranges it has.
    public var count: Int { Int((UInt64(last) - UInt64(first) + 1) / UInt64(IDRange.size)) }

    /// First id of the lowest range without any of the ids that are taken; nil when there is none.
    func lowestFree(besides taken: [ClosedRange<UInt32>]) -> UInt32? {
        let size = UInt64(IDRange.size)
        var base = UInt64(first)
        for ids in taken.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if UInt64(ids.upperBound) < base { continue }
            if UInt64(ids.lowerBound) >= base + size { break }
            base = UInt64(first) + (UInt64(ids.upperBound) - UInt64(first) + size) / size * size
        }
        return base + size - 1 <= UInt64(last) ? UInt32(base) : nil
    }

    func overlaps(_ ids: ClosedRange<UInt32>) -> Bool { ids.overlaps(first...last) }
}
