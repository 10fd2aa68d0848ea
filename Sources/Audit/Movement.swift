import Glibc

/// Whether numbers of a file move with the node's.
///
/// Each sample has the node's number before and after the container's. A number moves with the node's when, from sample to sample, it lies
/// between the two (the same counter), or has grown by as much as the node's has at least and at most (the same counter from another
/// start). How little that can be chance is counted in bits: a counter that grew by 900, known to within 3, is one of about 225 that it
/// could have been.
struct Movement {
    /// The number that moves most evidently, in words.
    let evidence: String
    /// How many numbers of the file do.
    let count: Int

    /// Of the hundreds of numbers that move in an audit, one in four thousand audits would reach this by chance.
    static let threshold = 20.0

    init?(_ samples: [Sample]) {
        let compared = samples.filter { $0.before != nil && $0.after != nil }
        guard let first = compared.first, compared.contains(where: { $0.inside != first.inside }),
            compared.contains(where: { $0.after != first.before })
        else { return nil }
        let parsed = compared.map { sample in
            (before: Numbers(sample.before ?? []), inside: Numbers(sample.inside), after: Numbers(sample.after ?? []), read: sample)
        }
        var best: (bits: Double, text: String)?
        var count = 0
        for key in parsed[0].inside.keys {
            let track = parsed.compactMap { sample -> Point? in
                guard let before = sample.before[key], let inside = sample.inside[key], let after = sample.after[key] else { return nil }
                return Point(
                    low: min(before, after), inside: inside, high: max(before, after), time: sample.read.time, end: sample.read.end)
            }
            guard track.count == parsed.count, let (bits, text) = Movement.judge(track) else { continue }
            count += 1
            if bits > best?.bits ?? 0 { best = (bits, (key.line + text)) }
        }
        guard let best else { return nil }
        evidence = best.text
        self.count = count
    }

    struct Point {
        let low: Int64
        let inside: Int64
        let high: Int64
        let time: Double
        let end: Double
    }

    /// nil: chance, a clock, or no movement at all.
    static func judge(_ track: [Point]) -> (bits: Double, text: String)? {
        guard let first = track.first, let last = track.last, track.contains(where: { $0.inside != first.inside }) else { return nil }
        if track.allSatisfy({ $0.low <= $0.inside && $0.inside <= $0.high }), first.low != last.high {
            // The same value: the first one alone tells a counter from others.
            let bits = track.reduce(0) { $0 + information(size: $1.inside, width: $1.high - $1.low) }
            let moved = zip(track, track.dropFirst()).reduce(0) { sum, pair in
                sum + information(size: pair.1.inside - pair.0.inside, width: pair.1.high - pair.1.low)
            }
            if moved >= 1, bits >= threshold { return (bits, "\(first.inside) -> \(last.inside), as there") }
        }
        var bits = 0.0
        let steps = Array(zip(track, track.dropFirst()))
        for (one, next) in steps {
            let (least, one1) = next.low.subtractingReportingOverflow(one.high)
            let (most, one2) = next.high.subtractingReportingOverflow(one.low)
            let (grown, one3) = next.inside.subtractingReportingOverflow(one.inside)
            guard !one1, !one2, !one3, least <= grown, grown <= most else { return nil }
            bits += information(size: grown, width: most - least)
        }
        guard bits >= threshold,
            !isClock(steps.map { (grown: $1.inside - $0.inside, least: $1.time - $0.end, most: $1.end - $0.time) })
        else { return nil }
        return (bits, "+\(last.inside - first.inside), by as much as there")
    }

    private static func information(size: Int64, width: Int64) -> Double {
        max(0, log2((1 + Double(size.magnitude)) / (1 + Double(width))))
    }

    /// Time passes for everybody: in units from seconds to nanoseconds, on one CPU or on several.
    private static func isClock(_ steps: [(grown: Int64, least: Double, most: Double)]) -> Bool {
        for unit in [1.0, 100, 250, 1000, 1_000_000, 1_000_000_000] {
            for count in 1...16 {
                let isSteady = steps.allSatisfy { step in
                    let rate = unit * Double(count)
                    let grown = Double(step.grown)
                    return step.most > 0 && grown >= 0.98 * step.least * rate - 1 && grown <= 1.02 * step.most * rate + 1
                }
                if isSteady { return true }
            }
        }
        return false
    }
}
