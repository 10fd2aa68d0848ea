import Synchronization

/// What the readers of one file have seen. A reader asks for the floor before it opens the file and settles after it has read.
/// The floor is made of reads that had ended by then, so nothing below it can be explained by their order.
public final class Ledger: Sendable {
    private struct State {
        var floor: [UInt64] = []
        var content: [UInt8]?
    }

    private let state = Mutex(State())

    public init() {}

    /// The least that a read may show that begins now.
    public var floor: [UInt64] { state.withLock { $0.floor } }

    /// A read that began with `floor` has ended. What of it went back, or nil.
    public func settle(_ counters: [UInt64], over floor: [UInt64]) -> String? {
        state.withLock { state in
            if state.floor.count == counters.count {
                for index in counters.indices where state.floor[index] < counters[index] { state.floor[index] = counters[index] }
            } else if state.floor.isEmpty {
                state.floor = counters
            }
        }
        return Ledger.fault(counters, after: floor)
    }

    /// Content that must be the same at every read: how it differs, or nil.
    public func settle(fixed bytes: [UInt8]) -> String? {
        state.withLock { state in
            guard let first = state.content else {
                state.content = bytes
                return nil
            }
            guard first != bytes else { return nil }
            let offset = zip(first, bytes).prefix { $0 == $1 }.count
            return "\(bytes.count) bytes that differ from the first \(first.count) at byte \(offset)"
        }
    }

    /// How later counters fall short of earlier ones, or nil.
    public static func fault(_ counters: [UInt64], after floor: [UInt64]) -> String? {
        if floor.isEmpty { return nil }
        guard floor.count == counters.count else { return "\(counters.count) counters after \(floor.count)" }
        for index in floor.indices where counters[index] < floor[index] {
            return "counter \(index + 1) is \(counters[index]) after \(floor[index])"
        }
        return nil
    }
}
