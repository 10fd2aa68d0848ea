import Text
import Tree

/// Where the load of a view begins: with nothing, when the view is made.
public struct LoadStart: Sendable, Equatable {
    /// CLOCK_BOOTTIME, nanoseconds.
    public var at: UInt64
    /// CPU time the cgroup had used by then, microseconds.
    public var usage: UInt64

    public init(at: UInt64, usage: UInt64 = 0) {
        self.at = at
        self.usage = usage
    }
}

/// The kernel's load average (`kernel/sched/loadavg.c`): every 5 s the number of runnable and uninterruptible tasks, decayed in
/// fixed point of 11 bits. Nobody samples a view nobody reads: for the periods missed the average CPU use stands in.
struct LoadAverage {
    static let one: UInt64 = 1 << 11
    /// Nanoseconds.
    static let period: UInt64 = 5_000_000_000
    private static let decays: [UInt64] = [1884, 2014, 2037]
    /// After so long without a reader the sampling stops.
    static let interest: UInt64 = 900 * 1_000_000_000

    private(set) var load = Snapshot.Load()
    private var sampledAt: UInt64
    private var usageAt: UInt64 = 0
    private var readAt: UInt64?

    /// Times are CLOCK_BOOTTIME in nanoseconds.
    init(start: LoadStart) {
        sampledAt = start.at
        usageAt = start.usage
    }

    /// Everything, as numbers.
    var numbers: [UInt64] { [load.one, load.five, load.fifteen, sampledAt, usageAt, readAt == nil ? 0 : 1, readAt ?? 0] }

    /// Goes on from what `numbers` gave; from `start` for anything else.
    init(_ numbers: [UInt64], start: LoadStart) {
        self.init(start: start)
        guard numbers.count == 7 else { return }
        (load.one, load.five, load.fifteen) = (numbers[0], numbers[1], numbers[2])
        (sampledAt, usageAt) = (numbers[3], numbers[4])
        readAt = numbers[5] == 0 ? nil : numbers[6]
    }

    mutating func markRead(at now: UInt64) { readAt = now }

    func isWanted(at now: UInt64) -> Bool { readAt.map { now.minus($0) < LoadAverage.interest } ?? false }

    /// Whole periods since the last sample.
    func periodsDue(at now: UInt64) -> UInt64 { now.minus(sampledAt) / LoadAverage.period }

    /// Takes the sample of the period that ended last, `tasks` runnable or uninterruptible, and fills those missed before it from
    /// the CPU time `usage` (microseconds since the cgroup was made) used since the last one.
    mutating func sample(tasks: Int, usage: UInt64, at now: UInt64) {
        let due = periodsDue(at: now)
        guard due > 0 else { return }
        if due > 1 {
            let elapsed = max(1, now.minus(sampledAt) / 1000)
            decay(active: usage.minus(usageAt).times(LoadAverage.one) / elapsed, periods: due - 1)
        }
        decay(active: UInt64(max(0, tasks)).times(LoadAverage.one), periods: 1)
        sampledAt = sampledAt.plus(due.times(LoadAverage.period))
        usageAt = usage
    }

    private mutating func decay(active: UInt64, periods: UInt64) {
        load.one = LoadAverage.decayed(load.one, LoadAverage.decays[0], active, periods)
        load.five = LoadAverage.decayed(load.five, LoadAverage.decays[1], active, periods)
        load.fifteen = LoadAverage.decayed(load.fifteen, LoadAverage.decays[2], active, periods)
    }

    /// `calc_load_n`: n periods of the same activity at once.
    static func decayed(_ load: UInt64, _ decay: UInt64, _ active: UInt64, _ periods: UInt64) -> UInt64 {
        let factor = power(decay, periods)
        var sum = load.times(factor).plus(active.times(one.minus(factor)))
        if active >= load { sum = sum.plus(one - 1) }
        return sum / one
    }

    /// `fixed_power_int`: x to the n-th, rounded at every step.
    static func power(_ x: UInt64, _ n: UInt64) -> UInt64 {
        var result = one
        var base = x
        var left = n
        while left > 0 {
            if left & 1 == 1 { result = (result * base + (one >> 1)) >> 11 }
            left >>= 1
            if left > 0 { base = (base * base + (one >> 1)) >> 11 }
        }
        return result
    }
}
