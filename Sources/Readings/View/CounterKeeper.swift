/// What a view counts by itself and cannot read again.
public enum Counter: UInt8, Sendable, CaseIterable {
    case cpuTimes = 1, tasks, load, clock
}

/// Where a view's counters are kept, so that none goes back when another process goes on serving it.
public protocol CounterKeeper: AnyObject, Sendable {
    /// Before anybody sees an answer with them.
    func keep(_ numbers: [UInt64], of counter: Counter)
    /// What was kept last; empty when nothing was.
    func kept(_ counter: Counter) -> [UInt64]
}
