/// What one label's samples come to; times in nanoseconds.
struct Summary {
    let label: String
    let count: Int
    let min: UInt64
    let p50: UInt64
    let p99: UInt64

    init(label: String, samples: [UInt64]) {
        let sorted = samples.sorted()
        self.label = label
        count = sorted.count
        min = sorted.first ?? 0
        p50 = Summary.percentile(50, of: sorted)
        p99 = Summary.percentile(99, of: sorted)
    }

    var text: String { "\(label)\t\(count)\t\(min)\t\(p50)\t\(p99)" }

    var json: String { #"{"label":"\#(label)","count":\#(count),"min_ns":\#(min),"p50_ns":\#(p50),"p99_ns":\#(p99)}"# }

    /// Nearest rank: a sample that was measured, never a mean of two.
    private static func percentile(_ percent: Int, of sorted: [UInt64]) -> UInt64 {
        guard !sorted.isEmpty else { return 0 }
        return sorted[(sorted.count * percent + 99) / 100 - 1]
    }
}
