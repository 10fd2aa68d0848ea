import LoadChecks

/// A distribution of durations, nanoseconds.
struct Latency: Encodable {
    let count: UInt64
    let p50: Int64
    let p99: Int64
    let p999: Int64
    let longest: Int64

    init(_ histogram: Histogram) {
        count = histogram.count
        p50 = histogram.quantile(0.5)
        p99 = histogram.quantile(0.99)
        p999 = histogram.quantile(0.999)
        longest = histogram.longest
    }

    var text: String {
        count == 0 ? "none" : "p50 \(duration(p50)), p99 \(duration(p99)), p99.9 \(duration(p999)), longest \(duration(longest))"
    }
}

func duration(_ nanoseconds: Int64) -> String {
    switch nanoseconds {
    case ..<1_000_000: "\(decimal(Double(nanoseconds) / 1e3)) us"
    case ..<1_000_000_000: "\(decimal(Double(nanoseconds) / 1e6)) ms"
    default: "\(decimal(Double(nanoseconds) / 1e9)) s"
    }
}

/// One decimal for people, none for what is large.
func decimal(_ value: Double) -> String {
    if abs(value) >= 100 { return "\(Int(value.rounded()))" }
    let tenths = Int((value * 10).rounded())
    return "\(tenths < 0 ? "-" : "")\(abs(tenths) / 10).\(abs(tenths) % 10)"
}

/// Columns, all but the first aligned to the right.
func table(_ rows: [[String]]) -> String {
    var widths: [Int] = []
    for row in rows {
        for (column, cell) in row.enumerated() {
            if column == widths.count { widths.append(0) }
            widths[column] = max(widths[column], cell.count)
        }
    }
    return rows.map { row in
        row.enumerated().map { column, cell in
            let padding = String(repeating: " ", count: widths[column] - cell.count)
            return column == 0 ? cell + padding : padding + cell
        }.joined(separator: "  ")
    }.joined(separator: "\n")
}
