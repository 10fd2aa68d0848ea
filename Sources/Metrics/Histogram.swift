/// Service times in 25 buckets of fixed bounds: two to an octave from 4 us to 512 us, where answers mostly lie, one to two
/// octaves from there to 8.4 s, one for what took longer. With counts of 32 bits 100 bytes. Counts stop at the largest number.
public struct Histogram<Count: FixedWidthInteger & UnsignedInteger & BitwiseCopyable & Sendable>: Sendable, Equatable {
    private var counts = InlineArray<25, Count>(repeating: 0)

    public init() {}

    /// From the count of each bucket, the last for what took longer than the last bound; missing ones are 0.
    /// nil for more than there are buckets.
    public init?(counts given: some Collection<Count>) {
        guard given.count <= counts.count else { return nil }
        for (bucket, count) in given.enumerated() { counts[bucket] = count }
    }

    /// Counts one time; a negative one is 0.
    public mutating func add(nanoseconds: Int64) {
        let bucket = HistogramBounds.bucket(nanoseconds)
        counts[bucket] = Histogram.sum(counts[bucket], 1)
    }

    public mutating func merge<Other>(_ other: Histogram<Other>) {
        for bucket in counts.indices { counts[bucket] = Histogram.sum(counts[bucket], Count(clamping: other[bucket])) }
    }

    /// The count of one bucket; 0 for one that does not exist.
    public subscript(_ bucket: Int) -> Count { counts.indices.contains(bucket) ? counts[bucket] : 0 }

    public var count: UInt64 {
        var total: UInt64 = 0
        for bucket in counts.indices { total = Histogram<UInt64>.sum(total, UInt64(clamping: counts[bucket])) }
        return total
    }

    /// How many took at most each of `HistogramBounds.microseconds`, and last how many there are.
    public var cumulative: [UInt64] {
        var total: UInt64 = 0
        return counts.indices.map { bucket in
            total = Histogram<UInt64>.sum(total, UInt64(clamping: counts[bucket]))
            return total
        }
    }

    /// The least bound, seconds, that a share of the times (0.99) does not exceed; infinity when it is beyond the last bound,
    /// nil when there are no times.
    public func quantile(_ share: Double) -> Double? {
        guard count > 0 else { return nil }
        return quantileMicroseconds(share).map { Double($0) / 1e6 } ?? .infinity
    }

    /// The same in microseconds; nil when there is no bound to name.
    func quantileMicroseconds(_ share: Double) -> UInt64? {
        let total = count
        let wanted = share >= 0 && share < 1 ? Double(total) * share : Double(total)
        var seen = 0.0
        for (bucket, bound) in HistogramBounds.microseconds.enumerated() {
            seen += Double(UInt64(clamping: self[bucket]))
            if seen >= wanted, seen > 0 { return bound }
        }
        return nil
    }

    /// Counts of the buckets, without the zeroes at the end.
    var shortened: [Count] {
        let last = counts.indices.last { counts[$0] != 0 } ?? -1
        return (0..<(last + 1)).map { counts[$0] }
    }

    public static func == (one: Histogram, other: Histogram) -> Bool { one.counts.indices.allSatisfy { one[$0] == other[$0] } }

    @inline(__always)
    private static func sum(_ one: Count, _ other: Count) -> Count {
        let (sum, overflow) = one.addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}

/// The upper bounds of a histogram's buckets, which belong to them.
public enum HistogramBounds {
    public static let microseconds: [UInt64] = [
        1, 2, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512,
        2048, 8192, 32_768, 131_072, 524_288, 2_097_152, 8_388_608,
    ]

    public static var seconds: [Double] { microseconds.map { Double($0) / 1e6 } }

    /// The bucket of a time, from 0 to 24.
    @inline(__always)
    static func bucket(_ nanoseconds: Int64) -> Int {
        guard nanoseconds > 2000 else { return nanoseconds > 1000 ? 1 : 0 }
        // One less than the microseconds, rounded up: with it a bound is the last of its bucket, not the first of the next.
        let below = UInt64(bitPattern: nanoseconds &- 1) / 1000
        let octave = 63 &- below.leadingZeroBitCount
        if octave < 2 { return 2 }
        if octave < 9 { return 2 &* octave &- 1 &+ Int(truncatingIfNeeded: (below >> UInt64(octave &- 1)) & 1) }
        return min(24, 17 &+ (octave &- 9) / 2)
    }
}
