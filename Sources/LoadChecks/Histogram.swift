/// Counts of durations in nanoseconds, in steps of 1/64 of their size.
public struct Histogram: Sendable {
    private var counts = [UInt64](repeating: 0, count: 64 * 59)
    public private(set) var count: UInt64 = 0
    public private(set) var longest: Int64 = 0

    public init() {}

    public mutating func add(_ nanoseconds: Int64) {
        counts[Histogram.slot(UInt64(max(0, nanoseconds)))] += 1
        count += 1
        longest = max(longest, nanoseconds)
    }

    public mutating func add(_ other: Histogram) {
        for index in counts.indices { counts[index] += other.counts[index] }
        count += other.count
        longest = max(longest, other.longest)
    }

    /// The duration that this share (0 to 1) of all does not exceed; 0 when there are none.
    public func quantile(_ share: Double) -> Int64 {
        let wanted = UInt64((share * Double(count)).rounded(.up))
        var seen: UInt64 = 0
        for (index, here) in counts.enumerated() where here > 0 {
            seen += here
            if seen >= max(1, wanted) { return min(longest, Histogram.upperEnd(of: index)) }
        }
        return 0
    }

    // 0 to 127 are slots of their own; from there each power of two has 64.
    static func slot(_ value: UInt64) -> Int {
        if value < 128 { return Int(value) }
        let shift = 57 - value.leadingZeroBitCount
        return min(64 * 59 - 1, (shift << 6) + Int(value >> UInt64(shift)))
    }

    private static func upperEnd(of slot: Int) -> Int64 {
        if slot < 128 { return Int64(slot) }
        let shift = slot / 64 - 1
        let value = UInt64(slot - shift * 64)
        return Int64(clamping: ((value + 1) << UInt64(shift)) - 1)
    }
}
