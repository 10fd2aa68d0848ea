import Synchronization

/// A reading shared by everybody who asks within its lifetime. Taken under the lock: many askers make one reading.
final class Cached<Value: Sendable>: Sendable {
    private struct State {
        var value: Value?
        var expires: UInt64 = 0
    }

    private let state = Mutex(State())
    private let lifetime: UInt64

    init(milliseconds: UInt64) { lifetime = milliseconds * 1_000_000 }

    /// The value of at most the lifetime ago; `take` gets the last one, and a failure of it is not kept.
    func value<Failure: Error>(at now: UInt64, _ take: (Value?) throws(Failure) -> Value) throws(Failure) -> Value {
        try state.withLock { state throws(Failure) in
            if let value = state.value, now < state.expires { return value }
            let value = try take(state.value)
            state.value = value
            state.expires = now &+ lifetime
            return value
        }
    }
}
